//! Policies in the words of other languages. Nothing here decides, and nothing here says more than a policy allows.

mod cedar;

pub use cedar::{CedarExport, export_cedar};
