//! The stream of a session for what answers no request: what its server says by itself, and news of changed lists.
//! What belongs to another client, or to a channel that is closed, is not passed here.

use crate::budget::Budget;
use crate::channels;
use crate::gateway::Gateway;
use crate::given::Given;
use crate::news::News;
use crate::session::Session;
use crate::source::Source;
use crate::stage::asked::{self, Asking};
use crate::stage::task::Client;
use crate::stream::{self, Framing, Outlet, Piece, Stream};
use crate::upstream::{HttpLane, Lane};
use mcp::era::Version;
use mcp::http::{Content, HeaderValue, Outgoing, ReplyBody};
use mcp::reply::{Reply, ReplyKind};
use mcp::rewrite::{ReplyEdits, rewrite_reply};
use mcp::rounds::Abilities;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;

/// A sign of life is sent so often.
const KEEP_ALIVE: Duration = Duration::from_secs(15);

/// Asks a server over HTTP for its own stream of the session; none where it offers none.
pub async fn ask(lane: &HttpLane, session: &Session) -> Option<ReplyBody> {
    let reply = lane.ask(Outgoing::get(), version_header(session)).await.ok()?;
    (reply.status == 200 && reply.content == Content::EventStream).then_some(reply.body)
}

/// Tells the server that a session has ended. One that does not end sessions answers 405; ours is over all the same.
pub async fn end(session: &Session) {
    if let Lane::Http(lane) = &session.lane {
        let _ = lane.ask(Outgoing::delete(), version_header(session)).await;
    }
}

/// The header that names the session's revision, where that has one.
#[must_use]
pub fn version_header(session: &Session) -> Option<HeaderValue> {
    let version = session.version().filter(|version| *version >= Version::V2025_06_18)?;
    Some(HeaderValue::from_static(version.as_str()))
}

/// Opens the stream of a client that has no other, whether its server offers one or not.
pub async fn open(gateway: &Arc<Gateway>, session: &Arc<Session>) -> Stream {
    let body = match &session.lane {
        Lane::Http(lane) => ask(lane, session).await,
        Lane::Stdio(_) => None,
        Lane::Bridge(bridge) => bridge.listen(session).await,
    };
    run(gateway, session, body, AtItsEnd::GoOn)
}

/// Passes on what a session's server says, over HTTP as `body`, until that ends.
#[must_use]
pub fn start(gateway: &Arc<Gateway>, session: &Arc<Session>, body: Option<ReplyBody>) -> Stream {
    run(gateway, session, body, AtItsEnd::End)
}

/// What becomes of the stream when the server's own ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum AtItsEnd {
    GoOn,
    End,
}

fn run(
    gateway: &Arc<Gateway>,
    session: &Arc<Session>,
    body: Option<ReplyBody>,
    at_its_end: AtItsEnd,
) -> Stream {
    let (outlet, stream) = stream::open(Framing::Events);
    let changes = gateway.changes();
    let source = body.map(|body| Source::new(Arc::clone(gateway), Arc::clone(session), body));
    let (gateway, session) = (Arc::clone(gateway), Arc::clone(session));
    let (news, budget) = (News::default(), Budget::new(gateway.now_ms()));
    let mut listener = Listener { gateway, session, outlet, changes, source, at_its_end, news, budget };
    tokio::spawn(async move {
        listener.run().await;
        listener.outlet.finish();
    });
    stream
}

struct Listener {
    gateway: Arc<Gateway>,
    session: Arc<Session>,
    outlet: Outlet,
    changes: watch::Receiver<u64>,
    // The server's own stream, where it has one.
    source: Option<Source>,
    at_its_end: AtItsEnd,
    news: News,
    budget: Budget,
}

/// What happens next.
enum Event {
    Said(Reply),
    SourceEnded,
    Changed,
    News(Vec<Vec<u8>>),
    Over,
}

impl Listener {
    async fn run(&mut self) {
        let session = Arc::clone(&self.session);
        let _listening = session.outbox.listen();
        self.look_for_changes();
        loop {
            let goes_on = match self.next().await {
                Event::Said(message) => self.pass(&message).await,
                Event::Changed => {
                    self.look_for_changes();
                    true
                }
                Event::News(news) => self.send_all(news).await,
                Event::SourceEnded => {
                    self.source = None;
                    self.at_its_end == AtItsEnd::GoOn
                }
                Event::Over => false,
            };
            if !goes_on {
                return;
            }
        }
    }

