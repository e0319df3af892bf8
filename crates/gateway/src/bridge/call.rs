//! One request of a modern client at a legacy server, from the first message that comes back to the answer.
//! What the server asks meanwhile becomes a round of the client's; whoever goes away cancels.

use super::down::Entered;
use super::feed::Feed;
use super::following;
use super::held::{Busy, Held};
use super::inputs::{Asked, Parked, Resumed};
use super::open::{self, Open};
use super::wire;
use mcp::answers;
use mcp::bridge::{handshake, input, notification, result};
use mcp::reply::{Reply, ReplyKind};
use mcp::requests;
use mcp::rewrite::{ReplyEdits, rewrite_reply};
use std::sync::Arc;
use std::time::Duration;

/// Requests of a server that one call may wait with.
const MAX_ASKED: usize = 16;

/// One request at a legacy server.
#[derive(Debug)]
pub struct Call {
    /// Longest wait for the client's answers.
    pub timeout: Duration,
    /// Where it waits for them.
    pub parked: Arc<Parked>,
    /// The session that it uses.
    pub held: Arc<Held>,
    /// As it was opened.
    pub open: Arc<Open>,
    /// The id by which the server knows it, raw.
    pub sent_id: String,
    /// What it asks for.
    pub method: String,
    /// What comes back.
    pub feed: Feed,
    /// Who waits.
    pub speech: Speech,
    /// Keeps the session from being taken for idle.
    pub _busy: Busy,
}

/// Who waits for the answer in the present round, and what they want to hear.
#[derive(Debug)]
pub struct Speech {
    /// Who waits.
    pub waiting: Entered,
    /// The lowest level of log messages, raw.
    pub log_level: Option<String>,
}

/// What is next.
enum Next {
    More,
    Done,
}

impl Call {
    /// Sees the request through.
    pub async fn run(mut self) {
        let mut news = self.held.listen_to_logs(self.speech.log_level.is_some());
        loop {
            let message = tokio::select! {
                biased;
                () = self.speech.waiting.waiting.gone() => return self.cancel("the client went away"),
                message = self.feed.next() => message,
                log = following::next_log(&mut news) => {
                    self.log(&log);
                    continue;
                }
            };
            let next = match message {
                Ok(Some(message)) => self.take(message).await,
                Ok(None) => {
                    self.fail("it ended without an answer");
                    Next::Done
                }
                Err(why) => {
                    self.fail(&why);
                    Next::Done
                }
            };
            if matches!(next, Next::Done) {
                return;
            }
        }
    }

    async fn take(&mut self, message: Reply) -> Next {
        match message.kind() {
            ReplyKind::Result | ReplyKind::Error => {
                if message.id_raw().is_some() && !message.answers(&self.sent_id) {
                    self.fail("it answered another request");
                    return Next::Done;
                }
                match result::to_modern(&message, &self.raw(), &self.method) {
                    Ok(bytes) => self.speech.waiting.waiting.answer(bytes),
                    Err(_) => self.fail("its answer cannot be translated"),
                }
                Next::Done
            }
            ReplyKind::Notification { .. } => {
                self.notice(message);
                Next::More
            }
            ReplyKind::Request { .. } => self.ask(message).await,
        }
    }

    fn notice(&self, message: Reply) {
        match message.method() {
            Some("notifications/progress") => self.progress(&message),
            Some("notifications/message") => self.log(&message),
            Some("notifications/cancelled" | "notifications/elicitation/complete") | None => {}
            // What concerns no request is news for whoever listens.
            Some(_) => self.held.tell_of(message),
        }
    }

    fn progress(&self, message: &Reply) {
        if message.progress_token() != Some(self.sent_id.as_str()) {
            return;
        }
        let raw = self.raw();
        let edits = ReplyEdits { progress_token: Some(&raw), ..ReplyEdits::default() };
        if let Ok(bytes) = rewrite_reply(message, &edits) {
            self.speech.waiting.waiting.say(bytes);
        }
    }

    fn log(&self, message: &Reply) {
        if notification::is_logged(message, self.speech.log_level.as_deref()) {
            self.speech.waiting.waiting.say(message.document().text().as_bytes().to_vec());
        }
    }

