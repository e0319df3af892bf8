//! What can go wrong between a message and its reply, and whether the message can have reached its server.
//!
//! Must never: hold content of a request or a reply, a header's value, or the path and query of a url.

use super::written::Written;
use std::sync::Arc;
use std::time::Duration;

/// A message that got no usable reply.
#[derive(Debug, Clone, thiserror::Error)]
#[error("sending to `{origin}`: {failure}")]
pub struct SendError {
    /// Scheme, host and port of the upstream.
    pub origin: Arc<str>,
    /// What happened.
    pub failure: Failure,
    /// What had been written by then; nothing more will be.
    pub written: Written,
}

/// What happened to a message.
#[derive(Debug, Clone, thiserror::Error)]
pub enum Failure {
    /// The message has headers that are not sent.
    #[error(transparent)]
    Header(#[from] HeaderError),
    /// The message is addressed to an endpoint of another upstream.
    #[error("the message is addressed to another server")]
    Foreign,
    /// The host has no address.
    #[error("looking up the host failed: {why}; check the url and the name service")]
    Lookup {
        /// The resolver's words.
        why: String,
    },
    /// A plaintext url led to another machine.
    #[error(
        "the host leads to another machine, where plain `http` may not go; use `https` or set `insecure = true`"
    )]
    NotLoopback,
    /// No address took the connection.
    #[error("connecting failed: {why}; check that the server runs and that its url is right")]
    Connect {
        /// The system's words.
        why: String,
    },
    /// The connection, TLS included, was not there in time.
    #[error("no connection within {limit:?}; check that the server runs and can be reached from here")]
    ConnectTimeout {
        /// The time allowed.
        limit: Duration,
    },
    /// The certificate authorities could not be read.
    #[error("reading the certificate authorities: {why}")]
    Authorities {
        /// What is wrong with them.
        why: String,
    },
    /// The TLS handshake failed.
    #[error("the TLS handshake failed: {why}; check the certificate, or configure the file of its CA")]
    Tls {
        /// The TLS library's words.
        why: String,
    },
    /// The connection ended before the head of a reply came.
    #[error("the connection ended before a reply came ({why})")]
    Closed {
        /// What ended it.
        why: String,
    },
    /// No head of a reply came in time.
    #[error("no reply began within {limit:?}; the server is slow or stuck, and may still act on the message")]
    HeadTimeout {
        /// The time allowed.
        limit: Duration,
    },
    /// The reply is not HTTP/1.1.
    #[error("the reply is not valid HTTP/1.1 ({why})")]
    Malformed {
        /// The parser's words.
        why: String,
    },
    /// The head of the reply is longer than configured.
    #[error("the reply's head is longer than {max_bytes} bytes or has more than 100 headers")]
    HeadTooLong {
        /// The bytes allowed.
        max_bytes: usize,
    },
    /// The reply redirects elsewhere.
    #[error("the server redirects (status {status}), which is never followed; configure the url it leads to")]
    Redirect {
        /// The HTTP status.
        status: u16,
    },
    /// The reply switches to another protocol.
    #[error("the server wants another protocol than HTTP/1.1 (status 101)")]
    Upgrade,
    /// The reply is compressed although only identity was accepted.
    #[error("the reply is encoded, which was not accepted; turn off compression for MCP at the server")]
    Encoded,
    /// The reply has more than one session id, or one that is not visible ascii of at most 1024 bytes.
    #[error("the reply's `mcp-session-id` is not one visible ascii string of at most 1024 bytes")]
    SessionId,
}

/// Headers that are not sent.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum HeaderError {
    /// The transport sets this header itself.
    #[error(
        "the header `{name}` is set by the gateway itself; remove it from the configuration of this upstream"
    )]
    Reserved {
        /// The header's name.
        name: String,
    },
    /// There are more than any server takes.
    #[error("{n_headers} headers, at most {max}; send fewer")]
    TooMany {
        /// How many there are.
        n_headers: usize,
        /// How many there may be.
        max: usize,
    },
}

/// A reply whose body did not come to its end.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BodyError {
    /// The connection ended, or its framing broke, in the middle.
    #[error("the reply ended before it was complete ({why})")]
    Cut {
        /// What ended it.
        why: String,
    },
    /// The body is longer than the reader allowed.
    #[error("the reply is longer than {max_bytes} bytes")]
    TooLong {
        /// The bytes allowed.
        max_bytes: usize,
    },
}

/// The words of a library's error and of what caused it.
pub(super) fn words(error: &(dyn std::error::Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        let more = inner.to_string();
        if !text.contains(&more) {
            text = format!("{text}: {more}");
        }
        cause = inner.source();
    }
    text
}
