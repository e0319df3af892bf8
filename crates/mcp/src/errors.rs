//! Refusals of the protocol: the JSON-RPC code, the HTTP status and the bytes that the peer gets.
//! It must never put a value of an argument, token or result into a message.

use json::ObjectWriter;

use crate::answers;
use crate::envelope::Message;
use crate::era::Version;

/// JSON-RPC: the body is not JSON.
pub const PARSE_ERROR: i64 = -32700;
/// JSON-RPC: the body is not one valid request, notification or response.
pub const INVALID_REQUEST: i64 = -32600;
/// JSON-RPC: no such method in this revision.
pub const METHOD_NOT_FOUND: i64 = -32601;
/// JSON-RPC: the params are malformed, or name something that does not exist.
pub const INVALID_PARAMS: i64 = -32602;
/// JSON-RPC: the receiver failed.
pub const INTERNAL_ERROR: i64 = -32603;
/// 2026-07-28: a header is missing, malformed or differs from the body.
pub const HEADER_MISMATCH: i64 = -32020;
/// 2026-07-28: the request needs a capability that the client did not declare.
pub const MISSING_CAPABILITY: i64 = -32021;
/// 2026-07-28: the revision is not served.
pub const UNSUPPORTED_VERSION: i64 = -32022;
/// Ours, outside the reserved range: a policy denied a method whose result cannot say so.
pub const POLICY_DENIED: i64 = -31403;

/// The HTTP status that an error of a modern server has, where it did not come over HTTP (2026-07-28, Streamable HTTP).
#[must_use]
pub fn http_status(code: i64) -> u16 {
    match code {
        HEADER_MISMATCH | MISSING_CAPABILITY | UNSUPPORTED_VERSION => 400,
        METHOD_NOT_FOUND => 404,
        _ => 200,
    }
}

/// The longest part of a peer's text that a message repeats, in characters: enough to recognise a name.
const SHOWN_CHARS: usize = 64;

/// A message that goes no further, and the answer to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The HTTP status of the answer; other transports ignore it.
    pub http_status: u16,
    /// The JSON-RPC error code.
    pub code: i64,
    /// What was refused and what to do next.
    pub message: String,
    /// The error's `data`, as raw JSON.
    pub data: Option<String>,
    /// The request's id as raw JSON, where it is known and valid; a notification or response has none.
    pub id: Option<String>,
}

impl Refusal {
    /// A refusal that names no request yet.
    pub fn new(http_status: u16, code: i64, message: impl Into<String>) -> Refusal {
        Refusal { http_status, code, message: message.into(), data: None, id: None }
    }

    /// The body is not JSON: HTTP 400, -32700.
    pub fn parse_error(message: impl Into<String>) -> Refusal {
        Refusal::new(400, PARSE_ERROR, message)
    }

    /// The body is not one valid message: HTTP 400, -32600.
    pub fn invalid_request(message: impl Into<String>) -> Refusal {
        Refusal::new(400, INVALID_REQUEST, message)
    }

    /// The params are malformed: HTTP 400, -32602.
    pub fn invalid_params(message: impl Into<String>) -> Refusal {
        Refusal::new(400, INVALID_PARAMS, message)
    }

    /// Header and body differ: HTTP 400, -32020.
    pub fn header_mismatch(message: impl Into<String>) -> Refusal {
        Refusal::new(400, HEADER_MISMATCH, message)
    }

    /// The revision is not served: HTTP 400, -32022, with the data that lets a client pick another
    /// (2026-07-28, Protocol Version Negotiation).
    pub fn unsupported_version(supported: &[Version], requested: Option<&str>) -> Refusal {
        let mut data = Vec::new();
        let mut writer = ObjectWriter::begin(&mut data);
        writer.strings("supported", supported.iter().map(|version| version.as_str()));
        if let Some(requested) = requested {
            writer.str("requested", &shown(requested));
        }
        writer.end();
        Refusal {
            data: Some(String::from_utf8_lossy(&data).into_owned()),
            ..Refusal::new(400, UNSUPPORTED_VERSION, "unsupported protocol version; use one of `supported`")
        }
    }

    /// The request needs an extension that the client did not declare: HTTP 400, -32021 (2026-07-28, Capabilities).
    pub fn missing_extension(extension: &str) -> Refusal {
        let mut data = Vec::new();
        let mut writer = ObjectWriter::begin(&mut data);
        let mut capabilities = writer.object("requiredCapabilities");
        let mut extensions = capabilities.object("extensions");
        extensions.raw(extension, "{}");
        extensions.end();
        capabilities.end();
        writer.end();
        Refusal {
            data: Some(String::from_utf8_lossy(&data).into_owned()),
            ..Refusal::new(400, MISSING_CAPABILITY, "missing client capability; declare it in each request")
        }
    }

    /// The same refusal, answering this message if it is a request.
    pub fn with_id_of(self, message: &Message) -> Refusal {
        match message.is_request() {
            true => self.with_id(message.id_raw()),
            false => self,
        }
    }

    /// The same refusal with this id, raw JSON.
    pub fn with_id(self, id_raw: Option<&str>) -> Refusal {
        Refusal { id: id_raw.map(str::to_owned), ..self }
    }

    /// The JSON-RPC error response; an unknown id is `null`.
    pub fn to_bytes(&self) -> Vec<u8> {
        answers::error(self.id.as_deref(), self.code, &self.message, self.data.as_deref())
    }
}

impl std::fmt::Display for Refusal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} ({}, http {})", self.message, self.code, self.http_status)
    }
}

impl std::error::Error for Refusal {}

/// A name that a peer sent, cut and freed of control characters and backticks so that it can stand in a message.
pub fn shown(text: &str) -> String {
    let clean = |c: char| if c.is_control() || c == '`' { '\u{fffd}' } else { c };
    let mut short: String = text.chars().take(SHOWN_CHARS).map(clean).collect();
    if text.chars().nth(SHOWN_CHARS).is_some() {
        short.push('…');
    }
    short
}
