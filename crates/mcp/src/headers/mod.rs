//! What MCP reads from HTTP headers, and the rules for it. Headers are compared with the body or checked against
//! lists; they never travel upstream, where every header is made anew.
//! It must never read one copy of a header that was sent twice.

pub mod hosts;
pub mod media;
pub mod mirrored;
pub mod value;

use hyper::HeaderMap;
use hyper::header::{
    AUTHORIZATION, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, HOST, ORIGIN, TRANSFER_ENCODING,
};

use crate::era::Version;
use crate::errors::Refusal;
use crate::methods;

/// The revision that a request speaks.
pub const PROTOCOL_VERSION: &str = "mcp-protocol-version";
/// The mirror of `method`.
pub const METHOD: &str = "mcp-method";
/// The mirror of the tool, prompt, URI or task that the request names.
pub const NAME: &str = "mcp-name";
/// The session of the legacy era.
pub const SESSION_ID: &str = "mcp-session-id";
/// Where a legacy client resumes a stream.
pub const LAST_EVENT_ID: &str = "last-event-id";
/// The start of the headers that mirror a tool's parameters.
pub const PARAM_PREFIX: &str = "mcp-param-";

const MCP_SINGLE: [&str; 5] = [PROTOCOL_VERSION, METHOD, NAME, SESSION_ID, LAST_EVENT_ID];

/// The MCP headers of one request, free of HTTP types so that the pipeline can hold them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct McpHeaders {
    protocol_version: Option<String>,
    method: Option<String>,
    name: Option<String>,
    session_id: Option<String>,
    last_event_id: Option<String>,
    params: Vec<(String, String)>,
    faulty: Option<Fault>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Fault {
    Repeated(&'static str),
    Unreadable(String),
}

impl McpHeaders {
    /// Reads the MCP headers. A header that came twice or holds a character that no header may have is remembered;
    /// the era's check refuses it, so that the answer can carry the request's id.
    pub fn read(headers: &HeaderMap) -> McpHeaders {
        let mut read = McpHeaders::default();
        let single: [Option<String>; 5] = MCP_SINGLE.map(|name| read.take(headers, name));
        [read.protocol_version, read.method, read.name, read.session_id, read.last_event_id] = single;
        for (name, value) in headers {
            let Some(param) = name.as_str().strip_prefix(PARAM_PREFIX) else { continue };
            match value.to_str() {
                Ok(text) => read.params.push((param.to_owned(), text.to_owned())),
                Err(_) => read.faulty = Some(Fault::Unreadable(name.as_str().to_owned())),
            }
        }
        read
    }

    fn take(&mut self, headers: &HeaderMap, name: &'static str) -> Option<String> {
        let mut values = headers.get_all(name).iter();
        let first = values.next()?;
        if values.next().is_some() {
            self.faulty = Some(Fault::Repeated(name));
        }
        match first.to_str() {
            Ok(text) => Some(text.to_owned()),
            Err(_) => {
                self.faulty = Some(Fault::Unreadable(name.to_owned()));
                None
            }
        }
    }

    /// Refuses headers that came twice or are unreadable, with -32020: readers of the first and of the last copy
    /// would disagree.
    pub fn refuse_repeated(&self) -> Result<(), Refusal> {
        match &self.faulty {
            Some(Fault::Repeated(name)) => {
                Err(Refusal::header_mismatch(format!("the {name} header came more than once; send it once")))
            }
            Some(Fault::Unreadable(name)) => Err(Refusal::header_mismatch(format!(
                "the {name} header holds characters that no header may have; encode its value as base64"
            ))),
            None => Ok(()),
        }
    }

    /// `MCP-Protocol-Version`.
    pub fn protocol_version(&self) -> Option<&str> {
        self.protocol_version.as_deref()
    }

    /// `Mcp-Method`.
    pub fn method(&self) -> Option<&str> {
        self.method.as_deref()
    }

    /// `Mcp-Name`, as sent, perhaps encoded.
    pub fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    /// `Mcp-Session-Id`.
    pub fn session_id(&self) -> Option<&str> {
        self.session_id.as_deref()
    }

    /// `Last-Event-ID`.
    pub fn last_event_id(&self) -> Option<&str> {
        self.last_event_id.as_deref()
    }

    /// The `Mcp-Param-*` headers: the part behind the prefix in lower case, and the value as sent.
    pub fn params(&self) -> &[(String, String)] {
        &self.params
    }
}

/// Refuses a request in which a header that has one value came twice, whatever it says.
pub fn refuse_duplicates(headers: &HeaderMap) -> Result<(), Refusal> {
    let single = [HOST, ORIGIN, CONTENT_TYPE, CONTENT_LENGTH, CONTENT_ENCODING, AUTHORIZATION];
    match single.iter().find(|name| headers.get_all(*name).iter().nth(1).is_some()) {
        Some(name) => {
            Err(Refusal::invalid_request(format!("the {name} header came more than once; send it once")))
        }
        None => Ok(()),
    }
}

/// Refuses a body in any transfer coding but `chunked`, once: what a further coding hides is read by nobody here.
pub fn refuse_codings(headers: &HeaderMap) -> Result<(), Refusal> {
    let mut codings = headers.get_all(TRANSFER_ENCODING).iter();
    let is_plain = codings.next().is_none_or(|coding| coding.as_bytes().eq_ignore_ascii_case(b"chunked"));
    match is_plain && codings.next().is_none() {
        true => Ok(()),
        false => Err(Refusal::invalid_request("the body must be sent with its length, or in chunks once")),
    }
}

/// The headers that a modern request to a server carries: made from what is forwarded, never from what was received.
/// `subject` is the value of the method's name param.
pub fn for_request(version: Version, method: &str, subject: Option<&str>) -> Vec<(&'static str, String)> {
    let mut headers = vec![(PROTOCOL_VERSION, version.as_str().to_owned()), (METHOD, method.to_owned())];
    let is_named = methods::any(method).is_some_and(|known| known.name_param.is_some());
    if let (true, Some(subject)) = (is_named, subject) {
        headers.push((NAME, value::encode(subject).into_owned()));
    }
    headers
}
