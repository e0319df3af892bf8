//! Learning: a policy that only names stays in force for a time, and what was used then becomes a narrower one.
//! Must never open anything: what is written allows a part of what the policy before it allowed.

pub mod family;
pub mod state;
pub mod subject;

pub use family::{Family, families};
pub use state::State;
pub use subject::{Subject, find};
