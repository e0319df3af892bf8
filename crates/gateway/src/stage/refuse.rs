//! Every way to say no, in one place: the answer to the agent, the audit record, the count.
//! Nothing here touches a server.

use super::obligations::NotReserved;
use crate::account;
use crate::denial::{self, Told};
use crate::exchange::{Answer, Exchange};
use crate::gateway::Gateway;
use crate::metrics::Ending;
use crate::recording;
use crate::session::{IdRefused, Session};
use crate::upstream::LaneFailure;
use mcp::answers;
use mcp::era::Era;
use mcp::errors::{INTERNAL_ERROR, INVALID_REQUEST, Refusal};
use policy::Denial;
use std::sync::Arc;
use store::{CallId, StoreError};

/// The protocol's own refusal.
pub fn protocol(gateway: &Gateway, exchange: &Exchange, refusal: &Refusal) -> Answer {
    account::denied_by_protocol(gateway, exchange, refusal);
    count(exchange, Ending::Denied);
    if !exchange.message.is_request() {
        return Answer::Accepted;
    }
    Answer::with_status(refusal.http_status, refusal.to_bytes())
}

/// A policy's refusal of a call.
pub fn policy(gateway: &Gateway, exchange: &Exchange, call: CallId, denial: &Denial) -> Answer {
    account::denied(gateway, exchange, call, denial);
    recording::denied(gateway, exchange, call, denial);
    count(exchange, Ending::Denied);
    tell(exchange, denial::tell(denial))
}

/// A refusal by what must succeed before a call is forwarded.
pub fn obligation(gateway: &Gateway, exchange: &Exchange, call: CallId, refused: &NotReserved) -> Answer {
    match refused {
        NotReserved::Full(denial) => policy(gateway, exchange, call, denial),
        NotReserved::Broken => store(exchange, &StoreError::Broken),
    }
}

/// The refusal of a method of a channel: by a policy's denial, or because nothing judges it.
pub fn channel(gateway: &Gateway, exchange: &Exchange, denial: Option<&Denial>) -> Answer {
    match denial {
        Some(denial) => account::denied(gateway, exchange, gateway.store.next_call(), denial),
        None => account::denied_channel(gateway, exchange),
    }
    count(exchange, Ending::Denied);
    let unsaid = "this method is closed by policy; do not retry";
    let text = denial.map_or_else(|| unsaid.to_owned(), |denial| denial::text(denial, unsaid));
    Answer::ok(answers::policy_denied(exchange.id(), &text, None))
}

/// The store cannot record the call, so it must not happen.
pub fn store(exchange: &Exchange, error: &StoreError) -> Answer {
    tracing::error!(%error, "a call was denied because it could not be recorded");
    count(exchange, Ending::Denied);
    let text =
        format!("the gateway cannot record calls ({error}), so none is let through; tell the operator");
    match exchange.message.method() {
        Some("tools/call") => tell(exchange, denial::unavailable(&text)),
        Some(_) | None => Answer::ok(answers::policy_denied(exchange.id(), &text, None)),
    }
}

/// The server cannot be reached, or did not answer as it must.
pub fn unreachable(gateway: &Gateway, exchange: &Exchange, failure: &LaneFailure) -> Answer {
    count(exchange, Ending::Failed);
    match failure {
        LaneFailure::Failed(why) => failed(exchange.id(), &exchange.reach.server.id, why),
        LaneFailure::SessionGone => session_gone(gateway, exchange.session.as_ref()),
    }
}

/// The server forgot the session, so the client's is worth nothing any more.
pub fn session_gone(gateway: &Gateway, session: Option<&Arc<Session>>) -> Answer {
    if let Some(session) = session {
        gateway.sessions.remove(session);
    }
    Answer::SessionGone
}

/// A request whose id another request of the session has.
pub fn id(gateway: &Gateway, exchange: &Exchange, refused: IdRefused) -> Answer {
    protocol(
        gateway,
        exchange,
        &Refusal::new(200, INVALID_REQUEST, refused.text()).with_id_of(&exchange.message),
    )
}

/// The answer to a request whose reply never came or could not be used.
pub fn failed(id: &str, server: &str, why: &str) -> Answer {
    tracing::warn!(server.id = %server, why, "a request got no usable reply");
    let text = format!("the server `{server}` gave no usable answer: {why}");
    Answer::ok(answers::error(Some(id), INTERNAL_ERROR, &text, None))
}

/// A session more than a grant may have.
pub fn too_many_sessions(gateway: &Gateway, exchange: &Exchange) -> Answer {
    let (grant, server) = (&exchange.grant.id, &exchange.reach.server.id);
    account::refused(gateway, grant, server, "(session)", "too_many");
    count(exchange, Ending::Denied);
    let text = "the grant has too many open sessions; end some with DELETE, or wait until idle ones end";
    Answer::ok(answers::policy_denied(exchange.id(), text, None))
}

/// The grant was revoked, or its way to the server taken away, while the message waited.
pub fn revoked(gateway: &Gateway, exchange: &Exchange) -> Answer {
    let method = exchange.message.method().unwrap_or_default();
    account::revoked(gateway, &exchange.grant.id, &exchange.reach.server.id, method);
    count(exchange, Ending::Denied);
    Answer::GrantGone
}

/// What the agent gets in place of a reply that may not be passed on.
pub fn instead(id: &str, text: &str) -> Vec<u8> {
    answers::policy_denied(id, text, None)
}

fn tell(exchange: &Exchange, told: Told) -> Answer {
    let id = exchange.id();
    match told {
        Told::Unknown => Answer::ok(answers::unknown_tool(id)),
        Told::Result { tag, text, decision } => {
            Answer::ok(answers::tool_denial(exchange.era(), id, tag, &text, Some(&decision)))
        }
    }
}

fn count(exchange: &Exchange, ending: Ending) {
    exchange.reach.server.metrics.count(ending);
}

/// The answer to a list of a closed channel: it is empty.
#[must_use]
pub fn empty_list(exchange: &Exchange, key: &str) -> Answer {
    let extra = match exchange.era() {
        Era::Legacy => "",
        Era::Modern => ",\"resultType\":\"complete\",\"ttlMs\":0,\"cacheScope\":\"private\"",
    };
    Answer::ok(answers::result(exchange.id(), &format!("{{\"{key}\":[]{extra}}}")))
}
