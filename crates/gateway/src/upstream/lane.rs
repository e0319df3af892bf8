//! The way of one exchange to its server.
//! It sends what a permit holds, once, and nothing else.

use super::pending::Lines;
use super::slot::Slot;
use crate::bridge::Bridge;
use crate::outbox::Outbox;
use crate::permit::Permit;
use mcp::era::Era;
use mcp::headers;
use mcp::http::{HeaderName, HeaderValue, Outgoing, Progress, Reply, Upstream};
use std::fmt;
use std::sync::{Arc, OnceLock};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

/// The way of one exchange to its server.
#[derive(Debug, Clone)]
pub enum Lane {
    /// Over HTTP.
    Http(HttpLane),
    /// To a process, or over a connection that stands for one (the first HTTP transport).
    Stdio(Arc<Slot>),
    /// To a server that may not speak the client's era.
    Bridge(Arc<Bridge>),
}

/// A way over HTTP, with the upstream's session where the era has one.
#[derive(Debug, Clone)]
pub struct HttpLane {
    upstream: Arc<Upstream>,
    // Named by the server in its greeting; one for all clones.
    session: Arc<OnceLock<HeaderValue>>,
    answering: Arc<Semaphore>,
}

impl HttpLane {
    /// A way without a session.
    #[must_use]
    pub fn new(upstream: Arc<Upstream>, answering: Arc<Semaphore>) -> Self {
        Self { upstream, session: Arc::default(), answering }
    }

    /// A place among the answers to the server's own requests; none where too many are under way.
    #[must_use]
    pub fn place_to_answer(&self) -> Option<OwnedSemaphorePermit> {
        Arc::clone(&self.answering).try_acquire_owned().ok()
    }

    /// Takes the session that the server named; the first counts.
    pub fn name_session(&self, id: &str) {
        if let Ok(id) = HeaderValue::from_str(id) {
            // A second greeting on the same session changes nothing.
            let _ = self.session.set(id);
        }
    }

    /// Sends a message of HTTP itself: the wish to listen, or the end of a session.
    ///
    /// # Errors
    /// [`LaneFailure`] where no reply came.
    pub async fn ask(&self, message: Outgoing, version: Option<HeaderValue>) -> Result<Reply, LaneFailure> {
        let message = self.dressed(message, version);
        self.upstream
            .send(&message, &Progress::new())
            .await
            .map_err(|error| LaneFailure::Failed(error.failure.to_string()))
    }

    fn dressed(&self, mut message: Outgoing, version: Option<HeaderValue>) -> Outgoing {
        if let Some(session) = self.session.get() {
            message = message.header(HeaderName::from_static(headers::SESSION_ID), session.clone());
        }
        match version {
            Some(version) => message.header(HeaderName::from_static(headers::PROTOCOL_VERSION), version),
            None => message,
        }
    }
}

/// What comes back.
#[derive(Debug)]
pub enum Incoming {
    /// A reply over HTTP.
    Http(Box<Reply>),
    /// Messages of a process.
    Lines(Lines),
}

/// Why nothing came back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LaneFailure {
    /// What happened and what to do, without the message's content.
    Failed(String),
    /// The server does not know the session any more.
    SessionGone,
}

impl fmt::Display for LaneFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Failed(why) => f.write_str(why),
            Self::SessionGone => f.write_str("the session is gone"),
        }
    }
}

impl Lane {
    /// Whether the server can be spoken to without a wait.
    #[must_use]
    pub fn is_ready(&self) -> bool {
        match self {
            Self::Http(_) => true,
            Self::Stdio(slot) => slot.is_ready(),
            Self::Bridge(bridge) => bridge.is_ready(),
        }
    }

    /// Makes sure that the server can be spoken to.
    ///
    /// # Errors
    /// [`LaneFailure`] where it cannot.
    pub async fn ready(&self) -> Result<(), LaneFailure> {
        match self {
            Self::Http(_) | Self::Stdio(_) => self.ready_directly().await,
            Self::Bridge(bridge) => bridge.ready().await,
        }
    }

