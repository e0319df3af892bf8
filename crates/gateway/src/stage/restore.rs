//! Finds what the server gave for each opaque value that a client presents.
//! A value that this grant was not given for this very use is unknown: the message goes no further.

use super::questions::{Answers, NoAnswer};
use super::task::{Client, Found, Presented};
use super::{refuse, round, task};
use crate::cursor::Place;
use crate::exchange::{Answer, Exchange, Restored};
use crate::gateway::Gateway;
use mcp::envelope::keys::TASKS_EXTENSION;
use mcp::era::{Era, Version};
use mcp::errors::{INVALID_PARAMS, Refusal};
use mcp::rounds::Abilities;
use mcp::{methods, tasks};
use policy::Channel;

const UNKNOWN_TASK: &str = "unknown or expired task";

/// Finds them all.
///
/// # Errors
/// The answer where one is unknown.
pub fn restore(gateway: &Gateway, exchange: &mut Exchange) -> Result<(), Answer> {
    let found = form(exchange).and_then(|()| {
        let cursor = cursor(gateway, exchange)?;
        let round = match exchange.message.method() {
            // Its answers are for a task.
            Some("tasks/update") => None,
            Some(_) | None => {
                round::find(gateway, exchange).map_err(|unknown| refusal(exchange, unknown.0))?
            }
        };
        let related = related(gateway, exchange)?;
        if !exchange.reach.may_open(Channel::Tasks) {
            // Whatever asks about one is denied further on.
            return Ok(Restored { cursor, round, related, ..Restored::default() });
        }
        let task = presented(gateway, exchange)?;
        Ok(Restored { cursor, round, task, related, listened: listened(gateway, exchange)? })
    });
    match found {
        Ok(restored) => exchange.restored = restored,
        Err(refusal) => return Err(refuse::protocol(gateway, exchange, &refusal)),
    }
    Ok(())
}

/// A call can be a task where the revision has that form of one: 2025-11-25. In 2026-07-28 servers decide, and the wish
/// is ignored (Tasks extension, Backward Compatibility).
fn form(exchange: &Exchange) -> Result<(), Refusal> {
    if exchange.message.task().is_none() {
        return Ok(());
    }
    let is_call = exchange.message.method() == Some("tools/call");
    match (is_call, exchange.version) {
        (true, Version::V2025_11_25 | Version::V2026_07_28) => Ok(()),
        (false, _) | (true, Version::V2024_11_05 | Version::V2025_03_26 | Version::V2025_06_18) => {
            Err(refusal(exchange, "this request cannot be a task in this revision; send it without `task`"))
        }
    }
}

/// The server's cursor of a list that goes on.
fn cursor(gateway: &Gateway, exchange: &Exchange) -> Result<Option<String>, Refusal> {
    let Some(cursor) = exchange.message.cursor() else { return Ok(None) };
    let presented = cursor.as_str().unwrap_or_default();
    match Place::of(exchange).open(&gateway.store, &presented) {
        Some(cursor) => Ok(Some(cursor.to_owned())),
        None => Err(refusal(exchange, "unknown cursor; ask for the list from its beginning")),
    }
}

/// The task that a message says it belongs to.
fn related(gateway: &Gateway, exchange: &Exchange) -> Result<Option<Found>, Refusal> {
    let Some(related) = tasks::related_to(&exchange.message) else { return Ok(None) };
    let id = related.get("taskId").and_then(tasks::id);
    let found = id.and_then(|id| Client::of(gateway, exchange).find(&id));
    found.map(Some).ok_or_else(|| refusal(exchange, UNKNOWN_TASK))
}

/// The task that a request is about, and what it answers.
fn presented(gateway: &Gateway, exchange: &Exchange) -> Result<Option<Presented>, Refusal> {
    let method = exchange.message.method().and_then(methods::any);
    if method.is_none_or(|method| method.channel != methods::Channel::Tasks) {
        return Ok(None);
    }
    check_extension(exchange)?;
    if method.and_then(|method| method.name_param).is_none() {
        return Ok(None);
    }
    let id = exchange.message.subject().unwrap_or_default();
    let found = Client::of(gateway, exchange).find(&id).ok_or_else(|| refusal(exchange, UNKNOWN_TASK))?;
    let answers = match exchange.message.input_responses() {
        Some(responses) if responses.is_object() => found.task.answers(responses),
        Some(_) => Err(NoAnswer),
        None => Ok(Answers::default()),
    };
    let answers =
        answers.map_err(|NoAnswer| refusal(exchange, "each of `inputResponses` must be an object"))?;
    Ok(Some(Presented { found, answers }))
}

/// The server's ids of the tasks that a subscription asks about.
fn listened(gateway: &Gateway, exchange: &Exchange) -> Result<Option<String>, Refusal> {
    let listened = tasks::listened(exchange.message.params());
    let Some(ids) = listened.filter(|_| task::listens(&exchange.message)) else { return Ok(None) };
    check_extension(exchange)?;
    if !ids.is_array() {
        return Err(refusal(exchange, "`taskIds` must be an array"));
    }
    let client = Client::of(gateway, exchange);
    let found = ids.elements().map(|id| Some(tasks::quoted(&client.find(&tasks::id(id)?)?.task.id)));
    let found: Option<Vec<String>> = found.collect();
    let found = found.ok_or_else(|| refusal(exchange, UNKNOWN_TASK))?;
    Ok(Some(format!("[{}]", found.join(","))))
}

/// A client of 2026-07-28 has tasks where it says so in the request (Tasks extension, Protocol Errors).
fn check_extension(exchange: &Exchange) -> Result<(), Refusal> {
    let abilities = exchange.message.client_capabilities().map(Abilities::read).unwrap_or_default();
    if exchange.era() == Era::Modern && !abilities.tasks {
        return Err(Refusal::missing_extension(TASKS_EXTENSION).with_id_of(&exchange.message));
    }
    Ok(())
}

/// The answer to a value that is unknown. Clients of the legacy era end the session on any HTTP status but 200.
#[must_use]
pub fn refusal(exchange: &Exchange, text: &str) -> Refusal {
    let status = match exchange.era() {
        Era::Legacy => 200,
        Era::Modern => 400,
    };
    Refusal::new(status, INVALID_PARAMS, text).with_id_of(&exchange.message)
}
