//! Limits as data: what is counted, over which time, per what, and at most how much.
//! Nothing here counts or knows the time; the store does.

mod denial;
mod release;
mod scope;
mod window;

use std::sync::Arc;

use json::Decimal;

use crate::decision::Facts;
use crate::rule::RuleId;
pub use release::Release;
pub use scope::{Scope, ScopeWord};
pub(crate) use window::duration;
pub use window::{CalendarUnit, Window};

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
    /// What is counted: `calls`, `slots`, or the path of the argument that is summed.
    pub unit: Arc<str>,
    /// What the agent is told when it is full.
    pub on_deny: Option<Arc<str>>,
    /// The zone of a window of the calendar, a name of the IANA database; nothing for UTC.
    pub timezone: Option<Arc<str>>,
    /// How many different values of its arguments a scope may have at once; nothing where it has no arguments.
    pub max_keys: Option<u32>,
    /// What it states about calls that were never sent.
    pub release: Option<Release>,
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
    /// The scope's text.
    pub scope: &'a str,
    /// The grant, where the scope has it.
    pub grant: Option<&'a str>,
    /// The tool, where the scope has it.
    pub tool: Option<&'a str>,
    /// The values of the scope's arguments, as canonical JSON; they are values and belong into no record.
    pub values: Option<&'a str>,
}

/// What one allowed call adds to one limit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LimitDemand {
    /// The limit.
    pub spec: Arc<LimitSpec>,
    /// How much: 1, or the argument that is summed. Never negative.
    pub amount: Decimal,
    /// The values of the scope's arguments, as canonical JSON: a list in the order of the scope.
    pub values: Option<Arc<str>>,
}

impl LimitSpec {
    /// The unit of a limit that counts calls.
    pub const CALLS: &'static str = "calls";
    /// The unit of a limit on calls at the same time.
    pub const SLOTS: &'static str = "slots";
    /// So many different values of its arguments a scope may have at once, where a limit does not say.
    pub const MAX_KEYS: u32 = 1000;

    /// Whether counters exist for it. Who forwards calls denies those under a limit that nothing counts.
    #[must_use]
    pub fn is_counted(&self) -> bool {
        match self.window {
            Window::Sliding { .. } | Window::Calendar(_) => !self.scope.has(ScopeWord::Session),
            Window::InFlight { .. } => false,
        }
    }
}

impl LimitDemand {
    /// The counter that a call with these facts adds to.
    #[must_use]
    pub fn key<'a>(&'a self, facts: &Facts<'a>) -> LimitKey<'a> {
        let LimitSpec { policy, counter, unit, scope, .. } = &*self.spec;
        LimitKey {
            policy,
            server: (!scope.has(ScopeWord::All)).then_some(facts.server),
            counter,
            unit,
            scope: scope.as_str(),
            grant: scope.is_own().then_some(facts.grant),
            tool: scope.has(ScopeWord::Tool).then_some(facts.tool),
            values: self.values.as_deref(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::limit;

    #[test]
    fn the_key_holds_what_the_scope_says() {
        let facts = Facts::new("g", "s", "t");
        let check = |words: &[ScopeWord], expected: (Option<&str>, Option<&str>, Option<&str>)| {
            let spec = Arc::new(limit(Scope::new(words.to_vec(), Vec::new()), "calls", None));
            let demand = LimitDemand { spec, amount: Decimal::ONE, values: None };
            let key = demand.key(&facts);
            assert_eq!((key.server, key.grant, key.tool), expected, "{words:?}");
        };
        check(&[ScopeWord::Grant], (Some("s"), Some("g"), None));
        check(&[ScopeWord::Server], (Some("s"), None, None));
        check(&[ScopeWord::Tool], (Some("s"), None, Some("t")));
        check(&[ScopeWord::All], (None, None, None));
        check(&[ScopeWord::All, ScopeWord::Grant], (None, Some("g"), None));
        check(&[ScopeWord::Grant, ScopeWord::Tool], (Some("s"), Some("g"), Some("t")));
    }
}
