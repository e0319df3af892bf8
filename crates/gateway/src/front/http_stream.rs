//! GET and DELETE of the legacy era: the stream for what answers no request, and the end of a session.

use super::http::{HttpAnswer, Refused, events, status};
use super::request::{Inbound, find_session};
use super::spool::{Whose, answer};
use crate::gateway::Gateway;
use crate::listen;
use crate::session::Session;
use crate::upstream::Lane;
use hyper::StatusCode;
use mcp::era::Version;
use mcp::legacy;
use std::sync::Arc;

/// Opens the stream of a session.
///
/// # Errors
/// [`Refused`] where there is no such session or the server offers no stream.
pub async fn open(gateway: &Arc<Gateway>, inbound: &Inbound) -> Result<HttpAnswer, Refused> {
    mcp::headers::media::check_get_accept(inbound.request.headers())?;
    let session = session(gateway, inbound)?;
    if let Some(event) = inbound.headers.last_event_id() {
        return session.spools.resume(event).map(events).ok_or(Refused::Event);
    }
    // What came while the client was away waits for it.
    if let Some(frames) = session.spools.listen_again() {
        return Ok(events(frames));
    }
    let body = match &session.lane {
        Lane::Stdio(_) => None,
        Lane::Bridge(bridge) => bridge.listen(&session).await,
        Lane::Http(lane) => Some(listen::ask(lane, &session).await.ok_or(Refused::NoStream)?),
    };
    let stream = listen::start(gateway, &session, body);
    Ok(answer::to_listener(gateway, Whose::One(session), stream))
}

/// Ends a session.
///
/// # Errors
/// [`Refused`] where there is no such session.
pub async fn delete(gateway: &Arc<Gateway>, inbound: &Inbound) -> Result<HttpAnswer, Refused> {
    let session = session(gateway, inbound)?;
    gateway.sessions.remove(&session);
    listen::end(&session).await;
    Ok(status(StatusCode::OK))
}

fn session(gateway: &Gateway, inbound: &Inbound) -> Result<Arc<Session>, Refused> {
    if let Some(text) = inbound.headers.protocol_version()
        && Version::MODERN.iter().any(|version| version.as_str() == text)
    {
        // The era has no sessions: nothing but POST (2026-07-28, Streamable HTTP).
        return Err(Refused::NoStream);
    }
    legacy::check_headers(&inbound.headers)?;
    // Without a session there is no stream to open.
    let id = inbound.headers.session_id().ok_or(Refused::NoStream)?;
    find_session(gateway, id, &inbound.grant, &inbound.reach).ok_or(Refused::Session)
}
