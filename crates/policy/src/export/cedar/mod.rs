//! A policy in Cedar: one `permit` per tool that it names, with every restriction as a condition of the permit.
//! What Cedar cannot evaluate it does not permit, so a tool with a rule that Cedar cannot say is left out and told.
//! Never a `forbid`: Cedar skips one that it cannot evaluate.

mod condition;
mod literal;
mod pattern;
mod tool;

use std::collections::BTreeSet;

use crate::diagnostic::{Diagnostic, Found, Severity};
use crate::load::{Format, load_and};
use crate::policy::{Effect, Policy};

/// A policy in Cedar, and what of it is not.
#[derive(Debug)]
pub struct CedarExport {
    /// The Cedar policies.
    pub text: String,
    /// How many permits they are.
    pub n_permits: usize,
    /// What is left out or not said, each with its place.
    pub unsaid: Vec<Diagnostic>,
}

/// What of a document Cedar cannot say: where, and why.
#[derive(Debug)]
struct Unsaid {
    pointer: String,
    offset: usize,
    why: String,
}

/// The name of all that an export tells.
const CODE: &str = "cedar";

/// Says a policy in Cedar, as far as Cedar can say it, and never allows what the policy denies.
///
/// # Errors
/// Every problem of a document that does not load.
pub fn export_cedar(format: Format, name: &str, text: Vec<u8>) -> Result<CedarExport, Vec<Diagnostic>> {
    let policy = load_and(format, name, text, &|policy| write(policy).1)?;
    let (permits, _) = write(&policy);
    Ok(CedarExport { n_permits: permits.len(), text: permits.join("\n"), unsaid: policy.warnings })
}

fn write(policy: &Policy) -> (Vec<String>, Vec<Found>) {
    let (mut permits, mut unsaid) = (Vec::new(), Vec::new());
    if policy.is_shadow {
        unsaid.push(of_document("mode", "a policy in shadow allows nothing, so nothing is exported"));
        return (permits, unsaid.into_iter().map(Unsaid::found).collect());
    }
    let names: BTreeSet<&str> = policy.tool_names().collect();
    let servers: Vec<Option<&str>> = policy.servers.iter().map(|(id, _)| Some(&**id)).chain([None]).collect();
    for name in names {
        for server in &servers {
            match tool::permit(policy, name, *server) {
                Ok(permit) => permits.extend(permit),
                Err(problems) => unsaid.extend(problems),
            }
        }
    }
    whole(policy, &mut unsaid);
    (permits, unsaid.into_iter().map(Unsaid::found).collect())
}

/// What is said of no single tool.
fn whole(policy: &Policy, unsaid: &mut Vec<Unsaid>) {
    if policy.default == Effect::Allow {
        unsaid.push(of_document(
            "default",
            "tools that have no key of their own are open here and denied in Cedar",
        ));
    }
    if !policy.channels.stated.is_empty() || !policy.channels.methods.is_empty() {
        unsaid
            .push(of_document("", "rules of channels and methods are left out: the export is of tool calls"));
    }
    for (pointer, exact, rules) in policy.all_rules() {
        let mut tell = |why: &str| {
            unsaid.push(Unsaid { pointer: pointer.clone(), offset: rules.offset, why: why.to_owned() });
        };
        if exact.is_none() && rules.says_allow {
            tell("what a pattern or class opens is denied in Cedar; give its tools keys of their own");
        }
        if rules.relaxes_ms().is_some() {
            tell("these restrictions do not end in Cedar, which knows no time");
        }
        if pointer.contains("/categories/") || pointer.contains("/risk/") {
            tell("what restricts a class restricts every tool in Cedar, which knows no classes");
        }
        if rules.shadow.is_some() {
            tell("what stands in shadow is left out; it denies nothing");
        }
    }
}

fn of_document(key: &str, why: &str) -> Unsaid {
    let pointer = if key.is_empty() { String::new() } else { format!("/{key}") };
    Unsaid { pointer, offset: 0, why: why.to_owned() }
}

impl Unsaid {
    fn found(self) -> Found {
        Found {
            offset: self.offset,
            severity: Severity::Warning,
            pointer: self.pointer,
            message: self.why,
            suggestion: None,
            code: CODE,
        }
    }
}