    async fn next(&mut self) -> Event {
        loop {
            tokio::select! {
                biased;
                () = self.session.closed() => return Event::Over,
                () = self.outlet.closed() => return Event::Over,
                () = self.gateway.drained() => return Event::Over,
                // The sender of changes lives as long as the gateway.
                _ = self.changes.changed() => return Event::Changed,
                news = self.news.due() => return Event::News(news),
                message = self.session.outbox.next() => return Event::Said(message),
                said = said(&mut self.source) => return said.map_or(Event::SourceEnded, Event::Said),
                () = tokio::time::sleep(KEEP_ALIVE) => self.outlet.keep_alive(),
            }
        }
    }

    /// What the policies let the client see may have changed.
    fn look_for_changes(&mut self) {
        let (grant, server) = (&self.session.grant, &self.session.server);
        if let Some((_, reach)) = self.gateway.access(grant, server) {
            self.news.note_all(self.session.shown.changed(&reach.stack));
        }
    }

    /// Passes one message on if it may pass; false when the client is gone.
    async fn pass(&mut self, message: &Reply) -> bool {
        match message.kind() {
            ReplyKind::Request { .. } => self.ask(message).await,
            ReplyKind::Result | ReplyKind::Error => true,
            ReplyKind::Notification { method } => {
                if *method == "notifications/tools/list_changed" {
                    self.session.server.definitions.mark_changed();
                }
                match self.rendered(message) {
                    Some(bytes) if News::is_about(method) => {
                        self.news.note(method, bytes);
                        true
                    }
                    Some(bytes) if self.budget.spend(self.gateway.now_ms(), bytes.len()) => {
                        self.send(bytes).await
                    }
                    Some(_) | None => true,
                }
            }
        }
    }

    async fn ask(&mut self, request: &Reply) -> bool {
        let session = Arc::clone(&self.session);
        let gateway = Arc::clone(&self.gateway);
        let (lane, version) = (&session.lane, self.version());
        let asking = Asking { gateway: &gateway, session: Some(&session), lane, version };
        let Some(passed) = asked::pass(asking, request).await else { return true };
        let sent = self.send(passed.bytes.clone()).await;
        if !sent {
            asked::undo(asking, request, &passed);
        }
        sent
    }

    fn version(&self) -> Version {
        self.session.version().unwrap_or(Version::UNSTATED)
    }

    /// The client's bytes of a notification that it may get.
    fn rendered(&self, message: &Reply) -> Option<Vec<u8>> {
        let (grant, reach) = self.gateway.access(&self.session.grant, &self.session.server)?;
        if !channels::may_be_told(&reach, &grant.id, self.version(), message) {
            return None;
        }
        let mut edits = ReplyEdits { strip_private_meta: true, ..ReplyEdits::default() };
        let token = match message.progress_token() {
            // Of a request that this session has in flight, or of nobody's.
            Some(token) => {
                let of_task = || Client::in_session(&self.gateway, &self.session).progress_token(token);
                Some(self.session.progress_token(token).or_else(of_task)?)
            }
            None => None,
        };
        edits.progress_token = token.as_deref();
        let client = Client::in_session(&self.gateway, &self.session);
        let given = Given::in_notice(client, &grant.id, &reach, Abilities::default(), message)?;
        edits.handles = given.handles();
        let cancelled = match message.cancelled_request() {
            Some(id) => Some(self.session.outstanding.cancel(&self.session.lane, id)?.to_string()),
            None => None,
        };
        edits.cancelled_request = cancelled.as_deref();
        rewrite_reply(message, &edits).ok()
    }

    async fn send_all(&mut self, messages: Vec<Vec<u8>>) -> bool {
        for message in messages {
            if !self.send(message).await {
                return false;
            }
        }
        true
    }

    /// Waits for the client; false once it or the session is gone.
    async fn send(&self, bytes: Vec<u8>) -> bool {
        tokio::select! {
            biased;
            () = self.session.closed() => false,
            () = self.gateway.drained() => false,
            sent = self.outlet.send(Piece::End(bytes.into())) => sent.is_ok(),
        }
    }
}

/// The next message of the server's own stream; waits for ever where there is none.
async fn said(source: &mut Option<Source>) -> Option<Reply> {
    match source {
        Some(source) => source.next().await,
        None => std::future::pending().await,
    }
}
