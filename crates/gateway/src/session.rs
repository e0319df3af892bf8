//! The state that a handshake makes: whose session it is, which lane it has, which ids are in flight.
//! A session is bound to one grant and one server and is worth nothing to anybody else.

use crate::front::first::Post;
use crate::hub::Held;
use crate::news::Shown;
use crate::outbox::Outbox;
use crate::outstanding::Outstanding;
use crate::spools::Spools;
use crate::upstream::{Lane, Server};
use mcp::era::Version;
use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use tokio::sync::{mpsc, watch};

/// A session without a message for so long is closed: one hour.
pub const IDLE_MS: u64 = 60 * 60 * 1_000;
/// Requests of one session that may be in flight at once.
pub const MAX_IN_FLIGHT: usize = 1_024;

/// One session.
#[derive(Debug)]
pub struct Session {
    /// 128 random bits in hexadecimal; never the upstream's id.
    pub id: Arc<str>,
    /// The grant that opened it.
    pub grant: Arc<str>,
    /// The server it was opened with.
    pub server: Arc<Server>,
    /// Its own way to the upstream.
    pub lane: Lane,
    /// What its servers have asked of the client.
    pub outstanding: Arc<Outstanding>,
    /// What its server says beside the client's requests.
    pub outbox: Arc<Outbox>,
    /// By which policies it was last shown lists.
    pub shown: Shown,
    /// Its streams that can be resumed.
    pub spools: Arc<Spools>,
    version: OnceLock<Version>,
    // Set where its messages do not come with the requests that they answer.
    posts: OnceLock<mpsc::Sender<Post>>,
    in_flight: Mutex<HashMap<Box<str>, Sent>>,
    last_used_ms: AtomicU64,
    closed: watch::Sender<bool>,
}

/// A request of the client that is unanswered.
#[derive(Debug)]
struct Sent {
    upstream: u64,
    // Raw; with one the client wants to hear of its progress.
    progress_token: Option<Box<str>>,
}

/// Why a request's id was not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IdRefused {
    /// A request with the same id is still unanswered.
    Duplicate,
    /// Too many requests are unanswered.
    TooMany,
}

impl IdRefused {
    /// What the client is told.
    #[must_use]
    pub fn text(self) -> &'static str {
        match self {
            Self::Duplicate => "a request with this id is still unanswered; use a new id",
            Self::TooMany => "too many requests of this session are unanswered; wait for some",
        }
    }
}

impl Session {
    /// A new session; `id` comes from [`mint_id`].
    #[must_use]
    pub fn new(id: Arc<str>, grant: Arc<str>, server: Arc<Server>, lane: Lane, now_ms: u64) -> Self {
        let outbox = lane.outbox();
        Self {
            id,
            grant,
            server,
            lane,
            outstanding: Arc::default(),
            outbox,
            shown: Shown::default(),
            spools: Arc::default(),
            version: OnceLock::new(),
            posts: OnceLock::new(),
            in_flight: Mutex::default(),
            last_used_ms: AtomicU64::new(now_ms),
            closed: watch::Sender::new(false),
        }
    }

    /// Takes the client's id and progress token (raw JSON text, so that "1" is not 1) for a request that becomes
    /// `upstream`.
    ///
    /// # Errors
    /// [`IdRefused`] where the id is already in flight or too many are.
    pub fn enter(
        self: &Arc<Self>,
        client_id: &str,
        progress_token: Option<&str>,
        upstream: u64,
    ) -> Result<InFlight, IdRefused> {
        let mut ids = self.in_flight.lock().unwrap_or_else(PoisonError::into_inner);
        if ids.contains_key(client_id) {
            return Err(IdRefused::Duplicate);
        }
        if ids.len() >= MAX_IN_FLIGHT {
            return Err(IdRefused::TooMany);
        }
        ids.insert(client_id.into(), Sent { upstream, progress_token: progress_token.map(Box::from) });
        Ok(InFlight { session: Arc::clone(self), client_id: client_id.into(), above: None })
    }

    /// The upstream id of the client's own request in flight, for a cancellation.
    #[must_use]
    pub fn upstream_id(&self, client_id: &str) -> Option<u64> {
        self.in_flight.lock().unwrap_or_else(PoisonError::into_inner).get(client_id).map(|sent| sent.upstream)
    }

    /// The token under which the client hears of the progress of its own request in flight, by the upstream's token.
    #[must_use]
    pub fn progress_token(&self, upstream: &str) -> Option<Box<str>> {
        let upstream: u64 = upstream.parse().ok()?;
        let ids = self.in_flight.lock().unwrap_or_else(PoisonError::into_inner);
        ids.values().find(|sent| sent.upstream == upstream)?.progress_token.clone()
    }

    /// Makes it a session of the first HTTP transport: what its client posts goes to `posts`.
    pub fn take_posts(&self, posts: mpsc::Sender<Post>) {
        // It is set before anybody else knows of the session.
        let _ = self.posts.set(posts);
    }

    /// Where messages go that its client posts; none where it is of another transport.
    #[must_use]
    pub fn posts(&self) -> Option<&mpsc::Sender<Post>> {
        self.posts.get()
    }

    /// Notes a message at `now_ms`.
    pub fn touch(&self, now_ms: u64) {
        self.last_used_ms.store(now_ms, Ordering::Relaxed);
    }

    /// The revision that the handshake settled on.
    #[must_use]
    pub fn version(&self) -> Option<Version> {
        self.version.get().copied()
    }

    /// Notes the revision; the first handshake counts.
    pub fn settle_version(&self, version: Version) {
        // A second handshake on the same session changes nothing.
        let _ = self.version.set(version);
    }

    /// Ends the session: streams close, a process of its own is stopped.
    pub fn close(&self) {
        self.closed.send_replace(true);
        self.outstanding.close();
        self.outbox.close();
        self.lane.close();
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
        let busy = !self.in_flight.lock().unwrap_or_else(PoisonError::into_inner).is_empty();
        !busy && now_ms.saturating_sub(self.last_used_ms.load(Ordering::Relaxed)) > IDLE_MS
    }
}

/// A request's id while it is unanswered; dropping it frees the id.
#[derive(Debug)]
pub struct InFlight {
    session: Arc<Session>,
    client_id: Box<str>,
    // The same id in the client's session over several servers, where it has one.
    above: Option<Held>,
}

impl InFlight {
    /// Frees the id there as well, once it is free here.
    #[must_use]
    pub fn below(mut self, above: Held) -> Self {
        self.above = Some(above);
        self
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        self.session.in_flight.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.client_id);
    }
}

/// A fresh session id.
///
/// # Errors
/// Where the operating system gives no random bytes.
pub fn mint_id() -> Result<Arc<str>, getrandom::Error> {
    use std::fmt::Write;
    let mut bytes = [0_u8; 16];
    getrandom::fill(&mut bytes)?;
    let mut id = String::with_capacity(32);
    for byte in bytes {
        // Writing to a string cannot fail.
        let _ = write!(id, "{byte:02x}");
    }
    Ok(id.into())
}
