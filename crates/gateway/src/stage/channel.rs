//! Requests other than tool calls: open ones pass, the others follow the policies' default and are recorded as calls.
//! What nothing judges yet (tasks) is closed under either default.

use super::{refuse, reply};
use crate::account::Account;
use crate::exchange::{Answer, Exchange};
use crate::gateway::Gateway;
use crate::permit::{Changes, Permit};
use crate::upstream::LaneFailure;
use mcp::methods::{Channel, Method};
use std::sync::Arc;

/// Judges and forwards one request.
pub async fn request(gateway: &Arc<Gateway>, exchange: Exchange, method: &Method) -> Answer {
    if let Err(refusal) = exchange.message.refuse_unjudged() {
        return refuse::protocol(gateway, &exchange, &refusal);
    }
    if !method.always_open && !is_open(&exchange, method.channel) {
        return match list_key(method.name) {
            Some(key) => refuse::empty_list(&exchange, key),
            None => refuse::channel(gateway, &exchange),
        };
    }
    if let Err(failure) = exchange.lane.ready().await {
        return refuse::unreachable(&exchange, &failure);
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
        Err(error) => refuse::unreachable(&exchange, &LaneFailure(error.to_string())),
    }
}

fn is_open(exchange: &Exchange, channel: Channel) -> bool {
    match channel {
        Channel::Resources | Channel::Prompts | Channel::Completion => exchange.reach.stack.channel_open(),
        Channel::Lifecycle
        | Channel::Utility
        | Channel::Tools
        | Channel::Logging
        | Channel::Subscriptions
        | Channel::Tasks
        | Channel::Sampling
        | Channel::Elicitation
        | Channel::Roots => false,
    }
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
