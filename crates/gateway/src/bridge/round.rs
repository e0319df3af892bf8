//! One request of a legacy client at a modern server, round by round: what the server wants to know is asked of the
//! client, and the call is made again with the answers. Each round has a permit of its own.

use super::again::Again;
use super::down::Entered;
use super::feed::{self, Feed};
use super::notices::Waiting;
use super::up::Up;
use crate::account::{Account, Outcome};
use crate::permit::Permit;
use crate::upstream::{Incoming, LaneFailure};
use mcp::answers;
use mcp::bridge::input::{self, Answered};
use mcp::bridge::{notification, request, result};
use mcp::envelope::Message;
use mcp::era::{Era, Version};
use mcp::errors::INTERNAL_ERROR;
use mcp::reply::{Reply, ReplyKind};
use mcp::rewrite::{ReplyEdits, rewrite_reply};
use std::sync::Arc;

/// Rounds of one call; the official clients give up after as many.
const MAX_ROUNDS: usize = 10;

/// One request at a modern server.
#[derive(Debug)]
pub struct Round {
    up: Arc<Up>,
    waiting: Entered,
    again: Option<Again>,
    method: String,
    // The id by which the server knows the present round, raw.
    sent_id: String,
    feed: Feed,
    status: u16,
    // Of the present round, where it is not the first: that one's is with whoever waits.
    account: Option<Account>,
}

/// How a request ends that has no answer of the server's.
struct Failed(String);

impl Round {
    /// Sends the first round.
    ///
    /// # Errors
    /// [`LaneFailure`]; how much was written stands in the permit's account.
    pub async fn begin(up: &Arc<Up>, permit: &mut Permit, message: Message) -> Result<Incoming, LaneFailure> {
        let (waiting, lines) = Waiting::open(permit)?;
        let again = permit.take_again();
        let method = message.method().unwrap_or_default().to_owned();
        let (feed, status) = send(up, permit, &message, request::Round::default()).await?;
        let sent_id = waiting.raw();
        let waiting = up.enter(waiting);
        let round =
            Round { up: Arc::clone(up), waiting, again, method, sent_id, feed, status, account: None };
        tokio::spawn(round.run());
        Ok(Incoming::Lines(lines))
    }

    async fn run(mut self) {
        for _ in 0..MAX_ROUNDS {
            let required = tokio::select! {
                biased;
                () = self.waiting.waiting.gone() => return,
                required = Self::answer(&self.up, &self.waiting, &self.sent_id, &mut self.feed) => required,
            };
            let answer = match required {
                Ok(answer) => answer,
                Err(Failed(why)) => return self.fail(&why),
            };
            self.settle(&answer);
            if !input::is_required(&answer) {
                return self.finish(&answer);
            }
            let (waiting, up) = (self.waiting.waiting.clone(), Arc::clone(&self.up));
            let next = tokio::select! {
                biased;
                () = waiting.gone() => return,
                next = self.next_round(&up, &answer) => next,
            };
            match next {
                Ok(()) => {}
                Err(End::Answer(bytes)) => return self.waiting.waiting.answer(bytes),
                Err(End::Failed(why)) => return self.fail(&why),
            }
        }
        self.fail(&format!("it asked for input more than {MAX_ROUNDS} times"));
    }

    /// The answer to the present round; what comes before it is passed on.
    async fn answer(up: &Up, waiting: &Entered, sent_id: &str, feed: &mut Feed) -> Result<Reply, Failed> {
        loop {
            let message = feed.next().await.map_err(Failed)?;
            let message = message.ok_or_else(|| Failed(String::from("it ended without an answer")))?;
            match message.kind() {
                ReplyKind::Error if message.id_raw().is_none() => return Ok(message),
                ReplyKind::Result | ReplyKind::Error if message.answers(sent_id) => return Ok(message),
                ReplyKind::Result | ReplyKind::Error => {
                    return Err(Failed(String::from("it answered another request")));
                }
                ReplyKind::Notification { .. } => notice(up, waiting, sent_id, message),
                // A server has no requests in this era.
                ReplyKind::Request { .. } => {}
            }
        }
    }

    fn settle(&mut self, answer: &Reply) {
        if let Some(mut account) = self.account.take() {
            account.settle_by(answer, answer.document().text().len() as u64, self.status);
        }
    }

    fn finish(&self, answer: &Reply) {
        let waiting = &self.waiting.waiting;
        match result::to_legacy(answer, &waiting.raw(), &self.method, self.up.version()) {
            Ok(bytes) => waiting.answer(bytes),
            Err(_) => self.fail("its answer cannot be translated"),
        }
    }

