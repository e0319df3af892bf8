//! The messages of a server's own event stream, each held whole up to a bound.
//! It must never go on behind a message that was too long.

use crate::gateway::Gateway;
use crate::large::Room;
use crate::session::Session;
use crate::stage::asked::MAX_ASKED_BYTES;
use crate::upstream::Resumption;
use bytes::{Buf, Bytes};
use mcp::envelope::Caps;
use mcp::era::Version;
use mcp::http::ReplyBody;
use mcp::reply::{Reply, parse_reply};
use mcp::sse::{Decoder, Piece};
use std::sync::Arc;
use tokio::task::JoinSet;

/// A server's own event stream.
pub struct Source {
    gateway: Arc<Gateway>,
    session: Arc<Session>,
    stream: Stream,
    decoder: Decoder,
    // What came and is not read yet.
    chunk: Bytes,
    held: Vec<u8>,
    // For what is held of a long message.
    room: Room,
}

/// Where the bytes come from.
enum Stream {
    Open(ReplyBody, Resumption),
    // Its connection ended, and the server is asked to go on.
    Asking(JoinSet<Option<(ReplyBody, Resumption)>>),
}

impl Source {
    /// The messages of `body`, which is the own stream of `session`.
    #[must_use]
    pub fn new(gateway: Arc<Gateway>, session: Arc<Session>, body: ReplyBody) -> Self {
        let (chunk, room) = (Bytes::new(), Room::default());
        let stream = Stream::Open(body, Resumption::of_session());
        Self { gateway, session, stream, decoder: Decoder::new(), chunk, held: Vec::new(), room }
    }

    /// The next message; what is none is left out. None at the end. Loses nothing when the future is dropped.
    pub async fn next(&mut self) -> Option<Reply> {
        loop {
            while let Some(event) = self.event()? {
                if let Ok(message) = parse_reply(event, &Caps::default()) {
                    return Some(message);
                }
            }
            self.chunk = self.chunk().await?;
        }
    }

    async fn chunk(&mut self) -> Option<Bytes> {
        loop {
            match &mut self.stream {
                Stream::Open(body, resumption) => {
                    if let Some(Ok(chunk)) = body.next().await {
                        return Some(chunk);
                    }
                    let resumption = std::mem::replace(resumption, Resumption::of_session());
                    let mut asking = JoinSet::new();
                    asking.spawn(again(Arc::clone(&self.session), resumption));
                    self.stream = Stream::Asking(asking);
                }
                Stream::Asking(asking) => {
                    let (body, resumption) = asking.join_next().await?.ok()??;
                    self.stream = Stream::Open(body, resumption);
                    // What came of an event that was cut off comes again.
                    (self.decoder, self.held, self.room) = (Decoder::new(), Vec::new(), Room::default());
                }
            }
        }
    }

    /// The data of the next whole event of the present chunk; none at all where one was too long.
    fn event(&mut self) -> Option<Option<Vec<u8>>> {
        let mut rest = &self.chunk[..];
        let mut event = None;
        while let Some(piece) = self.decoder.next(&mut rest) {
            match piece {
                Piece::Data(data) => {
                    self.held.extend_from_slice(data);
                    let n_bytes = self.held.len();
                    let has_room = self.gateway.large.grow(&mut self.room, &self.session.grant, n_bytes);
                    if n_bytes > MAX_ASKED_BYTES || !has_room {
                        tracing::warn!(grant.id = %self.session.grant, "a server's message was too long; its stream was closed");
                        return None;
                    }
                }
                Piece::End(ending) => {
                    if let Stream::Open(_, resumption) = &mut self.stream {
                        resumption.note(&ending);
                    }
                    self.room = Room::default();
                    event = Some(std::mem::take(&mut self.held));
                    break;
                }
            }
        }
        let n_read = self.chunk.len() - rest.len();
        self.chunk.advance(n_read);
        Some(event)
    }
}

async fn again(session: Arc<Session>, mut resumption: Resumption) -> Option<(ReplyBody, Resumption)> {
    let version = session.version().unwrap_or(Version::UNSTATED);
    let body = resumption.again(&session.lane, version).await?;
    Some((body, resumption))
}
