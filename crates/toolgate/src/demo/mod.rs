//! The demonstration: an imaging sample server inside the binary. It must never hold real data.

mod agent;
mod http;
mod imaging;
mod play;
mod protocol;
mod rpc;
pub mod run;
pub mod server;
mod shown;
mod stage;
pub mod stdio;
mod step;
mod tool;

pub use imaging::{CLINICAL, Imaging, RESEARCH};
pub use protocol::Sample;
