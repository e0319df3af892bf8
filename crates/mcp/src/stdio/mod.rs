//! Server processes that speak MCP over their standard streams: one line per message.
//!
//! [`spawn`] starts a command in a process group of its own and hands back a [`Process`] to watch and end it, a
//! [`Writer`] to share and a [`Reader`] for one owner. Standard error is always drained; its last lines are kept for
//! error messages. When the process ends, is shut down or its [`Process`] is dropped, the whole group is killed.
//!
//! Where a [`keeper`] was started, the groups end with the gateway however that ends.
//!
//! Must never: run a shell, take a command from a message, leave a member of the group alive, pass on the gateway's
//! own environment unasked, or judge what a line says.

mod error;
mod framer;
mod group;
pub mod keeper;
mod process;
mod reader;
mod spec;
mod stderr;
#[cfg(test)]
mod tests;
mod writer;

pub use error::{SpawnError, WriteError};
pub use framer::{Framer, TooLong};
pub use process::{Exit, LastWords, Process, Settings, Spawned, Waits, spawn};
pub use reader::Reader;
pub use spec::{Environment, Spec};
pub use writer::Writer;
