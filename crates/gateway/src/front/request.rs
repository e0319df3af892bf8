//! Reads one HTTP request: who is asking, for which server, and what the body says.
//! Nothing of the body is read before the grant is known.

use super::first;
use super::http::Refused;
use crate::account;
use crate::exchange::{Exchange, Restored};
use crate::gateway::Gateway;
use crate::hub;
use crate::large::Room;
use crate::reach::Reach;
use crate::session::Session;
use crate::upstream::Restart;
use crate::world::Grant;
use hyper::Request;
use hyper::body::{Body, Incoming};
use hyper::header::{self, HeaderMap};
use mcp::envelope::{Caps, Message};
use mcp::era::{self, Era, Version};
use mcp::errors::Refusal;
use mcp::headers::{McpHeaders, media};
use mcp::{legacy, modern};
use std::future::poll_fn;
use std::net::IpAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;
use store::TokenHash;

/// Time for the whole body to arrive.
const BODY_TIMEOUT: Duration = Duration::from_secs(30);
/// A refused client that sends nothing for so long is answered.
const DRAIN_PAUSE: Duration = Duration::from_millis(250);

/// A request of a known grant to a server that it reaches.
#[derive(Debug)]
pub struct Inbound {
    /// Who asks.
    pub grant: Arc<Grant>,
    /// For what.
    pub reach: Arc<Reach>,
    /// The request itself.
    pub request: Request<Incoming>,
    /// Its MCP headers.
    pub headers: McpHeaders,
}

/// What a POST turned out to be.
#[derive(Debug)]
pub enum Read {
    /// Something to judge.
    Exchange(Box<Exchange>),
    /// A notification that the era does not know over HTTP: acknowledged and dropped.
    Dropped,
    /// Its session is gone.
    SessionGone,
}

/// Where a message comes from and what it holds.
struct Origin {
    grant: Arc<Grant>,
    reach: Arc<Reach>,
    room: Room,
}

/// Finds the grant.
///
/// # Errors
/// [`Refused::Grant`].
pub fn authenticate(
    gateway: &Gateway,
    from: IpAddr,
    request: &Request<Incoming>,
) -> Result<Arc<Grant>, Refused> {
    let world = gateway.world();
    let refused = |reason: &str| {
        gateway.store.unauthenticated(&from.to_string(), reason);
        Refused::Grant
    };
    let token = bearer(request.headers()).ok_or_else(|| refused("no bearer token"))?;
    let hash = TokenHash::of(token).ok_or_else(|| refused("malformed token"))?;
    let grant = world.grant_by_token(hash.as_bytes()).ok_or_else(|| refused("unknown token"))?;
    if !grant.is_valid(gateway.now_ms()) {
        return Err(refused("grant revoked or expired"));
    }
    Ok(Arc::clone(grant))
}

/// Finds the grant's way to the server of the path: the one that is named, or the only one that there is.
///
/// # Errors
/// [`Refused::Path`].
pub fn inbound(gateway: &Gateway, grant: Arc<Grant>, request: Request<Incoming>) -> Result<Inbound, Refused> {
    let world = gateway.world();
    let path = request.uri().path();
    let only = grant.reaches().pop().filter(|_| path == hub::PATH);
    let Some(reach) = only.as_ref().or_else(|| grant.reach(server_of(path))).map(Arc::clone) else {
        // A name that nobody declared may be anything.
        let declared = world.server(server_of(path)).map_or("", |server| &server.id);
        account::refused(gateway, &grant.id, declared, "(server)", "unknown");
        return Err(Refused::Path);
    };
    let headers = McpHeaders::read(request.headers());
    Ok(Inbound { grant, reach, request, headers })
}

/// The server that a path names, whatever the transport.
fn server_of(path: &str) -> &str {
    let prefixes = ["/mcp/", first::STREAM, first::MESSAGES];
    prefixes.iter().find_map(|prefix| path.strip_prefix(prefix)).unwrap_or_default()
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim_matches(' '))
}

