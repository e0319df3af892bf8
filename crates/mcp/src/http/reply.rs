//! A reply whose head has come: what kind of thing it is, and its body to pull.
//!
//! Must never: take a redirect, an encoded body or an upgrade for a reply.

use super::body::ReplyBody;
use super::error::Failure;
use hyper::StatusCode;
use hyper::header::{self, HeaderMap, HeaderName, HeaderValue};
use std::fmt;

/// The session header of the legacy era.
const SESSION: HeaderName = HeaderName::from_static("mcp-session-id");

/// Longest session id that is kept: servers mint about 40 bytes, signed tokens stay under a thousand.
const MAX_SESSION_BYTES: usize = 1024;

/// What a reply's `Content-Type` says, parameters aside.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Content {
    /// `application/json`.
    Json,
    /// `text/event-stream`.
    EventStream,
    /// There is no such header.
    None,
    /// Something else, or the header stands there twice.
    Other,
}

/// A reply. Its headers' values are not printed by `Debug`.
pub struct Reply {
    /// HTTP status, outside 101 and 300 to 399.
    pub status: u16,
    /// What kind of body it is.
    pub content: Content,
    /// `Mcp-Session-Id`: visible ascii, at most 1024 bytes.
    pub session: Option<String>,
    /// Whether there is a `WWW-Authenticate` header: the server wants (other) credentials.
    pub challenged: bool,
    /// The body.
    pub body: ReplyBody,
    headers: HeaderMap,
}

impl Reply {
    pub(super) fn new(facts: Facts, headers: HeaderMap, body: ReplyBody) -> Reply {
        let Facts { status, content, session, challenged } = facts;
        Reply { status, content, session, challenged, body, headers }
    }

    /// A header that stands there exactly once with a visible ascii value.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        single(&self.headers, name).and_then(|value| value.to_str().ok())
    }
}

impl fmt::Debug for Reply {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = out.debug_struct("Reply");
        shown.field("status", &self.status).field("content", &self.content).finish_non_exhaustive()
    }
}

/// What the head of a reply says.
pub(super) struct Facts {
    status: u16,
    content: Content,
    session: Option<String>,
    challenged: bool,
}

impl Facts {
    /// Reads a head.
    pub(super) fn read(status: StatusCode, headers: &HeaderMap) -> Result<Facts, Failure> {
        if status == StatusCode::SWITCHING_PROTOCOLS {
            return Err(Failure::Upgrade);
        }
        if status.is_redirection() {
            return Err(Failure::Redirect { status: status.as_u16() });
        }
        if is_encoded(headers) {
            return Err(Failure::Encoded);
        }
        Ok(Facts {
            status: status.as_u16(),
            content: content(headers),
            session: session(headers)?,
            challenged: headers.contains_key(header::WWW_AUTHENTICATE),
        })
    }
}

fn single<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a HeaderValue> {
    let mut values = headers.get_all(name).iter();
    let first = values.next();
    if values.next().is_none() { first } else { None }
}

fn is_encoded(headers: &HeaderMap) -> bool {
    let all = |name: HeaderName, plain: &[u8]| {
        headers.get_all(name).iter().all(|value| value.as_bytes().eq_ignore_ascii_case(plain))
    };
    !all(header::CONTENT_ENCODING, b"identity") || !all(header::TRANSFER_ENCODING, b"chunked")
}

fn content(headers: &HeaderMap) -> Content {
    if !headers.contains_key(header::CONTENT_TYPE) {
        return Content::None;
    }
    let value = single(headers, "content-type").and_then(|value| value.to_str().ok()).unwrap_or_default();
    let kind = value.split(';').next().unwrap_or_default().trim();
    if kind.eq_ignore_ascii_case("application/json") {
        Content::Json
    } else if kind.eq_ignore_ascii_case("text/event-stream") {
        Content::EventStream
    } else {
        Content::Other
    }
}

fn session(headers: &HeaderMap) -> Result<Option<String>, Failure> {
    if !headers.contains_key(SESSION) {
        return Ok(None);
    }
    let value = single(headers, SESSION.as_str()).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let fits = !value.is_empty() && value.len() <= MAX_SESSION_BYTES;
    if fits && value.bytes().all(|byte| byte.is_ascii_graphic()) {
        Ok(Some(value.to_owned()))
    } else {
        Err(Failure::SessionId)
    }
}