    /// [`ready`](Lane::ready) of a way that is no bridge.
    ///
    /// # Errors
    /// [`LaneFailure`] where it cannot, or is one.
    pub async fn ready_directly(&self) -> Result<(), LaneFailure> {
        match self {
            Self::Http(_) => Ok(()),
            Self::Stdio(slot) => slot.ready().await.map_err(LaneFailure::Failed),
            Self::Bridge(_) => Err(bridged_twice()),
        }
    }

    /// Sends a permitted request.
    ///
    /// # Errors
    /// [`LaneFailure`]; how much was written stands in the permit's account.
    pub async fn send(&self, permit: &mut Permit, era: Era) -> Result<Incoming, LaneFailure> {
        match self {
            Self::Http(_) | Self::Stdio(_) => self.send_directly(permit, era).await,
            Self::Bridge(bridge) => bridge.send(permit, era).await,
        }
    }

    /// [`send`](Lane::send) by a way that is no bridge.
    ///
    /// # Errors
    /// [`LaneFailure`]; how much was written stands in the permit's account.
    pub async fn send_directly(&self, permit: &mut Permit, era: Era) -> Result<Incoming, LaneFailure> {
        let Some(message) = permit.take_message() else {
            return Err(LaneFailure::Failed(String::from("the message was sent already")));
        };
        match self {
            Self::Http(lane) => {
                let outgoing = permit.dress(lane.dressed(Outgoing::post(message), permit.version_header()));
                let sent = lane.upstream.send(&outgoing, permit.progress()).await;
                sent.map(|reply| Incoming::Http(Box::new(reply)))
                    .map_err(|error| LaneFailure::Failed(error.failure.to_string()))
            }
            Self::Stdio(slot) => {
                let sent = timeout(slot.timeout, send_line(slot, permit, message, era)).await;
                sent.unwrap_or_else(|_| Err(not_taken())).map(Incoming::Lines)
            }
            Self::Bridge(_) => Err(bridged_twice()),
        }
    }

    /// Sends a permitted notification.
    ///
    /// # Errors
    /// [`LaneFailure`] where it did not arrive.
    pub async fn notify(&self, permit: &mut Permit) -> Result<(), LaneFailure> {
        match self {
            Self::Http(_) | Self::Stdio(_) => self.notify_directly(permit).await,
            Self::Bridge(bridge) => bridge.notify(permit).await,
        }
    }

    /// [`notify`](Lane::notify) by a way that is no bridge.
    ///
    /// # Errors
    /// [`LaneFailure`] where it did not arrive.
    pub async fn notify_directly(&self, permit: &mut Permit) -> Result<(), LaneFailure> {
        let Some(message) = permit.take_message() else { return Ok(()) };
        match self {
            Self::Http(lane) => {
                let outgoing = permit.dress(lane.dressed(Outgoing::post(message), permit.version_header()));
                let reply = lane.upstream.send(&outgoing, permit.progress()).await;
                reply.map(drop).map_err(|error| LaneFailure::Failed(error.failure.to_string()))
            }
            Self::Stdio(slot) => {
                let Some(process) = slot.running() else {
                    return Err(LaneFailure::Failed(String::from("no process runs")));
                };
                let written = timeout(slot.timeout, process.write(message, permit.progress())).await;
                written.map_err(|_| not_taken())?.map_err(LaneFailure::Failed)
            }
            Self::Bridge(_) => Err(bridged_twice()),
        }
    }

    /// Sends a permitted answer of the client to what the server asked.
    ///
    /// # Errors
    /// [`LaneFailure`] where it did not arrive.
    pub async fn respond(&self, permit: &mut Permit) -> Result<(), LaneFailure> {
        match self {
            Self::Http(_) | Self::Stdio(_) => self.notify_directly(permit).await,
            Self::Bridge(bridge) => bridge.respond(permit).await,
        }
    }

    /// The way that is taken from now on: without a bridge, where a server was found to need none.
    #[must_use]
    pub fn settled(&self) -> Lane {
        match self {
            Self::Http(_) | Self::Stdio(_) => self.clone(),
            Self::Bridge(bridge) => bridge.settled().unwrap_or_else(|| self.clone()),
        }
    }

    /// Takes the session that the server named in its greeting, over HTTP.
    pub fn name_session(&self, id: &str) {
        match self {
            Self::Http(lane) => lane.name_session(id),
            Self::Stdio(_) | Self::Bridge(_) => {}
        }
    }