/// Reads the body and the envelope of a POST.
///
/// # Errors
/// [`Refused`], with the protocol's own answer where it has one.
pub async fn exchange(gateway: &Gateway, inbound: Inbound) -> Result<Read, Refused> {
    let Inbound { grant, reach, request, headers } = inbound;
    media::check_post_accept(request.headers())?;
    let (message, room) = body(gateway, &grant, request).await?;
    match era::of_http(headers.protocol_version(), &message) {
        Era::Modern => modern_exchange(gateway, Origin { grant, reach, room }, message, &headers),
        Era::Legacy => legacy_exchange(gateway, Origin { grant, reach, room }, message, &headers),
    }
}

/// Reads the body of a POST and checks its envelope.
///
/// # Errors
/// [`Refused`], with the protocol's own answer where it has one.
pub async fn body(
    gateway: &Gateway,
    grant: &Grant,
    request: Request<Incoming>,
) -> Result<(Message, Room), Refused> {
    media::check_body(request.headers())?;
    let cap = gateway.bounds.max_body_bytes;
    let mut room = Room::default();
    let has_room = |n_bytes| gateway.large.grow(&mut room, &grant.id, n_bytes);
    let is_coming = !request.headers().contains_key(header::EXPECT);
    let mut incoming = request.into_body();
    let reading = async {
        let read = collect(&mut incoming, cap, has_room).await;
        if read.is_err() && is_coming {
            drain(&mut incoming, cap).await;
        }
        read
    };
    let body = tokio::time::timeout(BODY_TIMEOUT, reading).await.map_err(|_| Refused::Slow)??;
    let caps = Caps { max_body_bytes: cap, ..Caps::default() };
    let message = Message::parse(body, &caps)?;
    if !gateway.large.grow_for(&mut room, &grant.id, &message) {
        return Err(too_many().with_id_of(&message).into());
    }
    Ok((message, room))
}

fn modern_exchange(
    gateway: &Gateway,
    from: Origin,
    message: Message,
    headers: &McpHeaders,
) -> Result<Read, Refused> {
    if !message.is_request() {
        // The revision defines no notification and no response from client to server over HTTP.
        modern::check_notification(headers, &Version::MODERN)?;
        return match message.method() {
            Some(_) => Ok(Read::Dropped),
            None => Err(Refusal::invalid_request("no request of a server is open; send no responses").into()),
        };
    }
    let version = modern::check(&message, Some(headers), &Version::MODERN)?;
    let Origin { grant, reach, room } = from;
    let lane = reach.server.lane(&grant.id);
    let param_headers = headers.params().to_vec();
    Ok(Read::Exchange(Box::new(Exchange {
        grant,
        reach,
        message,
        version,
        session: None,
        lane,
        param_headers,
        upstream_id: gateway.next_upstream_id(),
        in_flight: None,
        room,
        restored: Restored::default(),
    })))
}

fn legacy_exchange(
    gateway: &Gateway,
    from: Origin,
    message: Message,
    headers: &McpHeaders,
) -> Result<Read, Refused> {
    let Origin { grant, reach, room } = from;
    let stated = legacy::check(&message, headers)?;
    let param_headers = Vec::new();
    let upstream_id = gateway.next_upstream_id();
    let in_flight = None;
    if message.method() == Some("initialize") {
        if headers.session_id().is_some() {
            let refusal =
                Refusal::invalid_request("`initialize` opens a session; send it without `Mcp-Session-Id`");
            return Err(refusal.with_id_of(&message).into());
        }
        let lane = reach.server.own_lane(Restart::Never, Some(Era::Legacy));
        let version = Version::NEWEST_LEGACY;
        let session = None;
        let exchange = Exchange {
            grant,
            reach,
            message,
            version,
            session,
            lane,
            param_headers,
            upstream_id,
            in_flight,
            room,
            restored: Restored::default(),
        };
        return Ok(Read::Exchange(Box::new(exchange)));
    }
    let Some(id) = headers.session_id() else {
        let refusal =
            Refusal::invalid_request("`Mcp-Session-Id` is missing; initialize a session and send its id");
        return Err(refusal.with_id_of(&message).into());
    };
    let Some(session) = find_session(gateway, id, &grant, &reach) else { return Ok(Read::SessionGone) };
    let version = agreed(session.version(), stated).map_err(|refusal| refusal.with_id_of(&message))?;
    let lane = session.lane.clone();
    let session = Some(session);
    let exchange = Exchange {
        grant,
        reach,
        message,
        version,
        session,
        lane,
        param_headers,
        upstream_id,
        in_flight,
        room,
        restored: Restored::default(),
    };
    Ok(Read::Exchange(Box::new(exchange)))
}

