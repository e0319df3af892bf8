//! One message of a client, checked before anything else looks at it (fail closed).
//! It must never exist unchecked: `Message::parse` is the only way to make one.

pub mod keys;
pub(crate) mod params;
mod places;
pub(crate) mod shape;

use std::borrow::Cow;

use json::{Document, Limits, ScanError, ScanErrorKind, Span, Value};

use crate::errors::Refusal;
use crate::methods;
use places::Places;
use shape::{Form, Id};

/// How large a message may be; beyond that it is refused before or while it is scanned.
#[derive(Clone, Debug)]
pub struct Caps {
    /// The largest body in bytes; a larger one is refused with HTTP 413.
    pub max_body_bytes: usize,
    /// The caps of the scan: nesting, members, string length.
    pub json: Limits,
}

impl Default for Caps {
    fn default() -> Caps {
        Caps { max_body_bytes: 4 << 20, json: Limits::default() }
    }
}

/// What a client's message is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MessageKind {
    /// Has a method and an id; gets one reply.
    Request {
        /// The method, unescaped.
        method: Cow<'static, str>,
    },
    /// Has a method and no id; gets no reply.
    Notification {
        /// The method, unescaped.
        method: Cow<'static, str>,
    },
    /// Answers a request of the server.
    Response,
}

/// A message that keeps every rule of the envelope. It owns its bytes; they are what is forwarded.
#[derive(Debug)]
pub struct Message {
    document: Document,
    kind: MessageKind,
    id: Option<Span>,
    places: Places,
}

impl Message {
    /// Checks a body and takes it apart.
    ///
    /// Refused: more than `caps` allow (HTTP 413 or 400), what is not strict JSON (-32700), what is not exactly one
    /// request, notification or response (-32600), and params that are malformed or that parsers could read
    /// differently (-32602). Whether the method exists in the revision is `methods::admit`'s question.
    pub fn parse(body: Vec<u8>, caps: &Caps) -> Result<Message, Refusal> {
        if body.len() > caps.max_body_bytes {
            let text =
                format!("the message is larger than {} bytes; send a smaller one", caps.max_body_bytes);
            return Err(Refusal { http_status: 413, ..Refusal::invalid_request(text) });
        }
        let document = Document::scan(body, &caps.json).map_err(|error| scan_refusal(&error))?;
        let (kind, id) = read(document.root())?;
        let method = match &kind {
            MessageKind::Request { method } | MessageKind::Notification { method } => Some(&**method),
            MessageKind::Response => None,
        };
        let places = Places::find(&document, method);
        Ok(Message { document, kind, id, places })
    }

    /// The scanned bytes.
    pub fn document(&self) -> &Document {
        &self.document
    }

    /// The scanned bytes, given away.
    pub fn into_document(self) -> Document {
        self.document
    }

    /// Request, notification or response.
    pub fn kind(&self) -> &MessageKind {
        &self.kind
    }

    /// Whether a reply is owed.
    pub fn is_request(&self) -> bool {
        matches!(self.kind, MessageKind::Request { .. })
    }

    /// Whether it is a response with an error.
    pub fn is_error(&self) -> bool {
        self.kind == MessageKind::Response && self.document.root().get("error").is_some()
    }

    /// The method, unescaped; a response has none.
    pub fn method(&self) -> Option<&str> {
        match &self.kind {
            MessageKind::Request { method } | MessageKind::Notification { method } => Some(method),
            MessageKind::Response => None,
        }
    }

    /// The id as it was written ("1" is not 1); a notification has none.
    pub fn id_raw(&self) -> Option<&str> {
        self.id.as_ref().and_then(|span| self.document.text().get(span.start..span.end))
    }

    pub(crate) fn id_span(&self) -> Option<Span> {
        self.id
    }

