//! Finds the tool that a call names and asks the policies about it.
//! A name that is refused anyway never touches the server.

use super::{list, refuse};
use crate::definitions::{Freshness, Tool};
use crate::exchange::{Answer, Exchange};
use crate::gateway::Gateway;
use crate::upstream::LaneFailure;
use json::Value;
use mcp::era::Era;
use mcp::errors::Refusal;
use policy::{Allowed, Arguments, Bound, Decision, Denial, Facts};
use std::sync::Arc;

/// A call that the policies allow, before its obligations.
#[derive(Debug)]
pub struct Judged {
    /// What it calls.
    pub tool: Arc<Tool>,
    /// What the policies oblige to.
    pub allowed: Allowed,
    /// What judged it.
    pub bound: Arc<Bound>,
}

impl Judged {
    /// The arguments as they are forwarded.
    #[must_use]
    pub fn arguments<'a>(&'a self, exchange: &'a Exchange) -> Option<Value<'a>> {
        match &self.allowed.repaired {
            Some(repaired) => Some(repaired.document.root()),
            None => exchange.message.arguments(),
        }
    }
}

/// Whether a call may still wait for a fresh list: once is enough, or a server that keeps changing would hold it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MayWait {
    /// It has not waited yet.
    Yes,
    /// It has.
    No,
}

/// Makes sure that there is a stored list to answer names from: only without one is the server asked before anything
/// is decided. True when that took a wait.
///
/// # Errors
/// The answer where the server has to be asked and cannot.
pub async fn learn_names(gateway: &Gateway, exchange: &Exchange) -> Result<bool, Answer> {
    if exchange.reach.server.definitions.freshness(gateway.now_ms()) != Freshness::Never {
        return Ok(false);
    }
    let listed = list::refresh(gateway, exchange).await;
    listed.map(|()| true).map_err(|failure| refuse::unreachable(gateway, exchange, &failure))
}

/// Asks the policies about the tool that is called, as the stored list defines it.
///
/// # Errors
/// The [`Denial`] of the first that says no.
pub fn decide(gateway: &Gateway, exchange: &Exchange) -> Result<Judged, Box<Denial>> {
    let name = exchange.message.tool_name().unwrap_or_default();
    let Some(tool) = exchange.reach.server.definitions.get(&name) else {
        return Err(Box::new(exchange.reach.stack.deny_unknown_on(&exchange.reach.server.id, &name)));
    };
    let bound = exchange.reach.bind(&tool);
    let arguments = exchange.message.arguments().map_or(Arguments::Absent, Arguments::Known);
    match bound.decide(&facts(exchange, &tool.name).at(gateway.now_ms()), arguments) {
        Decision::Allow(allowed) => Ok(Judged { tool, allowed, bound }),
        Decision::Deny(denial) => Err(Box::new(denial)),
    }
}

/// Compares `Mcp-Param-*` headers with the judged arguments (2026-07-28).
///
/// # Errors
/// The specification's refusal where they differ or are not declared.
pub fn check_mirrors(exchange: &Exchange, judged: &Judged) -> Result<(), Refusal> {
    // Only requests of this era over HTTP have headers that mirror anything; in lines a client has a session.
    if exchange.era() == Era::Legacy || exchange.session.is_some() {
        return Ok(());
    }
    let checked = judged.tool.mirrored.check(&exchange.param_headers, exchange.message.arguments());
    checked.map_err(|refusal| refusal.with_id_of(&exchange.message))
}

/// Whether the call can be sent at once and what it was judged by is current.
#[must_use]
pub fn is_ready(gateway: &Gateway, exchange: &Exchange, may_wait: MayWait) -> bool {
    exchange.lane.is_ready() && !is_stale(gateway, exchange, may_wait)
}

/// Makes sure of both, which may take a wait.
///
/// # Errors
/// The answer where the server cannot be reached.
pub async fn get_ready(gateway: &Gateway, exchange: &Exchange, may_wait: MayWait) -> Result<(), Answer> {
    let ready = async {
        exchange.lane.ready().await?;
        if is_stale(gateway, exchange, may_wait) { list::refresh(gateway, exchange).await } else { Ok(()) }
    };
    ready.await.map_err(|failure| refuse::unreachable(gateway, exchange, &failure))
}

fn is_stale(gateway: &Gateway, exchange: &Exchange, may_wait: MayWait) -> bool {
    let freshness = exchange.reach.server.definitions.freshness(gateway.now_ms());
    may_wait == MayWait::Yes && freshness != Freshness::Fresh
}

/// Takes the grant and its policies as they are now.
///
/// # Errors
/// The answer where the grant may no longer do anything here.
pub fn renew(gateway: &Gateway, exchange: &mut Exchange) -> Result<(), Answer> {
    match gateway.access(&exchange.grant.id, &exchange.reach.server) {
        Some((grant, reach)) => {
            exchange.grant = grant;
            exchange.reach = reach;
            Ok(())
        }
        None if gateway.may_have(&exchange.grant.id, &exchange.reach.server) => {
            let why = String::from("its declaration has changed; retry");
            Err(refuse::unreachable(gateway, exchange, &LaneFailure::Failed(why)))
        }
        None => Err(refuse::revoked(gateway, exchange)),
    }
}

/// What the policies may know of the call besides its arguments.
#[must_use]
pub fn facts<'a>(exchange: &'a Exchange, tool: &'a str) -> Facts<'a> {
    Facts::new(&exchange.grant.id, &exchange.reach.server.id, tool)
        .labelled(&exchange.grant.labels)
        .answered(exchange.message.input_responses())
}
