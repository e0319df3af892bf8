//! Asks many servers at once, each with a deadline of its own, and reads whole answers.
//! One server must never hold up the answers of the others beyond that deadline.

use crate::exchange::Answer;
use crate::gateway::Gateway;
use crate::reach::Reach;
use crate::stream::{Framing, Piece, Stream};
use bytes::{Bytes, BytesMut};
use mcp::envelope::{Caps, Message};
use mcp::errors::Refusal;
use mcp::reply::{Reply, ReplyKind, parse_reply};
use std::sync::Arc;
use std::time::Duration;
use tokio::task::JoinSet;

/// Longest message that is put together from parts where no reply is awaited.
const MAX_HELD_BYTES: usize = 1 << 20;
/// Longest reason that is kept: it may be a server's own words.
const MAX_REASON_CHARS: usize = 200;

/// Does some work for each server at once; the results stand in the order of the servers. Dropping it ends the work.
pub async fn at_each<I, T, F>(items: Vec<I>, mut work: impl FnMut(&I) -> F) -> Vec<(I, T)>
where
    I: Send + 'static,
    T: Send + 'static,
    F: Future<Output = T> + Send + 'static,
{
    let mut running = JoinSet::new();
    for (n, item) in items.into_iter().enumerate() {
        let work = work(&item);
        running.spawn(async move { (n, item, work.await) });
    }
    let mut done = Vec::new();
    while let Some(joined) = running.join_next().await {
        done.extend(joined);
    }
    done.sort_by_key(|(n, _, _)| *n);
    done.into_iter().map(|(_, item, result)| (item, result)).collect()
}

/// Waits for a server, but not longer than the others may be kept waiting: not long for one that is missing anyway.
pub async fn in_time<T>(
    gateway: &Gateway,
    server: &str,
    work: impl Future<Output = Result<T, String>>,
) -> Result<T, String> {
    let deadline_ms = gateway.bounds.member_deadline_ms;
    let is_missing = gateway.hub.troubles.has(server);
    let deadline = Duration::from_millis(if is_missing { deadline_ms / 3 } else { deadline_ms });
    match tokio::time::timeout(deadline, work).await {
        Ok(done) => done,
        Err(_) => Err(format!("it did not answer within {} s", deadline.as_secs_f64())),
    }
}

/// A message that was put together here, checked like a client's own.
///
/// # Errors
/// The protocol's refusal of it.
pub fn message(gateway: &Gateway, text: Vec<u8>) -> Result<Message, Refusal> {
    let caps = Caps { max_body_bytes: gateway.bounds.max_body_bytes, ..Caps::default() };
    Message::parse(text, &caps)
}

/// The one message that answers a request, whatever form it comes in; what else comes with it is dropped.
pub async fn whole(answer: Answer, max_bytes: usize) -> Result<Reply, String> {
    match answer {
        Answer::Message(reply) => parse(reply.body, max_bytes),
        Answer::Stream(stream) => from_stream(stream, max_bytes).await,
        Answer::SessionGone => Err(String::from("it forgot its session")),
        Answer::GrantGone => Err(String::from("the grant no longer reaches it")),
        Answer::Accepted => Err(String::from("it did not answer")),
    }
}

async fn from_stream(mut stream: Stream, max_bytes: usize) -> Result<Reply, String> {
    let mut held = Vec::new();
    while let Some(piece) = stream.next().await {
        let (bytes, ends) = match piece.map_err(|_| String::from("its answer was cut off"))? {
            Piece::Part(bytes) => (bytes, false),
            Piece::End(bytes) => (bytes, stream.framing == Framing::Events),
            Piece::KeepAlive => continue,
        };
        if bytes.len() > max_bytes.saturating_sub(held.len()) {
            return Err(String::from("its answer is too long"));
        }
        held.extend_from_slice(&bytes);
        if ends {
            let message = parse(std::mem::take(&mut held), max_bytes)?;
            if matches!(message.kind(), ReplyKind::Result | ReplyKind::Error) {
                return Ok(message);
            }
        }
    }
    parse(held, max_bytes)
}

/// The next whole message of a stream of events; none once it has ended, or breaks its bounds.
pub async fn next_message(stream: &mut Stream, held: &mut BytesMut) -> Option<Bytes> {
    while let Some(Ok(piece)) = stream.next().await {
        let (bytes, ends) = match piece {
            Piece::Part(bytes) => (bytes, false),
            Piece::End(bytes) => (bytes, true),
            Piece::KeepAlive => continue,
        };
        if held.is_empty() && ends {
            return Some(bytes);
        }
        if bytes.len() > MAX_HELD_BYTES.saturating_sub(held.len()) {
            return None;
        }
        held.extend_from_slice(&bytes);
        if ends {
            return Some(std::mem::take(held).freeze());
        }
    }
    None
}

fn parse(body: Vec<u8>, max_bytes: usize) -> Result<Reply, String> {
    let caps = Caps { max_body_bytes: max_bytes, json: crate::upstream::reply_limits() };
    parse_reply(body, &caps).map_err(|fault| fault.to_string())
}

/// Why a server answered with an error, in words that may stand in a log.
pub fn reason(reply: &Reply) -> String {
    let text = reply.error().and_then(|error| error.get("message")?.as_str()).unwrap_or_default();
    text.chars().take(MAX_REASON_CHARS).map(|c| if c.is_control() { ' ' } else { c }).collect()
}

/// Notes what became of a server in an answer of several: left out and why, or there.
pub fn note<T>(gateway: &Gateway, reach: &Reach, result: &Result<T, String>) {
    let server = &reach.server;
    match result {
        Ok(_) => gateway.hub.troubles.clear(&server.id),
        Err(why) => gateway.hub.troubles.note(server, why, gateway.now_ms()),
    }
}

/// The servers without what they answered.
pub fn servers<T>(results: &[(Arc<Reach>, T)]) -> Vec<Arc<Reach>> {
    results.iter().map(|(reach, _)| Arc::clone(reach)).collect()
}
