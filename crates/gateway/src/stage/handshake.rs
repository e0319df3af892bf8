//! `initialize` and `server/discover`: passed through, less what no policy opens.
//! A capability is only ever removed.

use super::whole::{self, Expected, Whole};
use super::{decide, list, refuse};
use crate::account::Account;
use crate::channels;
use crate::exchange::{Answer, Exchange, Reply};
use crate::gateway::Gateway;
use crate::permit::{Changes, Permit};
use crate::session::{Session, mint_id};
use crate::upstream::LaneFailure;
use mcp::era::Era;
use mcp::reply::ReplyKind;
use mcp::rewrite::{ReplyEdits, rewrite_reply};
use std::sync::Arc;

/// Answers the first message of a client.
pub async fn greet(gateway: &Gateway, mut exchange: Exchange) -> Answer {
    let is_new = exchange.era() == Era::Legacy && exchange.session.is_none();
    // Held until the session is there, or not to be.
    let place = is_new.then(|| {
        gateway.sessions.place(&exchange.grant.id, &exchange.lane, &gateway.bounds, gateway.now_ms())
    });
    if let Some(None) = place {
        return refuse::too_many_sessions(gateway, &exchange);
    }
    let whole = match ask(gateway, &exchange).await {
        Ok(whole) => whole,
        Err(failure) => {
            if is_new {
                exchange.lane.close();
            }
            return refuse::unreachable(gateway, &exchange, &failure);
        }
    };
    if let Err(revoked) = decide::renew(gateway, &mut exchange) {
        if is_new {
            exchange.lane.close();
        }
        return revoked;
    }
    if *whole.reply.kind() == ReplyKind::Error {
        if is_new {
            exchange.lane.close();
        }
        let status = if exchange.era() == Era::Modern { whole.status } else { 200 };
        return Answer::with_status(status, whole::error_for(exchange.id(), &whole.reply));
    }
    match exchange.era() {
        Era::Modern => render(gateway, &exchange, &whole, None),
        Era::Legacy => open_session(gateway, &exchange, &whole),
    }
}

async fn ask(gateway: &Gateway, exchange: &Exchange) -> Result<Whole, LaneFailure> {
    exchange.lane.ready().await?;
    let mut permit = Permit::forward(exchange, &Changes::default(), Account::none())
        .map_err(|error| LaneFailure::Failed(error.to_string()))?
        .for_reply_only();
    let incoming = exchange.lane.send(&mut permit, exchange.era()).await?;
    let expected = Expected {
        lane: &exchange.lane,
        session: exchange.session.as_deref(),
        version: exchange.version,
        id: &exchange.upstream_id.to_string(),
        max_bytes: gateway.bounds.max_list_bytes,
        timeout: exchange.reach.server.timeout(),
    };
    whole::read(incoming, expected).await
}

fn open_session(gateway: &Gateway, exchange: &Exchange, whole: &Whole) -> Answer {
    let Some(version) = whole.reply.negotiated_version().filter(|version| version.era() == Era::Legacy)
    else {
        exchange.lane.close();
        let why = "it negotiated a revision that this gateway does not know";
        return refuse::failed(exchange.id(), &exchange.reach.server.id, why);
    };
    if let Some(session) = &whole.session {
        exchange.lane.name_session(session);
    }
    if let Some(session) = &exchange.session {
        session.settle_version(version);
        drop(session.shown.changed(&exchange.reach.stack));
        return render(gateway, exchange, whole, None);
    }
    let Ok(id) = mint_id() else {
        exchange.lane.close();
        return refuse::failed(exchange.id(), &exchange.reach.server.id, "no random bytes for a session id");
    };
    let lane = exchange.lane.settled();
    let (grant, server) = (Arc::clone(&exchange.grant.id), Arc::clone(&exchange.reach.server));
    let session = Arc::new(Session::new(Arc::clone(&id), grant, server, lane, gateway.now_ms()));
    session.settle_version(version);
    // From here on a change of policies is news to the client.
    drop(session.shown.changed(&exchange.reach.stack));
    let answer = render(gateway, exchange, whole, Some(id));
    gateway.sessions.add(session);
    answer
}

fn render(gateway: &Gateway, exchange: &Exchange, whole: &Whole, session: Option<Arc<str>>) -> Answer {
    let closed = channels::closed_to_client(&exchange.reach);
    // What a discovery shows depends on the grant and its policies.
    let ttl = list::shown_ttl_ms(gateway, &whole.reply).to_string();
    let private = [("ttlMs", ttl.as_str()), ("cacheScope", "\"private\"")];
    let edits = ReplyEdits {
        id: Some(exchange.id()),
        remove_capabilities: &closed,
        set_result: if exchange.era() == Era::Modern { &private } else { &[] },
        strip_private_meta: true,
        ..ReplyEdits::default()
    };
    match rewrite_reply(&whole.reply, &edits) {
        Ok(body) => Answer::Message(Reply { status: 200, body, session }),
        Err(_) => {
            refuse::failed(exchange.id(), &exchange.reach.server.id, "its greeting cannot be passed on")
        }
    }
}
