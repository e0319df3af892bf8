//! Speaks the Model Context Protocol: envelope, eras, methods, headers, events, transports.
//! It must never know a policy, nor forward a byte that was not checked here.

pub mod answers;
pub mod bridge;
pub mod envelope;
pub mod era;
pub mod errors;
pub mod headers;
pub mod http;
pub mod legacy;
pub mod methods;
pub mod modern;
pub mod reply;
pub mod requests;
pub mod rewrite;
pub mod rounds;
pub mod sse;
pub mod stdio;
pub mod tasks;

pub use envelope::{Caps, Message, MessageKind};
pub use era::{Era, EraLock, Version};
pub use errors::Refusal;
pub use headers::McpHeaders;
pub use reply::{Reply, ReplyFault, ReplyKind, parse_reply};
