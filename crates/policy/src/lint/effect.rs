//! Parts that change nothing, or everything.

use std::collections::{HashMap, HashSet};

use super::{Part, Warnings, parts};
use crate::cost::Cost;
use crate::diagnostic::code;
use crate::policy::{Effect, Hidden, Limit, Policy};

pub(super) fn check(policy: &Policy, warnings: &mut Warnings) {
    check_hide(policy, warnings);
    for part in parts(policy) {
        check_rules(policy, &part, warnings);
    }
    check_invented_names(policy, warnings);
}

fn check_hide(policy: &Policy, warnings: &mut Warnings) {
    let mut seen = HashSet::new();
    let hides_all = policy.top.hide.iter().any(Hidden::hides_all);
    for (index, hidden) in policy.top.hide.iter().enumerate() {
        let place = (&*format!("/hide/{index}"), hidden.offset);
        if !seen.insert(&hidden.name) {
            warnings.warn(code::NO_EFFECT, place, format!("`{}` is hidden already", hidden.name));
        } else if hides_all && !hidden.hides_all() {
            warnings.warn(code::NO_EFFECT, place, format!("`*` hides `{}` already", hidden.name));
        }
    }
}

fn check_rules(policy: &Policy, part: &Part<'_>, warnings: &mut Warnings) {
    let rules = part.rules;
    if rules.is_empty() && policy.default == Effect::Allow && part.tool.is_some() {
        warnings.warn(
            code::NO_EFFECT,
            (&part.pointer, rules.offset),
            "these rules are empty and change nothing",
        );
    }
    let is_selector = part.tool.is_none() && !part.pointer.ends_with("/all_tools");
    if rules.is_empty() && is_selector {
        let message = "only an exact name opens a tool without a word; to open what this selects, add \
                       `\"action\": \"allow\"`";
        warnings.warn(code::NO_EFFECT, (&part.pointer, rules.offset), message);
    }
    if policy.default == Effect::Allow && rules.says_allow && is_selector {
        let message = "the default allows this already, and what this does not select";
        warnings.warn(code::NO_EFFECT, (&part.pointer, rules.offset), message);
    }
    for predicate in rules.require.iter().filter(|predicate| predicate.is_unconditional()) {
        warnings.warn(code::NO_EFFECT, predicate.place(), "a requirement without conditions is always met");
    }
    for limit in rules.limits.iter().filter(|limit| refuses_all(limit)) {
        let message = "a limit of 0 calls refuses every call; `\"action\": \"deny\"` says so with a reason";
        warnings.warn(code::NEVER_FIRES, limit.place(), message);
    }
}

fn refuses_all(limit: &Limit) -> bool {
    matches!(limit.cost, Cost::Calls) && limit.spec.max.is_zero()
}

/// A short form has to invent a name for its counter, which may be one that the document uses elsewhere.
fn check_invented_names(policy: &Policy, warnings: &mut Warnings) {
    let is_short = |limit: &Limit| limit.spec.pointer.ends_with("/rate_limit");
    let limits = || parts(policy).flat_map(|part| &part.rules.limits);
    let mut named: HashMap<&str, &Limit> = HashMap::new();
    for limit in limits().filter(|limit| !is_short(limit)) {
        named.entry(&limit.spec.counter).or_insert(limit);
    }
    for limit in limits().filter(|limit| is_short(limit)) {
        if let Some(other) = named.get(&*limit.spec.counter) {
            let (counter, pointer) = (&limit.spec.counter, &other.spec.pointer);
            let message = format!("this counts together with {pointer}, because both are `{counter}`");
            warnings.warn(code::SHARED_COUNTER, limit.place(), message);
        }
    }
}
