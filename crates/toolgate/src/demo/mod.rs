//! The demonstration: an imaging sample server inside the binary. It must never hold real data.

mod http;
mod imaging;
mod protocol;
mod rpc;
pub mod server;
pub mod stdio;
mod tool;

pub use imaging::{CLINICAL, Imaging, RESEARCH};
pub use protocol::Sample;
