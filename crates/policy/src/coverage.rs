//! Which rules of policies the decisions on some calls have reached, and with which answers.
//! Read from explanations alone: a rule counts where the decision came to it, never because it looks alike.

use std::collections::HashMap;
use std::sync::Arc;

use crate::explain::{Answer, Explanation};
use crate::policy::{Effect, Policy, Predicate};

/// One rule and what has been seen of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RuleSeen {
    /// The policy.
    pub policy: Arc<str>,
    /// JSON Pointer to the rule.
    pub pointer: String,
    /// What it is: `tool`, `hide`, `deny`, `require`, `deny_if`, `limit`, `approval`, `flow` or `channel`.
    pub kind: &'static str,
    /// Whether it decided a denial; nothing where it cannot.
    pub fired: Option<bool>,
    /// Whether a decision went past it; nothing where that says nothing.
    pub passed: Option<bool>,
}

/// The rules of policies with what has been seen of them.
#[derive(Debug)]
pub struct Coverage {
    rules: Vec<RuleSeen>,
    index: HashMap<(Arc<str>, String), usize>,
}

impl Coverage {
    /// Rules of which nothing has been seen yet.
    #[must_use]
    pub fn of(policies: &[Arc<Policy>]) -> Self {
        let mut coverage = Self { rules: Vec::new(), index: HashMap::new() };
        for policy in policies {
            coverage.add_rules(policy);
        }
        coverage
    }

    /// Takes in how one call was decided: every rule that was asked up to the one that decided.
    pub fn see(&mut self, explanation: &Explanation) {
        for finding in &explanation.findings {
            let denies = finding.answer == Answer::Denies;
            if let Some(policy) = &finding.policy
                && let Some(index) = self.index.get(&(Arc::clone(policy), finding.pointer.clone()))
                && let Some(rule) = self.rules.get_mut(*index)
            {
                let seen = if denies { &mut rule.fired } else { &mut rule.passed };
                *seen = seen.map(|_| true);
            }
            if denies {
                break;
            }
        }
    }

    /// All rules, in the order of the policies.
    #[must_use]
    pub fn rules(&self) -> &[RuleSeen] {
        &self.rules
    }

    /// How many answers have been seen, and of how many: two of a rule that can fire and be passed, one of others.
    #[must_use]
    pub fn counts(&self) -> (usize, usize) {
        let answers = || self.rules.iter().flat_map(|rule| [rule.fired, rule.passed]).flatten();
        (answers().filter(|seen| *seen).count(), answers().count())
    }

    fn add_rules(&mut self, policy: &Arc<Policy>) {
        for (start, section) in policy.all_sections() {
            for index in 0..section.hide.len() {
                self.add(policy, format!("{start}/hide/{index}"), "hide", true, false);
            }
        }
        for (pointer, name, rules) in policy.all_rules() {
            if policy.default() == Effect::Deny && (name.is_some() || rules.says_allow) {
                self.add(policy, pointer, "tool", false, true);
            }
            for predicate in &rules.require {
                self.add(policy, predicate.pointer.clone(), "require", true, true);
            }
            for predicate in &rules.deny_if {
                let always = Predicate::is_unconditional(predicate);
                let kind = if always { "deny" } else { "deny_if" };
                self.add(policy, predicate.pointer.clone(), kind, true, !always);
            }
            for limit in &rules.limits {
                self.add(policy, limit.spec.pointer.clone(), "limit", false, true);
            }
            if let Some(approval) = &rules.approval {
                self.add(policy, approval.pointer.clone(), "approval", true, !approval.when.is_empty());
            }
        }
        for flow in &policy.flows {
            self.add(policy, flow.pointer.clone(), "flow", true, true);
        }
        for channel in policy.channels.rules() {
            self.add(policy, channel.pointer.clone(), "channel", !channel.allows(), channel.allows());
        }
    }

    fn add(&mut self, policy: &Policy, pointer: String, kind: &'static str, fires: bool, passes: bool) {
        let key = (Arc::clone(policy.name()), pointer.clone());
        if let std::collections::hash_map::Entry::Vacant(place) = self.index.entry(key) {
            place.insert(self.rules.len());
            let (fired, passed) = (fires.then_some(false), passes.then_some(false));
            self.rules.push(RuleSeen { policy: Arc::clone(policy.name()), pointer, kind, fired, passed });
        }
    }
}
