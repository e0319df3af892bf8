//! What limits would have said: allowed calls in the order of their times, through counters like those of a gateway.
//! Must never let a call without a time count, as nobody knows when it did.

use policy::Facts;
use store::{Demand, Refused, Rehearsal, Timestamp};

use super::outcome::{Answer, Judged, Outcome};
use gateway::stage::obligations;

/// Goes through calls in order; those for which a limit is full are denied.
pub(super) fn rehearse(calls: &mut [Judged]) {
    calls.sort_by_key(|call| (call.time_ms, call.number));
    let (mut was, mut now) = (Rehearsal::new(), Rehearsal::new());
    for call in calls {
        let Judged { grant, server, tool, time_ms: Some(time_ms), .. } = call else { continue };
        let (at, facts) = (Timestamp::from_ms(*time_ms), Facts::new(grant, server, tool));
        ask(&mut was, &mut call.was, &facts, at);
        ask(&mut now, &mut call.now, &facts, at);
    }
}

fn ask(counters: &mut Rehearsal, answer: &mut Answer, facts: &Facts<'_>, at: Timestamp) {
    let Some(limits) = answer.demands.take() else { return };
    let keys: Vec<_> = limits.iter().map(|limit| obligations::key(limit, facts)).collect();
    let demands: Vec<Demand<'_>> = limits.iter().zip(&keys).enumerate().map(obligations::demand).collect();
    let index = match counters.take(&demands, at) {
        Ok(()) => return,
        Err(Refused::Full { index, .. } | Refused::Uncountable { index }) => index,
        Err(Refused::Broken) => return,
    };
    let rule = limits.get(index).map(|limit| limit.spec.rule.as_str()).unwrap_or_default();
    answer.outcome = Outcome::Full(rule.into());
}
