//! Modern clients of a server that speaks only the handshake era: their requests go by sessions that are held here.
//! It must never hold more sessions or open calls than it may, nor let one client use what another declared.

use super::call::{Call, Speech};
use super::held::Held;
use super::host::Host;
use super::inputs::Parked;
use super::notices::{self, Waiting};
use super::open::Open;
use super::{listening, wire};
use crate::permit::Permit;
use crate::upstream::{Incoming, Lane, LaneFailure, Slot};
use mcp::answers;
use mcp::bridge::{Envelope, handshake, request};
use mcp::envelope::{Caps, Message};
use mcp::era::{Era, Version};
use mcp::errors::Refusal;
use mcp::methods::{self, Channel, Direction};
use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

/// Sessions of one grant that are held at once: a process each, where the server is one.
const MAX_HELD: usize = 8;

/// What modern clients of one grant have at a legacy server.
#[derive(Debug)]
pub struct Down {
    host: Arc<Host>,
    first: Mutex<Option<Lane>>,
    has_begun: AtomicBool,
    sessions: Mutex<HashMap<Key, Arc<Held>>>,
    parked: Arc<Parked>,
    waiting: Arc<Mutex<HashMap<u64, Waiting>>>,
}

/// A request and the session that it will go by.
#[derive(Debug)]
pub struct Ready {
    message: Message,
    held: Arc<Held>,
    open: Arc<Open>,
}

/// What clients say of themselves, in canonical form.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Key {
    client: String,
    capabilities: String,
}

impl Down {
    /// Nothing held yet.
    #[must_use]
    pub fn new(host: Arc<Host>) -> Self {
        Self {
            host,
            first: Mutex::default(),
            has_begun: AtomicBool::new(false),
            sessions: Mutex::default(),
            parked: Arc::default(),
            waiting: Arc::default(),
        }
    }

    /// The first session takes this way: its process was asked and lives.
    pub fn begin_on(&self, lane: &Lane) {
        let Lane::Stdio(slot) = lane else { return };
        if !self.has_begun.swap(true, Ordering::Relaxed) {
            // Whoever listened before spoke the era that nothing is said in unasked.
            slot.outbox().reopen();
            *self.first.lock().unwrap_or_else(PoisonError::into_inner) = Some(lane.clone());
        }
    }

    /// Opens the session that a permitted request will go by; where there is none, the request is as it was.
    ///
    /// # Errors
    /// [`LaneFailure`] where the server does not take it.
    pub async fn ready(&self, permit: &mut Permit) -> Result<Ready, LaneFailure> {
        let message = parse(permit)?;
        let envelope = permit.behalf().cloned().unwrap_or_else(|| request::envelope(&message));
        let opened = match self.held(&envelope) {
            Ok(held) => held.open().await.map(|open| (held, open)),
            Err(failure) => Err(failure),
        };
        match opened {
            Ok((held, open)) => Ok(Ready { message, held, open }),
            Err(failure) => {
                permit.put_back(message.into_document().into_text());
                Err(failure)
            }
        }
    }

    /// Sends a permitted request.
    ///
    /// # Errors
    /// [`LaneFailure`]; how much was written stands in the permit's account.
    pub async fn send(&self, permit: &mut Permit, ready: Ready) -> Result<Incoming, LaneFailure> {
        let Ready { message, held, open } = ready;
        let method = message.method().unwrap_or_default().to_owned();
        match method.as_str() {
            "server/discover" => {
                let _busy = held.busy();
                notices::own(permit, |id| handshake::discovery(id, &open.greeting))
            }
            "subscriptions/listen" => listening::start(held, open, permit, &message),
            _ if is_untranslated(&method) => refuse_era(permit, open.version),
            _ if message.request_state().is_some() => self.resume(held, permit, &message).await,
            _ => self.call(held, open, permit, &message).await,
        }
    }

