//! What lists show of a tool, before anybody has called it: all but what no call can pass.
//! Nothing that is not listed is ever allowed, so whatever is not known yet counts as possible.

use super::{Bound, Sight};
use crate::operator::Sense;
use crate::policy::Predicate;
use crate::rule::RuleId;

impl Bound {
    /// Whether lists show the tool: unless no call of it can be allowed. An explicit deny is shown, so that the
    /// agent can be told why.
    #[must_use]
    pub fn listed(&self) -> bool {
        self.unlisted().is_none()
    }

    /// The rule that keeps the tool out of lists, if one does.
    #[must_use]
    pub fn listed_reason(&self) -> Option<RuleId> {
        self.unlisted()
    }

    fn unlisted(&self) -> Option<RuleId> {
        if let Some(denial) = &self.gate {
            return Some(denial.rule.clone());
        }
        if self.explicit_denies().next().is_some() {
            return None;
        }
        let input = self.unknown_input(None);
        let refuses = |predicate: &Predicate, sense| predicate.foresee(input, sense) == Sight::Refuses;
        let mut unmeetable = self.requirements().filter(|(_, predicate)| refuses(predicate, Sense::Require));
        let mut certain =
            self.conditional_denies().filter(|(_, predicate)| refuses(predicate, Sense::DenyIf));
        let refusing = unmeetable.next().or_else(|| certain.next());
        refusing.map(|(_, predicate)| predicate.rule.clone())
    }
}
