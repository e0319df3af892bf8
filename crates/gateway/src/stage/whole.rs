//! Waits for one whole reply: lists and handshakes, which have to be read before they are passed on.
//! What comes before it on the same stream is left to the client's own stream.

use crate::relay::WHOLE_BYTES;
use crate::session::Session;
use crate::upstream::{Incoming, Lane, LaneFailure, Lines, Resumption, answer_server, closed};
use mcp::answers;
use mcp::envelope::Caps;
use mcp::era::{Era, Version};
use mcp::http::{self, Content};
use mcp::reply::{Reply, ReplyKind, parse_reply};
use mcp::sse::{Decoder, Piece};

/// A reply that was read whole.
#[derive(Debug)]
pub struct Whole {
    /// The message.
    pub reply: Reply,
    /// HTTP status; 200 for a process.
    pub status: u16,
    /// The session that the upstream named with it.
    pub session: Option<String>,
}

/// Where a reply is expected and what it may be.
#[derive(Debug, Clone, Copy)]
pub struct Expected<'a> {
    /// The lane that the request went by.
    pub lane: &'a Lane,
    /// The client's session, whose own stream takes what comes before the reply.
    pub session: Option<&'a Session>,
    /// The revision that both sides speak.
    pub version: Version,
    /// The gateway's id of the request, raw.
    pub id: &'a str,
    /// Largest reply, in bytes.
    pub max_bytes: usize,
    /// Longest wait for all of it, once the server has been asked.
    pub timeout: std::time::Duration,
}

/// The reply to a request.
///
/// # Errors
/// [`LaneFailure`] where none comes, or none that keeps the protocol.
pub async fn read(incoming: Incoming, expected: Expected<'_>) -> Result<Whole, LaneFailure> {
    let reading = async {
        match incoming {
            Incoming::Http(reply) => from_http(*reply, expected).await,
            Incoming::Lines(lines) => from_process(lines, expected).await,
        }
    };
    let read = tokio::time::timeout(expected.timeout, reading).await;
    read.unwrap_or_else(|_| Err(failure("it did not answer in time")))
}

async fn from_process(mut lines: Lines, expected: Expected<'_>) -> Result<Whole, LaneFailure> {
    loop {
        let message = lines
            .next()
            .await
            .ok_or_else(|| failure("its process or connection ended before it answered"))?;
        if let Some(reply) = sort(message, expected)? {
            return Ok(Whole { reply, status: lines.status, session: None });
        }
    }
}

async fn from_http(reply: http::Reply, expected: Expected<'_>) -> Result<Whole, LaneFailure> {
    let (status, session) = (reply.status, reply.session.clone());
    if status == 404 && expected.lane.is_in_session() {
        return Err(LaneFailure::SessionGone);
    }
    if status == 401 || status == 403 {
        return Err(failure("it refuses the gateway's credentials; check the configured headers"));
    }
    let whole = match reply.content {
        Content::Json => {
            let body = reply
                .body
                .collect(expected.max_bytes)
                .await
                .map_err(|error| LaneFailure::Failed(error.to_string()))?;
            parse(body, expected)?
        }
        Content::EventStream => from_events(reply, expected).await?,
        Content::None | Content::Other => {
            return Err(LaneFailure::Failed(format!("it answered with status {status} and no message")));
        }
    };
    Ok(Whole { reply: whole, status, session })
}

async fn from_events(reply: http::Reply, expected: Expected<'_>) -> Result<Reply, LaneFailure> {
    let mut resumption = Resumption::of_reply();
    let mut body = reply.body;
    loop {
        if let Some(reply) = from_body(body, &mut resumption, expected).await? {
            return Ok(reply);
        }
        let again = resumption.again(expected.lane, expected.version).await;
        body = again.ok_or_else(|| failure("its stream ended before it answered"))?;
    }
}

/// The reply, if this connection brings it.
async fn from_body(
    mut body: http::ReplyBody,
    resumption: &mut Resumption,
    expected: Expected<'_>,
) -> Result<Option<Reply>, LaneFailure> {
    let mut decoder = Decoder::new();
    let mut held = Vec::new();
    while let Some(Ok(chunk)) = body.next().await {
        let mut rest = &chunk[..];
        while let Some(piece) = decoder.next(&mut rest) {
            match piece {
                Piece::Data(data) if held.len().saturating_add(data.len()) > expected.max_bytes => {
                    return Err(failure("its reply is too long"));
                }
                Piece::Data(data) => held.extend_from_slice(data),
                Piece::End(ending) => {
                    resumption.note(&ending);
                    if held.is_empty() {
                        continue;
                    }
                    let message = parse(std::mem::take(&mut held), expected)?;
                    if let Some(reply) = sort(message, expected)? {
                        return Ok(Some(reply));
                    }
                }
            }
        }
    }
    Ok(None)
}

fn parse(bytes: Vec<u8>, expected: Expected<'_>) -> Result<Reply, LaneFailure> {
    parse_reply(bytes, &caps(Some(expected.max_bytes)))
        .map_err(|fault| LaneFailure::Failed(fault.to_string()))
}

/// The caps of a message that is read whole: that many bytes, or as few as are held of any.
#[must_use]
pub fn caps(max_bytes: Option<usize>) -> Caps {
    max_bytes.map_or_else(Caps::default, |max_body_bytes| Caps {
        max_body_bytes,
        json: crate::upstream::reply_limits(),
    })
}

/// The message if it is the awaited reply.
fn sort(message: Reply, expected: Expected<'_>) -> Result<Option<Reply>, LaneFailure> {
    match message.kind() {
        ReplyKind::Result | ReplyKind::Error if message.answers(expected.id) => Ok(Some(message)),
        // Some servers cannot say which request a broken envelope was; over one stream it can only be this one.
        ReplyKind::Error if message.id_raw().is_none() => Ok(Some(message)),
        ReplyKind::Result | ReplyKind::Error => Err(failure("it answered another request")),
        ReplyKind::Request { .. } | ReplyKind::Notification { .. } => {
            set_aside(message, expected);
            Ok(None)
        }
    }
}

/// What is no reply waits for the client's own stream, where it is judged as what comes there by itself.
fn set_aside(message: Reply, expected: Expected<'_>) {
    if expected.version.era() == Era::Modern {
        return;
    }
    let is_short = message.document().text().len() <= WHOLE_BYTES;
    let unheard = match expected.session {
        Some(session) if is_short || message.id_raw().is_some() => session.outbox.put(message),
        Some(_) | None => Err(Box::new(message)),
    };
    if let Err(message) = unheard
        && let (ReplyKind::Request { method }, Some(id)) = (message.kind(), message.id_raw())
    {
        let answer = if method == "ping" { answers::empty(Era::Legacy, id) } else { closed(id) };
        answer_server(expected.lane, expected.version, answer);
    }
}

fn failure(why: &str) -> LaneFailure {
    LaneFailure::Failed(why.to_owned())
}

/// The client's bytes of an error reply, whatever id it came with.
#[must_use]
pub fn error_for(id: &str, reply: &Reply) -> Vec<u8> {
    let code = reply.error_code().unwrap_or(mcp::errors::INTERNAL_ERROR);
    let message = reply.error().and_then(|error| error.get("message")?.as_str()).unwrap_or_default();
    let data = reply.error().and_then(|error| error.get("data")).map(|data| data.raw());
    mcp::answers::error(Some(id), code, &message, data)
}

/// The most that is read of a reply that is expected to be short.
pub const SHORT_BYTES: usize = WHOLE_BYTES;
