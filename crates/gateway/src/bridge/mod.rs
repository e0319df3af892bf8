//! A way between a client of one era and a server of the other (2026-07-28, Compatibility). The stages see a lane like
//! any other: they send what a permit holds, and messages in the client's own era come back.
//! It must never decide policy, send a call to find out what a server speaks, or send one twice.

mod again;
mod call;
mod down;
mod eras;
mod feed;
mod following;
mod held;
mod host;
mod inputs;
mod listening;
mod notices;
mod open;
mod round;
mod up;
mod watching;
mod wire;

pub use again::Again;
pub use eras::Eras;
pub use host::Host;

use crate::listen;
use crate::outbox::Outbox;
use crate::permit::Permit;
use crate::session::Session;
use crate::upstream::{Incoming, Lane, LaneFailure, Slot, answer_server};
use down::Down;
use mcp::bridge::evidence::{self, Verdict};
use mcp::era::{Era, Version};
use mcp::http::ReplyBody;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use up::Up;
use wire::Answer;

/// Notices that may wait for whoever listens.
const NOTICES: usize = 64;

/// The way of one client, or of one grant's modern clients, to a server that may speak the other era.
#[derive(Debug)]
pub struct Bridge {
    host: Arc<Host>,
    // The way in the client's own era, and in the other where it can be one and the same.
    direct: Lane,
    // Held while the server is asked what it speaks.
    deciding: tokio::sync::Mutex<()>,
    side: Mutex<Side>,
    // Known before the first message, or with it.
    client: OnceLock<Era>,
    // Made for the era of the client that comes.
    down: Arc<Down>,
    up: Arc<Up>,
}

/// What a session of the handshake era was found to need.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Side {
    Undecided,
    Direct,
    Bridged,
}

impl Bridge {
    /// A way over `direct`, on which nothing was said yet, for a client of `era` if that is known already.
    #[must_use]
    pub fn new(host: Arc<Host>, direct: Lane, era: Option<Era>) -> Self {
        Self {
            client: era.map_or_else(OnceLock::new, OnceLock::from),
            deciding: tokio::sync::Mutex::default(),
            side: Mutex::new(Side::Undecided),
            down: Arc::new(Down::new(Arc::clone(&host))),
            up: Arc::new(Up::new(Arc::clone(&host), direct.clone())),
            host,
            direct,
        }
    }

    /// The way without a bridge, where none is needed.
    #[must_use]
    pub fn settled(&self) -> Option<Lane> {
        (self.side() == Side::Direct).then(|| self.direct.clone())
    }

    /// The way of what is not translated.
    #[must_use]
    pub fn direct(&self) -> &Lane {
        &self.direct
    }

    /// Sends a permitted request of a client of `era`.
    ///
    /// # Errors
    /// [`LaneFailure`]; how much was written stands in the permit's account.
    pub async fn send(&self, permit: &mut Permit, era: Era) -> Result<Incoming, LaneFailure> {
        // A client keeps to the era of its first message.
        let _ = self.client.set(era);
        match era {
            Era::Modern => self.send_modern(permit).await,
            Era::Legacy => self.send_legacy(permit).await,
        }
    }

    async fn send_modern(&self, permit: &mut Permit) -> Result<Incoming, LaneFailure> {
        if self.host.eras.speaks(Era::Modern).is_none() {
            // Over HTTP many may ask at once; one that hangs holds no other up.
            let _deciding = match &self.direct {
                Lane::Stdio(_) => Some(self.deciding.lock().await),
                Lane::Http(_) | Lane::Bridge(_) => None,
            };
            if self.host.eras.speaks(Era::Modern).is_none()
                && let Some(incoming) = self.find_out(permit).await?
            {
                return Ok(incoming);
            }
        }
        match self.host.eras.speaks(Era::Modern) {
            Some(false) => {
                // A process that was started, or asked, and lives is the one to greet in the other era.
                if self.direct.has_running() {
                    self.down.begin_on(&self.direct);
                }
                match self.down.ready(permit).await {
                    Ok(ready) => self.down.send(permit, ready).await,
                    Err(_) if self.speaks_modern_after_all().await => {
                        self.direct.send_directly(permit, Era::Modern).await
                    }
                    Err(failure) => Err(failure),
                }
            }
            Some(true) | None => self.direct.send_directly(permit, Era::Modern).await,
        }
    }

