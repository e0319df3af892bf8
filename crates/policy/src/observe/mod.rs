//! What calls of tools looked like, and the tightest document that still allows them.
//! Must never open a tool of which no allowed call was seen, nor narrow on a value that was not seen in every such call.

mod denied;
mod leaf;
mod narrow;
mod pace;
mod seen;
mod suggest;
mod write;

pub use seen::{Observation, Observed};
pub use suggest::{Reason, Suggesting, Suggestion, suggest};
