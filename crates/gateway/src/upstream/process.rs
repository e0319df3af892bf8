//! One running server process, or a connection that stands for one, and the messages to and from it.
//! What a server asks is handed on to be judged, and refused where nobody can be asked.

use super::early::Starts;
use super::peer::{Input, Life, MAX_MESSAGE_BYTES, Output, Source};
use super::pending::{Lines, Pending};
use super::secret;
use super::server::MAX_ANSWERING;
use super::server_request::closed;
use crate::declared::Setting;
use crate::definitions::Definitions;
use crate::outbox::Outbox;
use crate::relay::WHOLE_BYTES;
use mcp::envelope::Caps;
use mcp::era::Era;
use mcp::http::{Clock, Progress};
use mcp::reply::{Reply, ReplyKind, parse_reply};
use mcp::stdio::{Environment, Spec};
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Semaphore;

/// What to start.
#[derive(Debug, Clone)]
pub struct Command {
    spec: Spec,
}

impl Command {
    /// A declared command; its references are looked up now.
    ///
    /// # Errors
    /// A sentence that says what to correct.
    pub fn resolve(
        command: &[String],
        env: &BTreeMap<String, Setting>,
        cwd: Option<&PathBuf>,
    ) -> Result<Self, String> {
        let (program, args) = command.split_first().ok_or("`command` is empty; name a program")?;
        let mut variables = Vec::with_capacity(env.len());
        for (name, setting) in env {
            let value = secret::resolve(setting).map_err(|error| format!("variable `{name}`: {error}"))?;
            variables.push((OsString::from(name), OsString::from(value)));
        }
        let env = Environment::Base(variables);
        Ok(Self { spec: Spec { command: program.clone(), args: args.to_vec(), env, cwd: cwd.cloned() } })
    }

    /// A command with exactly this environment, as a `wrap` client brings it.
    #[must_use]
    pub fn exact(command: String, args: Vec<String>, env: Vec<(OsString, OsString)>, cwd: PathBuf) -> Self {
        Self { spec: Spec { command, args, env: Environment::Full(env), cwd: Some(cwd) } }
    }

    /// What to start.
    #[must_use]
    pub fn spec(&self) -> &Spec {
        &self.spec
    }
}

/// One running process.
#[derive(Debug)]
pub struct Process {
    life: Life,
    input: Input,
    pending: Arc<Pending>,
    answering: Arc<Semaphore>,
}

impl Process {
    /// Starts it or connects to it; what it says unasked goes to `outbox`.
    ///
    /// # Errors
    /// A sentence that says why that failed and what to do.
    pub async fn start(
        source: &Source,
        clock: Clock,
        timeout: Duration,
        outbox: Arc<Outbox>,
        definitions: Arc<Definitions>,
    ) -> Result<Self, String> {
        let (life, input, output) = source.open(clock, timeout).await?;
        let pending = Arc::<Pending>::default();
        let (waiting, answers) = (Arc::clone(&pending), input.clone());
        let answering = Arc::new(Semaphore::new(MAX_ANSWERING));
        let answers = Answers { input: answers, places: Arc::clone(&answering) };
        tokio::spawn(Router { pending: waiting, answers, outbox, definitions }.run(output));
        Ok(Self { life, input, pending, answering })
    }

    /// Whether it still runs and speaks.
    #[must_use]
    pub fn is_alive(&self) -> bool {
        !self.life.has_ended() && !self.pending.is_over()
    }

    /// Whether no request waits for it.
    #[must_use]
    pub fn is_idle(&self) -> bool {
        self.pending.is_empty()
    }

    /// Expects what answers the request of this id, and what the server asks meanwhile where that is wanted; to be
    /// called before it is sent.
    #[must_use]
    pub fn expect(&self, id: u64, hears_requests: bool) -> Lines {
        self.pending.expect(id, hears_requests)
    }

    /// Answers a request of the server, unless it asks faster than it takes answers. Never waits.
    pub fn answer(&self, answer: Vec<u8>) {
        Answers { input: self.input.clone(), places: Arc::clone(&self.answering) }.send(answer);
    }

