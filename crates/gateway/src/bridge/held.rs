//! A session of the handshake era that is held for modern clients of one grant that say the same of themselves.
//! It must never be used for a client that declared something else: what a server may ask depends on it.

use super::following;
use super::host::Host;
use super::open::Open;
use super::wire;
use super::{GREETING, NOTICES};
use crate::upstream::{Lane, LaneFailure};
use mcp::bridge::evidence::Verdict;
use mcp::bridge::{Envelope, handshake};
use mcp::era::Era;
use mcp::reply::Reply;
use mcp::requests;
use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use tokio::sync::{broadcast, watch};
use tokio::task::JoinHandle;

/// One held session.
#[derive(Debug)]
pub struct Held {
    host: Arc<Host>,
    envelope: Envelope,
    /// Where it was opened; another one after the server forgot it.
    state: tokio::sync::Mutex<Option<Arc<Open>>>,
    // The way that it has to take, where the server was asked on it before.
    first: Mutex<Option<Lane>>,
    news: broadcast::Sender<Arc<Reply>>,
    // Counts the sessions that were lost, and with them what was subscribed to.
    lost: watch::Sender<u64>,
    subscribed: tokio::sync::Mutex<HashMap<String, usize>>,
    stream: Mutex<Option<JoinHandle<()>>>,
    last_used_ms: AtomicU64,
    n_busy: AtomicUsize,
}

/// Counts a request that is under way.
#[derive(Debug)]
pub struct Busy(Arc<Held>);

impl Drop for Busy {
    fn drop(&mut self) {
        self.0.n_busy.fetch_sub(1, Ordering::Relaxed);
        self.0.touch();
    }
}

impl Held {
    /// A session that is opened when it is needed, on `first` if there is one.
    #[must_use]
    pub fn new(host: Arc<Host>, envelope: Envelope, first: Option<Lane>) -> Self {
        let now_ms = host.clock.now_ms();
        Self {
            host,
            envelope,
            state: tokio::sync::Mutex::default(),
            first: Mutex::new(first),
            news: broadcast::Sender::new(NOTICES),
            lost: watch::Sender::new(0),
            subscribed: tokio::sync::Mutex::default(),
            stream: Mutex::default(),
            last_used_ms: AtomicU64::new(now_ms),
            n_busy: AtomicUsize::new(0),
        }
    }

    /// What its client says of itself.
    #[must_use]
    pub fn envelope(&self) -> &Envelope {
        &self.envelope
    }

    /// Notes that a request is under way.
    #[must_use]
    pub fn busy(self: &Arc<Self>) -> Busy {
        self.n_busy.fetch_add(1, Ordering::Relaxed);
        self.touch();
        Busy(Arc::clone(self))
    }

    fn touch(&self) {
        self.last_used_ms.store(self.host.clock.now_ms(), Ordering::Relaxed);
    }

    /// When it was last used; `None` while it is.
    #[must_use]
    pub fn idle_since_ms(&self) -> Option<u64> {
        let is_busy = self.n_busy.load(Ordering::Relaxed) > 0;
        (!is_busy).then(|| self.last_used_ms.load(Ordering::Relaxed))
    }

    /// The session, opened if it is not; many who come at once open one.
    ///
    /// # Errors
    /// [`LaneFailure`] where the server does not open one.
    pub async fn open(self: &Arc<Self>) -> Result<Arc<Open>, LaneFailure> {
        let mut state = self.state.lock().await;
        if let Some(open) = state.as_ref().filter(|open| open.is_alive()) {
            return Ok(Arc::clone(open));
        }
        let old = state.take();
        if old.is_some() {
            self.lost.send_modify(|n_lost| *n_lost += 1);
        }
        let lane = match old {
            // The place of a process starts it again, with pauses.
            Some(open) if matches!(open.lane, Lane::Stdio(_)) && !open.lane.is_over() => open.lane.clone(),
            Some(_) | None => {
                let first = self.first.lock().unwrap_or_else(PoisonError::into_inner).take();
                first.unwrap_or_else(|| (self.host.fresh)())
            }
        };
        let open = Arc::new(self.greet(lane).await?);
        if let Lane::Stdio(slot) = &open.lane {
            let heard = following::process(Arc::downgrade(self), Arc::downgrade(&open), slot.outbox());
            self.follow_with(tokio::spawn(heard));
        }
        *state = Some(Arc::clone(&open));
        Ok(open)
    }

    fn follow_with(&self, stream: JoinHandle<()>) {
        let mut following = self.stream.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(old) = following.replace(stream) {
            old.abort();
        }
    }

