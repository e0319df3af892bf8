//! The sample server over streamable HTTP: one JSON answer for each POST, sessions in the handshake era.
//! It is for loopback: a Host or Origin of another machine is refused, so that no web page can reach it.

use std::collections::HashSet;
use std::sync::{Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::Incoming;
use hyper::header::{ACCEPT, ALLOW, CONTENT_TYPE, HOST, HeaderMap, ORIGIN};
use hyper::{Method, Request, Response, StatusCode};
use serde_json::{Map, Value};

use super::protocol::{self, LEGACY, MODERN, Sample};
use super::rpc::{self, Failure, HEADER_MISMATCH, INVALID_REQUEST, METHOD_NOT_FOUND, Message, PARSE_ERROR};

/// The only path that is served.
pub const PATH: &str = "/mcp";
const MAX_BODY_BYTES: usize = 4 << 20;
/// Sessions that are open at once; the server then wants some to be ended.
const MAX_SESSIONS: usize = 10_000;
const SESSION: &str = "mcp-session-id";
const VERSION: &str = "mcp-protocol-version";
const METHOD: &str = "mcp-method";
const NAME: &str = "mcp-name";

/// What every connection shares.
#[derive(Debug, Default)]
pub struct Endpoint {
    /// The tools and what they keep.
    pub sample: Sample,
    sessions: Mutex<HashSet<String>>,
}

type Answer = Response<Full<Bytes>>;

impl Endpoint {
    /// Answers one HTTP request.
    pub async fn serve(&self, request: Request<Incoming>) -> Answer {
        if request.uri().path() != PATH {
            return status(StatusCode::NOT_FOUND);
        }
        if !is_local(request.headers()) {
            return status(StatusCode::FORBIDDEN);
        }
        if *request.method() == Method::POST {
            return self.post(request).await;
        }
        if *request.method() == Method::DELETE {
            return self.end_session(request.headers());
        }
        // There is nothing to send unasked, so there is no stream to GET.
        let mut answer = status(StatusCode::METHOD_NOT_ALLOWED);
        answer.headers_mut().insert(ALLOW, hyper::header::HeaderValue::from_static("POST, DELETE"));
        answer
    }

    async fn post(&self, request: Request<Incoming>) -> Answer {
        let (parts, body) = request.into_parts();
        if let Err(refused) = check_media(&parts.headers) {
            return status(refused);
        }
        let Ok(body) = Limited::new(body, MAX_BODY_BYTES).collect().await else {
            return status(StatusCode::PAYLOAD_TOO_LARGE);
        };
        match Message::parse(&body.to_bytes()) {
            Ok(Message::Request { id, method, params }) => {
                self.request(&parts.headers, &id, &method, &params)
            }
            Ok(Message::Notification | Message::Response) => self.acknowledge(&parts.headers),
            Err((failure, id)) => error(&id, failure, StatusCode::BAD_REQUEST),
        }
    }

    fn request(&self, headers: &HeaderMap, id: &Value, method: &str, params: &Map<String, Value>) -> Answer {
        if protocol::is_modern(params) || value(headers, VERSION) == Some(MODERN) {
            return self.modern(headers, id, method, params);
        }
        if let Err(refused) = check_version(headers) {
            return error(id, refused, StatusCode::BAD_REQUEST);
        }
        if method == "initialize" {
            return self.open_session(id, params);
        }
        if let Err(missing) = self.check_session(headers) {
            return error(id, Failure::new(INVALID_REQUEST, "no such session; initialize first"), missing);
        }
        json(StatusCode::OK, &rpc::answer(id, &self.sample.answer_legacy(method, params)))
    }

    fn modern(&self, headers: &HeaderMap, id: &Value, method: &str, params: &Map<String, Value>) -> Answer {
        let checked = check_mirrors(headers, method, params).and_then(|()| protocol::check_envelope(params));
        if let Err(failure) = checked {
            return error(id, failure, StatusCode::BAD_REQUEST);
        }
        let outcome = self.sample.answer_modern(method, params);
        let status = match &outcome {
            Err(failure) if failure.code == METHOD_NOT_FOUND => StatusCode::NOT_FOUND,
            Ok(_) | Err(_) => StatusCode::OK,
        };
        json(status, &rpc::answer(id, &outcome))
    }

    /// Notifications and answers are accepted and have no effect.
    fn acknowledge(&self, headers: &HeaderMap) -> Answer {
        if value(headers, VERSION) == Some(MODERN) {
            return status(StatusCode::ACCEPTED);
        }
        match check_version(headers)
            .map_err(|_| StatusCode::BAD_REQUEST)
            .and_then(|()| self.check_session(headers))
        {
            Ok(()) => status(StatusCode::ACCEPTED),
            Err(refused) => status(refused),
        }
    }

    fn open_session(&self, id: &Value, params: &Map<String, Value>) -> Answer {
        let outcome = self.sample.answer_legacy("initialize", params);
        let mut answer = json(StatusCode::OK, &rpc::answer(id, &outcome));
        if outcome.is_ok() {
            let Some(session) = self.new_session() else { return status(StatusCode::SERVICE_UNAVAILABLE) };
            if let Ok(header) = session.parse() {
                answer.headers_mut().insert(SESSION, header);
            }
        }
        answer
    }

    fn new_session(&self) -> Option<String> {
        let mut random = [0_u8; 16];
        getrandom::fill(&mut random).ok()?;
        let session: String = random.iter().map(|byte| format!("{byte:02x}")).collect();
        let mut sessions = self.sessions();
        (sessions.len() < MAX_SESSIONS && sessions.insert(session.clone())).then_some(session)
    }

    fn check_session(&self, headers: &HeaderMap) -> Result<(), StatusCode> {
        let session = value(headers, SESSION).ok_or(StatusCode::BAD_REQUEST)?;
        if self.sessions().contains(session) { Ok(()) } else { Err(StatusCode::NOT_FOUND) }
    }

    fn end_session(&self, headers: &HeaderMap) -> Answer {
        let Some(session) = value(headers, SESSION) else { return status(StatusCode::BAD_REQUEST) };
        let was_open = self.sessions().remove(session);
        status(if was_open { StatusCode::NO_CONTENT } else { StatusCode::NOT_FOUND })
    }

    fn sessions(&self) -> MutexGuard<'_, HashSet<String>> {
        self.sessions.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A header's value when it is there exactly once.
fn value<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let mut values = headers.get_all(name).iter();
    let first = values.next()?;
    if values.next().is_some() { None } else { first.to_str().ok() }
}

fn is_local(headers: &HeaderMap) -> bool {
    let is_loopback = |authority: &str| {
        let parsed: Option<hyper::http::uri::Authority> = authority.parse().ok();
        let host = parsed.as_ref().map_or("", |authority| authority.host());
        let bare = host.trim_start_matches('[').trim_end_matches(']');
        host.eq_ignore_ascii_case("localhost")
            || bare.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
    };
    let origin_host = |origin: &str| origin.split_once("://").is_some_and(|(_, host)| is_loopback(host));
    value(headers, HOST.as_str()).is_some_and(is_loopback)
        && (!headers.contains_key(ORIGIN) || value(headers, ORIGIN.as_str()).is_some_and(origin_host))
}

fn check_media(headers: &HeaderMap) -> Result<(), StatusCode> {
    let media = value(headers, CONTENT_TYPE.as_str()).unwrap_or_default();
    if !media.split(';').next().unwrap_or_default().trim().eq_ignore_ascii_case("application/json") {
        return Err(StatusCode::UNSUPPORTED_MEDIA_TYPE);
    }
    let accepted: Vec<&str> =
        headers.get_all(ACCEPT).iter().filter_map(|accept| accept.to_str().ok()).collect();
    let takes_json =
        |accept: &&str| ["application/json", "application/*", "*/*"].iter().any(|kind| accept.contains(kind));
    if accepted.is_empty() || accepted.iter().any(takes_json) {
        Ok(())
    } else {
        Err(StatusCode::NOT_ACCEPTABLE)
    }
}

/// In the handshake era the header is optional, but must then name a revision of that era.
fn check_version(headers: &HeaderMap) -> Result<(), Failure> {
    if !headers.contains_key(VERSION) {
        return Ok(());
    }
    let version = value(headers, VERSION);
    if version.is_some_and(|version| LEGACY.contains(&version)) {
        Ok(())
    } else {
        Err(protocol::unsupported(version))
    }
}

/// Headers that repeat parts of the body must do so truly.
fn check_mirrors(headers: &HeaderMap, method: &str, params: &Map<String, Value>) -> Result<(), Failure> {
    let mismatch = |name: &str| Failure::new(HEADER_MISMATCH, format!("{name} does not match the body"));
    let version =
        params.get("_meta").and_then(|meta| meta.get(protocol::VERSION_KEY)).and_then(Value::as_str);
    // A body that names no revision is told so by the check of the envelope.
    if version.is_some() && value(headers, VERSION) != version {
        return Err(mismatch(VERSION));
    }
    if value(headers, METHOD) != Some(method) {
        return Err(mismatch(METHOD));
    }
    // All names here are plain ASCII, which clients send as it is.
    let name = params.get("name").and_then(Value::as_str);
    if method == "tools/call" && name.is_some() && value(headers, NAME) != name {
        return Err(mismatch(NAME));
    }
    Ok(())
}

fn error(id: &Value, failure: Failure, status: StatusCode) -> Answer {
    let id = if failure.code == PARSE_ERROR { &Value::Null } else { id };
    json(status, &rpc::answer(id, &Err(failure)))
}

fn json(status_code: StatusCode, body: &Value) -> Answer {
    let mut answer = Response::new(Full::new(Bytes::from(body.to_string())));
    *answer.status_mut() = status_code;
    let media = hyper::header::HeaderValue::from_static("application/json");
    answer.headers_mut().insert(CONTENT_TYPE, media);
    answer
}

fn status(status_code: StatusCode) -> Answer {
    let mut answer = Response::new(Full::new(Bytes::new()));
    *answer.status_mut() = status_code;
    answer
}
