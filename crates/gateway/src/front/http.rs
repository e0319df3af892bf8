//! Streamable HTTP towards clients: turns requests into exchanges and answers into responses.
//! It decides nothing but who is asking; whatever it lets through is judged by the pipeline.

use super::body::AnswerBody;
use super::first;
use super::http_stream;
use super::request::{self, Inbound};
use super::spool::{Whose, answer};
use crate::account;
use crate::exchange::{Answer, Reply};
use crate::gateway::Gateway;
use crate::pipeline;
use crate::spools::Frame;
use crate::stream::Framing;
use hyper::body::Incoming;
use hyper::header::{self, HeaderValue};
use hyper::{Method, Request, Response, StatusCode};
use mcp::errors::Refusal;
use mcp::headers::hosts::AllowList;
use std::convert::Infallible;
use std::net::IpAddr;
use std::sync::Arc;
use tokio::sync::mpsc;

/// What one listener serves.
#[derive(Debug)]
pub struct HttpFront {
    /// The gateway behind it.
    pub gateway: Arc<Gateway>,
    /// Names by which it may be addressed, and pages that may call it.
    pub allowed: AllowList,
}

/// A response of this front.
pub type HttpAnswer = Response<AnswerBody>;

impl HttpFront {
    /// Answers one request. Never fails: what cannot be answered well is answered with an error.
    ///
    /// # Errors
    /// None.
    pub async fn serve(
        self: Arc<Self>,
        from: IpAddr,
        request: Request<Incoming>,
    ) -> Result<HttpAnswer, Infallible> {
        let answer = match self.route(from, request).await {
            Ok(answer) => answer,
            Err(refused) => {
                self.gateway.metrics.refused.inc();
                refused.into_response()
            }
        };
        Ok(answer)
    }

    async fn route(&self, from: IpAddr, request: Request<Incoming>) -> Result<HttpAnswer, Refused> {
        let health = request.uri().path();
        match health {
            "/healthz" => return Ok(plain(StatusCode::OK, "ok\n")),
            "/readyz" => return Ok(self.readiness()),
            _ => {}
        }
        self.allowed.check(request.uri(), request.headers())?;
        mcp::headers::refuse_duplicates(request.headers())?;
        mcp::headers::refuse_codings(request.headers()).map_err(Refused::Framing)?;
        let grant = request::authenticate(&self.gateway, from, &request)?;
        if super::hub::is_for_all(&self.gateway, &grant, &request) {
            let answer = super::hub::serve(&self.gateway, &grant, request).await;
            return answer.inspect_err(|refused| self.record(&grant.id, "", refused));
        }
        let inbound = request::inbound(&self.gateway, grant, request)?;
        let path = inbound.request.uri().path().to_owned();
        let (grant, server) = (Arc::clone(&inbound.grant.id), Arc::clone(&inbound.reach.server.id));
        let answer = match *inbound.request.method() {
            Method::POST | Method::GET if self.gateway.is_draining() => Err(Refused::Draining),
            Method::GET if path.starts_with(first::STREAM) => first::open(&self.gateway, &inbound),
            _ if path.starts_with(first::STREAM) => Err(Refused::Only("GET")),
            Method::POST if path.starts_with(first::MESSAGES) => first::post(&self.gateway, inbound).await,
            _ if path.starts_with(first::MESSAGES) => Err(Refused::Only("POST")),
            Method::POST => self.post(inbound).await,
            Method::GET => http_stream::open(&self.gateway, &inbound).await,
            Method::DELETE => http_stream::delete(&self.gateway, &inbound).await,
            _ => Err(Refused::Method),
        };
        answer.inspect_err(|refused| self.record(&grant, &server, refused))
    }

    /// What a known grant was refused before there was a message to judge is recorded too.
    fn record(&self, grant: &str, server: &str, refused: &Refused) {
        let record = |rule, cause: &str| account::refused(&self.gateway, grant, server, rule, cause);
        match refused {
            Refused::Session => record("(session)", "unknown"),
            Refused::Event => record("(session)", "unknown_event"),
            Refused::Protocol(refusal) => record("(protocol)", &refusal.code.to_string()),
            Refused::Grant
            | Refused::Path
            | Refused::Method
            | Refused::Only(_)
            | Refused::NoStream
            | Refused::Draining
            | Refused::Framing(_)
            | Refused::Slow => {}
        }
    }

    async fn post(&self, inbound: Inbound) -> Result<HttpAnswer, Refused> {
        let exchange = match request::exchange(&self.gateway, inbound).await? {
            request::Read::Exchange(exchange) => *exchange,
            request::Read::Dropped => return Ok(status(StatusCode::ACCEPTED)),
            request::Read::SessionGone => return Err(Refused::Session),
        };
        match exchange.session.clone() {
            Some(session) if exchange.message.is_request() => {
                let (gateway, id) = (Arc::clone(&self.gateway), exchange.id().to_owned());
                let answering = async move { pipeline::handle(&gateway, exchange).await };
                Ok(answer::to_request(&self.gateway, Whose::One(session), &id, answering).await)
            }
            Some(_) | None => Ok(render(pipeline::handle(&self.gateway, exchange).await)),
        }
    }

