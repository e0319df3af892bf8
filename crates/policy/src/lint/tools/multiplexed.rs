//! Tools that do several things by a switch among their arguments, where rules treat all of them alike.

use json::Value;

use super::Listed;
use crate::condition::Condition;
use crate::diagnostic::code;
use crate::lint::Warnings;
use crate::policy::{Policy, Rules};
use crate::rule::child;

/// Arguments that are such a switch, where the schema lists their values.
const SWITCHES: [&str; 6] = ["action", "operation", "method", "command", "mode", "op"];
/// Values that a message lists.
const MAX_LISTED: usize = 6;

pub(in crate::lint) fn check(policy: &Policy, tools: &[Listed<'_>], warnings: &mut Warnings) {
    for listed in tools {
        let Some((switch, values)) = switch(listed.entry) else { continue };
        let exact = policy.all_sections().filter_map(|(start, section)| {
            let rules = section.exact(&listed.tool.name)?;
            let is_own = start.is_empty() || start == child("/servers", &listed.tool.server);
            is_own.then(|| (child(&child(&start, "tools"), &listed.tool.name), rules))
        });
        for (pointer, rules) in exact {
            let all: Vec<_> = super::named_rules(policy, &listed.tool).collect();
            if rules.explicit_deny().is_some() || all.iter().any(|rules| reads(rules, &switch)) {
                continue;
            }
            let shown: Vec<String> =
                values.iter().take(MAX_LISTED).map(|value| format!("`{value}`")).collect();
            let more = if values.len() > MAX_LISTED { ", …" } else { "" };
            let message = format!(
                "`{}` does several things by `{switch}` ({}{more}), and nothing tells them apart; add a condition on \
                 `args.{switch}`",
                listed.tool.name,
                shown.join(", ")
            );
            warnings.warn(code::MULTIPLEXED, (&pointer, rules.offset), message);
        }
    }
}

/// The argument that switches, with its values.
fn switch(entry: Value<'_>) -> Option<(String, Vec<String>)> {
    let properties = entry.get("inputSchema")?.get("properties")?;
    SWITCHES.iter().find_map(|name| {
        let values = properties.get(name)?.get("enum")?;
        let values: Vec<String> =
            values.elements().filter_map(|value| value.as_str().map(std::borrow::Cow::into_owned)).collect();
        (values.len() > 1).then(|| ((*name).to_owned(), values))
    })
}

/// Whether any rule reads this argument.
fn reads(rules: &Rules, switch: &str) -> bool {
    let wanted = format!("args.{switch}");
    let is_it = |path: &str| path == wanted || path == "args";
    let predicates = rules.require.iter().chain(&rules.deny_if).flat_map(|predicate| &predicate.conditions);
    let approval = rules.approval.iter().flat_map(|approval| &approval.when);
    let in_conditions = predicates
        .chain(approval)
        .flat_map(Condition::leaves)
        .any(|leaf| leaf.paths().iter().any(|path| is_it(path.text())));
    in_conditions
        || rules.limits.iter().any(|limit| limit.spec.scope.arguments().iter().any(|path| is_it(path)))
}
