//! Notifications of a client: few pass, none is answered.

use crate::account::Account;
use crate::exchange::{Answer, Exchange};
use crate::gateway::Gateway;
use crate::permit::{Changes, Permit};
use mcp::methods::Method;

/// Passes a notification on if something upstream can use it.
pub async fn forward(gateway: &Gateway, exchange: &Exchange, method: &Method) -> Answer {
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
        // Progress and root changes answer requests of a server, and none is open.
        _ => return Answer::Accepted,
    }
    let sent = match Permit::forward(exchange, &changes, Account::none()) {
        Ok(mut permit) => exchange.lane.notify(&mut permit).await.map_err(|failure| failure.to_string()),
        Err(error) => Err(error.to_string()),
    };
    if let Err(why) = sent {
        gateway.metrics.refused.inc();
        tracing::debug!(server.id = %exchange.reach.server.id, why, "a notification did not arrive");
    }
    Answer::Accepted
}