    async fn call(
        &self,
        held: Arc<Held>,
        open: Arc<Open>,
        permit: &mut Permit,
        message: &Message,
    ) -> Result<Incoming, LaneFailure> {
        let busy = held.busy();
        let wanted = request::envelope(message).log_level;
        if let Some(level) = &wanted {
            open.set_level(self.host.timeout, level).await;
        }
        let method = message.method().unwrap_or_default();
        let bytes = request::to_legacy(message).map_err(|error| LaneFailure::Failed(error.to_string()))?;
        permit.translate(bytes, open.version, None);
        let incoming = match open.lane.send_directly(permit, Era::Legacy).await {
            Ok(incoming) => incoming,
            Err(failure) => return Err(failure),
        };
        let (feed, head) = super::feed::Feed::of(incoming);
        match head.status {
            401 | 403 => return Err(super::refused_credentials()),
            404 if open.lane.is_in_session() => {
                held.lose(&open).await;
                // What was asked was not done; but a call is never sent a second time.
                let why = "it forgot the gateway's session, which is opened again; retry";
                return Err(LaneFailure::Failed(why.to_owned()));
            }
            _ => {}
        }
        let (waiting, lines) = Waiting::open(permit)?;
        let call = Call {
            timeout: self.host.timeout,
            parked: Arc::clone(&self.parked),
            open,
            sent_id: waiting.raw(),
            method: method.to_owned(),
            feed,
            speech: Speech { waiting: self.enter(waiting), log_level: wanted },
            held,
            _busy: busy,
        };
        tokio::spawn(call.run());
        Ok(Incoming::Lines(lines))
    }

    /// A further round of a call that is open here: its answers go to the server that asked.
    async fn resume(
        &self,
        held: Arc<Held>,
        permit: &mut Permit,
        message: &Message,
    ) -> Result<Incoming, LaneFailure> {
        let state = message.request_state().and_then(|state| state.as_str()).unwrap_or_default();
        let Some(parked) = self.parked.take(&state) else {
            return notices::own(permit, |id| {
                let text = "the request state is unknown or has expired; call again without it";
                answers::error(Some(id), mcp::errors::INVALID_PARAMS, text, None)
            });
        };
        let _busy = held.busy();
        let (waiting, lines) = Waiting::open(permit)?;
        let log_level = request::envelope(message).log_level;
        let answered = parked.asked.iter().filter_map(|asked| {
            let entry = mcp::bridge::input::answered(message, &asked.key)?;
            Some((asked.key.clone(), mcp::bridge::input::response(&asked.id, entry)))
        });
        let mut answered: Vec<(String, Vec<u8>)> = answered.collect();
        let rest = answered.split_off(answered.len().min(1));
        let mut told: Vec<String> = rest.iter().map(|(key, _)| key.clone()).collect();
        // The first is what the permit permits to be written; the others are part of it.
        if let Some((key, bytes)) = answered.pop() {
            permit.translate(bytes, parked.open.version, None);
            parked.open.lane.notify_directly(permit).await?;
            told.push(key);
        }
        for (_, bytes) in rest {
            wire::tell(&parked.open.lane, parked.open.version, bytes).await?;
        }
        let speech = Speech { waiting: self.enter(waiting), log_level };
        parked.go_on(speech, &told);
        Ok(Incoming::Lines(lines))
    }

    /// Sends a permitted notification: of all that a modern client can tell, only a cancellation means something here.
    ///
    /// # Errors
    /// None.
    pub fn notify(&self, permit: &mut Permit) -> Result<(), LaneFailure> {
        let message = parse(permit)?;
        let id = message.cancelled_request().and_then(|id| id.parse::<u64>().ok());
        let waiting = id.and_then(|id| self.lock_waiting().remove(&id));
        if let Some(waiting) = waiting {
            waiting.cancel();
        }
        Ok(())
    }

    /// The session for clients that say this of themselves.
    fn held(&self, envelope: &Envelope) -> Result<Arc<Held>, LaneFailure> {
        let key = Key {
            client: canonical(envelope.client_info.as_deref().unwrap_or("null")),
            capabilities: canonical(&envelope.capabilities),
        };
        let mut sessions = self.lock_sessions();
        if let Some(held) = sessions.get(&key) {
            return Ok(Arc::clone(held));
        }
        if sessions.len() >= MAX_HELD {
            let idle = sessions.iter().filter_map(|(key, held)| Some((held.idle_since_ms()?, key)));
            let oldest = idle.min_by_key(|(since_ms, _)| *since_ms).map(|(_, key)| key.clone());
            let Some(held) = oldest.and_then(|oldest| sessions.remove(&oldest)) else {
                let why = "too many different clients of the grant use it at once; wait for some to end";
                return Err(LaneFailure::Failed(why.to_owned()));
            };
            held.close();
        }
        let first = self.first.lock().unwrap_or_else(PoisonError::into_inner).take();
        let own = Envelope { log_level: None, ..envelope.clone() };
        let held = Arc::new(Held::new(Arc::clone(&self.host), own, first));
        sessions.insert(key, Arc::clone(&held));
        Ok(held)
    }

