//! The stream of a session over several servers: what its members say unasked, and what changed between them.
//! One member's message is never mixed with another's, and a member that comes later is heard as well.

use super::ask;
use super::session::HubSession;
use crate::gateway::Gateway;
use crate::listen;
use crate::news::{LISTS, News};
use crate::session::Session;
use crate::stream::{self, Framing, Outlet, Piece, Stream};
use bytes::{Bytes, BytesMut};
use mcp::envelope::Caps;
use mcp::reply::parse_reply;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::task::JoinSet;

/// A sign of life is sent so often.
const KEEP_ALIVE: Duration = Duration::from_secs(15);
/// Longest message that is looked at for whether it tells of a changed list.
const MAX_NEWS_BYTES: usize = 1 << 10;
/// Messages of all members that may wait for the client.
const DEPTH: usize = 16;

/// Opens the stream.
#[must_use]
pub fn open(gateway: &Arc<Gateway>, session: &Arc<HubSession>) -> Stream {
    let (outlet, stream) = stream::open(Framing::Events);
    let (gateway, session) = (Arc::clone(gateway), Arc::clone(session));
    tokio::spawn(async move {
        let (sender, messages) = mpsc::channel(DEPTH);
        let mut merge =
            Merge { gateway, session, outlet, sender, news: News::default(), members: JoinSet::new() };
        merge.run(messages).await;
        merge.outlet.finish();
    });
    stream
}

struct Merge {
    gateway: Arc<Gateway>,
    session: Arc<HubSession>,
    outlet: Outlet,
    sender: mpsc::Sender<Bytes>,
    news: News,
    // One for each member; all end with this stream.
    members: JoinSet<()>,
}

impl Merge {
    async fn run(&mut self, mut messages: mpsc::Receiver<Bytes>) {
        // Before the members are listed: none can come unnoticed.
        let mut joined = self.session.joined.subscribe();
        let mut changed = self.session.changes();
        let mut world = self.gateway.changes();
        for member in self.session.live() {
            self.hear(member);
        }
        let (session, gateway) = (Arc::clone(&self.session), Arc::clone(&self.gateway));
        let mut over = std::pin::pin!(async move {
            tokio::select! {
                () = session.closed() => {}
                () = gateway.drained() => {}
            }
        });
        loop {
            self.look_for_changes();
            let goes_on = tokio::select! {
                biased;
                () = &mut over => false,
                () = self.outlet.closed() => false,
                member = joined.recv() => {
                    member.into_iter().for_each(|member| self.hear(member));
                    true
                }
                // Their senders live as long as the session and the gateway.
                _ = changed.changed() => true,
                _ = world.changed() => true,
                news = self.news.due() => self.send_all(news).await,
                message = messages.recv() => self.take(message).await,
                () = tokio::time::sleep(KEEP_ALIVE) => {
                    self.outlet.keep_alive();
                    true
                }
            };
            if !goes_on {
                return;
            }
        }
    }

    /// The grant may reach other servers, or in another way, than the client was last told.
    fn look_for_changes(&mut self) {
        let Some(client) = self.session.client(&self.gateway) else { return };
        if self.session.note_told(&client.grant.reaches()) {
            let methods = self.session.lists().into_iter();
            self.news
                .note_all(methods.filter_map(|list| LISTS.into_iter().find(|method| method.contains(list))));
        }
    }

    /// Passes one message of a member on. That its list changed is told once for all of them.
    async fn take(&mut self, message: Option<Bytes>) -> bool {
        let Some(message) = message else { return true };
        match changed_list(&message) {
            Some(method) => {
                self.news.note(method, message.to_vec());
                true
            }
            None => self.send(message).await,
        }
    }

    async fn send_all(&self, messages: Vec<Vec<u8>>) -> bool {
        for message in messages {
            if !self.send(message.into()).await {
                return false;
            }
        }
        true
    }

    async fn send(&self, message: Bytes) -> bool {
        self.outlet.send(Piece::End(message)).await.is_ok()
    }

    fn hear(&mut self, member: Arc<Session>) {
        while self.members.try_join_next().is_some() {}
        let (gateway, sender) = (Arc::clone(&self.gateway), self.sender.clone());
        self.members.spawn(async move {
            pass(listen::open(&gateway, &member).await, &sender).await;
        });
    }
}

/// The list of which a message says that it changed.
pub fn changed_list(message: &Bytes) -> Option<&'static str> {
    if message.len() > MAX_NEWS_BYTES {
        return None;
    }
    let message = parse_reply(message.to_vec(), &Caps::default()).ok()?;
    LISTS.into_iter().find(|method| message.method() == Some(method))
}

/// Passes whole messages on until the member's stream or the client is gone.
async fn pass(mut stream: Stream, sender: &mpsc::Sender<Bytes>) {
    let mut held = BytesMut::new();
    while let Some(message) = ask::next_message(&mut stream, &mut held).await {
        if sender.send(message).await.is_err() {
            return;
        }
    }
}
