//! Calls of the audit log, which keeps names of arguments and never values.
//! Must never take a record for more than it says: of a denied call not even the names are known.

use std::ops::ControlFlow;
use std::path::PathBuf;

use json::{Document, Limits, Value};
use policy::RuleId;
use store::Timestamp;
use store::audit::{Filter, query};

use super::{Block, Call, Feed, Given, Sieve, Skipped, Was};

/// Records of one block.
const N_RECORDS: usize = 2_000;

/// The audit log of a data folder.
#[derive(Debug)]
pub struct Audit {
    data: PathBuf,
    sieve: Sieve,
}

impl Audit {
    /// The log of this data folder; only what may fit is read.
    #[must_use]
    pub const fn new(data: PathBuf, sieve: Sieve) -> Self {
        Self { data, sieve }
    }
}

impl Feed for Audit {
    fn blocks(&mut self, each: &mut dyn FnMut(Block) -> ControlFlow<()>) -> anyhow::Result<()> {
        let Sieve { since, until, server, tool, grant, pairs: _ } = self.sieve.clone();
        let filter = Filter { from: since, to: until, grant, server, tool, ..Filter::default() };
        let mut records = Vec::new();
        let mut take = |record: &str| {
            records.push(record.to_owned());
            if records.len() < N_RECORDS {
                return ControlFlow::Continue(());
            }
            each(Block::Audit(std::mem::take(&mut records)))
        };
        query(&self.data, &filter, &mut take)?;
        // Where it was broken off nobody listens any more.
        let _ = each(Block::Audit(records));
        Ok(())
    }

    fn noun(&self) -> &'static str {
        "record"
    }

    fn n_bytes(&self) -> Option<u64> {
        let entries = std::fs::read_dir(self.data.join("audit")).ok()?;
        let sizes = entries.filter_map(|entry| entry.ok()?.metadata().ok().map(|file| file.len()));
        Some(sizes.sum())
    }
}

/// The calls of some records.
pub(super) fn read(records: &[String], sieve: &Sieve) -> (Vec<Call>, Skipped) {
    let (mut calls, mut skipped) = (Vec::new(), Skipped::default());
    for record in records {
        let Ok(document) = Document::scan(record.as_bytes().to_vec(), &Limits::default()) else { continue };
        let root = document.root();
        match &*text(root, "kind") {
            "intent" | "denied"
                if text(root, "method") == "tools/call" && is_of_policy(&text(root, "rule")) =>
            {
                calls.extend(call(root).filter(|call| sieve.wants(call)));
            }
            "intent" | "denied" => skipped.other_messages += 1,
            "summary" => skipped.summarised += number(root, "count").unwrap_or(0),
            _ => {}
        }
    }
    (calls, skipped)
}

/// Whether a policy decided: what the protocol or a session refuses never reached one.
fn is_of_policy(rule: &str) -> bool {
    let fixed = [
        RuleId::NO_POLICY,
        RuleId::HIDDEN,
        RuleId::DEFAULT_DENY,
        RuleId::UNKNOWN_TOOL,
        RuleId::QUARANTINED,
        RuleId::ARGUMENTS,
        RuleId::APPROVAL,
    ];
    !rule.starts_with('(') || fixed.contains(&rule)
}

fn call(record: Value<'_>) -> Option<Call> {
    let allowed = text(record, "effect") == "allow";
    let tool = record.get("tool")?.as_str()?.into_owned();
    Some(Call {
        number: number(record, "seq")?,
        id: text(record, "call"),
        time_ms: Some(Timestamp::parse(&text(record, "time"))?.as_ms()),
        grant: text(record, "grant"),
        labels: None,
        server: text(record, "server"),
        tool,
        definition: text(record, "definition"),
        was: Some(Was { allowed, rule: text(record, "rule") }),
        given: if allowed { given(record) } else { Given::Unknown },
    })
}

fn given(record: Value<'_>) -> Given {
    let Some(arguments) = record.get("arguments") else { return Given::Unknown };
    let names =
        arguments.get("keys").map(|keys| keys.elements().filter_map(|key| Some(key.as_str()?.into_owned())));
    let names: Vec<String> = names.into_iter().flatten().collect();
    // A name that was cut short may be any.
    let is_cut = arguments.get("keys_more").is_some() || names.iter().any(|name| name.ends_with('…'));
    let (has_others, mended) = (arguments.get("other_keys").is_some(), arguments.get("repaired").is_some());
    Given::Keys { names, has_others: is_cut || has_others, mended }
}

fn text(record: Value<'_>, key: &str) -> String {
    record.get(key).and_then(|value| Some(value.as_str()?.into_owned())).unwrap_or_default()
}

fn number(record: Value<'_>, key: &str) -> Option<u64> {
    record.get(key)?.as_number()?.as_u64()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_tell_names_and_never_values() {
        let record = |fields: &str| {
            format!(r#"{{"seq":3,"time":"2026-11-20T13:00:00.000Z",{fields},"prev":"","hash":"","mac":""}}"#)
        };
        let subject = r#""grant":"g","server":"s","method":"tools/call","tool":"t""#;
        let intent = format!(
            r#""kind":"intent","call":"a-1",{subject},"definition":"d","policies":{{"p":"h"}},"effect":"allow","rule":"","arguments":{{"keys":["a"],"digest":"x"}}"#
        );
        let denied = format!(r#""kind":"denied","call":"a-2",{subject},"effect":"deny","rule":"(hidden)""#);
        let other = r#""kind":"intent","call":"a-3","grant":"g","server":"s","method":"resources/read","effect":"allow""#;
        let protocol =
            format!(r#""kind":"denied","call":"a-4",{subject},"effect":"deny","rule":"(protocol)""#);
        let summary = r#""kind":"summary","of":"denied","count":7"#;
        let records = [&intent, &denied, other, &protocol, summary].map(record);
        let (calls, skipped) = read(&records, &Sieve::default());
        assert_eq!(skipped, Skipped { other_messages: 2, summarised: 7 });
        let [allowed, denied] = &calls[..] else { panic!("{calls:?}") };
        assert!(matches!(&allowed.given, Given::Keys { names, has_others: false, mended: false }
            if *names == ["a"]));
        assert_eq!(
            (allowed.number, allowed.time_ms, &*allowed.definition),
            (3, Some(1_795_179_600_000), "d")
        );
        assert!(matches!(denied.given, Given::Unknown));
        assert_eq!(denied.was, Some(Was { allowed: false, rule: "(hidden)".to_owned() }));
    }
}
