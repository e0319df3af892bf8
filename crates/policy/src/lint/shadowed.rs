//! Rules that another one always decides before.

use super::{Warnings, parts};
use crate::diagnostic::code;
use crate::policy::{Policy, Predicate, Rules};

pub(super) fn check(policy: &Policy, warnings: &mut Warnings<'_>) {
    let denies_all = policy.all_tools.as_ref().and_then(|rules| rules.explicit_deny());
    for (pointer, rules) in parts(policy) {
        if let Some(deny) = denies_all.or_else(|| rules.explicit_deny()) {
            check_behind(rules, deny, warnings);
        }
        check_twice(&rules.require, warnings);
        check_twice(&rules.deny_if, warnings);
        if let Some(name) = hidden_name(policy, &pointer)
            && !rules.is_empty()
        {
            let message = format!("`{name}` is hidden, so these rules are never asked");
            warnings.warn(code::SHADOWED, &pointer, message);
        }
    }
}

/// Warns of each rule that is asked after a deny of every call.
fn check_behind(rules: &Rules, deny: &Predicate, warnings: &mut Warnings<'_>) {
    let predicates =
        rules.require.iter().chain(rules.conditional_denies()).map(|predicate| &predicate.pointer);
    let limits = rules.limits.iter().map(|limit| &limit.spec.pointer);
    for pointer in predicates.chain(limits) {
        let message = format!("this rule is never asked, because {} denies every call", deny.pointer);
        warnings.warn(code::SHADOWED, pointer, message);
    }
}

/// Warns of each predicate that says what an earlier one of its list says.
fn check_twice(predicates: &[Predicate], warnings: &mut Warnings<'_>) {
    for (index, predicate) in predicates.iter().enumerate() {
        let earlier = predicates.iter().take(index).find(|earlier| says_same(earlier, predicate));
        if let Some(earlier) = earlier {
            let message = format!("this rule says the same as {}", earlier.pointer);
            warnings.warn(code::SHADOWED, &predicate.pointer, message);
        }
    }
}

fn says_same(one: &Predicate, other: &Predicate) -> bool {
    one.conditions.len() == other.conditions.len()
        && one.conditions.iter().zip(&other.conditions).all(|(left, right)| {
            left.path.text() == right.path.text()
                && left.operator == right.operator
                && left.value == right.value
        })
}

fn hidden_name<'a>(policy: &'a Policy, pointer: &str) -> Option<&'a str> {
    let mut names = policy.tools.iter().map(|(name, _)| &**name);
    names.find(|name| policy.hidden_at(name).is_some() && crate::rule::child("/tools", name) == pointer)
}
