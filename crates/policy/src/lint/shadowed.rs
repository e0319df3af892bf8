//! Rules that another one always decides before.

use std::collections::HashMap;

use super::{Part, Warnings, parts};
use crate::condition::Condition;
use crate::diagnostic::code;
use crate::limit::LimitSpec;
use crate::policy::{Limit, Policy, Predicate, Rules};

pub(super) fn check(policy: &Policy, warnings: &mut Warnings) {
    let denies_all = policy.top.all_tools.as_ref().and_then(|rules| rules.explicit_deny());
    for Part { tool, pointer, rules } in parts(policy) {
        if let Some(deny) = denies_all.or_else(|| rules.explicit_deny()) {
            check_behind(rules, deny, warnings);
        }
        check_limits(rules, warnings);
        check_twice(&rules.require, warnings);
        check_twice(&rules.deny_if, warnings);
        if let Some(name) = tool.filter(|name| policy.top.hidden_at(name).is_some() && !rules.is_empty()) {
            let message = format!("`{name}` is hidden, so these rules are never asked");
            warnings.warn(code::SHADOWED, (&pointer, rules.offset), message);
        }
    }
}

/// Warns of each rule that is asked after a deny of every call.
fn check_behind(rules: &Rules, deny: &Predicate, warnings: &mut Warnings) {
    let predicates = rules.require.iter().chain(rules.conditional_denies()).map(Predicate::place);
    let approvals = rules.approval.iter().map(|approval| (&*approval.pointer, approval.offset));
    for place in predicates.chain(rules.limits.iter().map(Limit::place)).chain(approvals) {
        let message = format!("this rule is never asked, because {} denies every call", deny.pointer);
        warnings.warn(code::SHADOWED, place, message);
    }
}

/// Warns of each limit that is never full before another one is: both count the same calls over the same window.
fn check_limits(rules: &Rules, warnings: &mut Warnings) {
    let counts_alike = |one: &LimitSpec, other: &LimitSpec| {
        one.window == other.window
            && one.timezone == other.timezone
            && one.scope == other.scope
            && one.counter != other.counter
            && [one, other].iter().all(|spec| &*spec.unit == LimitSpec::CALLS)
    };
    for (index, limit) in rules.limits.iter().enumerate() {
        let decides_before = |(place, other): &(usize, &Limit)| {
            let is_tighter = (other.spec.max, *place) < (limit.spec.max, index);
            is_tighter && counts_alike(&limit.spec, &other.spec)
        };
        if let Some((_, other)) = rules.limits.iter().enumerate().find(decides_before) {
            let message = format!("this limit is never full before {} is", other.spec.pointer);
            warnings.warn(code::SHADOWED, limit.place(), message);
        }
    }
}

/// Warns of each predicate that says what an earlier one of its list says.
fn check_twice(predicates: &[Predicate], warnings: &mut Warnings) {
    let mut first: HashMap<String, &Predicate> = HashMap::new();
    for predicate in predicates {
        let earlier = first.entry(saying(predicate)).or_insert(predicate);
        if earlier.pointer != predicate.pointer {
            let message = format!("this rule says the same as {}", earlier.pointer);
            warnings.warn(code::SHADOWED, predicate.place(), message);
        }
    }
}

/// What the conditions of a predicate say, as one text.
fn saying(predicate: &Predicate) -> String {
    let texts = predicate.conditions.iter().map(Condition::saying);
    texts.collect::<Vec<_>>().join("\n")
}
