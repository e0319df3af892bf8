//! What must succeed before an allowed call is forwarded: today its limits.
//! All are reserved or none; a call that is refused here consumes nothing.

use super::decide::{Judged, facts};
use crate::exchange::Exchange;
use crate::gateway::Gateway;
use policy::{Denial, Facts, LimitDemand};
use store::{CallId, CounterKey, Demand, Refused, Reservation};

/// Why nothing was reserved.
#[derive(Debug)]
pub enum NotReserved {
    /// A limit has no room.
    Full(Box<Denial>),
    /// The counters have failed.
    Broken,
}

/// Reserves every limit of the call.
///
/// # Errors
/// [`NotReserved`]; nothing is reserved then.
pub fn reserve(
    gateway: &Gateway,
    exchange: &Exchange,
    judged: &Judged,
    call: CallId,
) -> Result<Reservation, NotReserved> {
    with_demands(exchange, judged, |demands| gateway.store.reserve(call, demands))
}

/// Whether every limit of the call has room now; nothing is reserved.
///
/// # Errors
/// [`NotReserved`].
pub fn peek(gateway: &Gateway, exchange: &Exchange, judged: &Judged) -> Result<(), NotReserved> {
    with_demands(exchange, judged, |demands| gateway.store.ledger().peek(demands, gateway.store.now()))
}

fn with_demands<T>(
    exchange: &Exchange,
    judged: &Judged,
    ask: impl FnOnce(&[Demand<'_>]) -> Result<T, Refused>,
) -> Result<T, NotReserved> {
    let limits = &judged.allowed.limits;
    let facts = facts(exchange, &judged.tool.name);
    let keys: Vec<CounterKey> = limits.iter().map(|limit| key(limit, &facts)).collect();
    let demands: Vec<Demand<'_>> = limits.iter().zip(&keys).enumerate().map(demand).collect();
    ask(&demands).map_err(|refused| {
        let (index, retry_after_ms) = match refused {
            Refused::Full { index, retry_after_ms } => (index, retry_after_ms),
            Refused::Uncountable { index } => (index, None),
            Refused::Broken => return NotReserved::Broken,
        };
        let limit = limits.get(index);
        limit.map_or(NotReserved::Broken, |limit| {
            NotReserved::Full(Box::new(limit.spec.denial(retry_after_ms)))
        })
    })
}

/// The counter that a call with these facts adds to.
#[must_use]
pub fn key(limit: &LimitDemand, facts: &Facts<'_>) -> CounterKey {
    let key = limit.spec.key(facts);
    let scope = [Some(key.scope), key.value];
    let scope: Vec<&str> = scope.into_iter().flatten().collect();
    CounterKey::new(key.policy, key.server, key.counter, key.unit, &scope)
}

/// What the store is asked for a limit and its counter; the index says which of a call's limits it is.
#[must_use]
pub fn demand<'a>((index, (limit, key)): (usize, (&'a LimitDemand, &'a CounterKey))) -> Demand<'a> {
    Demand { key, amount: limit.amount, max: limit.spec.max, window: window(limit.spec.window), index }
}

fn window(window: policy::Window) -> store::Window {
    use policy::CalendarUnit as From;
    use store::CalendarUnit as To;
    match window {
        policy::Window::Sliding { ms } => store::Window::Sliding { ms },
        policy::Window::Calendar(unit) => store::Window::Calendar(match unit {
            From::Minute => To::Minute,
            From::Hour => To::Hour,
            From::Day => To::Day,
            From::Week => To::Week,
            From::Month => To::Month,
        }),
    }
}