    /// The server's own place to leave what belongs to no request.
    #[must_use]
    pub fn outbox(&self) -> Arc<Outbox> {
        match self {
            Self::Http(_) => Arc::default(),
            Self::Stdio(slot) => slot.outbox(),
            Self::Bridge(bridge) => bridge.outbox(),
        }
    }

    /// Whether a process of it runs, or a connection that stands for one.
    #[must_use]
    pub fn has_running(&self) -> bool {
        match self {
            Self::Http(_) | Self::Bridge(_) => false,
            Self::Stdio(slot) => slot.running().is_some(),
        }
    }

    /// The places of what it starts.
    #[must_use]
    pub fn slots(&self) -> Vec<Arc<Slot>> {
        match self {
            Self::Http(_) => Vec::new(),
            Self::Stdio(slot) => vec![Arc::clone(slot)],
            Self::Bridge(bridge) => bridge.slots(),
        }
    }

    /// Whether both are the way of the same session or process.
    #[must_use]
    pub fn is_same(&self, other: &Lane) -> bool {
        match (self, other) {
            (Self::Http(lane), Self::Http(other)) => Arc::ptr_eq(&lane.session, &other.session),
            (Self::Stdio(slot), Self::Stdio(other)) => Arc::ptr_eq(slot, other),
            (Self::Bridge(bridge), Self::Bridge(other)) => Arc::ptr_eq(bridge, other),
            (Self::Http(_), Self::Stdio(_) | Self::Bridge(_))
            | (Self::Stdio(_), Self::Http(_) | Self::Bridge(_))
            | (Self::Bridge(_), Self::Http(_) | Self::Stdio(_)) => false,
        }
    }

    /// Whether the server may say that it does not know the session.
    #[must_use]
    pub fn is_in_session(&self) -> bool {
        match self {
            Self::Http(lane) => lane.session.get().is_some(),
            Self::Stdio(_) => false,
            Self::Bridge(bridge) => bridge.is_in_session(),
        }
    }

    /// Whether nothing can be sent any more: the process of a session is over, and with it the session.
    #[must_use]
    pub fn is_over(&self) -> bool {
        match self {
            Self::Http(_) => false,
            Self::Stdio(slot) => slot.is_over(),
            Self::Bridge(bridge) => bridge.is_over(),
        }
    }

    /// Whether it has a process of this machine, and of its own.
    #[must_use]
    pub fn has_process(&self) -> bool {
        match self {
            Self::Http(_) => false,
            Self::Stdio(slot) => slot.is_process() && !slot.is_shared(),
            Self::Bridge(bridge) => bridge.direct().has_process(),
        }
    }

    /// Ends what this lane alone has: the process of a session.
    pub fn close(&self) {
        match self {
            Self::Http(_) => {}
            Self::Stdio(slot) if slot.is_shared() => {}
            Self::Stdio(slot) => slot.stop(),
            Self::Bridge(bridge) => bridge.close(),
        }
    }
}

fn bridged_twice() -> LaneFailure {
    LaneFailure::Failed(String::from("nothing is bridged twice"))
}

fn not_taken() -> LaneFailure {
    LaneFailure::Failed(String::from("the server takes no input; it may be stuck"))
}

async fn send_line(slot: &Slot, permit: &Permit, message: Vec<u8>, era: Era) -> Result<Lines, LaneFailure> {
    let gone = || LaneFailure::Failed(String::from("the server is not running; retry"));
    let process = slot.running().ok_or_else(gone)?;
    let id = permit.upstream_id().ok_or_else(gone)?;
    let mut lines = process.expect(id, permit.hears_requests());
    if era == Era::Modern {
        // In this era a client that goes away cancels (2026-07-28, Cancellation).
        let input = process.input();
        lines.when_given_up(move || {
            let cancel = mcp::requests::cancelled(&id.to_string(), "the client went away");
            if let Ok(runtime) = tokio::runtime::Handle::try_current() {
                runtime.spawn(async move { input.write(cancel, &Progress::new()).await });
            }
        });
    }
    process.write(message, permit.progress()).await.map_err(LaneFailure::Failed)?;
    Ok(lines)
}
