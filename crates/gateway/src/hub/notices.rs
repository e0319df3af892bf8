//! What a client says to all servers, and the notices that answer nothing.
//! A cancellation goes where the request went and nowhere else.

use super::ask::{self, at_each};
use super::client::{Asked, Client};
use super::refuse;
use crate::exchange::{Answer, Exchange};
use crate::pipeline;
use crate::session::Session;
use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError};

/// Passes a notification on to the members that it concerns.
pub async fn forward(asked: &Asked, method: &str) -> Answer {
    let Some(session) = &asked.client.session else { return Answer::Accepted };
    if method == "notifications/initialized" {
        session.initialized.store(true, Ordering::Release);
    }
    let (cancelled, reported) = (asked.message.cancelled_request(), asked.message.reported_token());
    let concerns = |member: &Arc<Session>| match method {
        "notifications/cancelled" => cancelled.is_some_and(|id| member.upstream_id(id).is_some()),
        "notifications/progress" => {
            reported.is_some_and(|token| member.outstanding.reported(token).is_some())
        }
        _ => true,
    };
    let members = session.live().into_iter().filter(concerns).collect();
    tell(&asked.client, members, asked.text()).await;
    Answer::Accepted
}

/// Passes a client's response on to the member whose server asked.
pub async fn respond(asked: Asked) -> Answer {
    let session = asked.client.session.as_ref();
    let asks = |member: &Arc<Session>| asked.message.id_raw().is_some_and(|id| member.outstanding.has(id));
    let member = session.and_then(|session| session.live().into_iter().find(asks));
    let reach =
        member.as_ref().and_then(|member| asked.client.grant.reach(&member.server.id)).map(Arc::clone);
    match (member, reach) {
        (Some(member), Some(reach)) => {
            let Asked { client, message, room, .. } = asked;
            let exchange = Exchange { room, ..client.within(&member, &reach, message) };
            pipeline::handle(&client.gateway, exchange).await
        }
        (None | Some(_), None) | (None, Some(_)) => refuse::response(&asked),
    }
}

/// Sets the level of every member that logs, now and of those that come later.
pub async fn set_level(asked: &Asked) -> Answer {
    if let Some(session) = &asked.client.session {
        *session.level.lock().unwrap_or_else(PoisonError::into_inner) =
            Some(asked.text().as_bytes().to_vec());
        let logs = |member: &Arc<Session>| {
            let Some(reach) = asked.client.grant.reach(&member.server.id) else { return false };
            let greeting = session.place_of(reach).greeting();
            let capabilities = |reply: &Arc<mcp::reply::Reply>| {
                reply.result().and_then(|result| result.get("capabilities")?.get("logging")).is_some()
            };
            greeting.as_ref().is_some_and(capabilities)
        };
        tell(&asked.client, session.live().into_iter().filter(logs).collect(), asked.text()).await;
    }
    Answer::ok(mcp::answers::empty(asked.client.version.era(), asked.id()))
}

/// Says the same to many members, each as long as it takes but no longer than the others may wait.
async fn tell(client: &Client, members: Vec<Arc<Session>>, text: &str) {
    let told = at_each(members, |member| {
        let (client, member, text) = (client.clone(), Arc::clone(member), text.as_bytes().to_vec());
        async move {
            let Some(reach) = client.grant.reach(&member.server.id) else { return };
            let Ok(message) = ask::message(&client.gateway, text) else { return };
            let exchange = client.within(&member, reach, message);
            let deadline = std::time::Duration::from_millis(client.gateway.bounds.member_deadline_ms);
            // Nobody is told how a notice fared.
            drop(tokio::time::timeout(deadline, pipeline::handle(&client.gateway, exchange)).await);
        }
    });
    drop(told.await);
}
