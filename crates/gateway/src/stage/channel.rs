//! Requests other than tool calls: open ones pass, the others are judged by their channel and recorded as calls.
//! What nothing can judge is closed under either default.

use super::entries::Entries;
use super::{decide, refuse, reply, restore, round, task};
use crate::account::Account;
use crate::bridge::Again;
use crate::channels;
use crate::exchange::{Answer, Exchange};
use crate::gateway::Gateway;
use crate::permit::{Changes, Permit};
use crate::upstream::LaneFailure;
use json::Value;
use mcp::methods::Method;
use policy::{Channel, Denial};
use std::sync::Arc;

/// Why a request is refused: by a policy, or because nothing can judge it.
type Closed = Option<Box<Denial>>;

/// Judges and forwards one request.
pub async fn request(gateway: &Arc<Gateway>, mut exchange: Exchange, method: &Method) -> Answer {
    match permit(gateway, &mut exchange, method).await {
        Ok(permit) => reply::forward(gateway, exchange, permit).await,
        Err(answer) => answer,
    }
}

/// The permit of one request, judged and recorded.
///
/// # Errors
/// The answer where there is none.
pub async fn permit(
    gateway: &Arc<Gateway>,
    exchange: &mut Exchange,
    method: &Method,
) -> Result<Permit, Answer> {
    loop {
        let mut shadowed = None;
        if let Some(list) = Entries::of(method.name) {
            // A list is judged entry by entry.
            if !exchange.reach.may_open(list.channel) {
                return Err(refuse::empty_list(exchange, list.key));
            }
        } else {
            let judged = judge(exchange, method)
                .and_then(|shadowed| judge_handles(exchange).map(|()| shadowed).map_err(Some));
            shadowed = judged.map_err(|closed| refuse::channel(gateway, exchange, closed.as_deref()))?;
        }
        if exchange.lane.is_ready() {
            round::spend(gateway, exchange).map_err(|unknown| {
                refuse::protocol(gateway, exchange, &restore::refusal(exchange, unknown.0))
            })?;
            return recorded(gateway, exchange, !method.always_open, shadowed.as_deref()).await;
        }
        wait(gateway, exchange).await?;
    }
}

/// Waits for the server, after which everything is decided again.
///
/// # Errors
/// The answer where it cannot be reached, or the grant is gone meanwhile.
pub async fn wait(gateway: &Gateway, exchange: &mut Exchange) -> Result<(), Answer> {
    let ready = exchange.lane.ready().await;
    ready.map_err(|failure| refuse::unreachable(gateway, exchange, &failure))?;
    decide::renew(gateway, exchange)
}

/// Forwards a request that was judged.
pub async fn forward(
    gateway: &Arc<Gateway>,
    exchange: Exchange,
    is_recorded: bool,
    shadowed: Option<&Denial>,
) -> Answer {
    match recorded(gateway, &exchange, is_recorded, shadowed).await {
        Ok(permit) => reply::forward(gateway, exchange, permit).await,
        Err(answer) => answer,
    }
}

/// The permit of a request that was judged.
async fn recorded(
    gateway: &Arc<Gateway>,
    exchange: &Exchange,
    is_recorded: bool,
    shadowed: Option<&Denial>,
) -> Result<Permit, Answer> {
    let account = match is_recorded {
        false => Account::none(),
        true => {
            let begun = Account::begin_channel(gateway, exchange, shadowed).await;
            begun.map_err(|error| refuse::store(exchange, &error))?
        }
    };
    let permit = Permit::forward(exchange, &Changes::default(), account)
        .map_err(|error| refuse::unreachable(gateway, exchange, &LaneFailure::Failed(error.to_string())))?;
    Ok(permit.with_again(Again::of(gateway, exchange)))
}

/// What it says of a round or task besides.
fn judge_handles(exchange: &Exchange) -> Result<(), Box<Denial>> {
    round::judge(exchange)?;
    task::judge_request(exchange)
}

/// Judges it; what is allowed comes with what the parts in shadow would have denied.
fn judge(exchange: &Exchange, method: &Method) -> Result<Option<Box<Denial>>, Closed> {
    let (reach, grant) = (&exchange.reach, &exchange.grant.id);
    let mut shadowed = None;
    let mut judge = |channel, subject: Option<&str>| -> Result<(), Closed> {
        channels::judge(reach, grant, channel, subject).map_err(Some)?;
        let shadow = || channels::shadow(reach, grant, channel, subject);
        shadowed = shadowed.take().or_else(shadow);
        Ok(())
    };
    match channels::of(method.channel) {
        None if method.name == "subscriptions/listen" => {
            let uris = subscribed(exchange)?;
            uris.iter().try_for_each(|uri| judge(Channel::Resources, Some(uri)))?;
        }
        None if method.always_open => {}
        None => return Err(None),
        Some(Channel::Tasks) => judge(Channel::Tasks, None)?,
        Some(Channel::Completion) => {
            judge(Channel::Completion, None)?;
            let (channel, subject) = completed(exchange).ok_or(None)?;
            // What is not listed has nothing to complete.
            if !reach.lists(channel, &subject) {
                judge(channel, Some(&subject))?;
            }
        }
        Some(channel) => judge(channel, exchange.message.subject().as_deref())?,
    }
    Ok(shadowed)
}

/// The resources of which a listener wants to hear (2026-07-28).
fn subscribed(exchange: &Exchange) -> Result<Vec<String>, Closed> {
    let params = exchange.message.params();
    let Some(wanted) = params.and_then(|params| params.get("notifications")) else { return Ok(Vec::new()) };
    let known = ["toolsListChanged", "promptsListChanged", "resourcesListChanged", SUBSCRIPTIONS];
    if !wanted.is_object() || mcp::envelope::keys::look_alike(wanted, &known).is_some() {
        return Err(None);
    }
    match wanted.get(SUBSCRIPTIONS) {
        None => Ok(Vec::new()),
        Some(uris) if uris.is_array() => {
            let text = |uri: Value<'_>| uri.as_str().map(|uri| uri.into_owned()).ok_or(None);
            uris.elements().map(text).collect()
        }
        Some(_) => Err(None),
    }
}

const SUBSCRIPTIONS: &str = "resourceSubscriptions";

/// What arguments are completed of: a prompt, or a resource or its template. None where it can be read in two ways.
fn completed(exchange: &Exchange) -> Option<(Channel, String)> {
    let target = exchange.message.params()?.get("ref")?;
    if !target.is_object() || mcp::envelope::keys::look_alike(target, &["type", "name", "uri"]).is_some() {
        return None;
    }
    let (channel, key) = match &*target.get("type")?.as_str()? {
        "ref/prompt" => (Channel::Prompts, "name"),
        "ref/resource" => (Channel::Resources, "uri"),
        _ => return None,
    };
    Some((channel, target.get(key)?.as_str()?.into_owned()))
}
