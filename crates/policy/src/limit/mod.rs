//! Limits as data: what is counted, over which time, per what, and at most how much.
//! Nothing here counts or knows the time; the store does.

mod denial;
mod scope;
mod window;

use std::sync::Arc;

use json::Decimal;

use crate::decision::Facts;
use crate::rule::RuleId;
pub use scope::Scope;
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
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::limit as spec;

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
}
