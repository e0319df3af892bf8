//! What an agent is told when a limit is full. A limit that others share must never tell what they used.

use std::sync::Arc;

use json::Decimal;

use super::{LimitSpec, ScopeWord, Window};
use crate::decision::{Denial, DenialKind};
use crate::reason::{DO_NOT_RETRY, advise};
use crate::terms::Reveal;

impl LimitSpec {
    /// The denial of a call for which this limit has no room. `retry_after_ms` is when it will have, if ever.
    /// A limit that others share tells only a coarse time.
    #[must_use]
    pub fn denial(&self, retry_after_ms: Option<u64>) -> Denial {
        let said = self.on_deny.as_deref().map_or_else(|| self.default_text(), str::to_owned);
        self.denied(advise(&said, &self.advice(retry_after_ms)))
    }

    /// The denial of a call with values of arguments that this limit has not seen, while it counts as many different
    /// ones as it may.
    #[must_use]
    pub fn too_many_keys(&self) -> Denial {
        let text = if self.scope.is_own() {
            "too many different values are in use for a limit of this call"
        } else {
            "a limit is reached"
        };
        self.denied(advise(text, "retry later"))
    }

    /// The denial of a call whose limit nothing can count yet.
    #[must_use]
    pub fn not_built(&self) -> Denial {
        let what = match self.window {
            Window::InFlight { .. } => "calls at the same time",
            Window::Sliding { .. } | Window::Calendar(_) if self.scope.has(ScopeWord::Session) => {
                "the calls of a session"
            }
            Window::Sliding { .. } | Window::Calendar(_) => "calls over a window",
        };
        self.denied(advise(&format!("a limit on {what} holds here, and cannot be counted yet"), DO_NOT_RETRY))
    }

    /// A denial by this limit that tells a text.
    pub(crate) fn denied(&self, reason: String) -> Denial {
        Denial {
            rule: self.rule.clone(),
            pointer: self.pointer.clone(),
            policy: Some(Arc::clone(&self.policy)),
            kind: DenialKind::Limit,
            reason: Some(Arc::from(reason)),
            operands: Vec::new(),
            reveal: Reveal::default(),
        }
    }

    /// What a denial by this limit tells the agent, of what the policies let it tell. A limit that others share never
    /// tells its name.
    #[must_use]
    pub fn reveals(&self, stated: Reveal) -> Reveal {
        if self.scope.is_own() { stated } else { stated.max(Reveal::Reason) }
    }

    fn default_text(&self) -> String {
        let Self { max, window, scope, .. } = self;
        if !scope.is_own() {
            return "a limit is reached".to_owned();
        }
        let each = if scope.arguments().is_empty() { "" } else { " with these arguments" };
        match &*self.unit {
            Self::CALLS | Self::SLOTS if *max == Decimal::ONE => {
                format!("at most 1 call{each} {window} is allowed")
            }
            Self::CALLS | Self::SLOTS => format!("at most {max} calls{each} {window} are allowed"),
            unit => {
                let name = unit.strip_prefix("args.").unwrap_or(unit);
                format!("at most {max} of {name} in total{each} {window} is allowed")
            }
        }
    }

    fn advice(&self, retry_after_ms: Option<u64>) -> String {
        let Some(ms) = retry_after_ms else { return "do not retry".to_owned() };
        match (self.scope.is_own(), ms.div_ceil(1000).max(1)) {
            (true, 1) => "retry after 1 second".to_owned(),
            (true, seconds) => format!("retry after {seconds} seconds"),
            (false, seconds) => coarse(seconds),
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
    use super::super::Scope;
    use super::*;
    use crate::testing::limit;

    fn spec(scope: ScopeWord, unit: &str, on_deny: Option<&str>) -> LimitSpec {
        limit(Scope::new(vec![scope], Vec::new()), unit, on_deny)
    }

    fn says(spec: &LimitSpec, retry_after_ms: Option<u64>, expected: &str) {
        let denial = spec.denial(retry_after_ms);
        assert_eq!(denial.kind, DenialKind::Limit);
        assert_eq!(denial.rule, spec.rule);
        assert_eq!(denial.reason.as_deref(), Some(expected));
    }

    #[test]
    fn a_full_limit_says_when_to_retry() {
        let calls = spec(ScopeWord::Grant, "calls", None);
        says(&calls, Some(41_001), "at most 10 calls per minute are allowed; retry after 42 seconds");
        says(&calls, Some(0), "at most 10 calls per minute are allowed; retry after 1 second");
        says(&calls, None, "at most 10 calls per minute are allowed; do not retry");
        let sum = spec(ScopeWord::Grant, "args.amount", None);
        says(&sum, Some(5000), "at most 10 of amount in total per minute is allowed; retry after 5 seconds");
        let own = spec(ScopeWord::Grant, "calls", Some("Ten a minute."));
        says(&own, Some(5000), "Ten a minute. Retry after 5 seconds.");
    }

    #[test]
    fn a_shared_limit_tells_no_number_and_a_coarse_time() {
        for scope in [ScopeWord::Server, ScopeWord::Tool, ScopeWord::All] {
            let shared = spec(scope, "calls", None);
            says(&shared, Some(41_001), "a limit is reached; retry after 1 minute");
            says(&shared, Some(61_000), "a limit is reached; retry after 10 minutes");
            says(&shared, Some(100_000_000), "a limit is reached; retry after 2 days");
        }
    }
}
