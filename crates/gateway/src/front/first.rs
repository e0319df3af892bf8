//! The first HTTP transport (2024-11-05) towards clients: a stream on which they hear, and a path that they post to.
//! The connection is the session: it begins and ends with the stream, and nothing of it is kept.

use super::client::{Client, LAST_WORDS, Next};
use super::http::{HttpAnswer, Refused, events, status};
use super::request::{self, Inbound};
use crate::account;
use crate::gateway::Gateway;
use crate::large::Room;
use crate::session::{Session, mint_id};
use crate::spools::{Frame, Spools};
use crate::upstream::Restart;
use bytes::Bytes;
use hyper::StatusCode;
use mcp::envelope::Message;
use mcp::errors::{INTERNAL_ERROR, INVALID_REQUEST, Refusal};
use mcp::headers::media;
use mcp::{era, legacy};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::time::timeout;

/// What paths of streams begin with; behind it stands the server.
pub const STREAM: &str = "/sse/";
/// What paths to post to begin with; behind it stands the server.
pub const MESSAGES: &str = "/messages/";
/// Messages that wait to be judged; whoever posts more waits with them.
const DEPTH: usize = 16;
/// A quiet stream shows life so often.
const KEEP_ALIVE: Duration = Duration::from_secs(15);
/// A client that takes no message for so long is given up: what waits for it is held in memory.
const WRITE_TIMEOUT: Duration = Duration::from_secs(5 * 60);

/// A message on its way to its session.
#[derive(Debug)]
pub struct Post {
    message: Message,
    room: Room,
}

/// Opens a stream, and with it a session.
///
/// # Errors
/// [`Refused`] where the client takes no stream, or its grant may have no more sessions.
pub fn open(gateway: &Arc<Gateway>, inbound: &Inbound) -> Result<HttpAnswer, Refused> {
    media::check_get_accept(inbound.request.headers())?;
    legacy::check_headers(&inbound.headers)?;
    let (grant, server) = (&inbound.grant.id, &inbound.reach.server);
    let lane = server.own_lane(Restart::Never, Some(era::Era::Legacy));
    let Some(place) = gateway.sessions.place(grant, &lane, &gateway.bounds, gateway.now_ms()) else {
        account::refused(gateway, grant, &server.id, "(session)", "too_many");
        return Err(
            Refusal::new(429, INVALID_REQUEST, "the grant has too many open sessions; end some").into()
        );
    };
    let no_id = |_| Refusal::new(500, INTERNAL_ERROR, "no random bytes for a session id");
    let id = mint_id().map_err(no_id)?;
    let session = Session::new(id, Arc::clone(grant), Arc::clone(server), lane, gateway.now_ms());
    let (posts, posted) = mpsc::channel(DEPTH);
    session.take_posts(posts);
    let session = Arc::new(session);
    gateway.sessions.add(Arc::clone(&session));
    drop(place);
    let (out, frames) = Spools::connection();
    tokio::spawn(serve(Arc::clone(gateway), session, posted, out));
    Ok(events(frames))
}

/// Takes a message of a session; what it answers comes on the stream.
///
/// # Errors
/// [`Refused`] where there is no such session, or the body is no message of the era.
pub async fn post(gateway: &Arc<Gateway>, inbound: Inbound) -> Result<HttpAnswer, Refused> {
    let Inbound { grant, reach, request, headers } = inbound;
    let query = request.uri().query().unwrap_or_default();
    let id = query.strip_prefix("session=").unwrap_or_default();
    let session = gateway.sessions.find(id, &grant.id, &reach.server).ok_or(Refused::Session)?;
    let posts = session.posts().ok_or(Refused::Session)?;
    let (message, room) = request::body(gateway, &grant, request).await?;
    legacy::check(&message, &headers)?;
    if era::opens_modern(&message) {
        return Err(era::envelope_on_legacy(&message).into());
    }
    session.touch(gateway.now_ms());
    let taken = posts.send(Post { message, room }).await;
    taken.map(|()| status(StatusCode::ACCEPTED)).map_err(|_| Refused::Session)
}

/// Serves one session until its client, its server or the gateway ends it.
async fn serve(
    gateway: Arc<Gateway>,
    session: Arc<Session>,
    mut posted: mpsc::Receiver<Post>,
    out: mpsc::Sender<Frame>,
) {
    let (mut client, lines) = Client::new(Arc::clone(&gateway), Arc::clone(&session));
    let writing = tokio::spawn(write(Arc::clone(&gateway), Arc::clone(&session), lines, out));
    loop {
        let post = tokio::select! {
            biased;
            () = session.closed() => break,
            () = client.left() => break,
            () = gateway.drained() => break,
            post = posted.recv() => post,
        };
        let Some(Post { message, room }) = post else { break };
        if client.judge(message, room).await == Next::End {
            break;
        }
    }
    drop(posted);
    client.finish().await;
    gateway.sessions.remove(&session);
    drop(client);
    // The writer ends when the last sender is gone; what it still holds is written first.
    let _ = timeout(LAST_WORDS, writing).await;
}

/// Frames what the client is to hear, beginning with where it may post.
async fn write(
    gateway: Arc<Gateway>,
    session: Arc<Session>,
    mut lines: mpsc::Receiver<Vec<u8>>,
    out: mpsc::Sender<Frame>,
) {
    let endpoint =
        format!("event: endpoint\ndata: {MESSAGES}{}?session={}\n\n", session.server.id, session.id);
    let mut frame = Bytes::from(endpoint);
    loop {
        if !matches!(timeout(WRITE_TIMEOUT, out.send(Frame::Bytes(frame))).await, Ok(Ok(()))) {
            return;
        }
        let line = tokio::select! {
            () = out.closed() => return,
            line = timeout(KEEP_ALIVE, lines.recv()) => line,
        };
        frame = match line {
            Ok(Some(line)) => [b"event: message\ndata: ".as_slice(), &line, b"\n"].concat().into(),
            Ok(None) => break,
            Err(_) => {
                // An open stream is a sign of use.
                session.touch(gateway.now_ms());
                Bytes::from_static(mcp::sse::KEEP_ALIVE)
            }
        };
    }
    // A client that has gone misses nothing.
    let _ = out.send(Frame::End).await;
}