    fn enter(&self, waiting: Waiting) -> Entered {
        Entered::new(waiting, &self.waiting)
    }

    /// Ends the sessions that nobody used since `idle_ms` before `now_ms`; true where none is left.
    pub fn stop_idle(&self, now_ms: u64, idle_ms: u64) -> bool {
        let mut sessions = self.lock_sessions();
        sessions.retain(|_, held| {
            let is_idle =
                held.idle_since_ms().is_some_and(|since_ms| now_ms.saturating_sub(since_ms) >= idle_ms);
            if is_idle {
                held.close();
            }
            !is_idle
        });
        sessions.is_empty()
    }

    /// Ends everything.
    pub fn close(&self) {
        for (_, held) in self.lock_sessions().drain() {
            held.close();
        }
        self.parked.clear();
    }

    /// The processes of its sessions.
    #[must_use]
    pub fn slots(&self) -> Vec<Arc<Slot>> {
        let sessions = self.lock_sessions();
        let lanes = sessions.values().filter_map(|held| held.lane());
        lanes
            .filter_map(|lane| match lane {
                Lane::Stdio(slot) => Some(slot),
                Lane::Http(_) | Lane::Bridge(_) => None,
            })
            .collect()
    }

    fn lock_sessions(&self) -> std::sync::MutexGuard<'_, HashMap<Key, Arc<Held>>> {
        self.sessions.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn lock_waiting(&self) -> std::sync::MutexGuard<'_, HashMap<u64, Waiting>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Somebody who waits, and can be found by the id of the request for as long.
#[derive(Debug)]
pub struct Entered {
    /// Who waits.
    pub waiting: Waiting,
    all: Arc<Mutex<HashMap<u64, Waiting>>>,
}

impl Entered {
    /// Notes who waits.
    #[must_use]
    pub fn new(waiting: Waiting, all: &Arc<Mutex<HashMap<u64, Waiting>>>) -> Self {
        all.lock().unwrap_or_else(PoisonError::into_inner).insert(waiting.id, waiting.clone());
        Self { waiting, all: Arc::clone(all) }
    }
}

impl Drop for Entered {
    fn drop(&mut self) {
        self.all.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.waiting.id);
    }
}

/// The message of a permit, read again to be translated.
pub fn parse(permit: &mut Permit) -> Result<Message, LaneFailure> {
    let failed = |why: &str| LaneFailure::Failed(why.to_owned());
    let bytes = permit.take_message().ok_or_else(|| failed("the message was sent already"))?;
    let caps = Caps { max_body_bytes: usize::MAX, json: crate::upstream::reply_limits() };
    Message::parse(bytes, &caps).map_err(|_| failed("the message cannot be translated"))
}

/// What the other era has no words for.
fn is_untranslated(method: &str) -> bool {
    let known = methods::lookup(method, Direction::ClientToServer, Version::NEWEST);
    known.is_none_or(|known| known.channel == Channel::Tasks)
}

/// The specification's own refusal: a client that speaks both eras then takes the other.
fn refuse_era(permit: &Permit, spoken: Version) -> Result<Incoming, LaneFailure> {
    let refusal = Refusal::unsupported_version(&[spoken], Some(Version::NEWEST.as_str()));
    notices::refused(permit, &refusal)
}

fn canonical(raw: &str) -> String {
    let mut out = Vec::new();
    match json::Document::scan(raw.as_bytes().to_vec(), &crate::upstream::reply_limits()) {
        Ok(document) => json::canonical(document.root(), &mut out),
        Err(_) => out.extend_from_slice(raw.as_bytes()),
    }
    String::from_utf8_lossy(&out).into_owned()
}