    /// Asks the client what the server wants to know, and sends the round with the answers.
    async fn next_round(&mut self, up: &Arc<Up>, required: &Reply) -> Result<(), End> {
        let answers = ask_client(up, self.waiting.waiting.clone(), required).await?;
        let responses = input::responses(answers.iter().map(|(key, raw)| (key.as_str(), raw.as_str())));
        let no_more = || End::Failed(String::from("it asked for input, which this request cannot carry"));
        let again = self.again.as_ref().ok_or_else(no_more)?;
        // Judged, reserved and recorded like the first.
        let mut permit = again.permit().await.map_err(|denied| End::Answer(self.under_our_id(denied)))?;
        let failed = |failure: LaneFailure| End::Failed(failure.to_string());
        let message = super::down::parse(&mut permit).map_err(failed)?;
        let round = request::Round {
            input_responses: Some(&responses).filter(|_| !answers.is_empty()).map(String::as_str),
            request_state: input::state(required),
        };
        let sent = send(up, &mut permit, &message, round).await;
        self.sent_id = permit.upstream_id().unwrap_or_default().to_string();
        let mut account = permit.into_account();
        match sent {
            Ok((feed, status)) => {
                (self.feed, self.status) = (feed, status);
                self.account = Some(account);
                Ok(())
            }
            Err(failure) => {
                account.settle(Outcome::Failed { why: "no usable reply", status: None });
                Err(failed(failure))
            }
        }
    }

    fn under_our_id(&self, denied: Vec<u8>) -> Vec<u8> {
        let id = self.waiting.waiting.raw();
        let edits = ReplyEdits { id: Some(&id), ..ReplyEdits::default() };
        let renamed = feed::parse(denied).ok().and_then(|reply| rewrite_reply(&reply, &edits).ok());
        renamed.unwrap_or_else(|| {
            answers::error(Some(&id), INTERNAL_ERROR, "a further round of the call was refused", None)
        })
    }

    fn fail(&self, why: &str) {
        self.waiting.waiting.fail(&format!("the server gave no usable answer: {why}"));
    }
}

/// Why there is no next round.
enum End {
    /// This is the answer to the call.
    Answer(Vec<u8>),
    /// There is none.
    Failed(String),
}

/// Asks the client all that the server wants to know; gives the entries of the next round.
async fn ask_client(up: &Up, waiting: Waiting, required: &Reply) -> Result<Vec<(String, String)>, End> {
    let mut open = Vec::new();
    for (key, entry) in input::entries(required) {
        let method = input::method(entry).unwrap_or_default().into_owned();
        let Some((id, answer)) = up.expect_answer() else {
            return Err(End::Failed(String::from("the client owes too many answers")));
        };
        let asked = input::request(&id.to_string(), &key, entry, up.version());
        if !asked.is_some_and(|asked| waiting.ask(asked)) {
            return Err(End::Failed(format!(
                "it asked for what the client cannot be asked (`{}`)",
                mcp::errors::shown(&method)
            )));
        }
        open.push((key, method, answer));
    }
    let mut answers = Vec::new();
    for (key, method, answer) in open {
        let waited = tokio::time::timeout(up.host.timeout, answer).await;
        let Ok(Ok(response)) = waited else {
            return Err(End::Failed(String::from("the client did not answer what the server asked")));
        };
        match read(&response, &method) {
            Some(Answered::Entry(raw)) => answers.push((key, raw)),
            Some(Answered::Error(error)) => return Err(End::Answer(client_error(&waiting, &error))),
            None => return Err(End::Failed(String::from("the client's answer is malformed"))),
        }
    }
    Ok(answers)
}

/// The client refused what its own call needs: that is the answer to the call.
fn client_error(waiting: &Waiting, error: &str) -> Vec<u8> {
    let id = waiting.raw();
    format!("{{\"jsonrpc\":\"2.0\",\"id\":{id},\"error\":{error}}}").into_bytes()
}

async fn send(
    up: &Up,
    permit: &mut Permit,
    message: &Message,
    round: request::Round<'_>,
) -> Result<(Feed, u16), LaneFailure> {
    let method = message.method().unwrap_or_default();
    let modern = request::to_modern(message, Version::NEWEST, &up.envelope(), round)
        .map_err(|error| LaneFailure::Failed(error.to_string()))?;
    permit.translate(modern, Version::NEWEST, Some((method, message.subject().as_deref())));
    let (feed, head) = Feed::of(up.lane.send_directly(permit, Era::Modern).await?);
    if matches!(head.status, 401 | 403) {
        return Err(super::refused_credentials());
    }
    Ok((feed, head.status))
}

fn notice(up: &Up, waiting: &Entered, sent_id: &str, message: Reply) {
    match message.method() {
        Some("notifications/progress") => {
            let raw = waiting.waiting.raw();
            let edits = ReplyEdits { progress_token: Some(&raw), ..ReplyEdits::default() };
            if message.progress_token() == Some(sent_id)
                && let Ok(bytes) = rewrite_reply(&message, &edits)
            {
                waiting.waiting.say(bytes);
            }
        }
        Some("notifications/message") => {
            if let Ok(bytes) = notification::to_legacy(&message) {
                waiting.waiting.say(bytes);
            }
        }
        Some("notifications/cancelled" | "notifications/subscriptions/acknowledged") | None => {}
        Some(_) => up.tell_of(message),
    }
}

fn read(response: &[u8], method: &str) -> Option<Answered> {
    let document = json::Document::scan(response.to_vec(), &crate::upstream::reply_limits()).ok()?;
    input::answer(document.root(), method)
}
