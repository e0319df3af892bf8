//! The store: one call's life, and everything else that is kept.
//! Must never let a call through before its reservation and intent are recorded.

mod call;
mod handle;
mod open;
mod options;
#[cfg(test)]
mod tests;

pub use call::OpenCall;
pub use handle::Store;
pub use options::{Durability, Options};
