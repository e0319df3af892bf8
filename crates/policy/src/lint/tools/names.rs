//! Names of tools on both sides: those that no server has, and those of servers that nothing names.

use std::collections::{BTreeMap, BTreeSet};

use super::Listed;
use crate::channel::Pattern;
use crate::diagnostic::code;
use crate::lint::Warnings;
use crate::policy::{Effect, Named, Policy};
use crate::rule::child;
use crate::section::Section;
use crate::suggest;

/// Names that a message lists.
const MAX_LISTED: usize = 10;

pub(in crate::lint) fn check(policy: &Policy, tools: &[Listed<'_>], warnings: &mut Warnings) {
    let all: BTreeSet<&str> = tools.iter().map(|listed| &*listed.tool.name).collect();
    check_section(&policy.top, "", &all, "no known server", warnings);
    let mut by_server: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for Listed { tool, .. } in tools {
        by_server.entry(&tool.server).or_default().insert(&tool.name);
    }
    for (id, section) in &policy.servers {
        if let Some(names) = by_server.get(&**id) {
            let who = format!("server `{id}` does not");
            check_section(section, &child("/servers", id), names, &who, warnings);
        }
    }
    for server in by_server.keys() {
        check_unnamed(policy, server, tools, warnings);
    }
}

/// Warns of what a section says of tools that are not there.
fn check_section(section: &Section, start: &str, names: &BTreeSet<&str>, who: &str, warnings: &mut Warnings) {
    let has = if who.starts_with("no ") { "has" } else { "have" };
    let mut warn = |pointer: &str, offset: usize, text: &str, pattern: Option<&Pattern>| {
        let (message, meant) = match pattern {
            Some(pattern) if names.iter().any(|name| pattern.matches_name(name)) => return,
            Some(_) => (format!("{who} {has} a tool that `{text}` matches, so this does nothing"), None),
            None if names.contains(text) => return,
            None => {
                let message = format!("{who} {has} a tool `{text}`, so this does nothing");
                (message, suggest::nearest(text, names.iter().copied()))
            }
        };
        warnings.suggest(code::UNKNOWN_TOOL, (pointer, offset), message, meant);
    };
    for (index, hidden) in section.hide.iter().enumerate().filter(|(_, hidden)| !hidden.hides_all()) {
        let pointer = format!("{}/{index}", child(start, "hide"));
        warn(&pointer, hidden.offset, &hidden.name, hidden.pattern.as_ref());
    }
    for (place, (name, rules)) in section.tools.iter().enumerate() {
        let pattern = section.patterns.iter().find(|(_, of)| *of == place).map(|(pattern, _)| pattern);
        warn(&child(&child(start, "tools"), name), rules.offset, name, pattern);
    }
}

/// Warns of the tools of a server that the document forgot, where it names others of that server.
fn check_unnamed(policy: &Policy, server: &str, tools: &[Listed<'_>], warnings: &mut Warnings) {
    let of_server = || tools.iter().map(|listed| &listed.tool).filter(|tool| *tool.server == *server);
    let is_ruled = |tool: &&crate::input::Tool| {
        policy.hidden_at(tool).is_some() || policy.names(tool) > Named::Never || policy.selects(tool)
    };
    let forgotten: Vec<&str> = of_server().filter(|tool| !is_ruled(tool)).map(|tool| &*tool.name).collect();
    if forgotten.is_empty()
        || !of_server().any(|tool| policy.names(tool) > Named::Never || policy.selects(tool))
    {
        return;
    }
    let what = match policy.default {
        Effect::Allow => "they are open to every call",
        Effect::Deny => "every call of them is denied",
    };
    let shown: Vec<String> = forgotten.iter().take(MAX_LISTED).map(|name| format!("`{name}`")).collect();
    let more = forgotten.len().saturating_sub(MAX_LISTED);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    let message = format!(
        "nothing names these tools of server `{server}`, so {what}: {}{more}; name them, or hide them to say that \
         they are known",
        shown.join(", ")
    );
    warnings.warn(code::UNNAMED_TOOLS, ("", 0), message);
}
