//! Rounds of a request (2026-07-28, Multi Round-Trip Requests): a server asks for input in its result, and the client
//! sends the request again with answers. Each time it is a whole request, judged and counted as such.
//!
//! The client gets a state of ours in each such result, also where the server gave none: with it the request goes on,
//! once, if it is the same request. Answers without one answer nothing that was asked here: they must never reach a
//! server but one that may ask the client everything, from which a client could get each question first.

use super::questions::{self, Answers, Asked, Questions};
use crate::exchange::Exchange;
use crate::gateway::Gateway;
use crate::handles::Shelf;
use crate::route::{Route, Withheld};
use crate::session::mint_id;
use crate::upstream::Server;
use mcp::era::Era;
use mcp::reply::Reply;
use mcp::rewrite::StateEdit;
use mcp::rounds::{self, Question};
use policy::Denial;
use std::sync::{Arc, Weak};
use store::Store;
use store::audit::Digest;

/// States that a grant may hold: a user has an hour for an answer.
pub const SHELF: Shelf = Shelf { max_handles: 1_024, max_bytes: 4 << 20, life_ms: 60 * 60 * 1_000 };

/// What the client gets where it may not be asked.
pub const INPUT_CLOSED: &str = "the server asked for further input, which is closed by policy; do not retry";

/// What a server waits for.
#[derive(Debug)]
pub struct Round {
    // Of the declaration that it was asked under: another server under the same name is another.
    server: Weak<Server>,
    request: Digest,
    questions: Questions,
    /// The server's own state, raw.
    state: Option<Box<str>>,
}

/// A request whose result may ask for input.
#[derive(Debug, Clone)]
pub struct Subject {
    request: Digest,
    tool: Box<str>,
}

/// A round that a client goes on with.
#[derive(Debug)]
pub struct Going {
    // None where nothing was asked here.
    round: Option<(Box<str>, Arc<Round>)>,
    /// What it answers.
    pub answers: Answers,
}

impl Going {
    /// What becomes of the state that the client sent.
    #[must_use]
    pub fn state(&self) -> StateEdit<'_> {
        match &self.round {
            Some((_, round)) => round.state.as_deref().map_or(StateEdit::Remove, StateEdit::Put),
            None => StateEdit::Keep,
        }
    }
}

/// The state is unknown, was used, or belongs to another request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unknown(pub &'static str);

const NO_ANSWER: Unknown = Unknown("each of `inputResponses` must be an object");

/// What rounds of a request belong to; none where its method has none.
#[must_use]
pub fn subject(gateway: &Gateway, exchange: &Exchange) -> Option<Subject> {
    let method = exchange.message.method().filter(|method| rounds::METHODS.contains(method))?;
    if exchange.era() == Era::Legacy {
        return None;
    }
    let tool = exchange.message.tool_name().unwrap_or_default().into();
    Some(Subject { request: digest(&gateway.store, exchange, method), tool })
}

/// Method and params of a request, but for what differs from round to round. Absent arguments are empty ones.
fn digest(store: &Store, exchange: &Exchange, method: &str) -> Digest {
    let params = exchange.message.params().into_iter().flat_map(|params| params.members());
    let mut parts: Vec<(String, Vec<u8>)> = params
        .map(|member| (member.key.as_cow().into_owned(), member.value))
        .filter(|(key, _)| !matches!(key.as_str(), "_meta" | "inputResponses" | "requestState"))
        .filter(|(key, value)| key != "arguments" || !value.is_object() || !value.is_empty())
        .map(|(key, value)| {
            let mut canonical = Vec::new();
            json::canonical(value, &mut canonical);
            (key, canonical)
        })
        .collect();
    parts.sort_unstable();
    let mut content = Vec::new();
    let texts = parts.iter().flat_map(|(key, value)| [key.as_bytes(), value]);
    for text in [b"round".as_slice(), method.as_bytes()].into_iter().chain(texts) {
        content.extend_from_slice(&(text.len() as u64).to_le_bytes());
        content.extend_from_slice(text);
    }
    store.digest(&content)
}

