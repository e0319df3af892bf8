//! The stream of a session for what answers no request: notices of changes and log messages.
//! What belongs to a request comes on that request's own stream and is not passed here.

use crate::gateway::Gateway;
use crate::relay::WHOLE_BYTES;
use crate::route;
use crate::session::Session;
use crate::stream::{self, Framing, Outlet, Piece, Stream};
use crate::upstream::server_answer;
use mcp::envelope::Caps;
use mcp::era::Version;
use mcp::http::ReplyBody;
use mcp::reply::{Reply, ReplyKind, parse_reply};
use mcp::rewrite::{ReplyEdits, rewrite_reply};
use mcp::sse::{Decoder, Piece as EventPiece};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::broadcast;

/// A sign of life is sent so often.
const KEEP_ALIVE: Duration = Duration::from_secs(15);

/// Passes on what a process says unasked.
#[must_use]
pub fn to_process(
    gateway: &Arc<Gateway>,
    session: &Arc<Session>,
    events: broadcast::Receiver<Arc<Reply>>,
) -> Stream {
    let (outlet, stream) = stream::open(Framing::Events);
    let listener = Listener { gateway: Arc::clone(gateway), session: Arc::clone(session), outlet };
    tokio::spawn(async move {
        listener.process(events).await;
        listener.outlet.finish();
    });
    stream
}

/// Passes on the events of a server's own stream.
#[must_use]
pub fn to_http(gateway: &Arc<Gateway>, session: &Arc<Session>, body: ReplyBody) -> Stream {
    let (outlet, stream) = stream::open(Framing::Events);
    let listener = Listener { gateway: Arc::clone(gateway), session: Arc::clone(session), outlet };
    tokio::spawn(async move {
        listener.http(body).await;
        listener.outlet.finish();
    });
    stream
}

struct Listener {
    gateway: Arc<Gateway>,
    session: Arc<Session>,
    outlet: Outlet,
}

impl Listener {
    async fn process(&self, mut events: broadcast::Receiver<Arc<Reply>>) {
        while let Some(event) = self.wait(events.recv()).await {
            match event {
                Ok(message) if !self.pass(&message).await => return,
                Ok(_) | Err(broadcast::error::RecvError::Lagged(_)) => {}
                Err(broadcast::error::RecvError::Closed) => return,
            }
        }
    }

    async fn http(&self, mut body: ReplyBody) {
        let mut decoder = Decoder::new();
        let mut held = Vec::new();
        while let Some(Some(Ok(chunk))) = self.wait(body.next()).await {
            let mut rest = &chunk[..];
            while let Some(piece) = decoder.next(&mut rest) {
                match piece {
                    EventPiece::Data(data) if held.len().saturating_add(data.len()) > WHOLE_BYTES => {
                        tracing::warn!(server.id = %self.session.server.id, "a notice was too long; its stream was closed");
                        return;
                    }
                    EventPiece::Data(data) => held.extend_from_slice(data),
                    EventPiece::End(_) => {
                        let message = parse_reply(std::mem::take(&mut held), &Caps::default());
                        if let Ok(message) = message
                            && !self.pass(&message).await
                        {
                            return;
                        }
                    }
                }
            }
        }
    }

    /// Passes one message on if it may pass; false when the client is gone.
    async fn pass(&self, message: &Reply) -> bool {
        let version = self.session.version().unwrap_or(Version::UNSTATED);
        match message.kind() {
            ReplyKind::Request { .. } => server_answer(&self.session.lane, version, message),
            ReplyKind::Result | ReplyKind::Error => {}
            ReplyKind::Notification { .. } => {
                if message.method() == Some("notifications/tools/list_changed") {
                    self.session.server.definitions.mark_changed();
                }
                if let Some(bytes) = self.rendered(message, version) {
                    return self.wait(self.outlet.send(Piece::End(bytes.into()))).await == Some(Ok(()));
                }
            }
        }
        true
    }

    fn rendered(&self, message: &Reply, version: Version) -> Option<Vec<u8>> {
        let (_, reach) = self.gateway.access(&self.session.grant, &self.session.server)?;
        let belongs = message.progress_token().is_some() || message.cancelled_request().is_some();
        if belongs || !route::is_open(&reach, version, message) {
            return None;
        }
        rewrite_reply(message, &ReplyEdits { strip_private_meta: true, ..ReplyEdits::default() }).ok()
    }

    /// Waits for the server; nothing once the session or the client is gone.
    async fn wait<T>(&self, next: impl Future<Output = T>) -> Option<T> {
        let mut next = std::pin::pin!(next);
        loop {
            tokio::select! {
                biased;
                () = self.session.closed() => return None,
                () = self.gateway.drained() => return None,
                () = self.outlet.closed() => return None,
                result = &mut next => return Some(result),
                () = tokio::time::sleep(KEEP_ALIVE) => self.outlet.keep_alive(),
            }
        }
    }
}
