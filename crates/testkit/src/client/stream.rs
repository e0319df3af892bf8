//! A reply that is read event by event while it arrives.
//!
//! Must never: wait for an event longer than a healthy peer takes.

use crate::client::reply::data;
use crate::client::{RawClient, Reply};
use crate::wait::within;
use crate::wire::Framing;
use serde_json::Value;

/// The open body of a reply.
#[derive(Debug)]
pub struct ReplyStream<'a> {
    client: &'a mut RawClient,
    /// Status and headers; the body stays empty.
    pub head: Reply,
    framing: Framing,
    /// Decoded bytes that were handed out.
    taken_bytes: usize,
}

impl<'a> ReplyStream<'a> {
    pub(crate) fn new(client: &'a mut RawClient, head: Reply, framing: Framing) -> ReplyStream<'a> {
        ReplyStream { client, head, framing, taken_bytes: 0 }
    }

    /// The data of the next event; none when the stream has ended. Comments and empty data are left out, and do not make
    /// it wait longer.
    pub async fn event(&mut self) -> Option<String> {
        within("an event", self.next_event()).await
    }

    async fn next_event(&mut self) -> Option<String> {
        loop {
            let data = data(&self.raw_event().await?);
            if !data.is_empty() {
                return Some(data);
            }
        }
    }

    /// All lines of the next event, or comment; none when the stream has ended.
    pub async fn raw_event(&mut self) -> Option<String> {
        loop {
            let (text, complete) = self.pending();
            if let Some((event, _)) = text.split_once("\n\n") {
                self.taken_bytes += event.len() + 2;
                return Some(event.to_owned());
            } else if complete {
                return None;
            } else {
                self.client.fill("an event").await;
            }
        }
    }

    /// The next event as JSON; panics when the stream has ended.
    pub async fn message(&mut self) -> Value {
        let event = self.event().await.expect("the stream has another event");
        serde_json::from_str(&event).unwrap_or_else(|error| panic!("{error} in event {event}"))
    }

    /// Everything that has not been read, once the stream has ended.
    pub async fn rest(&mut self) -> String {
        loop {
            let (text, complete) = self.pending();
            if complete {
                self.taken_bytes += text.len();
                return text;
            }
            self.client.fill("the end of the stream").await;
        }
    }

    /// True when the body ended as its framing says, false when the connection broke off.
    pub async fn ended_cleanly(&mut self) -> bool {
        self.rest().await;
        self.framing == Framing::UntilClose || self.framing.decode(self.client.received()).complete
    }

    fn pending(&mut self) -> (String, bool) {
        let at_end = self.client.at_end();
        let body = self.framing.decode(self.client.received());
        let text = body.bytes.get(self.taken_bytes..).unwrap_or_default();
        (String::from_utf8_lossy(text).into_owned(), body.complete || at_end)
    }
}
