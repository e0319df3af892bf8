//! One legacy client of a server that speaks only the modern era: what its session would be is kept here.
//! It must never say more of the client to the server than the client said in its handshake.

use super::down::{Entered, parse};
use super::feed::Feed;
use super::host::Host;
use super::notices::{self, Waiting};
use super::round::Round;
use super::{watching, wire};
use crate::outbox::Outbox;
use crate::permit::Permit;
use crate::upstream::{Incoming, Lane, LaneFailure};
use mcp::bridge::evidence::{self, Verdict};
use mcp::bridge::{Envelope, handshake, request};
use mcp::envelope::Message;
use mcp::era::{Era, Version};
use mcp::errors::{INVALID_PARAMS, METHOD_NOT_FOUND};
use mcp::methods::{self, Channel, Direction};
use mcp::reply::Reply;
use mcp::{answers, requests};
use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::{oneshot, watch};
use tokio::task::JoinHandle;

/// Resources that one session may subscribe to.
const MAX_URIS: usize = 256;
/// Requests to the client that may be unanswered at once.
const MAX_ASKED: usize = 64;

/// One legacy client at a modern server.
#[derive(Debug)]
pub struct Up {
    /// What all bridges to the server share.
    pub host: Arc<Host>,
    /// The way to the server.
    pub lane: Lane,
    state: Mutex<State>,
    waiting: Arc<Mutex<HashMap<u64, Waiting>>>,
    /// What the server says that answers no request.
    pub outbox: Arc<Outbox>,
    watching: Mutex<Option<JoinHandle<()>>>,
    subscribed: watch::Sender<BTreeSet<String>>,
}

#[derive(Debug, Default)]
struct State {
    envelope: Envelope,
    version: Option<Version>,
    can_subscribe: bool,
    // Whom the client's answers are for, by our ids of the requests.
    asked: HashMap<u64, oneshot::Sender<Vec<u8>>>,
}

impl Up {
    /// A client that has said nothing yet.
    #[must_use]
    pub fn new(host: Arc<Host>, lane: Lane) -> Self {
        Self {
            host,
            state: Mutex::default(),
            waiting: Arc::default(),
            outbox: lane.outbox(),
            watching: Mutex::default(),
            subscribed: watch::Sender::default(),
            lane,
        }
    }

    /// What the client says of itself.
    #[must_use]
    pub fn envelope(&self) -> Envelope {
        self.lock().envelope.clone()
    }

    /// The revision that the client speaks.
    #[must_use]
    pub fn version(&self) -> Version {
        self.lock().version.unwrap_or(Version::NEWEST_LEGACY)
    }

    /// Sends a permitted request.
    ///
    /// # Errors
    /// [`LaneFailure`]; how much was written stands in the permit's account.
    pub async fn send(self: &Arc<Self>, permit: &mut Permit) -> Result<Incoming, LaneFailure> {
        let message = parse(permit)?;
        match message.method().unwrap_or_default() {
            "initialize" => self.greet(permit, &message).await,
            "ping" => empty(permit),
            "logging/setLevel" => self.set_level(permit, &message),
            "resources/subscribe" => self.subscribe(permit, &message),
            "resources/unsubscribe" => self.unsubscribe(permit, &message),
            method if is_untranslated(method) => notices::own(permit, |id| {
                let text = "the server has no tasks for clients of this revision; call without one";
                answers::error(Some(id), METHOD_NOT_FOUND, text, None)
            }),
            _ => Round::begin(self, permit, message).await,
        }
    }

    async fn greet(&self, permit: &mut Permit, message: &Message) -> Result<Incoming, LaneFailure> {
        let requested = message.requested_version().and_then(|version| Version::parse(&version));
        let mut envelope = request::introduction(message);
        envelope.capabilities = handshake::client_capabilities(&envelope.capabilities);
        let (waiting, lines) = Waiting::open(permit)?;
        let discover = requests::request(&waiting.raw(), "server/discover", None);
        let discover = translated(discover, &envelope)?;
        permit.translate(discover, Version::NEWEST, Some(("server/discover", None)));
        let asking = async {
            let (feed, head) = Feed::of(self.lane.send_directly(permit, Era::Modern).await?);
            wire::read(feed, head, &waiting.raw()).await
        };
        let answer = wire::within(self.host.timeout, asking).await?;
        if matches!(answer.head.status, 401 | 403) {
            return Err(super::refused_credentials());
        }
        if evidence::of_discovery(answer.head.status, answer.message.as_ref()) != Verdict::Spoken {
            self.host.eras.forget();
        }
        let discovery = answer.result().map_err(LaneFailure::Failed)?;
        let capabilities = discovery.result().and_then(|result| result.get("capabilities"));
        let subscribes = capabilities.and_then(|all| all.get("resources")?.get("subscribe")?.as_bool());
        {
            let mut state = self.lock();
            state.envelope = envelope;
            state.version = Some(handshake::negotiated(requested));
            state.can_subscribe = subscribes == Some(true);
        }
        waiting.answer(handshake::greeting(&waiting.raw(), &discovery, requested, &self.host.server));
        Ok(Incoming::Lines(lines))
    }

    fn set_level(&self, permit: &Permit, message: &Message) -> Result<Incoming, LaneFailure> {
        let level = message.params().and_then(|params| params.get("level")).filter(|level| level.is_string());
        match level {
            Some(level) => {
                self.lock().envelope.log_level = Some(level.raw().to_owned());
                empty(permit)
            }
            None => invalid(permit, "`level` must be the name of a log level"),
        }
    }