    /// Whether a process that refused the handshake was silent before only because it was slow to start.
    async fn speaks_modern_after_all(&self) -> bool {
        let _deciding = self.deciding.lock().await;
        match (self.host.eras.speaks(Era::Modern), &self.direct) {
            (Some(spoken), _) => spoken,
            (None, Lane::Stdio(_)) => self.host.probe(&self.direct).await.0 == Verdict::Spoken,
            (None, Lane::Http(_) | Lane::Bridge(_)) => false,
        }
    }

    /// Finds out whether the server speaks the modern era. What changes nothing there is its own question, over HTTP:
    /// its answer is given where it is one of that era.
    async fn find_out(&self, permit: &mut Permit) -> Result<Option<Incoming>, LaneFailure> {
        let is_question = matches!(permit.method(), "server/discover" | "tools/list");
        let asked = match permit.message().map(<[u8]>::to_vec) {
            Some(message) if is_question && matches!(self.direct, Lane::Http(_)) => {
                let answer = self.ask(permit, Era::Modern).await?;
                if answer.is_modern() {
                    self.host.note(Era::Modern, Verdict::Spoken);
                    return self.pass_on(permit, answer).map(Some);
                }
                permit.restore(message);
                Some(answer)
            }
            Some(_) | None => None,
        };
        let (verdict, probed) = self.host.probe(&self.direct).await;
        match (verdict, asked, probed) {
            (Verdict::NotSpoken, _, _) => Ok(None),
            (_, Some(answer), _) => self.pass_on(permit, answer).map(Some),
            (Verdict::Unclear, None, Err(failure)) => Err(failure),
            (Verdict::Spoken | Verdict::Unclear, None, _) => Ok(None),
        }
    }

    /// Sends the permitted message directly and waits for its answer.
    async fn ask(&self, permit: &mut Permit, era: Era) -> Result<Answer, LaneFailure> {
        let id = permit.upstream_id().map(|id| id.to_string()).unwrap_or_default();
        let asking = async {
            let incoming = self.direct.send_directly(permit, era).await?;
            let (feed, head) = feed::Feed::of(incoming);
            wire::read(feed, head, &id).await
        };
        wire::within(self.host.timeout, asking).await
    }

    async fn send_legacy(&self, permit: &mut Permit) -> Result<Incoming, LaneFailure> {
        let is_greeting = permit.method() == "initialize";
        match self.side() {
            Side::Bridged => self.up.send(permit).await,
            Side::Undecided if is_greeting => self.greet(permit).await,
            Side::Undecided | Side::Direct => self.direct.send_directly(permit, Era::Legacy).await,
        }
    }

    /// The first message of a legacy client is itself the question whether the server speaks its era.
    async fn greet(&self, permit: &mut Permit) -> Result<Incoming, LaneFailure> {
        if self.host.eras.speaks(Era::Legacy) == Some(false) {
            self.settle(Side::Bridged);
            return self.up.send(permit).await;
        }
        let Some(message) = permit.message().map(<[u8]>::to_vec) else {
            return self.direct.send_directly(permit, Era::Legacy).await;
        };
        let answer = self.ask(permit, Era::Legacy).await?;
        let verdict = evidence::of_handshake(answer.head.status, answer.message.as_ref());
        if verdict == Verdict::NotSpoken && self.host.probe(&self.direct).await.0 == Verdict::Spoken {
            self.host.note(Era::Legacy, verdict);
            self.settle(Side::Bridged);
            permit.restore(message);
            return self.up.send(permit).await;
        }
        if verdict == Verdict::Spoken {
            self.host.note(Era::Legacy, verdict);
        }
        self.settle(Side::Direct);
        self.pass_on(permit, answer)
    }

    fn pass_on(&self, permit: &Permit, answer: Answer) -> Result<Incoming, LaneFailure> {
        let Answer { head, message } = answer;
        let Some(message) = message else {
            let status = head.status;
            return Err(LaneFailure::Failed(format!("it answered with status {status} and no message")));
        };
        if matches!(head.status, 401 | 403) {
            return Err(refused_credentials());
        }
        if let Some(session) = &head.session {
            self.direct.name_session(session);
        }
        notices::answered(permit, message, head.status)
    }

