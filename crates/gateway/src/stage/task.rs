//! Tasks: calls whose results come later, of both forms (2025-11-25, and the extension of 2026-07-28).
//! A task is known to the client that began it only, by an id of ours: to a server that lends one credential to many,
//! they are all one client. The server's own id must never be taken from a client.

use super::questions::{self, Answers, Asked, Questions};
use crate::exchange::Exchange;
use crate::gateway::Gateway;
use crate::handles::Shelf;
use crate::reach::Reach;
use crate::session::{Session, mint_id};
use crate::upstream::Server;
use json::Value;
use mcp::envelope::Message;
use mcp::era::{Era, Version};
use mcp::reply::Reply;
use mcp::rewrite::RelatedEdit;
use mcp::rounds::Abilities;
use mcp::tasks;
use policy::{Channel, Denial, Facts};
use std::sync::{Arc, Mutex, PoisonError, Weak};

/// Tasks that a grant may hold; one that nobody asks about for a week is forgotten.
pub const SHELF: Shelf = Shelf { max_handles: 1_024, max_bytes: 4 << 20, life_ms: 7 * 24 * 60 * 60 * 1_000 };
/// What a task may ask at once.
const MAX_QUESTIONS: usize = 64;
/// Keys of what it has asked so far that are kept, in bytes.
const MAX_KEY_BYTES: usize = 16 << 10;

/// One task of a server.
#[derive(Debug)]
pub struct Task {
    // Of the declaration that it began under: another server under the same name is another.
    server: Weak<Server>,
    // The session that it began in, in the handshake era.
    session: Option<Arc<str>>,
    /// The tool that was called.
    pub tool: Box<str>,
    /// The server's own id.
    pub id: Box<str>,
    // Upstream's and client's token of the call, raw: progress goes on after its reply (2025-11-25).
    progress: Option<(String, Box<str>)>,
    questions: Mutex<Questions>,
}

impl Task {
    fn questions(&self) -> std::sync::MutexGuard<'_, Questions> {
        self.questions.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What of `responses` answers something that it has asked.
    ///
    /// # Errors
    /// [`questions::NoAnswer`] where one of them is no object.
    pub fn answers(&self, responses: Value<'_>) -> Result<Answers, questions::NoAnswer> {
        questions::answers(&self.questions(), responses)
    }

    /// Notes what it asks; false where that is too much.
    fn note(&self, asked: Questions) -> bool {
        let n_bytes = |questions: &Questions| questions.keys().map(|key| key.len()).sum::<usize>();
        if asked.len() > MAX_QUESTIONS || n_bytes(&asked) > MAX_KEY_BYTES {
            return false;
        }
        let mut known = self.questions();
        if n_bytes(&known) + n_bytes(&asked) > MAX_KEY_BYTES {
            // What it does not ask any more can only be answered in vain.
            known.clear();
        }
        known.extend(asked);
        true
    }
}

/// A task that a client presents.
#[derive(Debug, Clone)]
pub struct Found {
    /// Our id.
    pub id: Arc<str>,
    /// The task.
    pub task: Arc<Task>,
}

/// The server of a task that a grant holds.
#[must_use]
pub fn server_of(gateway: &Gateway, grant: &Arc<str>, id: &str) -> Option<Arc<Server>> {
    gateway.tasks.find(grant, id, gateway.now_ms())?.server.upgrade()
}

/// Who may know of a task.
#[derive(Debug, Clone, Copy)]
pub struct Client<'a> {
    gateway: &'a Gateway,
    grant: &'a Arc<str>,
    server: &'a Arc<Server>,
    session: Option<&'a Arc<str>>,
}

impl<'a> Client<'a> {
    /// A client of a grant with a server; in the handshake era with its session.
    #[must_use]
    pub fn new(
        gateway: &'a Gateway,
        grant: &'a Arc<str>,
        server: &'a Arc<Server>,
        session: Option<&'a Session>,
        version: Version,
    ) -> Self {
        let session = session.filter(|_| version.era() == Era::Legacy).map(|session| &session.id);
        Self { gateway, grant, server, session }
    }

    /// Who sends a message.
    #[must_use]
    pub fn of(gateway: &'a Gateway, exchange: &'a Exchange) -> Self {
        let Exchange { grant, reach, session, version, .. } = exchange;
        Self::new(gateway, &grant.id, &reach.server, session.as_deref(), *version)
    }

    /// Who has a session.
    #[must_use]
    pub fn in_session(gateway: &'a Gateway, session: &'a Session) -> Self {
        let Session { grant, server, id, .. } = session;
        Self { gateway, grant, server, session: Some(id) }
    }

    fn owns(&self, task: &Task) -> bool {
        std::ptr::eq(task.server.as_ptr(), Arc::as_ptr(self.server)) && task.session.as_ref() == self.session
    }

    /// The task under an id of ours.
    #[must_use]
    pub fn find(&self, id: &str) -> Option<Found> {
        let task = self.gateway.tasks.find(self.grant, id, self.gateway.now_ms())?;
        self.owns(&task).then(|| Found { id: id.into(), task })
    }

    /// The task under an id of the server.
    #[must_use]
    pub fn known(&self, upstream: &str) -> Option<Found> {
        self.search(|task| &*task.id == upstream)
    }

    fn search(&self, is_it: impl Fn(&Task) -> bool) -> Option<Found> {
        let now_ms = self.gateway.now_ms();
        let found = self.gateway.tasks.search(self.grant, now_ms, |task| is_it(task) && self.owns(task));
        found.map(|(id, task)| Found { id, task })
    }