/// Keeps what a result asks for; the client's form of its state, raw.
///
/// # Errors
/// [`Withheld`] where the client must not be asked this.
pub fn keep(route: &Route, reply: &Reply) -> Result<String, Withheld> {
    let subject = route.subject.as_ref().ok_or(Withheld::Instead(INPUT_CLOSED))?;
    let result = reply.result().ok_or(Withheld::Broken)?;
    let reach = route.present_reach().ok_or(Withheld::Instead(INPUT_CLOSED))?;
    let questions = match result.get("inputRequests") {
        Some(requests) => {
            let asked = Asked { grant: &route.grant, tool: &subject.tool, abilities: route.abilities };
            questions::allowed(&reach, asked, requests).ok_or(Withheld::Instead(INPUT_CLOSED))?
        }
        None => Questions::new(),
    };
    let state = result.get("requestState");
    if state.is_some_and(|state| !state.is_string())
        || (state.is_none() && result.get("inputRequests").is_none())
    {
        return Err(Withheld::Broken);
    }
    let n_bytes = state.map_or(0, |state| state.raw().len())
        + questions.keys().map(|key| key.len() + 64).sum::<usize>();
    let round = Round {
        server: Arc::downgrade(&route.reach.server),
        request: subject.request,
        questions,
        state: state.map(|state| state.raw().into()),
    };
    let id = mint_id().map_err(|_| Withheld::Broken)?;
    let raw = format!("\"{id}\"");
    match route.gateway.rounds.put(&route.grant, id, round, n_bytes, route.gateway.now_ms()) {
        true => Ok(raw),
        false => Err(Withheld::Broken),
    }
}

/// Finds the round that a request goes on with, if it goes on with one.
///
/// # Errors
/// [`Unknown`] where it was not asked for this.
pub fn find(gateway: &Gateway, exchange: &Exchange) -> Result<Option<Going>, Unknown> {
    let message = &exchange.message;
    let (state, responses) = (message.request_state(), message.input_responses());
    if state.is_none() && responses.is_none() {
        return Ok(None);
    }
    let subject =
        subject(gateway, exchange).ok_or(Unknown("this request has no rounds; send it without answers"))?;
    let Some(state) = state else { return unasked(exchange, &subject).map(Some) };
    let unknown = Unknown("invalid or expired `requestState`; send the request anew");
    let id = state.as_str().ok_or(unknown)?;
    let round = gateway.rounds.find(&exchange.grant.id, &id, gateway.now_ms()).ok_or(unknown)?;
    let is_same = std::ptr::eq(round.server.as_ptr(), Arc::as_ptr(&exchange.reach.server));
    if !is_same || round.request != subject.request {
        return Err(unknown);
    }
    let answers = match responses {
        Some(responses) if responses.is_object() => questions::answers(&round.questions, responses),
        Some(_) => Err(questions::NoAnswer),
        None => Ok(Answers::default()),
    };
    let answers = answers.map_err(|questions::NoAnswer| NO_ANSWER)?;
    Ok(Some(Going { round: Some((id.into(), round)), answers }))
}

/// Answers to nothing that was asked here. Nobody can tell what they answer, so it counts as everything.
fn unasked(exchange: &Exchange, subject: &Subject) -> Result<Going, Unknown> {
    let responses = exchange.message.input_responses().into_iter().flat_map(|responses| responses.members());
    if responses.into_iter().any(|member| !member.value.is_object()) {
        return Err(NO_ANSWER);
    }
    let (reach, grant) = (&exchange.reach, &exchange.grant.id);
    let mut all = Question::ALL.into_iter();
    match all.all(|question| questions::judge(reach, grant, &subject.tool, question).is_ok()) {
        true => Ok(Going { round: None, answers: Answers { questions: Question::ALL.to_vec(), kept: None } }),
        false => Err(Unknown("`inputResponses` without the `requestState` of what was asked; begin anew")),
    }
}

/// Asks the policies about the answers that a request brings.
///
/// # Errors
/// The [`Denial`] of the first that says no.
pub fn judge(exchange: &Exchange) -> Result<(), Box<Denial>> {
    let Some(going) = &exchange.restored.round else { return Ok(()) };
    let tool = exchange.message.tool_name().unwrap_or_default();
    let mut questions = going.answers.questions.iter();
    questions.try_for_each(|question| questions::judge(&exchange.reach, &exchange.grant.id, &tool, *question))
}

/// Uses the state up. Of several requests that go on with the same one goes on.
///
/// # Errors
/// [`Unknown`] for the others.
pub fn spend(gateway: &Gateway, exchange: &Exchange) -> Result<(), Unknown> {
    let Some((id, _)) = exchange.restored.round.as_ref().and_then(|going| going.round.as_ref()) else {
        return Ok(());
    };
    let taken = gateway.rounds.take(&exchange.grant.id, id, gateway.now_ms());
    taken.map(drop).ok_or(Unknown("this `requestState` was used already; send the request anew"))
}
