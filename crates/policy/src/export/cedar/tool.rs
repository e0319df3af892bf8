//! The permit of one tool on one server, or on all that the document says nothing of.
//! Whatever a part may restrict is in the permit; a part that cannot be said leaves no permit.

use super::Unsaid;
use super::condition::{all, holds};
use super::pattern::quoted;
use crate::flow::FlowDemand;
use crate::input::Tool;
use crate::operator::Sense;
use crate::policy::{Effect, Named, Policy, Predicate, Rules};

/// The permit; nothing where the policy denies every call.
pub(super) fn permit(
    policy: &Policy,
    name: &str,
    server: Option<&str>,
) -> Result<Option<String>, Vec<Unsaid>> {
    let tool = Tool { server: server.unwrap_or_default().into(), name: name.into(), ..Tool::default() };
    let rules: Vec<&Rules> = policy.matched(&tool).map(|part| &**part.rules).collect();
    let denies = |rules: &&Rules| {
        rules.deny_if.iter().any(|predicate| predicate.is_unconditional() && predicate.ends_ms.is_none())
    };
    if policy.hidden_at(&tool).is_some() || rules.iter().any(denies) {
        return Ok(None);
    }
    let mut problems = Vec::new();
    match policy.names(&tool) {
        Named::Never if policy.default == Effect::Deny => return Ok(None),
        Named::Until(_) if policy.default == Effect::Deny => {
            problems.extend(rules.iter().filter(|rules| rules.expiry.is_some()).map(|rules| Unsaid {
                pointer: format!("{}/expires", rules.pointer),
                offset: rules.offset,
                why: "Cedar knows no time".to_owned(),
            }));
        }
        Named::Never | Named::Until(_) | Named::Always => {}
    }
    let mut lines = vec![scope(policy, server)];
    for rules in rules {
        uncounted(rules, &mut problems);
        for (list, sense, want) in
            [(&rules.require, Sense::Require, true), (&rules.deny_if, Sense::DenyIf, false)]
        {
            for predicate in list {
                match judged(predicate, sense, want) {
                    Ok(line) => lines.push(line),
                    Err(problem) => problems.push(problem),
                }
            }
        }
    }
    problems.extend(flows(policy, &tool));
    if problems.is_empty() {
        lines.retain(|line| !line.is_empty());
        return Ok(Some(written(name, &lines)));
    }
    let on = server.map(|server| format!(" on `{server}`")).unwrap_or_default();
    for problem in &mut problems {
        problem.why = format!("`{name}`{on} is left out: {}", problem.why);
    }
    Err(problems)
}

/// A part that ends is taken to hold for ever: Cedar knows no time.
fn judged(predicate: &Predicate, sense: Sense, want: bool) -> Result<String, Unsaid> {
    all(&predicate.conditions, sense, want, &holds).map_err(|problem| {
        if problem.pointer.is_empty() {
            return Unsaid { pointer: predicate.pointer.clone(), offset: predicate.offset, ..problem };
        }
        problem
    })
}

/// What needs a memory or people.
fn uncounted(rules: &Rules, problems: &mut Vec<Unsaid>) {
    problems.extend(rules.limits.iter().map(|limit| Unsaid {
        pointer: limit.spec.pointer.to_string(),
        offset: limit.offset,
        why: "Cedar counts nothing".to_owned(),
    }));
    problems.extend(rules.approval.iter().map(|approval| Unsaid {
        pointer: approval.pointer.clone(),
        offset: approval.offset,
        why: "Cedar asks nobody".to_owned(),
    }));
}

fn flows(policy: &Policy, tool: &Tool) -> Vec<Unsaid> {
    let own = policy.labels_of(tool);
    let asks = policy.flows.iter().filter(|flow| match &flow.demand {
        FlowDemand::After { deny, .. } => own.contains(&deny),
        FlowDemand::Needs { tool: selector, .. } => selector.matches(tool),
    });
    let unsaid = asks.map(|flow| Unsaid {
        pointer: flow.pointer.clone(),
        offset: flow.offset,
        why: "Cedar remembers no calls".to_owned(),
    });
    unsaid.collect()
}

/// On which servers the permit holds; nothing where on all.
fn scope(policy: &Policy, server: Option<&str>) -> String {
    if let Some(server) = server {
        return format!("context.server == {}", quoted(server));
    }
    let others: Vec<String> = policy.servers.iter().map(|(id, _)| quoted(id)).collect();
    if others.is_empty() {
        return String::new();
    }
    format!("context.server like \"*\" && ![{}].contains(context.server)", others.join(", "))
}

fn written(name: &str, lines: &[String]) -> String {
    let head = format!("permit (principal, action == Action::\"call\", resource == Tool::{})", quoted(name));
    if lines.is_empty() {
        return format!("{head};\n");
    }
    format!("{head}\nwhen {{\n  {}\n}};\n", lines.join(" &&\n  "))
}
