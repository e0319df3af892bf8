//! Notifications of a client: few pass, none is answered.

use super::answered;
use crate::account::Account;
use crate::channels;
use crate::exchange::{Answer, Exchange};
use crate::gateway::Gateway;
use crate::permit::{Changes, Permit};
use mcp::methods::Method;
use policy::Channel;

/// Passes a notification on if something upstream can use it.
pub async fn forward(gateway: &Gateway, mut exchange: Exchange, method: &Method) -> Answer {
    let reported;
    let mut changes = Changes::default();
    match method.name {
        "notifications/initialized" => {}
        "notifications/cancelled" => {
            // Only one's own request, by the id that the upstream knows.
            let named = exchange.message.cancelled_request();
            let session = exchange.session.as_ref();
            let id = session.zip(named).and_then(|(session, id)| session.upstream_id(id));
            if id.is_none() {
                return Answer::Accepted;
            }
            changes.cancelled = id;
        }
        "notifications/progress" => {
            // Only of what a server asked this client.
            reported = answered::reported(&mut exchange);
            if reported.is_none() {
                return Answer::Accepted;
            }
            changes.reported = reported.as_deref();
        }
        "notifications/roots/list_changed" => {
            let (reach, grant) = (&exchange.reach, &exchange.grant.id);
            if channels::judge(reach, grant, Channel::Roots, None).is_err() {
                return Answer::Accepted;
            }
        }
        // Nothing judges tasks of a client yet.
        _ => return Answer::Accepted,
    }
    let sent = match Permit::forward(&exchange, &changes, Account::none()) {
        Ok(mut permit) => exchange.lane.notify(&mut permit).await.map_err(|failure| failure.to_string()),
        Err(error) => Err(error.to_string()),
    };
    if let Err(why) = sent {
        gateway.metrics.refused.inc();
        tracing::debug!(server.id = %exchange.reach.server.id, why, "a notification did not arrive");
    }
    Answer::Accepted
}
