//! What rules ask, without any call: for records, which hold no values.
//! Says what each comparison would have to answer; whether a call then passes is for the other rules to say too.

use std::sync::Arc;

use super::case::{self, Rule};
use super::wish::{Choice, Wish};
use super::{Change, Way, say};
use crate::bound::Bound;
use crate::decision::{Arguments, Facts};
use crate::rule::RuleId;
use crate::terms::Moment;

/// A rule of one of the policies and what its conditions ask of a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    /// The policy that states it.
    pub policy: Arc<str>,
    /// Its id.
    pub rule: RuleId,
    /// The exact place in the document.
    pub pointer: String,
    /// Each is enough to pass the rule, as far as the rule is concerned; none where no argument is.
    pub to_pass: Vec<Way>,
    /// Each is enough to be denied by it.
    pub to_be_denied: Vec<Way>,
}

impl Bound {
    /// The entries of `require` and `deny_if` that are asked of a call at a time, in milliseconds of Unix time, in the
    /// order of evaluation.
    #[must_use]
    pub fn asked(&self, now_ms: Option<u64>) -> Vec<Asked> {
        let moment = Moment::Call(now_ms);
        let predicates = self.requirements(moment).chain(self.conditional_denies(moment));
        let rules = case::rules(self, moment);
        let conditional = rules.iter().filter(|rule| matches!(rule, Rule::Predicate(..)));
        let asked = |((policy, predicate), rule): (_, &Rule<'_>)| {
            let (policy, predicate): (&Arc<str>, &crate::policy::Predicate) = (policy, predicate);
            let ways = |want, denies: bool| {
                let id = if denies { predicate.rule.clone() } else { RuleId::new("") };
                rule.choices(want).0.iter().map(|choice| way(choice, id.clone())).collect()
            };
            Asked {
                policy: Arc::clone(policy),
                rule: predicate.rule.clone(),
                pointer: predicate.pointer.clone(),
                to_pass: ways(rule.passing(), false),
                to_be_denied: ways(rule.denying(), true),
            }
        };
        predicates.zip(conditional).map(asked).collect()
    }

    /// The requirements that every call has met that is allowed at a time, in milliseconds of Unix time.
    pub fn met_by_allowed(&self, now_ms: u64) -> impl Iterator<Item = &RuleId> {
        self.requirements(Moment::Call(Some(now_ms))).map(|(_, predicate)| &predicate.rule)
    }

    /// All rules with conditions that deny a call, also those after the one that decides.
    #[must_use]
    pub fn denying(&self, facts: &Facts<'_>, arguments: Arguments<'_>) -> Vec<&RuleId> {
        let Ok(repaired) = self.check_arguments(arguments) else { return Vec::new() };
        let input = self.input(facts, arguments, repaired.as_ref());
        let denying = case::rules(self, input.moment()).into_iter().filter(|rule| rule.denies(input));
        denying.filter_map(Rule::id).collect()
    }
}

/// A choice in words, one change for each path.
fn way(choice: &Choice<'_>, rule: RuleId) -> Way {
    let mut changes: Vec<Change> = Vec::new();
    for wish in choice {
        if changes.iter().any(|change| change.path == *wish.path()) {
            continue;
        }
        let here: Vec<&Wish<'_>> = choice.iter().filter(|other| other.path() == wish.path()).collect();
        let path = Arc::clone(wish.path());
        changes.push(Change { path, demand: say::demands(&here), example: None, is_of_call: false });
    }
    Way { changes, rule }
}
