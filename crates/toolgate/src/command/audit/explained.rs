//! A recorded decision as people and programs read it.
//! Names in records come from agents and servers, so none reaches the terminal as it is.

use std::sync::Arc;

use json::Value;
use policy::{Asked, Policy, Way};
use serde_json::json;

use super::explain::text;
use super::line::Lines;
use crate::command::policy::opposite;
use crate::output::{Output, plain};

/// Rules of an allowed call of which is told what would deny it.
const MAX_RULES: usize = 8;

/// A policy that decided.
pub struct Revision {
    /// Its name.
    pub name: String,
    /// The hash of the revision that decided.
    pub hash: String,
    /// That revision, where the files still hold it.
    pub policy: Option<Arc<Policy>>,
}

/// A decision, how it ended, and what its rules ask.
pub struct Explained<'a> {
    /// The record of the decision.
    pub record: Value<'a>,
    /// The record of the call's end.
    pub outcome: Option<Value<'a>>,
    /// The policies, in the order of the record.
    pub revisions: Vec<Revision>,
    /// What their rules ask.
    pub asked: Vec<Asked>,
}

impl Explained<'_> {
    fn is_allowed(&self) -> bool {
        text(self.record, "kind") == "intent"
    }

    /// The rules that the answer is about: the one that denied, or all that could.
    fn rules(&self) -> Vec<&Asked> {
        if self.is_allowed() {
            return self.asked.iter().take(MAX_RULES).collect();
        }
        let (rule, pointer) = (text(self.record, "rule"), text(self.record, "pointer"));
        let is_it = |asked: &&Asked| asked.rule.as_str() == rule && asked.pointer == pointer;
        self.asked.iter().filter(is_it).collect()
    }

    fn ways(&self) -> Vec<&Way> {
        let is_allowed = self.is_allowed();
        let of = |asked| -> &Vec<Way> {
            let asked: &Asked = asked;
            if is_allowed { &asked.to_be_denied } else { &asked.to_pass }
        };
        let ways = self.rules().into_iter().flat_map(of);
        ways.filter(|way| !way.changes.is_empty()).collect()
    }

    /// For people.
    pub fn to_lines(&self, output: Output) -> Vec<String> {
        let mut lines = vec![Lines::new(output).line(self.record.raw())];
        let mut tell = |what: &str, said: &str| lines.push(format!("  {what:<15}{}", plain(said)));
        tell(
            "record",
            &format!(
                "{} of call {}",
                self.record.get("seq").map_or("", |seq| seq.raw()),
                text(self.record, "call")
            ),
        );
        if !self.is_allowed() {
            tell("denied by", &text(self.record, "rule"));
            let pointer = text(self.record, "pointer");
            if !pointer.is_empty() {
                tell("at", &pointer);
            }
        }
        for revision in &self.revisions {
            let here =
                if revision.policy.is_some() { "as it is now" } else { "this revision is no longer here" };
            tell(
                "policy",
                &format!("`{}` {}: {here}", revision.name, revision.hash.get(..12).unwrap_or(&revision.hash)),
            );
        }
        for (what, key) in [("read", "operands"), ("matched", "matched")] {
            for entry in self.record.get(key).iter().flat_map(Value::elements) {
                tell(what, &entry.as_str().unwrap_or_default());
            }
        }
        if let Some(arguments) = self.record.get("arguments") {
            tell("arguments", &argument_keys(arguments));
        }
        for reserved in self.record.get("reservations").iter().flat_map(Value::elements) {
            tell("reserved", &reservation(reserved));
        }
        if let Some(outcome) = self.outcome {
            tell("ended", &text(outcome, "outcome"));
        }
        lines.extend(self.opposite_lines());
        lines
    }

    fn opposite_lines(&self) -> Vec<String> {
        let ways = self.ways();
        if !ways.is_empty() {
            return opposite::ways(ways, self.is_allowed(), false);
        }
        let said = self.without_ways();
        vec![format!(
            "  {:<15}{}",
            if self.is_allowed() { "to be denied" } else { "to be allowed" },
            plain(&said)
        )]
    }

    /// What is said where the record and the policies name no change.
    fn without_ways(&self) -> String {
        let is_gone = self.revisions.iter().any(|revision| revision.policy.is_none());
        let said = match &*text(self.record, "cause") {
            "no_policy" => "no change of arguments: the grant has no policy; give it one",
            "hidden" => "no change of arguments: a policy hides the tool; remove that entry of `hide`",
            "default_deny" => "no change of arguments: nothing names the tool; add it to `tools` of a policy",
            "unknown_tool" => "no change of arguments: the server does not list the tool; correct the name",
            "quarantined" => {
                "no change of arguments: the tool's schema cannot be used; have its server mend it"
            }
            "action" => "no change of arguments: a rule denies every call of the tool; remove that rule",
            "arguments" => "the arguments have to fit the tool's schema",
            "limit" | "full" => "wait until the limit has room, or raise it",
            "approval" => "people must agree to the call",
            _ if is_gone => "undecided: the revision that decided is no longer here",
            _ if self.is_allowed() => "no rule with conditions applies to this tool",
            _ => "undecided: the record names no rule of the policies that are here",
        };
        said.to_owned()
    }

    /// For programs.
    pub fn to_json(&self) -> serde_json::Value {
        let whole = |record: Value<'_>| serde_json::from_str::<serde_json::Value>(record.raw()).ok();
        let revision = |revision: &Revision| json!({ "name": revision.name, "revision": revision.hash, "is_here": revision.policy.is_some() });
        let ways: Vec<_> = self.ways().into_iter().map(|way| opposite::way_json(way, false)).collect();
        let note = ways.is_empty().then(|| self.without_ways());
        json!({
            "effect": if self.is_allowed() { "allow" } else { "deny" },
            "record": whole(self.record),
            "outcome": self.outcome.and_then(whole),
            "policies": self.revisions.iter().map(revision).collect::<Vec<_>>(),
            "opposite": { "ways": ways, "note": note },
        })
    }
}

/// The names that the schema declares, and how many others there were.
fn argument_keys(arguments: Value<'_>) -> String {
    let keys = arguments.get("keys");
    let mut keys: Vec<String> =
        keys.iter().flat_map(Value::elements).filter_map(|key| key.as_str().map(String::from)).collect();
    if let Some(others) = arguments.get("other_keys") {
        keys.push(format!("{} that the schema does not declare", others.raw()));
    }
    if keys.is_empty() { "none".to_owned() } else { keys.join(", ") }
}

/// The counter's name, its policy and what else its key holds, and how many calls.
fn reservation(reserved: Value<'_>) -> String {
    let key = reserved.get("counter");
    let parts: Vec<String> =
        key.iter().flat_map(Value::elements).filter_map(|part| part.as_str().map(String::from)).collect();
    let count = reserved.get("count").map(|count| format!("{} of ", count.raw())).unwrap_or_default();
    format!("{count}{}", parts.join(" / "))
}
