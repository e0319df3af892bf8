//! One server within a session over several: its own session, greeted with the client's own words, and greeted again
//! after it was lost.
//! Many that wait for it greet it once; one that fails is left alone for a while.

use super::client::Client;
use super::session::HubSession;
use super::{ask, lists};
use crate::exchange::{Answer, Exchange};
use crate::gateway::Gateway;
use crate::pipeline;
use crate::reach::Reach;
use crate::session::Session;
use crate::upstream::Restart;
use json::Splicer;
use mcp::envelope::Message;
use mcp::era::{Era, Version};
use mcp::reply::{Reply, ReplyKind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// First pause after a failed greeting; each further one is twice as long.
const FIRST_PAUSE_MS: u64 = 1_000;
/// Longest pause.
const MAX_PAUSE_MS: u64 = 60_000;

/// One server within a session.
#[derive(Debug)]
pub struct Member {
    server: Arc<str>,
    present: Mutex<Option<Present>>,
    // Held while it is greeted, by the greeting itself: it goes on when nobody waits for it any more.
    attempts: Arc<tokio::sync::Mutex<Attempts>>,
    is_missed: AtomicBool,
}

/// A member that was greeted.
#[derive(Debug, Clone)]
struct Present {
    session: Arc<Session>,
    greeting: Arc<Reply>,
}

#[derive(Debug, Default)]
struct Attempts {
    n_failures: u32,
    retry_at_ms: u64,
    last: Option<Missing>,
}

impl Attempts {
    fn end<T>(&mut self, result: &Result<T, Missing>, now_ms: u64) {
        match result {
            Ok(_) => *self = Self::default(),
            Err(missing) => {
                self.retry_at_ms = now_ms.saturating_add(pause_ms(self.n_failures));
                self.n_failures = self.n_failures.saturating_add(1);
                self.last = Some(missing.clone());
            }
        }
    }
}

/// Why a member is not there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Missing {
    /// In words.
    pub why: String,
    /// What it speaks instead, where that is why.
    pub speaks: Vec<Version>,
}

impl Missing {
    /// For a reason that is no matter of revisions.
    pub fn because(why: &str) -> Self {
        Self { why: why.to_owned(), speaks: Vec::new() }
    }
}

impl Member {
    /// A member that was never greeted.
    pub fn new(server: Arc<str>) -> Self {
        let (present, attempts) = (Mutex::default(), Arc::default());
        Self { server, present, attempts, is_missed: AtomicBool::new(false) }
    }

    /// Its session, if it is there and alive.
    pub fn live(&self) -> Option<Arc<Session>> {
        Some(self.present()?.session)
    }

    /// What it said in its greeting, if it is there and alive.
    pub fn greeting(&self) -> Option<Arc<Reply>> {
        Some(self.present()?.greeting)
    }

    fn present(&self) -> Option<Present> {
        let present = self.present.lock().unwrap_or_else(PoisonError::into_inner).clone()?;
        let is_over = present.session.is_closed() || present.session.lane.is_over();
        (!is_over).then_some(present)
    }

    /// Ends its session, so that it is greeted anew when it is needed.
    pub fn dismiss(&self, gateway: &Gateway) {
        let present = self.present.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(Present { session, .. }) = present {
            gateway.sessions.remove(&session);
        }
    }

    /// Its session, greeted now if need be.
    ///
    /// # Errors
    /// [`Missing`], also while it is left alone after a failure.
    pub async fn ready(
        self: &Arc<Self>,
        gateway: &Arc<Gateway>,
        hub: &Arc<HubSession>,
        reach: &Arc<Reach>,
    ) -> Result<Arc<Session>, Missing> {
        let mut attempts = Arc::clone(&self.attempts).lock_owned().await;
        if let Some(live) = self.live() {
            return Ok(live);
        }
        if let Some(last) = attempts.last.clone().filter(|_| gateway.now_ms() < attempts.retry_at_ms) {
            return Err(last);
        }
        let (member, gateway) = (Arc::clone(self), Arc::clone(gateway));
        let (hub, reach) = (Arc::clone(hub), Arc::clone(reach));
        let greeting = tokio::spawn(async move {
            let joined = member.join(&gateway, &hub, &reach).await;
            attempts.end(&joined, gateway.now_ms());
            joined
        });
        greeting.await.unwrap_or_else(|_| Err(Missing::because("its greeting was given up")))
    }

    async fn join(
        &self,
        gateway: &Arc<Gateway>,
        hub: &Arc<HubSession>,
        reach: &Arc<Reach>,
    ) -> Result<Arc<Session>, Missing> {
        let asked_for = hub.version();
        let mut present = greet(gateway, hub, reach).await?;
        // The others may have agreed on a revision in the meantime.
        if asked_for.is_none() && hub.version().is_some_and(|version| !present.speaks(version)) {
            gateway.sessions.remove(&present.session);
            present = greet(gateway, hub, reach).await?;
        }
        if let Some(version) = hub.version().filter(|version| !present.speaks(*version)) {
            gateway.sessions.remove(&present.session);
            let speaks = present.session.version();
            let speaks = speaks.map_or("another revision", Version::as_str);
            return Err(Missing::because(&format!("it speaks {speaks}, the others {version}")));
        }
        let session = Arc::clone(&present.session);
        session.outstanding.number_with(&hub.asked);
        *self.present.lock().unwrap_or_else(PoisonError::into_inner) = Some(present);
        if hub.is_closed() {
            self.dismiss(gateway);
            return Err(Missing::because("the session was ended"));
        }
        self.welcome(gateway, hub, reach).await;
        // Nobody may be listening.
        let _ = hub.joined.send(Arc::clone(&session));
        Ok(session)
    }

