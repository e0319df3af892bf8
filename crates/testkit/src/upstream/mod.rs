//! A recording fake MCP server on loopback, of both eras, scripted answer by answer.
//!
//! It checks what a strict server checks, counts every byte that reaches it, and waits only on gates that a test opens.
//! Must never: answer from a timer, share state between two servers, or read messages with the gateway's own decoder.

mod answer;
mod body;
mod counted;
mod first;
mod gate;
mod legacy;
mod listeners;
mod log;
mod modern;
mod received;
mod rpc;
mod runner;
mod script;
mod server;
mod tool;

pub use answer::{Answer, Form, Step};
pub use gate::Gate;
pub use received::Received;
pub use script::{Eras, Script};
pub use server::Upstream;
pub use tool::Tool;
