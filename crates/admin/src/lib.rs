//! Administers: the registry of what is declared, actions on it, and the API that offers them.
//! It must never let a change pass unrecorded, and never offer a change over the network before there are accounts.

pub mod action;
pub mod api;
pub mod client;
mod failure;
mod merge;
pub mod name;
mod record;
mod registry;
mod restore;
pub mod rules;
mod serve;
mod stored;

pub use failure::{Failure, FailureKind};
pub use registry::Registry;
pub use serve::{serve_port, serve_socket};
