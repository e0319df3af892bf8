//! A message on its way to an upstream: method, the headers of this one message, body.
//!
//! Must never: carry a header that belongs to the transport, or have its values printed.

use super::endpoint::Endpoint;
use super::error::HeaderError;
use super::target::Target;
use bytes::Bytes;
use http_body_util::Full;
use hyper::header::{self, HeaderMap, HeaderName, HeaderValue};
use hyper::{Method, Request, Uri};
use std::fmt;
use std::time::Duration;

/// One message to send.
#[derive(Clone)]
pub struct Outgoing {
    verb: Verb,
    headers: Vec<(HeaderName, HeaderValue)>,
    body: Bytes,
    pub(super) endpoint: Option<Endpoint>,
    pub(super) head_timeout: Option<Duration>,
}

#[derive(Debug, Clone, Copy)]
enum Verb {
    Post,
    Get,
    Delete,
}

impl Outgoing {
    /// A JSON message; its reply is JSON or a stream of events.
    pub fn post(body: impl Into<Bytes>) -> Outgoing {
        Outgoing::new(Verb::Post, body.into())
    }

    /// The wish to listen: its reply is a stream of events.
    #[must_use]
    pub fn get() -> Outgoing {
        Outgoing::new(Verb::Get, Bytes::new())
    }

    /// The end of a session.
    #[must_use]
    pub fn delete() -> Outgoing {
        Outgoing::new(Verb::Delete, Bytes::new())
    }

    /// Adds a header; it replaces a configured one of the same name.
    #[must_use]
    pub fn header(mut self, name: HeaderName, value: HeaderValue) -> Outgoing {
        self.headers.push((name, value));
        self
    }

    /// Sends this message to the path that the server named instead of the configured one.
    #[must_use]
    pub fn to(mut self, endpoint: Endpoint) -> Outgoing {
        self.endpoint = Some(endpoint);
        self
    }

    /// Allows this message another time until its reply begins than the upstream's settings do.
    #[must_use]
    pub fn head_timeout(mut self, limit: Duration) -> Outgoing {
        self.head_timeout = Some(limit);
        self
    }

    fn new(verb: Verb, body: Bytes) -> Outgoing {
        Outgoing { verb, headers: Vec::new(), body, endpoint: None, head_timeout: None }
    }
}

impl fmt::Debug for Outgoing {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&str> = self.headers.iter().map(|(name, _)| name.as_str()).collect();
        let mut shown = out.debug_struct("Outgoing");
        shown.field("verb", &self.verb).field("headers", &names).field("n_bytes", &self.body.len()).finish()
    }
}

/// The parts of a request that are the same for every message to one upstream.
pub(super) struct Template {
    path: Uri,
    post: HeaderMap,
    get: HeaderMap,
    delete: HeaderMap,
}

impl Template {
    pub(super) fn new(target: &Target, configured: &HeaderMap) -> Result<Template, HeaderError> {
        refuse_many(configured.len())?;
        for name in configured.keys() {
            refuse_reserved(name)?;
        }
        let mut common = configured.clone();
        common.insert(header::HOST, target.authority.clone());
        common.insert(header::ACCEPT_ENCODING, HeaderValue::from_static("identity"));
        if !common.contains_key(header::USER_AGENT) {
            let agent = HeaderValue::from_static(concat!("toolgate/", env!("CARGO_PKG_VERSION")));
            common.insert(header::USER_AGENT, agent);
        }
        let mut get = common.clone();
        get.insert(header::ACCEPT, HeaderValue::from_static("text/event-stream"));
        let mut post = common.clone();
        post.insert(header::ACCEPT, HeaderValue::from_static("application/json, text/event-stream"));
        post.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        Ok(Template { path: target.path.clone(), post, get, delete: common })
    }

    /// The request for one attempt to send a message.
    pub(super) fn request(&self, message: &Outgoing) -> Result<Request<Full<Bytes>>, HeaderError> {
        refuse_many(message.headers.len())?;
        let (method, headers) = match message.verb {
            Verb::Post => (Method::POST, &self.post),
            Verb::Get => (Method::GET, &self.get),
            Verb::Delete => (Method::DELETE, &self.delete),
        };
        let mut headers = headers.clone();
        // One more for the length, which the HTTP library adds.
        headers.reserve(message.headers.len() + 1);
        for (name, value) in &message.headers {
            refuse_reserved(name)?;
            headers.insert(name.clone(), value.clone());
        }
        let mut request = Request::new(Full::new(message.body.clone()));
        *request.method_mut() = method;
        *request.uri_mut() = message.endpoint.as_ref().map_or(&self.path, |endpoint| &endpoint.path).clone();
        *request.headers_mut() = headers;
        Ok(request)
    }
}

/// Most headers of the configuration, and of one message; a server's tool definitions can ask for any number.
const MAX_HEADERS: usize = 256;

fn refuse_many(n_headers: usize) -> Result<(), HeaderError> {
    let max = MAX_HEADERS;
    if n_headers > max { Err(HeaderError::TooMany { n_headers, max }) } else { Ok(()) }
}

/// Refuses headers that decide about framing, the connection or the form of the reply.
fn refuse_reserved(name: &HeaderName) -> Result<(), HeaderError> {
    const RESERVED: &[HeaderName] = &[
        header::HOST,
        header::CONTENT_LENGTH,
        header::CONTENT_TYPE,
        header::CONTENT_ENCODING,
        header::TRANSFER_ENCODING,
        header::CONNECTION,
        header::UPGRADE,
        header::EXPECT,
        header::TE,
        header::TRAILER,
        header::ACCEPT,
        header::ACCEPT_ENCODING,
    ];
    let named = ["keep-alive", "proxy-connection"];
    if RESERVED.contains(name) || named.contains(&name.as_str()) {
        return Err(HeaderError::Reserved { name: name.to_string() });
    }
    Ok(())
}
