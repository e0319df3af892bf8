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
    let key = |limit| obligations::key(limit, facts, Rehearsal::digest);
    let keys: Vec<_> = limits.iter().map(key).collect();
    let demands = limits.iter().zip(&keys).enumerate().map(obligations::demand);
    let rule = match demands.collect::<Result<Vec<Demand<'_>>, _>>() {
        // Nothing counts what this limit limits, so the gateway denies.
        Err(denial) => denial.rule.as_str().into(),
        Ok(demands) => match counters.take(&demands, at) {
            Ok(()) | Err(Refused::Broken) => return,
            Err(
                Refused::Full { index, .. } | Refused::Uncountable { index } | Refused::TooManyKeys { index },
            ) => limits.get(index).map(|limit| limit.spec.rule.as_str()).unwrap_or_default().into(),
        },
    };
    answer.outcome = Outcome::Full(rule);
}
