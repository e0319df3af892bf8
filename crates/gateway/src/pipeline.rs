//! The way of a message, top to bottom. Everything that is not understood is denied here.
//! It sees an [`Exchange`], never a transport, and forwards nothing without a [`Permit`].

use crate::account::Account;
use crate::exchange::{Answer, Exchange};
use crate::gateway::Gateway;
use crate::permit::{Changes, Permit};
use crate::stage::{channel, decide, handshake, list, notify, obligations, refuse, reply};
use mcp::methods::{self, Kind};
use std::sync::Arc;
use store::StoreError;

/// Judges one message and, where a permit was given, forwards it.
pub async fn handle(gateway: &Arc<Gateway>, mut exchange: Exchange) -> Answer {
    let method = match methods::admit(&exchange.message, exchange.version) {
        Ok(method) => method,
        Err(refusal) => return refuse::protocol(gateway, &exchange, &refusal),
    };
    if let Err(refused) = exchange.enter() {
        return refuse::id(gateway, &exchange, refused);
    }
    match (method.kind, method.name) {
        (Kind::Request, "tools/call") => call(gateway, exchange).await,
        (Kind::Request, "tools/list") => list::tools(gateway, exchange).await,
        (Kind::Request, "initialize" | "server/discover") => handshake::greet(gateway, exchange).await,
        (Kind::Request, _) => channel::request(gateway, exchange, method).await,
        (Kind::Notification, _) => notify::forward(gateway, &exchange, method).await,
    }
}

/// One `tools/call`.
async fn call(gateway: &Arc<Gateway>, mut exchange: Exchange) -> Answer {
    if let Some(refusal) = decide::unsupported_form(&exchange) {
        return refuse::protocol(gateway, &exchange, &refusal);
    }
    let id = gateway.store.next_call();
    let mut may_wait = decide::MayWait::Yes;
    // Decided again after every wait, with what is known then.
    let judged = loop {
        let tool = match decide::resolve(gateway, &exchange).await {
            Ok(tool) => tool,
            Err(failure) => return refuse::unreachable(&exchange, &failure),
        };
        let judged = match decide::decide(&exchange, tool) {
            Ok(judged) => judged,
            Err(denial) => return refuse::policy(gateway, &exchange, id, &denial),
        };
        if let Err(refusal) = decide::check_mirrors(&exchange, &judged) {
            return refuse::protocol(gateway, &exchange, &refusal);
        }
        match decide::ready(gateway, &exchange, may_wait).await {
            Ok(decide::Wait::None) => break judged,
            Ok(decide::Wait::Over) => may_wait = decide::MayWait::No,
            Err(failure) => return refuse::unreachable(&exchange, &failure),
        }
        if !decide::renew(gateway, &mut exchange) {
            return refuse::revoked(&exchange);
        }
    };
    // Full limits are noticed here, before anything would be asked of people.
    let reservation = match obligations::reserve(gateway, &exchange, &judged, id) {
        Ok(reservation) => reservation,
        Err(obligations::NotReserved::Full(denial)) => {
            return refuse::policy(gateway, &exchange, id, &denial);
        }
        Err(obligations::NotReserved::Broken) => return refuse::store(&exchange, &StoreError::Broken),
    };
    // Journal and intent: from here on the call counts, whatever becomes of it.
    let account = match Account::begin(gateway, &exchange, &judged, reservation).await {
        Ok(account) => account,
        Err(error) => return refuse::store(&exchange, &error),
    };
    let arguments = judged.arguments(&exchange);
    let changes = Changes {
        arguments: judged.allowed.repaired.as_ref().map(|repaired| repaired.document.text()),
        param_headers: judged.tool.mirrored.headers(arguments),
        ..Changes::default()
    };
    match Permit::forward(&exchange, &changes, account) {
        Ok(permit) => reply::forward(gateway, exchange, permit).await,
        Err(error) => refuse::failed(exchange.id(), &exchange.reach.server.id, &error.to_string()),
    }
}