    /// The params, an object.
    pub fn params(&self) -> Option<Value<'_>> {
        self.at(self.places.params)
    }

    fn at(&self, index: Option<u32>) -> Option<Value<'_>> {
        self.document.at(index?)
    }

    /// `params._meta`, an object.
    pub fn meta(&self) -> Option<Value<'_>> {
        self.at(self.places.meta)
    }

    /// The tool that a `tools/call` names.
    pub fn tool_name(&self) -> Option<Cow<'_, str>> {
        if self.is_tools_call() { self.subject() } else { None }
    }

    /// The arguments of a `tools/call`, an object; absent counts as an empty one.
    pub fn arguments(&self) -> Option<Value<'_>> {
        if self.is_tools_call() { self.at(self.places.arguments) } else { None }
    }

    /// What the method acts on: the tool, prompt, URI or task that the registry's name param holds.
    pub fn subject(&self) -> Option<Cow<'_, str>> {
        self.at(self.places.subject)?.as_str()
    }

    /// The token under which the client wants progress, a string or an integer.
    pub fn progress_token(&self) -> Option<Value<'_>> {
        self.at(self.places.progress_token)
    }

    /// The token that a progress notification reports on, raw JSON.
    pub fn reported_token(&self) -> Option<&str> {
        match self.method() {
            Some("notifications/progress") => Some(self.params()?.get("progressToken")?.raw()),
            Some(_) | None => None,
        }
    }

    /// The revision in the modern envelope, of whatever type it was sent.
    pub fn protocol_version_meta(&self) -> Option<Value<'_>> {
        self.at(self.places.version)
    }

    /// What the client can do: in the envelope of a modern request, or in the params of `initialize`.
    pub fn client_capabilities(&self) -> Option<Value<'_>> {
        match self.method() {
            Some("initialize") => self.params()?.get("capabilities"),
            Some(_) | None => self.at(self.places.capabilities),
        }
    }

    /// The request that a cancellation names, raw JSON.
    pub fn cancelled_request(&self) -> Option<&str> {
        match self.method() {
            Some("notifications/cancelled") => Some(self.params()?.get("requestId")?.raw()),
            Some(_) | None => None,
        }
    }

    /// The revision that an `initialize` asks for.
    pub fn requested_version(&self) -> Option<Cow<'_, str>> {
        match self.method() {
            Some("initialize") => self.params()?.get("protocolVersion")?.as_str(),
            Some(_) | None => None,
        }
    }

    /// The method, where it lists something page by page.
    pub fn listed_by(&self) -> Option<&'static str> {
        self.places.method.filter(|method| method.paged).map(|method| method.name)
    }

    /// Where a list is to go on, of whatever type it was sent; a cursor of `null` is none.
    pub fn cursor(&self) -> Option<Value<'_>> {
        self.places.method.filter(|method| method.paged)?;
        self.at(self.places.cursor).filter(|cursor| !cursor.is_null())
    }

    /// The wish to run a request as a task (2025-11-25).
    pub fn task(&self) -> Option<Value<'_>> {
        self.at(self.places.task)
    }

    /// The answers of a multi-round call (2026-07-28).
    pub fn input_responses(&self) -> Option<Value<'_>> {
        self.at(self.places.input_responses)
    }

    /// The server's state of a multi-round call (2026-07-28).
    pub fn request_state(&self) -> Option<Value<'_>> {
        self.at(self.places.request_state)
    }

    fn is_tools_call(&self) -> bool {
        self.method() == Some("tools/call")
    }
}

// What is JSON by the grammar but not unambiguous or too large is an invalid request; the rest does not parse.
fn scan_refusal(error: &ScanError) -> Refusal {
    let text = format!("the message is not acceptable JSON: {error}; send one strict JSON object in UTF-8");
    match error.kind {
        ScanErrorKind::DuplicateKey
        | ScanErrorKind::TextTooLong
        | ScanErrorKind::NumberTooLong
        | ScanErrorKind::TooDeep
        | ScanErrorKind::TooManyMembers
        | ScanErrorKind::StringTooLong => Refusal::invalid_request(text),
        ScanErrorKind::NotUtf8
        | ScanErrorKind::ByteOrderMark
        | ScanErrorKind::UnexpectedEnd
        | ScanErrorKind::UnexpectedByte
        | ScanErrorKind::TrailingData
        | ScanErrorKind::ControlCharacter
        | ScanErrorKind::BadEscape
        | ScanErrorKind::LoneSurrogate
        | ScanErrorKind::NumberOutOfRange => Refusal::parse_error(text),
    }
}

fn read(root: Value<'_>) -> Result<(MessageKind, Option<Span>), Refusal> {
    let message = shape::read(root)
        .map_err(|error| Refusal::invalid_request(error.text).with_id(error.id.map(|id| id.raw())))?;
    let id = match message.id {
        Id::Valid(value) => Some(value),
        Id::Absent | Id::Null | Id::Invalid => None,
    };
    let kind = match message.form {
        Form::Request { method } => {
            let echo = id.map(|id| id.raw());
            check(&method, methods::Kind::Request, message.params)
                .map_err(|refusal| refusal.with_id(echo))?;
            MessageKind::Request { method: methods::interned(method) }
        }
        Form::Notification { method } => {
            check(&method, methods::Kind::Notification, message.params)?;
            MessageKind::Notification { method: methods::interned(method) }
        }
        Form::Result | Form::Error if id.is_some() => MessageKind::Response,
        Form::Result | Form::Error => {
            return Err(Refusal::invalid_request("a response needs the `id` of the request that it answers"));
        }
    };
    Ok((kind, id.map(|id| id.span())))
}

// A known name is a request in every revision or a notification in every revision, so a request without an id, which
// some servers execute all the same, is refused before anyone knows the revision.
fn check(method: &str, kind: methods::Kind, params: Option<Value<'_>>) -> Result<(), Refusal> {
    match (methods::any(method).map(|known| known.kind), kind) {
        (Some(methods::Kind::Request), methods::Kind::Notification) => {
            return Err(Refusal::invalid_request(format!("{method} is a request; send it with an `id`")));
        }
        (Some(methods::Kind::Notification), methods::Kind::Request) => {
            return Err(Refusal::invalid_request(format!(
                "{method} is a notification; send it without an `id`"
            )));
        }
        (Some(_) | None, _) => {}
    }
    params::check(method, params).map_err(Refusal::invalid_params)
}
