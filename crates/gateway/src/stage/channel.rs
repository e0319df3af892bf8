//! Requests other than tool calls: open ones pass, the others follow the policies' default and are recorded as calls.
//! What nothing judges yet (tasks) is closed under either default.

use super::{decide, refuse, reply, restore, round};
use crate::account::Account;
use crate::channels;
use crate::exchange::{Answer, Exchange};
use crate::gateway::Gateway;
use crate::permit::{Changes, Permit};
use crate::upstream::LaneFailure;
use mcp::methods::Method;
use std::sync::Arc;

/// Judges and forwards one request.
pub async fn request(gateway: &Arc<Gateway>, mut exchange: Exchange, method: &Method) -> Answer {
    if let Err(answer) = judge(gateway, &mut exchange, method).await {
        return answer;
    }
    if let Err(unknown) = round::spend(gateway, &exchange) {
        return refuse::protocol(gateway, &exchange, &restore::refusal(&exchange, unknown.0));
    }
    let account = if method.always_open {
        Account::none()
    } else {
        match Account::begin_channel(gateway, &exchange).await {
            Ok(account) => account,
            Err(error) => return refuse::store(&exchange, &error),
        }
    };
    match Permit::forward(&exchange, &Changes::default(), account) {
        Ok(permit) => reply::forward(gateway, exchange, permit).await,
        Err(error) => refuse::unreachable(gateway, &exchange, &LaneFailure::Failed(error.to_string())),
    }
}

/// Decides, and decides again after a wait for the server.
async fn judge(gateway: &Gateway, exchange: &mut Exchange, method: &Method) -> Result<(), Answer> {
    loop {
        if !method.always_open && !is_open(exchange, method) {
            return Err(match list_key(method.name) {
                Some(key) => refuse::empty_list(exchange, key),
                None => refuse::channel(gateway, exchange),
            });
        }
        if round::judge(exchange).is_err() {
            return Err(refuse::channel(gateway, exchange));
        }
        if exchange.lane.is_ready() {
            return Ok(());
        }
        let ready = exchange.lane.ready().await;
        ready.map_err(|failure| refuse::unreachable(gateway, exchange, &failure))?;
        decide::renew(gateway, exchange)?;
    }
}

fn is_open(exchange: &Exchange, method: &Method) -> bool {
    let subject = exchange.message.subject();
    let judge = |channel| channels::judge(&exchange.reach, &exchange.grant.id, channel, subject.as_deref());
    channels::of(method.channel).is_some_and(|channel| judge(channel).is_ok())
}

/// The list that a closed channel shows empty.
fn list_key(method: &str) -> Option<&'static str> {
    match method {
        "resources/list" => Some("resources"),
        "resources/templates/list" => Some("resourceTemplates"),
        "prompts/list" => Some("prompts"),
        _ => None,
    }
}
