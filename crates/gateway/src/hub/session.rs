//! A client's session over several servers: our id, and one member for each server.
//! It is bound to one grant and worth nothing to anybody else; no member's own session is ever shown.

use super::ask;
use super::ids::Ids;
use super::member::{Member, Missing};
use crate::gateway::Gateway;
use crate::reach::Reach;
use crate::session::{IDLE_MS, Session};
use crate::spools::Spools;
use crate::upstream::Server;
use mcp::era::Version;
use mcp::reply::Reply;
use policy::Hash;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use tokio::sync::{broadcast, watch};

/// Notices of the gateway's own that may wait for a stream.
const NOTICE_DEPTH: usize = 16;

/// A server and the policies that hold there.
type Way = (Arc<Server>, Hash);

/// One session over several servers.
#[derive(Debug)]
pub struct HubSession {
    /// 128 random bits in hexadecimal.
    pub id: Arc<str>,
    /// The grant that opened it.
    pub grant: Arc<str>,
    /// The client's `initialize`, which greets every member.
    pub(super) greeting: Vec<u8>,
    /// Its streams that can be resumed.
    pub spools: Arc<Spools>,
    pub(super) ids: Arc<Ids>,
    /// Whether the client has said that it is ready.
    pub(super) initialized: AtomicBool,
    /// The client's last `logging/setLevel`, for members that come later.
    pub(super) level: Mutex<Option<Vec<u8>>>,
    /// Members that were greeted after the client's streams were opened.
    pub(super) joined: broadcast::Sender<Arc<Session>>,
    /// The last id under which the client was asked something by one of its servers.
    pub(super) asked: Arc<AtomicU64>,
    changed: watch::Sender<u64>,
    // The servers and policies that the client was last told of.
    told: Mutex<Vec<Way>>,
    members: Mutex<BTreeMap<Arc<str>, Arc<Member>>>,
    version: OnceLock<Version>,
    last_used_ms: AtomicU64,
    closed: watch::Sender<bool>,
}

impl HubSession {
    /// A new session without members.
    #[must_use]
    pub fn new(id: Arc<str>, grant: Arc<str>, greeting: Vec<u8>, now_ms: u64) -> Self {
        Self {
            id,
            grant,
            greeting,
            spools: Arc::default(),
            ids: Arc::default(),
            initialized: AtomicBool::new(false),
            level: Mutex::default(),
            joined: broadcast::Sender::new(NOTICE_DEPTH),
            asked: Arc::default(),
            changed: watch::Sender::new(0),
            told: Mutex::default(),
            members: Mutex::default(),
            version: OnceLock::new(),
            last_used_ms: AtomicU64::new(now_ms),
            closed: watch::Sender::new(false),
        }
    }

    /// The revision that all members speak.
    #[must_use]
    pub fn version(&self) -> Option<Version> {
        self.version.get().copied()
    }

    pub(super) fn settle_version(&self, version: Version) {
        // A second handshake on the same session changes nothing.
        let _ = self.version.set(version);
    }

    /// The session with one server: the live one, or a new one that is greeted now.
    ///
    /// # Errors
    /// A sentence that says why there is none.
    pub(super) async fn member(
        self: &Arc<Self>,
        gateway: &Arc<Gateway>,
        reach: &Arc<Reach>,
    ) -> Result<Arc<Session>, String> {
        let member = self.place_of(reach);
        if let Some(session) = member.live() {
            return Ok(session);
        }
        self.greet(gateway, reach).await.map_err(|missing| missing.why)
    }

    /// The same, with all that is known of why there is none.
    pub(super) async fn greet(
        self: &Arc<Self>,
        gateway: &Arc<Gateway>,
        reach: &Arc<Reach>,
    ) -> Result<Arc<Session>, Missing> {
        let member = self.place_of(reach);
        let greeting = async { Ok(member.ready(gateway, self, reach).await) };
        ask::in_time(gateway, &reach.server.id, greeting)
            .await
            .unwrap_or_else(|why| Err(Missing::because(&why)))
    }

    /// The member of a server, whether or not it is there.
    pub(super) fn place_of(&self, reach: &Reach) -> Arc<Member> {
        let mut members = self.lock();
        let place = members.entry(Arc::clone(&reach.server.id));
        Arc::clone(place.or_insert_with(|| Arc::new(Member::new(Arc::clone(&reach.server.id)))))
    }

    /// All members that are there.
    pub(super) fn live(&self) -> Vec<Arc<Session>> {
        self.lock().values().filter_map(|member| member.live()).collect()
    }

    /// Notes what the grant reaches now; true where that is not what the client was last told.
    pub(super) fn note_told(&self, reaches: &[Arc<Reach>]) -> bool {
        let way = |reach: &Arc<Reach>| (Arc::clone(&reach.server), reach.stack.hash());
        let now: Vec<_> = reaches.iter().map(way).collect();
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        let is_same = |(old, new): (&Way, &Way)| Arc::ptr_eq(&old.0, &new.0) && old.1 == new.1;
        let is_news = told.len() != now.len() || !told.iter().zip(&now).all(is_same);
        *told = now;
        is_news
    }

    /// A server has come back: the client is told as soon as it listens.
    pub(super) fn note_changed(&self) {
        self.told.lock().unwrap_or_else(PoisonError::into_inner).clear();
        self.changed.send_modify(|n| *n += 1);
    }

    /// Resolves with every change.
    pub(super) fn changes(&self) -> watch::Receiver<u64> {
        self.changed.subscribe()
    }

    /// The lists of which the client was told that they may change: those that a member has.
    pub(super) fn lists(&self) -> Vec<&'static str> {
        let members: Vec<_> = self.lock().values().filter_map(|member| member.greeting()).collect();
        let has = |list: &&str| {
            let says = |reply: &Arc<Reply>| {
                reply.result().and_then(|result| result.get("capabilities")?.get(list)).is_some()
            };
            *list == "tools" || members.iter().any(says)
        };
        ["tools", "prompts", "resources"].into_iter().filter(has).collect()
    }

    /// Notes a message at `now_ms`: its members are used with it.
    pub fn touch(&self, now_ms: u64) {
        self.last_used_ms.store(now_ms, Ordering::Relaxed);
        for session in self.live() {
            session.touch(now_ms);
        }
    }

    /// Ends the session and all of its members.
    pub fn close(&self, gateway: &Gateway) {
        self.closed.send_replace(true);
        for session in self.live() {
            gateway.sessions.remove(&session);
        }
    }

    /// Resolves when the session is closed.
    pub async fn closed(&self) {
        let mut closed = self.closed.subscribe();
        // An error means that the session is gone, which is the same.
        let _ = closed.wait_for(|closed| *closed).await;
    }

    /// Whether it was closed.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        *self.closed.borrow()
    }

    /// Whether it had no message for too long and answers none.
    #[must_use]
    pub fn is_idle(&self, now_ms: u64) -> bool {
        let unused_ms = now_ms.saturating_sub(self.last_used_ms.load(Ordering::Relaxed));
        self.ids.is_empty() && unused_ms > IDLE_MS
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, BTreeMap<Arc<str>, Arc<Member>>> {
        self.members.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