    /// The server asks the client: its answer is a further round.
    async fn ask(&mut self, request: Reply) -> Next {
        let Some(asked) = self.question(&request, 0) else {
            open::refuse(&self.open, &request);
            return Next::More;
        };
        let mut asked = vec![asked];
        loop {
            let Some((state, resumed)) = self.parked.put(asked.clone(), Arc::clone(&self.open)) else {
                self.give_up(&asked, "too many calls wait for answers of their clients");
                self.fail("too many calls of the grant wait for answers; answer some first");
                return Next::Done;
            };
            let entries: Vec<(String, String)> =
                asked.iter().map(|asked| (asked.key.clone(), asked.entry.clone())).collect();
            self.speech.waiting.waiting.answer(input::required(&self.raw(), &entries, &state));
            let mut more = Vec::new();
            let waited = tokio::time::timeout(self.timeout, self.next_round(resumed, &mut more, asked.len()));
            match waited.await {
                Ok(Some(Resumed { speech, mut unanswered })) => {
                    self.speech = speech;
                    unanswered.append(&mut more);
                    if unanswered.is_empty() {
                        return Next::More;
                    }
                    asked = unanswered;
                }
                Ok(None) | Err(_) => {
                    let _ = self.parked.take(&state);
                    asked.append(&mut more);
                    self.give_up(&asked, "the client did not answer");
                    self.cancel("the client did not answer");
                    return Next::Done;
                }
            }
        }
    }

    /// Waits for the client's answers; what the server asks meanwhile waits for the round after. `None` where the
    /// call is over.
    async fn next_round(
        &mut self,
        mut resumed: tokio::sync::oneshot::Receiver<Resumed>,
        more: &mut Vec<Asked>,
        n_asked: usize,
    ) -> Option<Resumed> {
        loop {
            tokio::select! {
                biased;
                resumed = &mut resumed => return resumed.ok(),
                message = self.feed.next(), if more.len() + n_asked < MAX_ASKED => match message {
                    Ok(Some(message)) if matches!(message.kind(), ReplyKind::Request { .. }) => {
                        match self.question(&message, n_asked + more.len()) {
                            Some(asked) => more.push(asked),
                            None => open::refuse(&self.open, &message),
                        }
                    }
                    Ok(Some(message)) if matches!(message.kind(), ReplyKind::Notification { .. }) => {
                        self.notice(message);
                    }
                    // An answer although the client was asked, or the end: the next round is told.
                    Ok(Some(message)) => {
                        let mut resumed = resumed.await.ok()?;
                        std::mem::swap(&mut self.speech, &mut resumed.speech);
                        return match self.take_late(message) {
                            Next::More | Next::Done => None,
                        };
                    }
                    Ok(None) | Err(_) => return None,
                },
            }
        }
    }

    fn take_late(&self, message: Reply) -> Next {
        if let Ok(bytes) = result::to_modern(&message, &self.raw(), &self.method) {
            self.speech.waiting.waiting.answer(bytes);
        }
        Next::Done
    }

    fn question(&self, request: &Reply, number: usize) -> Option<Asked> {
        let may_ask = handshake::allows(&self.held.envelope().capabilities, request.method()?);
        let entry = input::entry(request).filter(|_| may_ask)?;
        Some(Asked { key: format!("{}-{}", self.raw(), number + 1), id: request.id_raw()?.to_owned(), entry })
    }

    fn give_up(&self, asked: &[Asked], why: &str) {
        for asked in asked {
            let answer = answers::error(Some(&asked.id), mcp::errors::INTERNAL_ERROR, why, None);
            wire::tell_later(&self.open.lane, self.open.version, answer);
        }
    }

    fn cancel(&self, why: &str) {
        let cancelled = requests::cancelled(&self.sent_id, why);
        wire::tell_later(&self.open.lane, self.open.version, cancelled);
    }

    fn fail(&self, why: &str) {
        self.speech.waiting.waiting.fail(&format!("the server gave no usable answer: {why}"));
    }

    fn raw(&self) -> String {
        self.speech.waiting.waiting.raw()
    }
}
