//! What the parts in shadow would have done to a call that is let through: their limits count under keys of their own,
//! and their first denial is noted. Nothing here refuses anything or asks an upstream.

use super::decide::{Judged, facts};
use super::obligations::{NotReserved, about, shadow_key};
use super::task;
use crate::exchange::Exchange;
use crate::gateway::Gateway;
use policy::{Denial, LimitDemand, Reveal};
use store::{CounterKey, Demand, Reservation};

/// Adds the units of limits in shadow to what the call holds, if all of them have room; else, or where another part in
/// shadow would have denied it, that denial.
pub fn count(
    gateway: &Gateway,
    exchange: &Exchange,
    judged: &Judged,
    reservation: Reservation,
) -> (Reservation, Option<Box<Denial>>) {
    let by_task = || task::shadow_request(exchange);
    let Some(shadowed) = &judged.allowed.shadowed else { return (reservation, by_task()) };
    if let Some(denial) = shadowed.denial.clone().map(Box::new).or_else(by_task) {
        return (reservation, Some(denial));
    }
    match reserve(gateway, exchange, judged, &reservation, &shadowed.limits) {
        Ok(more) => (reservation.join(more), None),
        Err(denial) => (reservation, denial),
    }
}

fn reserve(
    gateway: &Gateway,
    exchange: &Exchange,
    judged: &Judged,
    reservation: &Reservation,
    limits: &[LimitDemand],
) -> Result<Reservation, Option<Box<Denial>>> {
    let facts = facts(exchange, &judged.tool.name);
    let digest = |values: &[u8]| gateway.store.digest(values);
    let keys: Vec<CounterKey> = limits.iter().map(|limit| shadow_key(limit, &facts, digest)).collect();
    let ask = |demands: &[Demand<'_>]| gateway.store.reserve(reservation.call(), demands);
    about(limits, &keys, Reveal::default(), ask).map_err(|refused| match refused {
        NotReserved::Full(denial) => Some(denial),
        // Whether the call can be recorded at all is found out when it is.
        NotReserved::Broken => None,
    })
}
