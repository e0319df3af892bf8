//! Parts that change nothing, or everything.

use std::collections::HashSet;

use super::{Warnings, parts};
use crate::diagnostic::code;
use crate::policy::{Effect, HIDE_ALL, Limit, Policy, Rules};

pub(super) fn check(policy: &Policy, warnings: &mut Warnings<'_>) {
    check_hide(policy, warnings);
    for (pointer, rules) in parts(policy) {
        check_rules(policy, &pointer, rules, warnings);
    }
    check_generated_names(policy, warnings);
}

fn check_hide(policy: &Policy, warnings: &mut Warnings<'_>) {
    let mut seen = HashSet::new();
    let hides_all = policy.hide.iter().any(|name| &**name == HIDE_ALL);
    for (index, name) in policy.hide.iter().enumerate() {
        let pointer = format!("/hide/{index}");
        if !seen.insert(name) {
            warnings.warn(code::NO_EFFECT, &pointer, format!("`{name}` is hidden already"));
        } else if hides_all && &**name != HIDE_ALL {
            warnings.warn(code::NO_EFFECT, &pointer, format!("`*` hides `{name}` already"));
        }
    }
}

fn check_rules(policy: &Policy, pointer: &str, rules: &Rules, warnings: &mut Warnings<'_>) {
    if rules.is_empty() && policy.default == Effect::Allow && pointer != "/all_tools" {
        warnings.warn(code::NO_EFFECT, pointer, "these rules are empty and change nothing".to_owned());
    }
    for predicate in rules.require.iter().filter(|predicate| predicate.is_unconditional()) {
        let message = "a requirement without conditions is always met".to_owned();
        warnings.warn(code::NO_EFFECT, &predicate.pointer, message);
    }
    for limit in rules.limits.iter().filter(|limit| refuses_all(limit)) {
        let message =
            "a limit of 0 calls refuses every call; `\"action\": \"deny\"` says so with a reason".to_owned();
        warnings.warn(code::NEVER_FIRES, &limit.spec.pointer, message);
    }
}

fn refuses_all(limit: &Limit) -> bool {
    limit.increment_from.is_none() && limit.spec.max.is_zero()
}

/// A short form has to invent a name for its counter, which may be one that the document uses elsewhere.
fn check_generated_names(policy: &Policy, warnings: &mut Warnings<'_>) {
    let limits: Vec<_> =
        parts(policy).flat_map(|(_, rules)| &rules.limits).map(|limit| &limit.spec).collect();
    for spec in limits.iter().filter(|spec| spec.pointer.ends_with("/rate_limit")) {
        let other =
            limits.iter().find(|other| other.counter == spec.counter && other.pointer != spec.pointer);
        if let Some(other) = other {
            let message =
                format!("this counts together with {}, because both are `{}`", other.pointer, spec.counter);
            warnings.warn(code::SHARED_COUNTER, &spec.pointer, message);
        }
    }
}