    /// Hands over one message.
    ///
    /// # Errors
    /// Where it takes no more.
    pub async fn write(&self, message: Vec<u8>, progress: &Progress) -> Result<(), String> {
        self.input.write(message, progress).await
    }

    /// A way in for messages that may be sent after this handle is gone.
    #[must_use]
    pub fn input(&self) -> Input {
        self.input.clone()
    }

    /// Follows a process of this machine through its first seconds.
    pub fn follow(&self, starts: Arc<Starts>, clock: Clock) {
        if let Life::Process(process) = &self.life {
            let ends = process.last_words();
            tokio::spawn(async move { starts.follow(ends, || clock.now_ms()).await });
        }
    }

    /// How it ended, in words.
    #[must_use]
    pub fn obituary(&self) -> String {
        self.life.obituary()
    }

    /// Ends it in good order.
    pub async fn shut_down(&self) {
        self.life.shut_down().await;
    }
}

struct Router {
    pending: Arc<Pending>,
    answers: Answers,
    outbox: Arc<Outbox>,
    definitions: Arc<Definitions>,
}

/// The way of the gateway's own answers to a process.
struct Answers {
    input: Input,
    places: Arc<Semaphore>,
}

impl Answers {
    /// Never waits: a server that writes before it reads must still be heard, or neither side goes on.
    fn send(&self, answer: Vec<u8>) {
        let Ok(place) = Arc::clone(&self.places).try_acquire_owned() else {
            tracing::debug!("a server asks faster than it takes answers; it gets none");
            return;
        };
        let input = self.input.clone();
        tokio::spawn(async move {
            // A process that takes no more input is noticed by whoever waits for it.
            let _ = input.write(answer, &Progress::new()).await;
            drop(place);
        });
    }
}

impl Router {
    async fn run(self, mut output: Output) {
        let caps = Caps { max_body_bytes: MAX_MESSAGE_BYTES, json: reply_limits() };
        while let Some(line) = output.next().await {
            match parse_reply(line, &caps) {
                Ok(reply) => self.route(reply),
                Err(fault) => {
                    tracing::warn!(%fault, "a server said something that is no message; it was dropped")
                }
            }
        }
        self.pending.fail_all();
    }

    fn route(&self, reply: Reply) {
        match reply.kind() {
            ReplyKind::Result | ReplyKind::Error => {
                let id = reply.id_raw().and_then(|id| id.parse().ok());
                if !id.is_some_and(|id| self.pending.answer(id, reply)) {
                    tracing::debug!("a server answered a request that is not open; the answer was dropped");
                }
            }
            ReplyKind::Request { .. } => self.ask(reply),
            ReplyKind::Notification { .. } => self.notice(reply),
        }
    }

    fn notice(&self, reply: Reply) {
        if reply.method() == Some("notifications/tools/list_changed") {
            self.definitions.mark_changed();
        }
        let request = reply.progress_token().or_else(|| reply.subscription_id());
        match request.and_then(|id| id.parse().ok()) {
            Some(id) => {
                self.pending.notify(id, reply);
            }
            None if reply.document().text().len() > WHOLE_BYTES => {
                tracing::debug!("a notice of a server was too long; it was dropped");
            }
            // Where its own request is, which may not be with the client yet.
            None => {
                let unheard = self.pending.take_back(reply).or_else(|reply| self.outbox.put(*reply));
                if unheard.is_err() {
                    tracing::debug!("a notice of a server found no room; it was dropped");
                }
            }
        }
    }

    /// A request of the server: for the youngest request of the client, else for its own stream.
    fn ask(&self, request: Reply) {
        if request.method() == Some("ping") {
            // Whether a client listens or not, the server is heard.
            let id = request.id_raw().unwrap_or("null");
            return self.answers.send(mcp::answers::empty(Era::Legacy, id));
        }
        if let Err(request) = self.pending.ask(request).or_else(|request| self.outbox.put(*request)) {
            self.answers.send(closed(request.id_raw().unwrap_or("null")));
        }
    }
}

/// Limits for what a server says: long strings are usual, depth is not.
pub(crate) fn reply_limits() -> json::Limits {
    json::Limits { max_string_bytes: u32::MAX, ..json::Limits::default() }
}