    /// Keeps a new task.
    #[must_use]
    pub fn begin(&self, tool: &str, upstream: &str, progress: Option<(String, Box<str>)>) -> Option<Found> {
        if let Some(known) = self.known(upstream) {
            return Some(known);
        }
        let id = mint_id().ok()?;
        let n_bytes = tool.len() + upstream.len() + progress.as_ref().map_or(0, |(_, token)| token.len());
        let task = Task {
            server: Arc::downgrade(self.server),
            session: self.session.map(Arc::clone),
            tool: tool.into(),
            id: upstream.into(),
            progress,
            questions: Mutex::default(),
        };
        let kept = self.gateway.tasks.put(self.grant, Arc::clone(&id), task, n_bytes, self.gateway.now_ms());
        kept.then(|| self.find(&id)).flatten()
    }

    /// The client's token of the call that began a task, by the token that the server has.
    #[must_use]
    pub fn progress_token(&self, upstream: &str) -> Option<Box<str>> {
        let found = self.search(|task| task.progress.as_ref().is_some_and(|(token, _)| token == upstream))?;
        found.task.progress.as_ref().map(|(_, token)| token.clone())
    }

    /// The task that a server's message belongs to, as the client may know it.
    #[must_use]
    pub fn related(&self, message: &Reply) -> Related {
        let Some(related) = tasks::related(message) else { return Related::None };
        let id = related.get("taskId").and_then(tasks::id);
        id.and_then(|id| self.known(&id)).map_or(Related::Unknown, |found| Related::Known(found.id))
    }
}

/// The task that a server's message belongs to.
#[derive(Debug, Default)]
pub enum Related {
    /// It names none.
    #[default]
    None,
    /// One of the client's, by our id.
    Known(Arc<str>),
    /// None that the client may know of.
    Unknown,
}

impl Related {
    /// What becomes of it.
    #[must_use]
    pub fn edit(&self) -> RelatedEdit<'_> {
        match self {
            Related::None => RelatedEdit::Keep,
            Related::Known(id) => RelatedEdit::Put(id),
            Related::Unknown => RelatedEdit::Remove,
        }
    }
}

/// Asks the policies whether a call of `tool` may be a task.
///
/// # Errors
/// The [`Denial`] of the first that says no.
pub fn judge(reach: &Reach, grant: &str, tool: &str) -> Result<(), Box<Denial>> {
    let facts = Facts::new(grant, &reach.server.id, tool).at(reach.server.now_ms());
    reach.stack.judge_channel(Channel::Tasks, &facts, Some(tool))
}

/// What the parts in shadow would have denied of a call that may be a task.
#[must_use]
pub fn shadow_request(exchange: &Exchange) -> Option<Box<Denial>> {
    let (reach, tool) = (&exchange.reach, exchange.message.tool_name()?);
    exchange.message.task()?;
    let facts = Facts::new(&exchange.grant.id, &reach.server.id, &tool).at(reach.server.now_ms());
    reach.stack.shadow_channel(Channel::Tasks, &facts, Some(&tool))
}

/// Asks them whether what a request says of tasks may be said.
///
/// # Errors
/// The [`Denial`] of the first that says no.
pub fn judge_request(exchange: &Exchange) -> Result<(), Box<Denial>> {
    let (reach, grant) = (&exchange.reach, &exchange.grant.id);
    if exchange.message.task().is_some() {
        judge(reach, grant, &exchange.message.tool_name().unwrap_or_default())?;
    }
    if listens(&exchange.message) {
        judge(reach, grant, "")?;
    }
    let Some(presented) = &exchange.restored.task else { return Ok(()) };
    let tool = &presented.found.task.tool;
    judge(reach, grant, tool)?;
    let mut questions = presented.answers.questions.iter();
    questions.try_for_each(|question| questions::judge(reach, grant, tool, *question))
}

/// Whether a message asks to be told of tasks.
#[must_use]
pub fn listens(message: &Message) -> bool {
    message.method() == Some("subscriptions/listen") && tasks::listened(message.params()).is_some()
}

/// A task that a request is about.
#[derive(Debug)]
pub struct Presented {
    /// The task.
    pub found: Found,
    /// What the request answers.
    pub answers: Answers,
}

/// What the reply to a request has to do with tasks.
#[derive(Debug)]
pub enum Role {
    /// Nothing.
    None,
    /// It may be a new task of this tool.
    Begin(Box<str>),
    /// It tells of this one.
    Tell(Found),
    /// It lists them.
    List,
}

impl Role {
    /// The role of the reply to this request.
    #[must_use]
    pub fn of(exchange: &Exchange) -> Self {
        let may_begin = match exchange.era() {
            Era::Legacy => exchange.message.task().is_some(),
            Era::Modern => true,
        };
        match (exchange.message.method(), &exchange.restored.task) {
            (_, Some(presented)) => Self::Tell(presented.found.clone()),
            (Some("tasks/list"), None) => Self::List,
            (Some("tools/call"), None) if may_begin => {
                Self::Begin(exchange.message.tool_name().unwrap_or_default().into())
            }
            (Some(_) | None, None) => Self::None,
        }
    }
}

/// Notes what a task asks, in a result or notification of 2026-07-28; none where it may not ask that.
#[must_use]
pub fn note_questions(
    reach: &Reach,
    grant: &str,
    abilities: Abilities,
    task: &Task,
    told: Option<Value<'_>>,
) -> Option<()> {
    let Some(requests) = told.and_then(|told| told.get("inputRequests")) else { return Some(()) };
    let asked = Asked { grant, tool: &task.tool, abilities };
    task.note(questions::allowed(reach, asked, requests)?).then_some(())
}
