//! What must succeed before an allowed call is forwarded: today its limits.
//! All are reserved or none; a call that is refused here consumes nothing.

use super::decide::{Judged, facts};
use crate::exchange::Exchange;
use crate::gateway::Gateway;
use policy::{Denial, Facts, LimitDemand, LimitSpec, Reveal};
use store::audit::Digest;
use store::{CallId, CounterKey, Demand, Refused, Reservation, Zone};

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
    with_demands(gateway, exchange, judged, |demands| gateway.store.reserve(call, demands))
}

/// Whether every limit of the call has room now; nothing is reserved.
///
/// # Errors
/// [`NotReserved`].
pub fn peek(gateway: &Gateway, exchange: &Exchange, judged: &Judged) -> Result<(), NotReserved> {
    with_demands(gateway, exchange, judged, |demands| {
        gateway.store.ledger().peek(demands, gateway.store.now())
    })
}

fn with_demands<T>(
    gateway: &Gateway,
    exchange: &Exchange,
    judged: &Judged,
    ask: impl FnOnce(&[Demand<'_>]) -> Result<T, Refused>,
) -> Result<T, NotReserved> {
    let limits = &judged.allowed.limits;
    let facts = facts(exchange, &judged.tool.name);
    let digest = |values: &[u8]| gateway.store.digest(values);
    let keys: Vec<CounterKey> = limits.iter().map(|limit| key(limit, &facts, digest)).collect();
    about(limits, &keys, judged.bound.reveal(), ask)
}

/// Asks the counters about limits, each under its key; a denial tells no more than `reveal`.
///
/// # Errors
/// [`NotReserved`].
pub(super) fn about<T>(
    limits: &[LimitDemand],
    keys: &[CounterKey],
    reveal: Reveal,
    ask: impl FnOnce(&[Demand<'_>]) -> Result<T, Refused>,
) -> Result<T, NotReserved> {
    let full = |spec: &LimitSpec, denial: Denial| {
        NotReserved::Full(Box::new(Denial { reveal: spec.reveals(reveal), ..denial }))
    };
    let counted = limits.iter().zip(keys).enumerate();
    let counted = counted.map(|each| demand(each).map_err(|denial| full(&each.1.0.spec, *denial)));
    let demands: Vec<Demand<'_>> = counted.collect::<Result<_, _>>()?;
    ask(&demands).map_err(|refused| {
        let denial = |index: usize, of: &dyn Fn(&LimitSpec) -> Denial| {
            limits.get(index).map_or(NotReserved::Broken, |limit| full(&limit.spec, of(&limit.spec)))
        };
        match refused {
            Refused::Full { index, retry_after_ms } => denial(index, &|spec| spec.denial(retry_after_ms)),
            Refused::Uncountable { index } => denial(index, &|spec| spec.denial(None)),
            Refused::TooManyKeys { index } => denial(index, &LimitSpec::too_many_keys),
            Refused::Broken => NotReserved::Broken,
        }
    })
}

/// The counter that a call with these facts adds to. Values of arguments leave as a digest only.
#[must_use]
pub fn key(limit: &LimitDemand, facts: &Facts<'_>, digest: impl FnOnce(&[u8]) -> Digest) -> CounterKey {
    key_below(None, limit, facts, digest)
}

/// The counter of a limit in shadow: never the one that is enforced, because no scope begins with its word.
#[must_use]
pub fn shadow_key(
    limit: &LimitDemand,
    facts: &Facts<'_>,
    digest: impl FnOnce(&[u8]) -> Digest,
) -> CounterKey {
    key_below(Some("shadow"), limit, facts, digest)
}

fn key_below(
    start: Option<&str>,
    limit: &LimitDemand,
    facts: &Facts<'_>,
    digest: impl FnOnce(&[u8]) -> Digest,
) -> CounterKey {
    let key = limit.key(facts);
    let scope = [start, Some(key.scope), key.grant, key.tool];
    let scope: Vec<&str> = scope.into_iter().flatten().collect();
    let family = CounterKey::new(key.policy, key.server, key.counter, key.unit, &scope);
    match key.values {
        None => family,
        Some(values) => family.of_values(digest(values.as_bytes())),
    }
}

/// What the store is asked for a limit and its counter; the index says which of a call's limits it is.
///
/// # Errors
/// The limit's denial where nothing counts what it limits.
pub fn demand<'a>(
    (index, (limit, key)): (usize, (&'a LimitDemand, &'a CounterKey)),
) -> Result<Demand<'a>, Box<Denial>> {
    let spec = &limit.spec;
    let window = window(spec).filter(|_| spec.is_counted());
    let window = window.ok_or_else(|| Box::new(spec.not_built()))?;
    let max_keys = spec.max_keys.and_then(|max_keys| usize::try_from(max_keys).ok());
    Ok(Demand { key, amount: limit.amount, max: spec.max, window, max_keys, index })
}

/// The window as the counters know it; nothing where they do not.
fn window(spec: &LimitSpec) -> Option<store::Window> {
    match (spec.window, spec.timezone.as_deref()) {
        (policy::Window::Sliding { ms }, _) => Some(store::Window::Sliding { ms }),
        (policy::Window::Calendar(unit), None) => Some(store::Window::Calendar(calendar_unit(unit))),
        (policy::Window::Calendar(unit), Some(zone)) => {
            Zone::named(zone).map(|zone| store::Window::Zoned(calendar_unit(unit), zone))
        }
        (policy::Window::InFlight { .. }, _) => None,
    }
}

fn calendar_unit(unit: policy::CalendarUnit) -> store::CalendarUnit {
    use policy::CalendarUnit as From;
    use store::CalendarUnit as To;
    match unit {
        From::Minute => To::Minute,
        From::Hour => To::Hour,
        From::Day => To::Day,
        From::Week => To::Week,
        From::Month => To::Month,
    }
}
