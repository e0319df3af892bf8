//! What lists show of a tool, before anybody has called it: all but what no call can pass.
//! Nothing that is not listed is ever allowed, so whatever is not known yet counts as possible.

use super::{Bound, Sight};
use crate::operator::Sense;
use crate::policy::Predicate;
use crate::rule::RuleId;
use crate::terms::Moment;

impl Bound {
    /// Whether lists show the tool, whatever the time: unless no call of it can ever be allowed. An explicit deny is
    /// shown, so that the agent can be told why.
    #[must_use]
    pub fn listed(&self) -> bool {
        self.listed_from(None)
    }

    /// Whether a list that is made at this time shows the tool. Nothing that is not shown is allowed from then on:
    /// what has expired is not shown, and what only now stands against every call is.
    #[must_use]
    pub fn listed_from(&self, now_ms: Option<u64>) -> bool {
        self.unlisted(Moment::List(now_ms)).is_none()
    }

    /// The rule that keeps the tool out of lists, if one does, whatever the time.
    #[must_use]
    pub fn listed_reason(&self) -> Option<RuleId> {
        self.listed_reason_from(None)
    }

    /// The rule that keeps the tool out of a list that is made at this time.
    #[must_use]
    pub fn listed_reason_from(&self, now_ms: Option<u64>) -> Option<RuleId> {
        self.unlisted(Moment::List(now_ms))
    }

    fn unlisted(&self, moment: Moment) -> Option<RuleId> {
        if let Some(denial) = self.gate.denial(moment) {
            return Some(denial.rule.clone());
        }
        if self.explicit_denies(moment).next().is_some() {
            return None;
        }
        let input = self.unknown_input(None);
        let refuses = |predicate: &Predicate, sense| predicate.foresee(input, sense) == Sight::Refuses;
        let mut unmeetable =
            self.requirements(moment).filter(|(_, predicate)| refuses(predicate, Sense::Require));
        let mut certain =
            self.conditional_denies(moment).filter(|(_, predicate)| refuses(predicate, Sense::DenyIf));
        let refusing = unmeetable.next().or_else(|| certain.next());
        refusing.map(|(_, predicate)| predicate.rule.clone())
    }
}
