//! Finds the tool that a call names and asks the policies about it.
//! A name that is refused anyway never touches the server.

use super::list;
use crate::definitions::{Freshness, Tool};
use crate::exchange::Exchange;
use crate::gateway::Gateway;
use crate::upstream::LaneFailure;
use json::Value;
use mcp::errors::Refusal;
use policy::{Allowed, Arguments, Decision, Denial, Facts};
use std::sync::Arc;

/// A call that the policies allow, before its obligations.
#[derive(Debug)]
pub struct Judged {
    /// What it calls.
    pub tool: Arc<Tool>,
    /// What the policies oblige to.
    pub allowed: Allowed,
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

/// Whether getting ready took a wait, after which everything is decided anew.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wait {
    /// It did not.
    None,
    /// It did.
    Over,
}

/// Refuses forms of a call that nothing judges yet: as a task, or as a further round.
#[must_use]
pub fn unsupported_form(exchange: &Exchange) -> Option<Refusal> {
    exchange.message.refuse_unjudged().err()
}

/// The definition of the tool that is called, from the stored list; only without one is the server asked.
///
/// # Errors
/// [`LaneFailure`] where it has to be asked and cannot.
pub async fn resolve(gateway: &Gateway, exchange: &Exchange) -> Result<Option<Arc<Tool>>, LaneFailure> {
    let definitions = &exchange.reach.server.definitions;
    if definitions.freshness(gateway.now_ms()) == Freshness::Never {
        list::refresh(gateway, exchange).await?;
    }
    let name = exchange.message.tool_name();
    Ok(name.and_then(|name| definitions.get(&name)))
}

/// Asks the policies.
///
/// # Errors
/// The [`Denial`] of the first that says no, or of a protocol rule that the tool's definition makes.
pub fn decide(exchange: &Exchange, tool: Option<Arc<Tool>>) -> Result<Judged, Box<Denial>> {
    let Some(tool) = tool else {
        let name = exchange.message.tool_name().unwrap_or_default();
        return Err(Box::new(exchange.reach.stack.deny_unknown(&name)));
    };
    let bound = exchange.reach.bind(&tool);
    let arguments = exchange.message.arguments().map_or(Arguments::Absent, Arguments::Known);
    match bound.decide(&facts(exchange, &tool.name), arguments) {
        Decision::Allow(allowed) => Ok(Judged { tool, allowed }),
        Decision::Deny(denial) => Err(Box::new(denial)),
    }
}

/// Compares `Mcp-Param-*` headers with the judged arguments (2026-07-28).
///
/// # Errors
/// The specification's refusal where they differ or are not declared.
pub fn check_mirrors(exchange: &Exchange, judged: &Judged) -> Result<(), Refusal> {
    let checked = judged.tool.mirrored.check(&exchange.param_headers, exchange.message.arguments());
    checked.map_err(|refusal| refusal.with_id_of(&exchange.message))
}

/// Makes sure that the call can be sent and that what it was judged by is current.
///
/// # Errors
/// [`LaneFailure`] where the server cannot be reached.
pub async fn ready(gateway: &Gateway, exchange: &Exchange, may_wait: MayWait) -> Result<Wait, LaneFailure> {
    let started = exchange.lane.ready().await?;
    let freshness = exchange.reach.server.definitions.freshness(gateway.now_ms());
    if freshness != Freshness::Fresh && may_wait == MayWait::Yes {
        list::refresh(gateway, exchange).await?;
        return Ok(Wait::Over);
    }
    Ok(if started { Wait::Over } else { Wait::None })
}

/// Takes the grant and its policies as they are now; false where the grant may no longer do anything here.
#[must_use]
pub fn renew(gateway: &Gateway, exchange: &mut Exchange) -> bool {
    match gateway.access(&exchange.grant.id, &exchange.reach.server) {
        Some((grant, reach)) => {
            exchange.grant = grant;
            exchange.reach = reach;
            true
        }
        None => false,
    }
}

/// What the policies may know of the call besides its arguments.
#[must_use]
pub fn facts<'a>(exchange: &'a Exchange, tool: &'a str) -> Facts<'a> {
    Facts { grant: &exchange.grant.id, server: &exchange.reach.server.id, tool }
}
