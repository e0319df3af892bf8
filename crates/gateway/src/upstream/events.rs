//! One connection in the first HTTP transport (2024-11-05): a stream on which the server speaks, and the path that it
//! names for what is said to it. To the server the connection is the session, so it is never opened again by itself.
//! It must never post anything but to the configured origin, nor hold an event beyond its cap.

use bytes::{Buf, Bytes};
use mcp::http::{Content, Endpoint, Outgoing, Progress, ReplyBody, Upstream};
use mcp::sse::{Event, Events};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;

/// Most that is read of the answer to a post: it only says that the message was taken.
const MAX_RECEIPT_BYTES: usize = 64 << 10;

/// Opens a connection and waits for the server to name its endpoint.
///
/// # Errors
/// A sentence that says why there is none.
pub async fn connect(
    upstream: &Arc<Upstream>,
    timeout: Duration,
    max_event_bytes: usize,
) -> Result<(Poster, Listener), String> {
    let opening = tokio::time::timeout(timeout, open(upstream, max_event_bytes));
    opening.await.unwrap_or_else(|_| Err(String::from("it named no endpoint in time")))
}

async fn open(upstream: &Arc<Upstream>, max_event_bytes: usize) -> Result<(Poster, Listener), String> {
    let asked = upstream.send(&Outgoing::get(), &Progress::new()).await;
    let reply = asked.map_err(|error| error.failure.to_string())?;
    match (reply.status, reply.content) {
        (200, Content::EventStream) => {}
        (401 | 403, _) => return Err(refused_credentials()),
        (status, _) => return Err(format!("it answered with status {status} and no stream of events")),
    }
    let closing = Arc::new(watch::Sender::new(false));
    let mut listener = Listener {
        body: reply.body,
        chunk: Bytes::new(),
        events: Events::new(max_event_bytes),
        closing: closing.subscribe(),
    };
    let first = listener.event().await.ok_or("its stream ended before it named an endpoint")?;
    if first.ending.event.as_deref() != Some("endpoint") {
        return Err(String::from(
            "its stream does not begin with an endpoint; is this the first HTTP transport?",
        ));
    }
    let text = std::str::from_utf8(&first.data).unwrap_or_default();
    let endpoint = upstream.endpoint(text).map_err(|error| error.to_string())?;
    Ok((Poster { upstream: Arc::clone(upstream), endpoint, closing }, listener))
}

fn refused_credentials() -> String {
    String::from("it refuses the gateway's credentials; check the configured headers")
}

/// Says something to the server. Clones share the connection.
#[derive(Debug, Clone)]
pub struct Poster {
    upstream: Arc<Upstream>,
    endpoint: Endpoint,
    closing: Arc<watch::Sender<bool>>,
}

impl Poster {
    /// Posts one message; what it answers comes on the stream.
    ///
    /// # Errors
    /// A sentence that says why it was not taken; how much was written stands in `progress`.
    pub async fn post(&self, message: Vec<u8>, progress: &Progress) -> Result<(), String> {
        if *self.closing.borrow() {
            return Err(String::from("the connection is closed"));
        }
        let outgoing = Outgoing::post(message).to(self.endpoint.clone());
        let sent = self.upstream.send(&outgoing, progress).await;
        let reply = sent.map_err(|error| error.failure.to_string())?;
        let status = reply.status;
        // Read to its end, so that the connection serves the next message; what it says is of no use.
        let _ = reply.body.collect(MAX_RECEIPT_BYTES).await;
        match status {
            200..=299 => Ok(()),
            401 | 403 => Err(refused_credentials()),
            404 | 410 => {
                self.close();
                Err(String::from("it does not know the connection any more"))
            }
            _ => Err(format!("it refused the message with status {status}")),
        }
    }

    /// Ends the connection.
    pub fn close(&self) {
        self.closing.send_replace(true);
    }
}

/// What the server says.
#[derive(Debug)]
pub struct Listener {
    body: ReplyBody,
    chunk: Bytes,
    events: Events,
    closing: watch::Receiver<bool>,
}

impl Listener {
    /// The next message; none when the connection is over.
    pub async fn message(&mut self) -> Option<Vec<u8>> {
        loop {
            let event = self.event().await?;
            // Other types say nothing of MCP, and empty data is no message.
            let is_message = event.ending.event.as_deref().is_none_or(|kind| kind == "message");
            if is_message && !event.data.is_empty() {
                return Some(event.data);
            }
        }
    }

    async fn event(&mut self) -> Option<Event> {
        loop {
            let mut rest = &*self.chunk;
            let found = self.events.next(&mut rest);
            let n_used = self.chunk.len() - rest.len();
            self.chunk.advance(n_used);
            match found {
                Ok(Some(event)) => return Some(event),
                Ok(None) => {}
                Err(error) => {
                    tracing::warn!(%error, "a server's stream was closed");
                    return None;
                }
            }
            self.chunk = tokio::select! {
                // Also when whoever could say so is gone.
                _ = self.closing.wait_for(|closing| *closing) => return None,
                chunk = self.body.next() => chunk?.ok()?,
            };
        }
    }
}
