//! Under default deny a key of `tools` opens its tool, whatever stands under it. That surprises where only
//! restrictions stand there, and where nothing stands there at all.

use super::{Warnings, parts};
use crate::diagnostic::code;
use crate::policy::{Effect, Hidden, Policy, Rules};

pub(super) fn check(policy: &Policy, warnings: &mut Warnings) {
    match policy.default {
        Effect::Allow => return,
        Effect::Deny => {}
    }
    check_denies_all(policy, warnings);
    let named = parts(policy).filter_map(|part| part.tool.map(|name| (name, part.rules)));
    for (name, rules) in named {
        if policy.top.hidden_at(name).is_none()
            && let Some((what, place)) = only_restriction(rules)
        {
            let message = format!(
                "this {what} opens `{name}`, which nothing else names; if that is meant, add `\"action\": \"allow\"`"
            );
            warnings.warn(code::OPENS_TOOL, place, message);
        }
    }
}

fn check_denies_all(policy: &Policy, warnings: &mut Warnings) {
    let hides_all = policy.top.hide.iter().any(Hidden::hides_all);
    let message = if hides_all {
        "`*` in `hide` hides every tool, so every call is denied"
    } else if policy.all_sections().any(|(_, section)| section.names_any()) || policy.opens_channels() {
        return;
    } else if policy.top.hide.is_empty() {
        "no tool is named, so every call is denied; name the open ones in `tools`"
    } else {
        "tools are hidden, but none is named, so every call is denied; name the open ones in `tools`, or write \
         `\"default\": \"allow\"`"
    };
    warnings.warn(code::DENIES_ALL, ("", 0), message);
}

/// The first restriction of rules that hold nothing but restrictions.
fn only_restriction(rules: &Rules) -> Option<(&'static str, (&str, usize))> {
    if rules.says_allow
        || !rules.require.is_empty()
        || rules.approval.is_some()
        || rules.explicit_deny().is_some()
    {
        return None;
    }
    let deny = rules.deny_if.first().map(|predicate| ("deny_if", predicate.place()));
    deny.or_else(|| rules.limits.first().map(|limit| ("limit", limit.place())))
}
