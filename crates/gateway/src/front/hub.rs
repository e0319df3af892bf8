//! `/mcp` over HTTP: one message for all servers that a grant reaches, or the stream of a session with all of them.
//! Where a grant reaches exactly one server, this is that server, and nothing of what stands here is used.

use super::http::{HttpAnswer, Refused, events, render, status};
use super::request;
use super::spool::{Whose, answer};
use crate::gateway::Gateway;
use crate::hub::{self, Asked, Client, HubSession};
use crate::large::Room;
use crate::world::Grant;
use hyper::body::Incoming;
use hyper::{Method, Request, StatusCode};
use mcp::envelope::Message;
use mcp::era::{self, Era, Version};
use mcp::errors::Refusal;
use mcp::headers::{McpHeaders, SESSION_ID, media};
use mcp::{legacy, modern};
use std::sync::Arc;

/// Whether a request is for all servers together: a session with all of them stays one when only one is left.
#[must_use]
pub fn is_for_all(gateway: &Gateway, grant: &Grant, request: &Request<Incoming>) -> bool {
    let session = request.headers().get(SESSION_ID).and_then(|id| id.to_str().ok());
    let is_known = |id| gateway.hub.sessions.find(id, &grant.id).is_some();
    request.uri().path() == hub::PATH && (grant.servers().count() != 1 || session.is_some_and(is_known))
}

/// Answers one request.
///
/// # Errors
/// [`Refused`], with the protocol's own answer where it has one.
pub async fn serve(
    gateway: &Arc<Gateway>,
    grant: &Arc<Grant>,
    request: Request<Incoming>,
) -> Result<HttpAnswer, Refused> {
    let headers = McpHeaders::read(request.headers());
    match *request.method() {
        Method::POST | Method::GET if gateway.is_draining() => Err(Refused::Draining),
        Method::POST => post(gateway, grant, request, &headers).await,
        Method::GET => {
            media::check_get_accept(request.headers())?;
            let session = open_session(gateway, grant, &headers)?;
            open_stream(gateway, session, &headers)
        }
        Method::DELETE => {
            let session = open_session(gateway, grant, &headers)?;
            gateway.hub.sessions.end(gateway, &session).await;
            Ok(status(StatusCode::OK))
        }
        _ => Err(Refused::Method),
    }
}

async fn post(
    gateway: &Arc<Gateway>,
    grant: &Arc<Grant>,
    request: Request<Incoming>,
    headers: &McpHeaders,
) -> Result<HttpAnswer, Refused> {
    media::check_post_accept(request.headers())?;
    let (message, room) = request::body(gateway, grant, request).await?;
    let asked = match era::of_http(headers.protocol_version(), &message) {
        Era::Modern => modern_message(gateway, grant, (message, room), headers)?,
        Era::Legacy => Some(legacy_message(gateway, grant, (message, room), headers)?),
    };
    match asked {
        None => Ok(status(StatusCode::ACCEPTED)),
        Some(asked) => Ok(match asked.client.session.clone() {
            Some(session) if asked.message.is_request() => {
                let id = asked.id().to_owned();
                answer::to_request(gateway, Whose::Several(session), &id, hub::handle(asked)).await
            }
            Some(_) | None => render(hub::handle(asked).await),
        }),
    }
}

/// The stream of a session: one that is resumed, one that waits for its client, or a new one.
fn open_stream(
    gateway: &Arc<Gateway>,
    session: Arc<HubSession>,
    headers: &McpHeaders,
) -> Result<HttpAnswer, Refused> {
    if let Some(event) = headers.last_event_id() {
        return session.spools.resume(event).map(events).ok_or(Refused::Event);
    }
    if let Some(frames) = session.spools.listen_again() {
        return Ok(events(frames));
    }
    let stream = hub::listen(gateway, &session);
    Ok(answer::to_listener(gateway, Whose::Several(session), stream))
}

/// The message, unless it is one that the era does not know over HTTP: such a one is acknowledged and dropped.
fn modern_message(
    gateway: &Arc<Gateway>,
    grant: &Arc<Grant>,
    (message, room): (Message, Room),
    headers: &McpHeaders,
) -> Result<Option<Asked>, Refused> {
    if !message.is_request() {
        modern::check_notification(headers, &Version::MODERN)?;
        return match message.method() {
            Some(_) => Ok(None),
            None => Err(Refusal::invalid_request("no request of a server is open; send no responses").into()),
        };
    }
    let version = modern::check(&message, Some(headers), &Version::MODERN)?;
    let client = Client { gateway: Arc::clone(gateway), grant: Arc::clone(grant), version, session: None };
    Ok(Some(Asked::new(client, message, headers.params().to_vec(), room)))
}

fn legacy_message(
    gateway: &Arc<Gateway>,
    grant: &Arc<Grant>,
    (message, room): (Message, Room),
    headers: &McpHeaders,
) -> Result<Asked, Refused> {
    let stated = legacy::check(&message, headers)?;
    let refuse = |text| Refused::from(Refusal::invalid_request(text).with_id_of(&message));
    let is_first = message.method() == Some("initialize");
    let session = match (headers.session_id(), is_first) {
        (Some(_), true) => {
            return Err(refuse("`initialize` opens a session; send it without `Mcp-Session-Id`"));
        }
        (None, true) => None,
        (None, false) => {
            return Err(refuse("`Mcp-Session-Id` is missing; initialize a session and send its id"));
        }
        (Some(id), false) => Some(find(gateway, grant, id)?),
    };
    let settled = session.as_ref().and_then(|session| session.version());
    let version = match settled {
        None if is_first => Version::NEWEST_LEGACY,
        settled => request::agreed(settled, stated).map_err(|refusal| refusal.with_id_of(&message))?,
    };
    let client = Client { gateway: Arc::clone(gateway), grant: Arc::clone(grant), version, session };
    Ok(Asked::new(client, message, Vec::new(), room))
}

fn open_session(gateway: &Gateway, grant: &Grant, headers: &McpHeaders) -> Result<Arc<HubSession>, Refused> {
    let is_modern = |text| Version::MODERN.iter().any(|version| version.as_str() == text);
    if headers.protocol_version().is_some_and(is_modern) {
        // The era has no sessions: nothing but POST (2026-07-28, Streamable HTTP).
        return Err(Refused::NoStream);
    }
    legacy::check_headers(headers)?;
    // Without a session there is no stream to open.
    find(gateway, grant, headers.session_id().ok_or(Refused::NoStream)?)
}

fn find(gateway: &Gateway, grant: &Grant, id: &str) -> Result<Arc<HubSession>, Refused> {
    let session = gateway.hub.sessions.find(id, &grant.id).ok_or(Refused::Session)?;
    session.touch(gateway.now_ms());
    Ok(session)
}
