//! The messages of a server's own event stream, each held whole up to a bound.
//! It must never go on behind a message that was too long.

use crate::gateway::Gateway;
use crate::large::Room;
use crate::stage::asked::MAX_ASKED_BYTES;
use bytes::{Buf, Bytes};
use mcp::envelope::Caps;
use mcp::http::ReplyBody;
use mcp::reply::{Reply, parse_reply};
use mcp::sse::{Decoder, Piece};
use std::sync::Arc;

/// A server's own event stream.
pub struct Source {
    gateway: Arc<Gateway>,
    grant: Arc<str>,
    body: ReplyBody,
    decoder: Decoder,
    // What came and is not read yet.
    chunk: Bytes,
    held: Vec<u8>,
    // For what is held of a long message.
    room: Room,
}

impl Source {
    /// The messages of `body`, for a client of `grant`.
    #[must_use]
    pub fn new(gateway: Arc<Gateway>, grant: Arc<str>, body: ReplyBody) -> Self {
        let (chunk, room) = (Bytes::new(), Room::default());
        Self { gateway, grant, body, decoder: Decoder::new(), chunk, held: Vec::new(), room }
    }

    /// The next message; what is none is left out. None at the end. Loses nothing when the future is dropped.
    pub async fn next(&mut self) -> Option<Reply> {
        loop {
            while let Some(event) = self.event()? {
                if let Ok(message) = parse_reply(event, &Caps::default()) {
                    return Some(message);
                }
            }
            self.chunk = self.body.next().await?.ok()?;
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
                    let has_room = self.gateway.large.grow(&mut self.room, &self.grant, n_bytes);
                    if n_bytes > MAX_ASKED_BYTES || !has_room {
                        tracing::warn!(grant.id = %self.grant, "a server's message was too long; its stream was closed");
                        return None;
                    }
                }
                Piece::End(_) => {
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
