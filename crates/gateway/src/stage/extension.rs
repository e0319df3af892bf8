//! Methods that the protocol does not have: refused, but those that the policies open by their exact names.
//! Such a message passes as it is, with ids of ours; nothing in it is understood, so nothing else is judged.

use super::{channel, refuse, restore};
use crate::account::Account;
use crate::channels;
use crate::exchange::{Answer, Exchange};
use crate::gateway::Gateway;
use crate::permit::{Changes, Permit};
use mcp::errors::Refusal;
use std::sync::Arc;

/// Judges a message of an unknown method; `refusal` is what the protocol answers to it.
pub async fn handle(gateway: &Arc<Gateway>, mut exchange: Exchange, refusal: &Refusal) -> Answer {
    if !is_open(&exchange) {
        return refuse::protocol(gateway, &exchange, refusal);
    }
    if let Err(refused) = exchange.enter() {
        return refuse::id(gateway, &exchange, refused);
    }
    if let Err(unknown) = restore::restore(gateway, &mut exchange) {
        return unknown;
    }
    if !exchange.message.is_request() {
        return notify(gateway, &exchange).await;
    }
    while !exchange.lane.is_ready() {
        if let Err(answer) = channel::wait(gateway, &mut exchange).await {
            return answer;
        }
        if !is_open(&exchange) {
            return refuse::protocol(gateway, &exchange, refusal);
        }
    }
    let method = exchange.message.method().unwrap_or_default();
    let shadowed = channels::shadow_extension(&exchange.reach, &exchange.grant.id, method);
    channel::forward(gateway, exchange, true, shadowed.as_deref()).await
}

fn is_open(exchange: &Exchange) -> bool {
    let method = exchange.message.method().unwrap_or_default();
    channels::judge_extension(&exchange.reach, &exchange.grant.id, method).is_ok()
}

async fn notify(gateway: &Gateway, exchange: &Exchange) -> Answer {
    let sent = match Permit::forward(exchange, &Changes::default(), Account::none()) {
        Ok(mut permit) => exchange.lane.notify(&mut permit).await.map_err(|failure| failure.to_string()),
        Err(error) => Err(error.to_string()),
    };
    if let Err(why) = sent {
        gateway.metrics.refused.inc();
        tracing::debug!(server.id = %exchange.reach.server.id, why, "a notification did not arrive");
    }
    Answer::Accepted
}