    async fn greet(&self, lane: Lane) -> Result<Open, LaneFailure> {
        let asked = wire::ask(&lane, GREETING, "initialize", self.host.timeout, |id| {
            handshake::initialize(id, &self.envelope)
        });
        let answer = asked.await?;
        if matches!(answer.head.status, 401 | 403) {
            return Err(super::refused_credentials());
        }
        let session = answer.head.session.clone();
        let refused = |why: String| LaneFailure::Failed(format!("its handshake failed: {why}"));
        let greeting = match answer.result() {
            Ok(greeting) => greeting,
            Err(why) => {
                // What was learned of its eras cannot be right.
                self.host.eras.forget();
                return Err(refused(why));
            }
        };
        let version = greeting.negotiated_version().filter(|version| version.era() == Era::Legacy);
        let version = version.ok_or_else(|| {
            refused(String::from("it negotiated a revision that this gateway does not know"))
        })?;
        self.host.note(Era::Legacy, Verdict::Spoken);
        if let Some(session) = &session {
            lane.name_session(session);
        }
        wire::tell(&lane, version, requests::notification("notifications/initialized", None)).await?;
        let process = match &lane {
            Lane::Stdio(slot) => slot.running().map(|process| Arc::downgrade(&process)).unwrap_or_default(),
            Lane::Http(_) | Lane::Bridge(_) => Weak::new(),
        };
        Ok(Open { lane, greeting, version, level: tokio::sync::Mutex::default(), process })
    }

    /// The server does not know the session any more.
    pub async fn lose(&self, lost: &Arc<Open>) {
        let mut state = self.state.lock().await;
        if state.as_ref().is_some_and(|open| Arc::ptr_eq(open, lost)) {
            *state = None;
            self.lost.send_modify(|n_lost| *n_lost += 1);
        }
    }

    /// Tells when the session is another one, which knows nothing of subscriptions.
    #[must_use]
    pub fn lost(&self) -> watch::Receiver<u64> {
        self.lost.subscribe()
    }

    /// What the server says that answers no request. Over HTTP its stream is opened as long as somebody listens.
    pub fn listen(self: &Arc<Self>) -> broadcast::Receiver<Arc<Reply>> {
        let receiver = self.news.subscribe();
        let mut stream = self.stream.lock().unwrap_or_else(PoisonError::into_inner);
        if stream.as_ref().is_none_or(JoinHandle::is_finished) {
            let held = Arc::downgrade(self);
            *stream = Some(tokio::spawn(following::follow(held)));
        }
        receiver
    }

    /// Log messages of a process, which name no request; over HTTP they come with the request's own answer.
    #[must_use]
    pub fn listen_to_logs(self: &Arc<Self>, wanted: bool) -> Option<broadcast::Receiver<Arc<Reply>>> {
        let is_process = matches!(self.lane(), Some(Lane::Stdio(_)));
        (wanted && is_process).then(|| self.listen())
    }

    /// Whether somebody listens.
    #[must_use]
    pub fn is_heard(&self) -> bool {
        self.news.receiver_count() > 0
    }

    /// Passes a notice on to whoever listens.
    pub fn tell_of(&self, notice: Reply) {
        if notice.method() == Some("notifications/tools/list_changed") {
            self.host.definitions.mark_changed();
        }
        // Nobody may be listening.
        let _ = self.news.send(Arc::new(notice));
    }

    /// Subscribes to resources for one more listener.
    ///
    /// # Errors
    /// [`LaneFailure`] where the session cannot be used.
    pub async fn subscribe(&self, open: &Open, uris: &[String]) -> Result<(), LaneFailure> {
        let mut subscribed = self.subscribed.lock().await;
        for uri in uris {
            let n_listeners = subscribed.entry(uri.clone()).or_insert(0);
            *n_listeners += 1;
            if *n_listeners == 1 {
                open.request(self.host.timeout, "resources/subscribe", uri).await?;
            }
        }
        Ok(())
    }

    /// The end of a listener's subscriptions.
    pub async fn unsubscribe(&self, open: &Open, uris: &[String]) {
        let mut subscribed = self.subscribed.lock().await;
        for uri in uris {
            let Some(n_listeners) = subscribed.get_mut(uri) else { continue };
            *n_listeners = n_listeners.saturating_sub(1);
            if *n_listeners == 0 {
                subscribed.remove(uri);
                if let Err(failure) = open.request(self.host.timeout, "resources/unsubscribe", uri).await {
                    tracing::debug!(%failure, "a subscription was not ended");
                }
            }
        }
    }

    /// Ends the session.
    pub fn close(&self) {
        if let Some(stream) = self.stream.lock().unwrap_or_else(PoisonError::into_inner).take() {
            stream.abort();
        }
        let Ok(mut state) = self.state.try_lock() else { return };
        if let Some(open) = state.take() {
            open.close();
        }
    }

    /// The way of the session, if it is open.
    #[must_use]
    pub fn lane(&self) -> Option<Lane> {
        self.state.try_lock().ok()?.as_ref().map(|open| open.lane.clone())
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.close();
    }
}