    /// Sends a permitted notification.
    ///
    /// # Errors
    /// [`LaneFailure`] where it did not arrive.
    pub async fn notify(&self, permit: &mut Permit) -> Result<(), LaneFailure> {
        match self.side() {
            Side::Bridged => self.up.notify(permit),
            Side::Undecided if self.is_held_elsewhere() => self.down.notify(permit),
            Side::Undecided | Side::Direct => self.direct.notify_directly(permit).await,
        }
    }

    /// Sends a permitted answer of the client to what it was asked.
    ///
    /// # Errors
    /// [`LaneFailure`] where nobody waits for it.
    pub async fn respond(&self, permit: &mut Permit) -> Result<(), LaneFailure> {
        match self.side() {
            Side::Bridged => self.up.respond(permit),
            Side::Undecided | Side::Direct => self.direct.notify_directly(permit).await,
        }
    }

    /// Takes the answer that the gateway gives to a server's request in the client's place.
    pub fn answered(&self, version: Version, answer: Vec<u8>) {
        match self.side() {
            Side::Bridged => drop(self.up.answered(answer)),
            Side::Undecided | Side::Direct => answer_server(&self.direct, version, answer),
        }
    }

    /// Where it is left what belongs to no request.
    #[must_use]
    pub fn outbox(&self) -> Arc<Outbox> {
        Arc::clone(&self.up.outbox)
    }

    /// Begins to listen to what the server says unasked; gives its own stream, where it has one for the session.
    pub async fn listen(&self, session: &Session) -> Option<ReplyBody> {
        match (self.side(), &self.direct) {
            (Side::Bridged, _) => {
                self.up.listen();
                None
            }
            (Side::Undecided | Side::Direct, Lane::Http(lane)) => listen::ask(lane, session).await,
            (Side::Undecided | Side::Direct, Lane::Stdio(_) | Lane::Bridge(_)) => None,
        }
    }

    /// Whether the server may say that it does not know the session.
    #[must_use]
    pub fn is_in_session(&self) -> bool {
        self.side() == Side::Direct && self.direct.is_in_session()
    }

    /// Whether nothing can be sent any more.
    #[must_use]
    pub fn is_over(&self) -> bool {
        !self.is_held_elsewhere() && self.direct.is_over()
    }

    /// Whether the server can be spoken to without a wait.
    #[must_use]
    pub fn is_ready(&self) -> bool {
        self.is_held_elsewhere() || self.direct.is_ready()
    }

    /// Makes sure that the server can be spoken to.
    ///
    /// # Errors
    /// [`LaneFailure`] where it cannot.
    pub async fn ready(&self) -> Result<(), LaneFailure> {
        if self.is_held_elsewhere() { Ok(()) } else { self.direct.ready_directly().await }
    }

    /// Whether sessions of the bridge's own carry everything: they are readied when they are used.
    fn is_held_elsewhere(&self) -> bool {
        let is_modern = self.client.get() == Some(&Era::Modern);
        is_modern && self.host.eras.speaks(Era::Modern) == Some(false)
    }

    /// Ends everything that it holds.
    pub fn close(&self) {
        self.up.close();
        self.down.close();
        self.direct.close();
    }

    /// Ends the sessions that nobody used since `idle_ms` before `now_ms`; true where none is left.
    pub fn stop_idle(&self, now_ms: u64, idle_ms: u64) -> bool {
        self.down.stop_idle(now_ms, idle_ms)
    }

    /// The processes of its own.
    #[must_use]
    pub fn slots(&self) -> Vec<Arc<Slot>> {
        self.direct.slots().into_iter().chain(self.down.slots()).collect()
    }

    fn side(&self) -> Side {
        *self.side.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn settle(&self, side: Side) {
        *self.side.lock().unwrap_or_else(PoisonError::into_inner) = side;
    }
}

fn refused_credentials() -> LaneFailure {
    LaneFailure::Failed(String::from("it refuses the gateway's credentials; check the configured headers"))
}

/// The newest revision with a handshake, before one was agreed on.
const GREETING: Version = Version::NEWEST_LEGACY;
