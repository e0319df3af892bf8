//! What an agent is told when a limit is full. A limit that others share must never tell what they used.

use std::sync::Arc;

use json::Decimal;

use super::{LimitSpec, Scope};
use crate::decision::{Denial, DenialKind};
use crate::reason::advise;

impl LimitSpec {
    /// The denial of a call for which this limit has no room. `retry_after_ms` is when it will have, if ever.
    /// A limit that others share tells only a coarse time.
    #[must_use]
    pub fn denial(&self, retry_after_ms: Option<u64>) -> Denial {
        let said = self.on_deny.as_deref().map_or_else(|| self.default_text(), str::to_owned);
        let reason = advise(&said, &self.advice(retry_after_ms));
        Denial {
            rule: self.rule.clone(),
            pointer: self.pointer.clone(),
            policy: Some(Arc::clone(&self.policy)),
            kind: DenialKind::Limit,
            reason: Some(Arc::from(reason)),
            operands: Vec::new(),
        }
    }

    fn default_text(&self) -> String {
        let Self { max, window, .. } = self;
        match (self.scope, &*self.unit) {
            (Scope::Grant, Self::CALLS) if *max == Decimal::ONE => {
                format!("at most 1 call {window} is allowed")
            }
            (Scope::Grant, Self::CALLS) => format!("at most {max} calls {window} are allowed"),
            (Scope::Grant, unit) => {
                let name = unit.strip_prefix("args.").unwrap_or(unit);
                format!("at most {max} of {name} in total {window} is allowed")
            }
            (Scope::Server | Scope::Tool | Scope::All, _) => "a limit is reached".to_owned(),
        }
    }

    fn advice(&self, retry_after_ms: Option<u64>) -> String {
        let Some(ms) = retry_after_ms else { return "do not retry".to_owned() };
        let seconds = ms.div_ceil(1000).max(1);
        match self.scope {
            Scope::Grant if seconds == 1 => "retry after 1 second".to_owned(),
            Scope::Grant => format!("retry after {seconds} seconds"),
            Scope::Server | Scope::Tool | Scope::All => coarse(seconds),
        }
    }
}

/// A time from which others' use cannot be read off: rounded up to the next usual one.
fn coarse(seconds: u64) -> String {
    let steps =
        [(60, "1 minute"), (600, "10 minutes"), (3600, "1 hour"), (21_600, "6 hours"), (86_400, "1 day")];
    let step = steps.iter().find(|(length, _)| seconds <= *length);
    match step {
        Some((_, name)) => format!("retry after {name}"),
        None => format!("retry after {} days", seconds.div_ceil(86_400)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::limit as spec;

    fn says(spec: &LimitSpec, retry_after_ms: Option<u64>, expected: &str) {
        let denial = spec.denial(retry_after_ms);
        assert_eq!(denial.kind, DenialKind::Limit);
        assert_eq!(denial.rule, spec.rule);
        assert_eq!(denial.reason.as_deref(), Some(expected));
    }

    #[test]
    fn a_full_limit_says_when_to_retry() {
        let calls = spec(Scope::Grant, "calls", None);
        says(&calls, Some(41_001), "at most 10 calls per minute are allowed; retry after 42 seconds");
        says(&calls, Some(0), "at most 10 calls per minute are allowed; retry after 1 second");
        says(&calls, None, "at most 10 calls per minute are allowed; do not retry");
        let sum = spec(Scope::Grant, "args.amount", None);
        says(&sum, Some(5000), "at most 10 of amount in total per minute is allowed; retry after 5 seconds");
        let own = spec(Scope::Grant, "calls", Some("Ten a minute."));
        says(&own, Some(5000), "Ten a minute. Retry after 5 seconds.");
    }

    #[test]
    fn a_shared_limit_tells_no_number_and_a_coarse_time() {
        for scope in [Scope::Server, Scope::Tool, Scope::All] {
            let shared = spec(scope, "calls", None);
            says(&shared, Some(41_001), "a limit is reached; retry after 1 minute");
            says(&shared, Some(61_000), "a limit is reached; retry after 10 minutes");
            says(&shared, Some(100_000_000), "a limit is reached; retry after 2 days");
        }
    }
}
