//! Limits as data: what is counted, over which time, per what, and at most how much.
//! Nothing here counts or knows the time; the store does.

use std::fmt;
use std::sync::Arc;

use json::Decimal;

use crate::decision::{Denial, DenialKind, Facts};
use crate::reason::advise;
use crate::rule::RuleId;

/// Over which time a limit counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Window {
    /// No interval of this length holds more than the maximum.
    Sliding {
        /// The length in milliseconds.
        ms: u64,
    },
    /// Starts anew on a boundary of the calendar, in UTC.
    Calendar(CalendarUnit),
}

/// The unit of a calendar window, in UTC. Weeks start on Monday.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CalendarUnit {
    /// From second 0.
    Minute,
    /// From minute 0.
    Hour,
    /// From midnight.
    Day,
    /// From Monday, midnight.
    Week,
    /// From the first of the month, midnight.
    Month,
}

/// Per what a limit counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Scope {
    /// Each access key, on each server.
    Grant,
    /// Each server.
    Server,
    /// Each tool of each server.
    Tool,
    /// Everything together.
    All,
}

/// One limit of a policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LimitSpec {
    /// The policy that states it.
    pub policy: Arc<str>,
    /// The counter's name; equal names in one policy share their history.
    pub counter: Arc<str>,
    /// The rule's id.
    pub rule: RuleId,
    /// The exact place in the document.
    pub pointer: String,
    /// Over which time.
    pub window: Window,
    /// The most that a window may hold.
    pub max: Decimal,
    /// Per what.
    pub scope: Scope,
    /// What is counted: `calls`, or the path of the argument that is summed.
    pub unit: Arc<str>,
    /// What the agent is told when it is full.
    pub on_deny: Option<Arc<str>>,
    /// Whether calls of all servers count together.
    pub all_servers: bool,
}

/// The parts that together name one counter. Edits of `max` or `window` keep it; a rename is a reset.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct LimitKey<'a> {
    /// The policy's name.
    pub policy: &'a str,
    /// The server, unless the scope is `all`.
    pub server: Option<&'a str>,
    /// The counter's name.
    pub counter: &'a str,
    /// The unit.
    pub unit: &'a str,
    /// The scope's name.
    pub scope: &'static str,
    /// The grant or tool, where the scope has one.
    pub value: Option<&'a str>,
}

/// What one allowed call adds to one limit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LimitDemand {
    /// The limit.
    pub spec: Arc<LimitSpec>,
    /// How much: 1, or the argument that is summed. Never negative.
    pub amount: Decimal,
}

impl LimitSpec {
    /// The unit of a limit that counts calls.
    pub const CALLS: &'static str = "calls";

    /// The counter that a call with these facts adds to.
    #[must_use]
    pub fn key<'a>(&'a self, facts: &Facts<'a>) -> LimitKey<'a> {
        let (server, value) = match self.scope {
            Scope::Grant => (Some(facts.server), Some(facts.grant)),
            Scope::Server => (Some(facts.server), None),
            Scope::Tool => (Some(facts.server), Some(facts.tool)),
            Scope::All => (None, None),
        };
        LimitKey {
            policy: &self.policy,
            server,
            counter: &self.counter,
            unit: &self.unit,
            scope: self.scope.as_str(),
            value,
        }
    }

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

impl Window {
    /// A sliding minute.
    pub const MINUTE: Self = Self::Sliding { ms: 60_000 };
    /// A sliding hour.
    pub const HOUR: Self = Self::Sliding { ms: 3_600_000 };
    /// Sliding 24 hours.
    pub const DAY: Self = Self::Sliding { ms: 86_400_000 };

    /// As a document writes it in `window`.
    pub(crate) fn written(self) -> String {
        match self {
            Self::MINUTE => "minute".to_owned(),
            Self::HOUR => "hour".to_owned(),
            Self::DAY => "day".to_owned(),
            Self::Sliding { ms } => duration(ms),
            Self::Calendar(unit) => unit.as_str().to_owned(),
        }
    }
}

/// The shortest duration text for a whole number of seconds.
pub(crate) fn duration(ms: u64) -> String {
    let seconds = ms / 1000;
    let units = [(86_400, 'd'), (3600, 'h'), (60, 'm')];
    let unit = units.iter().find(|(length, _)| seconds >= *length && seconds.is_multiple_of(*length));
    unit.map_or_else(|| format!("{seconds}s"), |(length, letter)| format!("{}{letter}", seconds / length))
}

impl fmt::Display for Window {
    /// "per minute", "per 90s", "per calendar month".
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sliding { .. } => write!(formatter, "per {}", self.written()),
            Self::Calendar(unit) => write!(formatter, "per calendar {}", unit.as_str()),
        }
    }
}

impl CalendarUnit {
    /// As a document writes it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Minute => "minute",
            Self::Hour => "hour",
            Self::Day => "day",
            Self::Week => "week",
            Self::Month => "month",
        }
    }
}

impl Scope {
    /// As a document writes it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Grant => "grant",
            Self::Server => "server",
            Self::Tool => "tool",
            Self::All => "all",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spec(scope: Scope, unit: &str, on_deny: Option<&str>) -> LimitSpec {
        LimitSpec {
            policy: Arc::from("imaging"),
            counter: Arc::from("imports"),
            rule: RuleId::new("/tools/x/limits/imports"),
            pointer: "/tools/x/limits/0".to_owned(),
            window: Window::MINUTE,
            max: Decimal::parse("10").unwrap(),
            scope,
            unit: Arc::from(unit),
            on_deny: on_deny.map(Arc::from),
            all_servers: scope == Scope::All,
        }
    }

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

    #[test]
    fn the_key_holds_what_the_scope_says() {
        let facts = Facts::new("g", "s", "t");
        let parts = |scope| {
            let spec = spec(scope, "calls", None);
            let key = spec.key(&facts);
            (key.server.map(str::to_owned), key.value.map(str::to_owned))
        };
        let some = |text: &str| Some(text.to_owned());
        assert_eq!(parts(Scope::Grant), (some("s"), some("g")));
        assert_eq!(parts(Scope::Server), (some("s"), None));
        assert_eq!(parts(Scope::Tool), (some("s"), some("t")));
        assert_eq!(parts(Scope::All), (None, None));
    }

    #[test]
    fn windows_are_written_shortest() {
        for (seconds, expected) in [
            (60, "minute"),
            (3600, "hour"),
            (86_400, "day"),
            (90, "90s"),
            (900, "15m"),
            (7200, "2h"),
            (172_800, "2d"),
        ] {
            assert_eq!(Window::Sliding { ms: seconds * 1000 }.written(), expected);
        }
    }
}