/// The revision that a session settled on.
///
/// # Errors
/// The [`Refusal`] of a header that states another one.
pub fn agreed(settled: Option<Version>, stated: Option<Version>) -> Result<Version, Refusal> {
    let version = settled.or(stated).unwrap_or(Version::UNSTATED);
    if stated.is_some_and(|stated| stated != version) {
        return Err(Refusal::invalid_request(format!(
            "the MCP-Protocol-Version header differs from the session's revision; send {version}"
        )));
    }
    Ok(version)
}

/// The session of this id, if it is this grant's own with this server.
pub fn find_session(gateway: &Gateway, id: &str, grant: &Grant, reach: &Reach) -> Option<Arc<Session>> {
    let session = gateway.sessions.find(id, &grant.id, &reach.server)?;
    if session.posts().is_some() {
        // A session of the other HTTP transport.
        return None;
    }
    if session.lane.is_over() {
        // Its process has ended; the client learns it and initializes anew.
        gateway.sessions.remove(&session);
        return None;
    }
    session.touch(gateway.now_ms());
    Some(session)
}

/// Reads on where an end is in sight, and forgets it: a client that is answered while it still sends sees a broken
/// connection instead of the answer.
async fn drain(body: &mut Incoming, cap: usize) {
    let is_in_sight = body.size_hint().exact().is_some_and(|n_left| n_left <= 4 * cap as u64);
    let mut is_coming = is_in_sight;
    while is_coming {
        let next = poll_fn(|cx| Pin::new(&mut *body).poll_frame(cx));
        is_coming = matches!(tokio::time::timeout(DRAIN_PAUSE, next).await, Ok(Some(Ok(_))));
    }
}

async fn collect(
    body: &mut Incoming,
    cap: usize,
    mut has_room: impl FnMut(usize) -> bool,
) -> Result<Vec<u8>, Refusal> {
    let announced = usize::try_from(body.size_hint().lower()).unwrap_or(usize::MAX);
    if announced > cap {
        return Err(too_large(cap));
    }
    if !has_room(announced) {
        return Err(too_many());
    }
    let mut whole = Vec::with_capacity(announced);
    while let Some(frame) = poll_fn(|cx| Pin::new(&mut *body).poll_frame(cx)).await {
        let frame = frame
            .map_err(|_| Refusal::parse_error("the body ended before it was complete; send it again"))?;
        let Ok(bytes) = frame.into_data() else { continue };
        if bytes.len() > cap.saturating_sub(whole.len()) {
            return Err(too_large(cap));
        }
        if !has_room(whole.len() + bytes.len()) {
            return Err(too_many());
        }
        whole.extend_from_slice(&bytes);
    }
    Ok(whole)
}

/// No room for one more large message of the grant.
pub fn too_many() -> Refusal {
    let text = "too many large messages of this grant are under way; retry when some have ended";
    Refusal::new(429, mcp::errors::INVALID_REQUEST, text)
}

fn too_large(cap: usize) -> Refusal {
    Refusal::new(
        413,
        mcp::errors::INVALID_REQUEST,
        format!("the body is larger than {cap} bytes; send a smaller one"),
    )
}
