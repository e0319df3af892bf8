//! The HTTP/1.1 client towards MCP servers: one fixed url per upstream (and what a server names at the same origin, in
//! the first HTTP transport), a small pool of connections, and an exact
//! account of what was written, so that a caller knows whether a message can have reached its server.
//!
//! An [`Upstream`] sends one [`Outgoing`] message at a time per connection and hands back a [`Reply`] whose body is
//! pulled frame by frame. Each connection is driven by the task that waits for its answer: no other task reads or
//! writes it, so when a call ends, by an error, a time limit or because its future was dropped, not one more byte of
//! it is written.
//!
//! Must never: follow a redirect, choose a url, decode a body, retry a message of which a byte may have been written,
//! or put a header's or a body's content into an error or a log.

mod body;
mod connect;
mod endpoint;
mod error;
mod io;
mod line;
mod outgoing;
mod pool;
mod reply;
mod target;
#[cfg(test)]
mod tests;
mod tls;
mod upstream;
mod written;

pub use body::ReplyBody;
pub use endpoint::{Endpoint, EndpointError};
pub use error::{BodyError, Failure, HeaderError, SendError};
pub use hyper::header::{HeaderName, HeaderValue};
pub use outgoing::Outgoing;
pub use reply::{Content, Reply};
pub use target::{Plaintext, Target, TargetError};
pub use tls::Tls;
pub use upstream::{Settings, Upstream};
pub use written::{Clock, Progress, Written};