    /// What the client has said to the others by now.
    async fn welcome(&self, gateway: &Arc<Gateway>, hub: &Arc<HubSession>, reach: &Arc<Reach>) {
        if !hub.initialized.load(Ordering::Acquire) {
            return;
        }
        let initialized = mcp::requests::notification("notifications/initialized", None);
        let level = hub.level.lock().unwrap_or_else(PoisonError::into_inner).clone();
        for text in [Some(initialized), level].into_iter().flatten() {
            let Some(session) = self.live() else { return };
            let Ok(message) = ask::message(gateway, text) else { continue };
            let Some(client) = hub.client(gateway) else { return };
            let exchange = client.within(&session, reach, message);
            // What it answers concerns nobody any more.
            drop(pipeline::handle(gateway, exchange).await);
        }
    }

    /// The client was answered without it: once it is there the client is told.
    pub fn miss(self: &Arc<Self>, gateway: &Arc<Gateway>, hub: &Arc<HubSession>) {
        if self.is_missed.swap(true, Ordering::AcqRel) {
            return;
        }
        let (member, gateway, hub) = (Arc::clone(self), Arc::clone(gateway), Arc::clone(hub));
        tokio::spawn(async move {
            tokio::select! {
                () = hub.closed() => {}
                () = gateway.drained() => {}
                is_back = member.come_back(&gateway, &hub) => if is_back {
                    hub.note_changed();
                },
            }
            member.is_missed.store(false, Ordering::Release);
        });
    }

    /// Tries again until it answers; false where the grant no longer reaches it.
    async fn come_back(&self, gateway: &Arc<Gateway>, hub: &Arc<HubSession>) -> bool {
        for n_failures in 0.. {
            tokio::time::sleep(Duration::from_millis(pause_ms(n_failures))).await;
            let Some(client) = hub.client(gateway) else { return false };
            let Some(reach) = client.grant.reach(&self.server).map(Arc::clone) else { return false };
            self.attempts.lock().await.retry_at_ms = 0;
            let listed = lists::probe(&client, &reach).await;
            ask::note(gateway, &reach, &listed);
            if listed.is_ok() {
                return true;
            }
        }
        false
    }
}

impl Present {
    fn speaks(&self, version: Version) -> bool {
        self.session.version() == Some(version)
    }
}

/// Opens a session with one server, in the client's own words.
async fn greet(
    gateway: &Arc<Gateway>,
    hub: &Arc<HubSession>,
    reach: &Arc<Reach>,
) -> Result<Present, Missing> {
    let client = hub.client(gateway).ok_or_else(|| Missing::because("the grant is not valid any more"))?;
    let message =
        greeting(gateway, hub).ok_or_else(|| Missing::because("the greeting cannot be passed on"))?;
    // Each session has a lane of its own, whose process is never started twice.
    let exchange = client.by(reach.server.own_lane(Restart::Never, Some(Era::Legacy)), reach, message);
    let exchange = Exchange { version: Version::NEWEST_LEGACY, ..exchange };
    let answer = pipeline::handle(gateway, exchange).await;
    let id = match &answer {
        Answer::Message(reply) => reply.session.clone(),
        Answer::Accepted | Answer::Stream(_) | Answer::SessionGone | Answer::GrantGone => None,
    };
    let reply =
        ask::whole(answer, gateway.bounds.max_list_bytes).await.map_err(|why| Missing::because(&why))?;
    if *reply.kind() == ReplyKind::Error {
        let speaks = match reply.error_code() {
            Some(mcp::errors::UNSUPPORTED_VERSION) => reply.supported_versions(),
            Some(_) | None => Vec::new(),
        };
        return Err(Missing { why: ask::reason(&reply), speaks });
    }
    let session = id.and_then(|id| gateway.sessions.find(&id, &hub.grant, &reach.server));
    let session = session.ok_or_else(|| Missing::because("its session ended at once"))?;
    Ok(Present { session, greeting: Arc::new(reply) })
}

/// The client's `initialize`, for the revision that the session has settled on.
pub fn greeting(gateway: &Gateway, hub: &HubSession) -> Option<Message> {
    let message = ask::message(gateway, hub.greeting.clone()).ok()?;
    let Some(version) = hub.version() else { return Some(message) };
    let stated = message.params()?.get("protocolVersion")?;
    let mut splicer = Splicer::new(message.document().text().as_bytes());
    splicer.replace(stated.span(), format!("\"{version}\"").into_bytes()).ok()?;
    ask::message(gateway, splicer.finish()).ok()
}

/// The pause after so many failures: a second, twice as long with each, a minute at most.
pub fn pause_ms(n_failures: u32) -> u64 {
    FIRST_PAUSE_MS.checked_shl(n_failures).unwrap_or(MAX_PAUSE_MS).min(MAX_PAUSE_MS)
}

impl HubSession {
    /// Who has this session, under the present snapshot; nobody once the grant is not valid any more.
    pub(super) fn client(self: &Arc<Self>, gateway: &Arc<Gateway>) -> Option<Client> {
        let world = gateway.world();
        let grant = world.grant(&self.grant).filter(|grant| grant.is_valid(gateway.now_ms()))?;
        Some(Client {
            gateway: Arc::clone(gateway),
            grant: Arc::clone(grant),
            version: self.version().unwrap_or(Version::NEWEST_LEGACY),
            session: Some(Arc::clone(self)),
        })
    }
}
