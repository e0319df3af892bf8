//! The way of a message, top to bottom. Everything that is not understood is denied here.
//! It sees an [`Exchange`], never a transport, and forwards nothing without a [`Permit`].

use crate::account::Account;
use crate::bridge::Again;
use crate::exchange::{Answer, Exchange};
use crate::gateway::Gateway;
use crate::permit::{Changes, Permit};
use crate::stage::decide::{Judged, MayWait};
use crate::stage::{
    answered, channel, decide, extension, handshake, list, notify, obligations, refuse, reply, restore,
    round, shadow, task,
};
use mcp::envelope::MessageKind;
use mcp::methods::{self, Kind};
use std::sync::Arc;
use store::CallId;

/// Judges one message and, where a permit was given, forwards it.
pub async fn handle(gateway: &Arc<Gateway>, mut exchange: Exchange) -> Answer {
    // The message may have taken its time to arrive since its grant was found.
    if let Err(revoked) = decide::renew(gateway, &mut exchange) {
        return revoked;
    }
    if *exchange.message.kind() == MessageKind::Response {
        if let Err(unknown) = restore::restore(gateway, &mut exchange) {
            return unknown;
        }
        return answered::response(gateway, &exchange).await;
    }
    let method = match methods::admit(&exchange.message, exchange.version) {
        Ok(method) => method,
        Err(refusal) => return extension::handle(gateway, exchange, &refusal).await,
    };
    if let Err(refused) = exchange.enter() {
        return refuse::id(gateway, &exchange, refused);
    }
    if let Err(unknown) = restore::restore(gateway, &mut exchange) {
        return unknown;
    }
    match (method.kind, method.name) {
        (Kind::Request, "tools/call") => call(gateway, exchange).await,
        (Kind::Request, "tools/list") => list::tools(gateway, exchange).await,
        (Kind::Request, "initialize" | "server/discover") => handshake::greet(gateway, exchange).await,
        (Kind::Request, _) => channel::request(gateway, exchange, method).await,
        (Kind::Notification, _) => notify::forward(gateway, exchange, method).await,
    }
}

/// One `tools/call`.
async fn call(gateway: &Arc<Gateway>, mut exchange: Exchange) -> Answer {
    match permit(gateway, &mut exchange).await {
        Ok(permit) => reply::forward(gateway, exchange, permit).await,
        Err(answer) => answer,
    }
}

/// The permit of one `tools/call`, judged, reserved and recorded.
///
/// # Errors
/// The answer where there is none.
async fn permit(gateway: &Arc<Gateway>, exchange: &mut Exchange) -> Result<Permit, Answer> {
    let id = gateway.store.next_call();
    let judged = judge(gateway, exchange, id).await?;
    let reservation = obligations::reserve(gateway, exchange, &judged, id)
        .map_err(|refused| refuse::obligation(gateway, exchange, id, &refused))?;
    if let Err(unknown) = round::spend(gateway, exchange) {
        return Err(refuse::protocol(gateway, exchange, &restore::refusal(exchange, unknown.0)));
    }
    // Journal and intent: from here on the call counts, whatever becomes of it.
    let (reservation, shadowed) = shadow::count(gateway, exchange, &judged, reservation);
    let account = Account::begin(gateway, exchange, &judged, reservation, shadowed.as_deref())
        .await
        .map_err(|error| refuse::store(exchange, &error))?;
    let arguments = judged.arguments(exchange);
    let changes = Changes {
        arguments: judged.allowed.repaired.as_ref().map(|repaired| repaired.document.text()),
        param_headers: judged.tool.mirrored.headers(arguments),
        ..Changes::default()
    };
    let permit = Permit::forward(exchange, &changes, account)
        .map_err(|error| refuse::failed(exchange.id(), &exchange.reach.server.id, &error.to_string()))?;
    Ok(permit.with_again(Again::of(gateway, exchange)))
}

/// The permit for a further round of a call that is under way: the whole call is judged again.
///
/// # Errors
/// The answer where there is none.
pub(crate) async fn permit_again(gateway: &Arc<Gateway>, exchange: &mut Exchange) -> Result<Permit, Answer> {
    let method = methods::admit(&exchange.message, exchange.version)
        .map_err(|refusal| refuse::protocol(gateway, exchange, &refusal))?;
    match method.name {
        "tools/call" => permit(gateway, exchange).await,
        _ => channel::permit(gateway, exchange, method).await,
    }
}

/// Decides, and decides again after every wait with what is known then.
async fn judge(gateway: &Gateway, exchange: &mut Exchange, id: CallId) -> Result<Judged, Answer> {
    let mut may_wait = MayWait::Yes;
    loop {
        if decide::learn_names(gateway, exchange).await? {
            decide::renew(gateway, exchange)?;
        }
        let judged = decide::decide(gateway, exchange).and_then(|judged| {
            round::judge(exchange)?;
            task::judge_request(exchange)?;
            Ok(judged)
        });
        let judged = judged.map_err(|denial| refuse::policy(gateway, exchange, id, &denial))?;
        decide::check_mirrors(exchange, &judged)
            .map_err(|refusal| refuse::protocol(gateway, exchange, &refusal))?;
        if decide::is_ready(gateway, exchange, may_wait) {
            return Ok(judged);
        }
        // A full limit is noticed before the server is troubled, and before anything is asked of people.
        obligations::peek(gateway, exchange, &judged)
            .map_err(|refused| refuse::obligation(gateway, exchange, id, &refused))?;
        decide::get_ready(gateway, exchange, may_wait).await?;
        may_wait = MayWait::No;
        decide::renew(gateway, exchange)?;
    }
}
