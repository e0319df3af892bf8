//! Dev only: a recording fake upstream, a raw HTTP client, message builders, and the tidy tests (`tests/tidy`).
//!
//! Messages are read here with `serde_json`, on purpose: it takes the last of two equal keys as real servers do,
//! so that a fake upstream is a second opinion on what the gateway forwards.
//! Must never: be a normal dependency of another crate, read messages with the crate `json`, or wait for time to pass.

#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "dev only: a test set-up that breaks must stop its test"
)]

pub mod client;
pub mod fixed;
pub mod message;
pub mod stopwatch;
pub mod upstream;
pub mod wait;
pub mod wire;

pub use client::{RawClient, Reply, Request};
pub use message::Message;
pub use upstream::{Answer, Eras, Gate, Received, Script, Tool, Upstream};