    fn readiness(&self) -> HttpAnswer {
        if self.gateway.is_draining() {
            return plain(StatusCode::SERVICE_UNAVAILABLE, "shutting down\n");
        }
        match self.gateway.store.check() {
            Ok(()) => plain(StatusCode::OK, "ready\n"),
            Err(_) => plain(StatusCode::SERVICE_UNAVAILABLE, "the store refuses writes; see the log\n"),
        }
    }
}

/// Why a request went no further than this front.
#[derive(Debug)]
pub enum Refused {
    /// No grant, or not a valid one.
    Grant,
    /// No such path, or no such server for this grant.
    Path,
    /// Not POST, GET or DELETE.
    Method,
    /// Not the one method of the path.
    Only(&'static str),
    /// The session is unknown, or belongs to somebody else.
    Session,
    /// The upstream offers no such stream.
    NoStream,
    /// The session has no such event any more.
    Event,
    /// The gateway is shutting down.
    Draining,
    /// The body did not come in time.
    Slow,
    /// Where the body ends is not clear to every reader: nothing behind it is read.
    Framing(Refusal),
    /// The protocol's own refusal.
    Protocol(Refusal),
}

impl From<Refusal> for Refused {
    fn from(refusal: Refusal) -> Self {
        Self::Protocol(refusal)
    }
}

impl Refused {
    /// The response for it: the only place where a refusal becomes HTTP.
    fn into_response(self) -> HttpAnswer {
        let error = |status: u16, message: &str| {
            let refusal = Refusal::new(status, mcp::errors::INVALID_REQUEST, message);
            json(status, refusal.to_bytes())
        };
        match self {
            Self::Grant => {
                let mut response =
                    error(401, "a valid grant is required; send `Authorization: Bearer <token>`");
                let challenge = HeaderValue::from_static("Bearer realm=\"toolgate\"");
                response.headers_mut().insert(header::WWW_AUTHENTICATE, challenge);
                response
            }
            Self::Path => error(
                404,
                "no such endpoint; use /mcp, or /mcp/<server> or /sse/<server> with a server that the grant reaches",
            ),
            Self::Method => {
                let mut response = error(405, "use POST, GET or DELETE");
                response.headers_mut().insert(header::ALLOW, HeaderValue::from_static("POST, GET, DELETE"));
                response
            }
            Self::Only(method) => {
                let mut response =
                    error(405, "this path of the transport of 2024-11-05 takes another method");
                response.headers_mut().insert(header::ALLOW, HeaderValue::from_static(method));
                response
            }
            Self::NoStream => {
                let mut response = error(405, "the server offers no stream of its own; use POST");
                response.headers_mut().insert(header::ALLOW, HeaderValue::from_static("POST, DELETE"));
                response
            }
            Self::Session => error(404, "no such session; initialize a new one"),
            // Not 404, by which a client takes the session for gone.
            Self::Event => {
                error(400, "the event of `Last-Event-ID` is not kept any more; send the request again")
            }
            Self::Draining => {
                let mut response = error(503, "the gateway is shutting down; retry later");
                response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("5"));
                response
            }
            Self::Slow => error(408, "the body did not arrive in time; send it again"),
            Self::Framing(refusal) => {
                let mut response = json(refusal.http_status, refusal.to_bytes());
                response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
                response
            }
            Self::Protocol(refusal) => json(refusal.http_status, refusal.to_bytes()),
        }
    }
}

/// Renders the pipeline's answer.
pub fn render(answer: Answer) -> HttpAnswer {
    match answer {
        Answer::Accepted => status(StatusCode::ACCEPTED),
        Answer::SessionGone => Refused::Session.into_response(),
        Answer::GrantGone => Refused::Grant.into_response(),
        Answer::Message(Reply { status, body, session }) => {
            let mut response = json(status, body);
            if let Some(session) = session.and_then(|id| HeaderValue::from_str(&id).ok()) {
                response.headers_mut().insert(mcp::headers::SESSION_ID, session);
            }
            response
        }
        Answer::Stream(stream) => {
            let kind = match stream.framing {
                Framing::Json => "application/json",
                Framing::Events => "text/event-stream",
            };
            let code = StatusCode::from_u16(stream.status).unwrap_or(StatusCode::OK);
            let mut response = streamed(kind, AnswerBody::stream(stream));
            *response.status_mut() = code;
            response
        }
    }
}

/// A response of events that are framed already.
pub fn events(frames: mpsc::Receiver<Frame>) -> HttpAnswer {
    streamed("text/event-stream", AnswerBody::Frames(frames))
}

fn streamed(kind: &'static str, body: AnswerBody) -> HttpAnswer {
    let mut response = Response::new(body);
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache, no-transform"));
    headers.insert("x-accel-buffering", HeaderValue::from_static("no"));
    response
}

/// A response without a body.
pub fn status(status: StatusCode) -> HttpAnswer {
    let mut response = Response::new(AnswerBody::whole(Vec::new()));
    *response.status_mut() = status;
    response
}

fn json(status: u16, body: Vec<u8>) -> HttpAnswer {
    let mut response = Response::new(AnswerBody::whole(body));
    *response.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

fn plain(status: StatusCode, text: &'static str) -> HttpAnswer {
    let mut response = Response::new(AnswerBody::whole(text.as_bytes().to_vec()));
    *response.status_mut() = status;
    response
        .headers_mut()
        .insert(header::CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
    response
}
