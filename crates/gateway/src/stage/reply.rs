//! Sends a permitted request and turns what comes back into the client's answer.
//! Short replies are read whole; long ones and streams pass through at the client's pace.

use super::{refuse, whole};
use crate::account::Outcome;
use crate::exchange::{Answer, Exchange};
use crate::gateway::Gateway;
use crate::metrics::Ending;
use crate::permit::Permit;
use crate::relay::{self, WHOLE_BYTES};
use crate::route::{Route, Withheld};
use crate::upstream::{Incoming, Lines};
use mcp::era::Era;
use mcp::errors;
use mcp::http::{self, Content};
use mcp::reply::{Reply, ReplyKind, parse_reply};
use std::sync::Arc;

/// Forwards one request and waits for its answer, for as long as the grant may have it.
pub async fn forward(gateway: &Arc<Gateway>, exchange: Exchange, permit: Permit) -> Answer {
    let (grant, server) = (Arc::clone(&exchange.grant.id), Arc::clone(&exchange.reach.server));
    let answer = tokio::select! {
        biased;
        // Looked at before the first byte is sent, too. What was sent is given up, and its account settles itself.
        () = gateway.access_lost(&grant, &server) => return Answer::GrantGone,
        answer = ask(gateway, exchange, permit) => answer,
    };
    // It may have expired, which nobody is told of.
    if gateway.may_have(&grant, &server) { answer } else { Answer::GrantGone }
}

async fn ask(gateway: &Arc<Gateway>, exchange: Exchange, mut permit: Permit) -> Answer {
    let sent = exchange.lane.send(&mut permit, exchange.era()).await;
    store::fault::point("after-first-byte");
    let session = exchange.session.clone();
    let mut route = Route::new(gateway, exchange, permit);
    let incoming = match sent {
        Ok(incoming) => incoming,
        Err(failure) => return fail(&mut route, &failure.to_string(), None),
    };
    route.reach.server.metrics.count(Ending::Allowed);
    match incoming {
        Incoming::Lines(lines) => from_process(route, lines).await,
        Incoming::Http(reply) if reply.status == 404 && route.lane.is_in_session() => {
            route.settle(Outcome::Failed { why: "the session is gone", status: Some(404) });
            refuse::session_gone(gateway, session.as_ref())
        }
        Incoming::Http(reply) => from_http(route, *reply).await,
    }
}

async fn from_process(mut route: Route, mut lines: Lines) -> Answer {
    let timeout = route.reach.server.timeout();
    let first = match tokio::time::timeout(timeout, lines.next()).await {
        Ok(Some(first)) => first,
        Ok(None) => return fail(&mut route, "its process or connection ended before it answered", None),
        Err(_) => return fail(&mut route, "it did not answer in time; it may still act", None),
    };
    match first.kind() {
        ReplyKind::Result | ReplyKind::Error => {
            let told = match lines.status {
                200 => first.error_code().map_or(200, errors::http_status),
                status => status,
            };
            whole_reply(&mut route, &first, lines.status, told)
        }
        ReplyKind::Notification { .. } | ReplyKind::Request { .. } => relay::lines(route, first, lines),
    }
}

async fn from_http(mut route: Route, mut reply: http::Reply) -> Answer {
    let status = reply.status;
    match reply.content {
        _ if status == 401 || status == 403 => fail(
            &mut route,
            "it refuses the gateway's credentials; check the configured headers",
            Some(status),
        ),
        Content::EventStream if status == 200 => relay::events(route, reply.body, status),
        Content::Json if status == 200 && route.subscription.is_some() => {
            relay::json_lines(route, reply.body, status)
        }
        Content::Json => {
            let mut beginning = Vec::new();
            let patience = route.patience();
            loop {
                let Ok(chunk) = tokio::time::timeout(patience, reply.body.next()).await else {
                    return fail(
                        &mut route,
                        "it was silent for too long in the middle of its reply",
                        Some(status),
                    );
                };
                let Some(chunk) = chunk else { break };
                match chunk {
                    Ok(chunk) => beginning.extend_from_slice(&chunk),
                    Err(error) => return fail(&mut route, &error.to_string(), Some(status)),
                }
                match route.held_bytes() {
                    None if beginning.len() > WHOLE_BYTES => {
                        return relay::json(route, beginning, reply.body, status);
                    }
                    Some(most) if beginning.len() > most => {
                        return fail(&mut route, "its reply is too long", Some(status));
                    }
                    Some(_) | None => {}
                }
            }
            match parse_reply(beginning, &whole::caps(route.held_bytes())) {
                Ok(message) => whole_reply(&mut route, &message, status, status),
                Err(fault) => fail(&mut route, &fault.to_string(), Some(status)),
            }
        }
        Content::EventStream | Content::None | Content::Other => {
            fail(&mut route, &format!("it answered with status {status} and no message"), Some(status))
        }
    }
}

/// A reply that came at once. `status` is the one it came with, `told` the one that a modern client gets.
fn whole_reply(route: &mut Route, message: &Reply, status: u16, told: u16) -> Answer {
    let n_bytes = message.document().text().len() as u64;
    let http_status = match route.version.era() {
        Era::Legacy => 200,
        Era::Modern => told,
    };
    if *message.kind() == ReplyKind::Error && message.id_raw().is_none() {
        route.settle_by(message, n_bytes, status);
        return Answer::with_status(http_status, whole::error_for(&route.client_id, message));
    }
    match route.reply(message) {
        Ok(body) => {
            route.settle_by(message, n_bytes, status);
            Answer::with_status(http_status, body)
        }
        Err(Withheld::Instead(text)) => {
            route.settle_by(message, n_bytes, status);
            Answer::ok(refuse::instead(&route.client_id, text))
        }
        Err(Withheld::Closed | Withheld::Broken) => fail(route, "it answered another request", Some(status)),
    }
}

fn fail(route: &mut Route, why: &str, status: Option<u16>) -> Answer {
    route.settle(Outcome::Failed { why: "no usable reply", status });
    route.reach.server.metrics.count(Ending::Failed);
    refuse::failed(&route.client_id, &route.reach.server.id, why)
}
