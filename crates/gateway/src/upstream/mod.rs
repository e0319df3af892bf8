//! The servers behind the gateway and the ways to them.
//! Nothing here decides anything: a lane sends what a permit holds and nothing else.

mod early;
mod events;
mod lane;
mod peer;
mod pending;
mod process;
mod resume;
mod secret;
mod server;
mod server_request;
mod slot;

pub use early::{EarlyEnd, Starts};
pub use lane::{HttpLane, Incoming, Lane, LaneFailure};
pub use peer::Source;
pub use pending::Lines;
pub(crate) use pending::Pending;
pub(crate) use process::reply_limits;
pub use process::{Command, Process};
pub use resume::Resumption;
pub use secret::resolve;
pub use server::{Server, Setup, SetupError};
pub use server_request::{answer_server, closed};
pub use slot::{Restart, Slot};
