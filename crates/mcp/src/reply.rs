//! One message of a server, buffered: list replies, handshake results, events that are not the awaited reply.
//! It must never be made from a reply that breaks the envelope; large replies are not buffered but scanned while
//! they stream through.

use std::borrow::Cow;

use json::{Document, ScanError, Span, Value};

use crate::envelope::shape::{self, Form, Id};
use crate::envelope::{Caps, keys};
use crate::era::Version;
use crate::methods;

/// What a server's message is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ReplyKind {
    /// Answers a request with a result.
    Result,
    /// Answers a request with an error; without an id it answers nothing in particular.
    Error,
    /// Asks something of the client (legacy era).
    Request {
        /// The method, unescaped.
        method: Cow<'static, str>,
    },
    /// Tells the client something.
    Notification {
        /// The method, unescaped.
        method: Cow<'static, str>,
    },
}

/// A server's message that keeps the rules of the envelope. It owns its bytes.
#[derive(Debug)]
pub struct Reply {
    document: Document,
    kind: ReplyKind,
    id: Option<Span>,
}

/// Why a server's message is not used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReplyFault {
    /// Larger than the caller allows.
    #[error("the server's message is larger than {0} bytes")]
    TooLarge(usize),
    /// Not strict JSON, or beyond the caps of the scan.
    #[error("the server's message is not acceptable JSON: {0}")]
    Json(ScanError),
    /// Not one well-formed message.
    #[error("the server's message is malformed: {0}")]
    Shape(String),
}

/// Takes a server's message apart, by the same strict rules as a client's: one object, no unknown members, result
/// or error but not both.
///
/// # Errors
/// What is wrong with it, without its content.
pub fn parse_reply(bytes: Vec<u8>, caps: &Caps) -> Result<Reply, ReplyFault> {
    if bytes.len() > caps.max_body_bytes {
        return Err(ReplyFault::TooLarge(caps.max_body_bytes));
    }
    let document = Document::scan(bytes, &caps.json).map_err(ReplyFault::Json)?;
    let (kind, id) = read(document.root())?;
    Ok(Reply { document, kind, id })
}

fn read(root: Value<'_>) -> Result<(ReplyKind, Option<Span>), ReplyFault> {
    let message = shape::read(root).map_err(|error| ReplyFault::Shape(error.text))?;
    let id = match message.id {
        Id::Valid(value) => Some(value.span()),
        Id::Absent | Id::Null | Id::Invalid => None,
    };
    let kind = match message.form {
        Form::Request { method } => ReplyKind::Request { method: methods::interned(method) },
        Form::Notification { method } => ReplyKind::Notification { method: methods::interned(method) },
        Form::Result => ReplyKind::Result,
        Form::Error => ReplyKind::Error,
    };
    Ok((kind, id))
}

impl Reply {
    /// The scanned bytes.
    pub fn document(&self) -> &Document {
        &self.document
    }

    /// The scanned bytes, given away.
    pub fn into_document(self) -> Document {
        self.document
    }

    /// Result, error, request or notification.
    pub fn kind(&self) -> &ReplyKind {
        &self.kind
    }

    /// Whether it answers the request with this id (raw, so "1" is not 1).
    pub fn answers(&self, id_raw: &str) -> bool {
        match self.kind {
            ReplyKind::Result | ReplyKind::Error => self.id_raw() == Some(id_raw),
            ReplyKind::Request { .. } | ReplyKind::Notification { .. } => false,
        }
    }

    /// The id as it was written; a notification has none.
    pub fn id_raw(&self) -> Option<&str> {
        self.id.and_then(|span| self.document.text().get(span.start..span.end))
    }

    pub(crate) fn id_span(&self) -> Option<Span> {
        self.id
    }

    /// The method of a request or notification, unescaped.
    pub fn method(&self) -> Option<&str> {
        match &self.kind {
            ReplyKind::Request { method } | ReplyKind::Notification { method } => Some(method),
            ReplyKind::Result | ReplyKind::Error => None,
        }
    }

    /// The result, an object.
    pub fn result(&self) -> Option<Value<'_>> {
        self.document.root().get("result")
    }

    /// The error, an object with an integer `code` and a string `message`.
    pub fn error(&self) -> Option<Value<'_>> {
        self.document.root().get("error")
    }

    /// The code of the error.
    pub fn error_code(&self) -> Option<i64> {
        self.error()?.get("code")?.as_number()?.as_i64()
    }

    /// The params of a request or notification, an object.
    pub fn params(&self) -> Option<Value<'_>> {
        self.document.root().get("params")
    }

    /// The token that a progress notification reports on, raw.
    pub fn progress_token(&self) -> Option<&str> {
        match self.method() {
            Some("notifications/progress") => Some(self.params()?.get("progressToken")?.raw()),
            Some(_) | None => None,
        }
    }

    /// The request that a cancellation names, raw.
    pub fn cancelled_request(&self) -> Option<&str> {
        match self.method() {
            Some("notifications/cancelled") => Some(self.params()?.get("requestId")?.raw()),
            Some(_) | None => None,
        }
    }

    /// The listen request that a notification belongs to (2026-07-28), raw.
    pub fn subscription_id(&self) -> Option<&str> {
        Some(self.params()?.get("_meta")?.get(keys::SUBSCRIPTION_ID)?.raw())
    }

    /// The array of a list result: `tools`, `resources`, …
    pub fn list(&self, key: &str) -> Option<Value<'_>> {
        self.result()?.get(key).filter(|value| value.is_array())
    }

    /// Where the list goes on, if it does.
    pub fn next_cursor(&self) -> Option<Cow<'_, str>> {
        self.result()?.get("nextCursor")?.as_str()
    }

    /// The revision that a handshake settled on, if it is known.
    pub fn negotiated_version(&self) -> Option<Version> {
        Version::parse(&self.result()?.get("protocolVersion")?.as_str()?)
    }

    /// The known revisions that a discovery result or an unsupported-version error names, in its order.
    pub fn supported_versions(&self) -> Vec<Version> {
        let discovered = self.result().and_then(|result| result.get("supportedVersions"));
        let refused = self.error().and_then(|error| error.get("data")?.get("supported"));
        let names = discovered.or(refused).into_iter().flat_map(|list| list.elements());
        names.filter_map(|name| Version::parse(&name.as_str()?)).collect()
    }
}
