//! Content-Type, Content-Encoding and Accept: what bodies may be and what replies a client takes.
//! It must never let a body through whose bytes are not plain JSON in UTF-8.

use hyper::HeaderMap;
use hyper::header::{ACCEPT, CONTENT_ENCODING, CONTENT_TYPE};

use crate::errors::{INVALID_REQUEST, Refusal};

/// The media type of a single message.
pub const JSON: &str = "application/json";
/// The media type of a stream of messages.
pub const EVENT_STREAM: &str = "text/event-stream";

/// Which kinds of reply a client takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Accepted {
    /// A single JSON message.
    pub json: bool,
    /// A stream of events.
    pub event_stream: bool,
}

/// Refuses a body that is not `application/json` (charset utf-8 at most) or that is encoded: HTTP 415.
pub fn check_body(headers: &HeaderMap) -> Result<(), Refusal> {
    let content_type = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    if !content_type.is_some_and(is_json) {
        return Err(unsupported("the body must have the Content-Type application/json"));
    }
    let encodings = headers.get_all(CONTENT_ENCODING);
    let identity = |value: &hyper::header::HeaderValue| value.as_bytes().eq_ignore_ascii_case(b"identity");
    match encodings.iter().all(identity) {
        true => Ok(()),
        false => Err(unsupported("the body must not be compressed; send it without Content-Encoding")),
    }
}

/// Whether a Content-Type is exactly JSON, `charset=utf-8` allowed. For replies of servers as for requests.
pub fn is_json(content_type: &str) -> bool {
    is_plain(content_type, JSON)
}

/// Whether a Content-Type is an event stream, `charset=utf-8` allowed.
pub fn is_event_stream(content_type: &str) -> bool {
    is_plain(content_type, EVENT_STREAM)
}

fn is_plain(content_type: &str, wanted: &str) -> bool {
    let mut parts = content_type.split(';').map(str::trim);
    parts.next().is_some_and(|name| name.eq_ignore_ascii_case(wanted)) && parts.all(is_utf8_charset)
}

fn is_utf8_charset(parameter: &str) -> bool {
    let Some((name, value)) = parameter.split_once('=') else { return false };
    let value = value.strip_prefix('"').and_then(|inner| inner.strip_suffix('"')).unwrap_or(value);
    name.eq_ignore_ascii_case("charset") && value.eq_ignore_ascii_case("utf-8")
}

/// What the Accept headers take. Wildcards count, a quality of 0 refuses, no header takes nothing: MCP clients must
/// name both kinds.
pub fn accepted(headers: &HeaderMap) -> Accepted {
    let mut found = Accepted { json: false, event_stream: false };
    for value in headers.get_all(ACCEPT) {
        for range in value.to_str().unwrap_or_default().split(',') {
            let mut parts = range.split(';').map(str::trim);
            let name = parts.next().unwrap_or_default().to_ascii_lowercase();
            if parts.any(is_refused) {
                continue;
            }
            found.json |= matches!(name.as_str(), JSON | "application/*" | "*/*");
            found.event_stream |= matches!(name.as_str(), EVENT_STREAM | "text/*" | "*/*");
        }
    }
    found
}

// `q=0` in any of its spellings: 0, 0., 0.0, 0.000.
fn is_refused(parameter: &str) -> bool {
    let Some((name, value)) = parameter.split_once('=') else { return false };
    let value = value.trim();
    let zero = value.starts_with('0') && value.bytes().all(|byte| byte == b'0' || byte == b'.');
    name.trim().eq_ignore_ascii_case("q") && zero
}

/// Refuses a POST whose client does not take both kinds of reply: HTTP 406. The server picks the kind.
pub fn check_post_accept(headers: &HeaderMap) -> Result<(), Refusal> {
    match accepted(headers) {
        Accepted { json: true, event_stream: true } => Ok(()),
        Accepted { .. } => {
            Err(not_acceptable("the Accept header must list application/json and text/event-stream"))
        }
    }
}

/// Refuses a GET whose client does not take an event stream: HTTP 406.
pub fn check_get_accept(headers: &HeaderMap) -> Result<(), Refusal> {
    match accepted(headers).event_stream {
        true => Ok(()),
        false => Err(not_acceptable("the Accept header must list text/event-stream")),
    }
}

fn unsupported(text: &str) -> Refusal {
    Refusal::new(415, INVALID_REQUEST, text)
}

fn not_acceptable(text: &str) -> Refusal {
    Refusal::new(406, INVALID_REQUEST, text)
}