    fn subscribe(&self, permit: &Permit, message: &Message) -> Result<Incoming, LaneFailure> {
        if !self.lock().can_subscribe {
            return notices::own(permit, |id| {
                let text = "the server tells nothing of changes of single resources";
                answers::error(Some(id), METHOD_NOT_FOUND, text, None)
            });
        }
        let uri = message.subject().unwrap_or_default().into_owned();
        let mut fits = true;
        self.subscribed.send_modify(|uris| {
            fits = uris.len() < MAX_URIS || uris.contains(&uri);
            if fits {
                uris.insert(uri);
            }
        });
        if fits { empty(permit) } else { invalid(permit, "too many resources are subscribed to; end some") }
    }

    fn unsubscribe(&self, permit: &Permit, message: &Message) -> Result<Incoming, LaneFailure> {
        let uri = message.subject().unwrap_or_default();
        self.subscribed.send_modify(|uris| {
            uris.remove(&*uri);
        });
        empty(permit)
    }

    /// Sends a permitted notification: of all that a legacy client can tell, only a cancellation means something here.
    ///
    /// # Errors
    /// Where it cannot be read.
    pub fn notify(&self, permit: &mut Permit) -> Result<(), LaneFailure> {
        let message = parse(permit)?;
        let id = message.cancelled_request().and_then(|id| id.parse::<u64>().ok());
        let waiting = id.and_then(|id| self.lock_waiting().remove(&id));
        if let Some(waiting) = waiting {
            waiting.cancel();
        }
        Ok(())
    }

    /// Sends a permitted answer of the client to what the server asked it.
    ///
    /// # Errors
    /// [`LaneFailure`] where nobody waits for it.
    pub fn respond(&self, permit: &mut Permit) -> Result<(), LaneFailure> {
        let Some(message) = permit.take_message() else { return Ok(()) };
        if self.answered(message) {
            Ok(())
        } else {
            Err(LaneFailure::Failed(String::from("nobody waits for this answer any more")))
        }
    }

    /// Hands over an answer, the client's own or the gateway's in its place; false where nobody waits for it.
    pub fn answered(&self, message: Vec<u8>) -> bool {
        let Ok(document) = json::Document::scan(message.clone(), &crate::upstream::reply_limits()) else {
            return false;
        };
        let id = document.root().get("id").and_then(|id| id.as_number()?.as_u64());
        let asked = id.and_then(|id| self.lock().asked.remove(&id));
        asked.is_some_and(|asked| asked.send(message).is_ok())
    }

    /// An id under which the client can be asked, and its answer; `None` where it owes too many.
    #[must_use]
    pub fn expect_answer(&self) -> Option<(u64, oneshot::Receiver<Vec<u8>>)> {
        let mut state = self.lock();
        state.asked.retain(|_, asked| !asked.is_closed());
        if state.asked.len() >= MAX_ASKED {
            return None;
        }
        let (asked, answer) = oneshot::channel();
        let id = wire::next_id();
        state.asked.insert(id, asked);
        Some((id, answer))
    }

    /// Notes who waits, so that a cancellation finds them.
    #[must_use]
    pub fn enter(&self, waiting: Waiting) -> Entered {
        Entered::new(waiting, &self.waiting)
    }

    /// Listens to what the server says that answers no request, until the client is gone.
    pub fn listen(self: &Arc<Self>) {
        let mut watching = self.watching.lock().unwrap_or_else(PoisonError::into_inner);
        if watching.as_ref().is_none_or(JoinHandle::is_finished) {
            let subscribed = self.subscribed.subscribe();
            *watching = Some(tokio::spawn(watching::watch(Arc::downgrade(self), subscribed)));
        }
    }

    /// Passes a notice on to whoever listens.
    pub fn tell_of(&self, notice: Reply) {
        if notice.method() == Some("notifications/tools/list_changed") {
            self.host.definitions.mark_changed();
        }
        if self.outbox.put(notice).is_err() {
            tracing::debug!("a notice of a server found no room; it was dropped");
        }
    }

    /// The client is gone.
    pub fn close(&self) {
        if let Some(watching) = self.watching.lock().unwrap_or_else(PoisonError::into_inner).take() {
            watching.abort();
        }
        self.lock().asked.clear();
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn lock_waiting(&self) -> MutexGuard<'_, HashMap<u64, Waiting>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Up {
    fn drop(&mut self) {
        self.close();
    }
}

fn translated(message: Vec<u8>, envelope: &Envelope) -> Result<Vec<u8>, LaneFailure> {
    let failed = |why: String| LaneFailure::Failed(why);
    let message =
        Message::parse(message, &mcp::Caps::default()).map_err(|refusal| failed(refusal.message))?;
    request::to_modern(&message, Version::NEWEST, envelope, request::Round::default())
        .map_err(|error| failed(error.to_string()))
}

fn empty(permit: &Permit) -> Result<Incoming, LaneFailure> {
    notices::own(permit, |id| answers::empty(Era::Legacy, id))
}

fn invalid(permit: &Permit, text: &str) -> Result<Incoming, LaneFailure> {
    notices::own(permit, |id| answers::error(Some(id), INVALID_PARAMS, text, None))
}

/// What the modern era has no words for.
fn is_untranslated(method: &str) -> bool {
    let known = methods::lookup(method, Direction::ClientToServer, Version::NEWEST_LEGACY);
    known.is_some_and(|known| known.channel == Channel::Tasks)
}
