//! The messages that come back for one request, each whole, whatever carries them.
//! It must never hold more than one message, nor one that is longer than a process may write in a line.

use crate::upstream::{Incoming, Lines, reply_limits};
use bytes::{Buf, Bytes};
use mcp::envelope::Caps;
use mcp::http::{self, Content, ReplyBody};
use mcp::reply::{Reply, parse_reply};
use mcp::sse::{Decoder, Piece};

/// Longest message that is translated.
const MAX_MESSAGE_BYTES: usize = 16 << 20;

/// What comes back for one request.
#[derive(Debug)]
pub enum Feed {
    /// One JSON body, and what was read of it.
    Json(Box<ReplyBody>, Vec<u8>),
    /// An event stream.
    Events(Box<Events>),
    /// A process.
    Lines(Lines),
    /// Nothing that is a message.
    Nothing,
}

/// An event stream that is read message by message.
#[derive(Debug)]
pub struct Events {
    body: ReplyBody,
    decoder: Decoder,
    chunk: Bytes,
    held: Vec<u8>,
}

/// What the head of an answer says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    /// HTTP status; 200 for a process.
    pub status: u16,
    /// The session that the server named.
    pub session: Option<String>,
}

impl Feed {
    /// The messages of an answer, and its head.
    #[must_use]
    pub fn of(incoming: Incoming) -> (Feed, Head) {
        match incoming {
            Incoming::Lines(lines) => (Feed::Lines(lines), Head { status: 200, session: None }),
            Incoming::Http(reply) => Self::of_http(*reply),
        }
    }

    /// The messages of an HTTP answer, and its head.
    #[must_use]
    pub fn of_http(reply: http::Reply) -> (Feed, Head) {
        let head = Head { status: reply.status, session: reply.session.clone() };
        let feed = match reply.content {
            Content::Json => Feed::Json(Box::new(reply.body), Vec::new()),
            Content::EventStream => Feed::Events(Box::new(Events {
                body: reply.body,
                decoder: Decoder::new(),
                chunk: Bytes::new(),
                held: Vec::new(),
            })),
            Content::None | Content::Other => Feed::Nothing,
        };
        (feed, head)
    }

    /// The next message; `None` at the end. Loses nothing when the future is dropped.
    ///
    /// # Errors
    /// Why nothing more can be read, in words.
    pub async fn next(&mut self) -> Result<Option<Reply>, String> {
        match self {
            Feed::Nothing => Ok(None),
            Feed::Lines(lines) => Ok(lines.next().await),
            Feed::Events(events) => events.next().await,
            Feed::Json(body, held) => {
                while let Some(chunk) = body.next().await {
                    held.extend_from_slice(&chunk.map_err(|error| error.to_string())?);
                    if held.len() > MAX_MESSAGE_BYTES {
                        return Err(too_long());
                    }
                }
                if held.is_empty() { Ok(None) } else { parse(std::mem::take(held)).map(Some) }
            }
        }
    }
}

impl Events {
    async fn next(&mut self) -> Result<Option<Reply>, String> {
        loop {
            let mut rest = &self.chunk[..];
            let mut ended = false;
            while let Some(piece) = self.decoder.next(&mut rest) {
                match piece {
                    Piece::Data(data) => self.held.extend_from_slice(data),
                    Piece::End(_) => ended = !self.held.is_empty(),
                }
                if ended || self.held.len() > MAX_MESSAGE_BYTES {
                    break;
                }
            }
            let n_read = self.chunk.len() - rest.len();
            self.chunk.advance(n_read);
            if self.held.len() > MAX_MESSAGE_BYTES {
                return Err(too_long());
            }
            if ended {
                return parse(std::mem::take(&mut self.held)).map(Some);
            }
            match self.body.next().await {
                Some(Ok(chunk)) => self.chunk = chunk,
                Some(Err(error)) => return Err(error.to_string()),
                None => return Ok(None),
            }
        }
    }
}

fn too_long() -> String {
    format!("its message is longer than {MAX_MESSAGE_BYTES} bytes")
}

/// A message that was translated, for those who wait for it.
pub fn parse(bytes: Vec<u8>) -> Result<Reply, String> {
    let caps = Caps { max_body_bytes: MAX_MESSAGE_BYTES.saturating_mul(2), json: reply_limits() };
    parse_reply(bytes, &caps).map_err(|fault| fault.to_string())
}
