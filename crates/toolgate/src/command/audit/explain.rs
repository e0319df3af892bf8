//! `toolgate audit explain`: one recorded decision, told from what its record holds and the policies that it names.
//! Nothing is judged again, as no record holds a value; what has changed since is said and not guessed.

use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Arc;

use anyhow::bail;
use clap::Args;
use json::{Document, Limits, Value};
use policy::{Asked, Definition, Hash, Policy, Schema, Stack};
use store::audit::{Filter, query};
use store::{CallId, Timestamp};

use super::data_folder;
use super::explained::{Explained, Revision};
use crate::cli::Global;
use crate::command::policy::document;
use crate::exit::Exit;

pub const ABOUT: &str = "\
Tell why a recorded call was decided so, and what would have to change.

The record says who called what, which rule decided, which rules matched, and what the operands answered; it never \
holds values. What the rule asks is read from the policy, as far as the revision that decided is still there.";

const EXAMPLES: &str = "\
Examples:
  toolgate audit query --effect deny --from 1h --json    shows the numbers and ids of records
  toolgate audit explain 5f2c00000000abcd-17             by the id of the call
  toolgate audit explain 4711                            by the number of the record

Exit codes: 0 told; 1 there is no such record, or it is about no decision; 2 wrong usage.";

/// Arguments of `audit explain`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct Arguments {
    /// The number of a record (its `seq`), or the id of a call
    #[arg(value_name = "SEQ|CALL", value_parser = wanted)]
    record: Wanted,
}

/// Which record is meant.
#[derive(Debug, Clone)]
enum Wanted {
    Seq(u64),
    Call(CallId),
}

fn wanted(text: &str) -> Result<Wanted, String> {
    let seq =
        || text.parse().ok().filter(|_| text.bytes().all(|byte| byte.is_ascii_digit())).map(Wanted::Seq);
    seq().or_else(|| CallId::parse(text).map(Wanted::Call)).ok_or_else(|| {
        "write the number of a record, or the id of a call such as `5f2c00000000abcd-17`".to_owned()
    })
}

/// Explains.
pub fn run(global: &Global, arguments: &Arguments) -> anyhow::Result<Exit> {
    let folder = data_folder(global)?;
    let Some(decision) = decision(&folder, &arguments.record)? else {
        bail!("there is no such record of a decision; `toolgate audit query` shows those that there are");
    };
    let outcome = outcome(&folder, decision.root())?;
    let revisions = revisions(global, decision.root());
    let asked = asked(decision.root(), &revisions);
    let explained = Explained {
        record: decision.root(),
        outcome: outcome.as_ref().map(Document::root),
        revisions,
        asked,
    };
    let output = global.output();
    if output.is_json() {
        output.value(&explained.to_json())?;
    } else {
        explained.to_lines(output).into_iter().try_for_each(|line| output.line(line))?;
    }
    Ok(Exit::Ok)
}

/// The intent or denial that is meant; of the outcome of a call its intent.
fn decision(folder: &Path, wanted: &Wanted) -> anyhow::Result<Option<Document>> {
    let filter = match wanted {
        Wanted::Seq(_) => Filter::default(),
        Wanted::Call(call) => Filter { call: Some(*call), ..Filter::default() },
    };
    let mut found = None;
    query(folder, &filter, &mut |line| {
        let Some(record) = scan(line) else { return ControlFlow::Continue(()) };
        let is_meant = match wanted {
            Wanted::Seq(seq) => number(record.root(), "seq") == Some(*seq),
            Wanted::Call(_) => true,
        };
        let is_decision = matches!(&*text(record.root(), "kind"), "intent" | "denied");
        if is_meant && (is_decision || matches!(wanted, Wanted::Seq(_))) {
            found = Some(record);
            return ControlFlow::Break(());
        }
        ControlFlow::Continue(())
    })?;
    let Some(record) = found else { return Ok(None) };
    if matches!(&*text(record.root(), "kind"), "intent" | "denied") {
        return Ok(Some(record));
    }
    match CallId::parse(&text(record.root(), "call")) {
        Some(call) => decision(folder, &Wanted::Call(call)),
        None => Ok(None),
    }
}

/// How the call ended, where it did.
fn outcome(folder: &Path, decision: Value<'_>) -> anyhow::Result<Option<Document>> {
    let Some(call) = CallId::parse(&text(decision, "call")) else { return Ok(None) };
    let mut found = None;
    query(folder, &Filter { call: Some(call), ..Filter::default() }, &mut |line| {
        let ended =
            scan(line).filter(|record| matches!(&*text(record.root(), "kind"), "outcome" | "recovered"));
        if ended.is_none() {
            return ControlFlow::Continue(());
        }
        found = ended;
        ControlFlow::Break(())
    })?;
    Ok(found)
}

/// The policies that decided, as far as the files still hold those revisions.
fn revisions(global: &Global, decision: Value<'_>) -> Vec<Revision> {
    let Some(policies) = decision.get("policies") else { return Vec::new() };
    let revision = |member: json::Member<'_>| {
        let name = member.key.as_cow().into_owned();
        let hash = member.value.as_str().unwrap_or_default().into_owned();
        let files = document::read(global, std::slice::from_ref(&name)).unwrap_or_default();
        let loaded = files.iter().find_map(|file| document::load(file).ok());
        let policy = loaded.filter(|policy| policy.revision_hash().to_string() == hash);
        Revision { name, hash, policy }
    };
    policies.members().map(revision).collect()
}

/// What the rules of those policies ask of the tool.
fn asked(decision: Value<'_>, revisions: &[Revision]) -> Vec<Asked> {
    let policies: Vec<Arc<Policy>> = revisions.iter().filter_map(|one| one.policy.clone()).collect();
    let (server, tool) = (text(decision, "server"), text(decision, "tool"));
    let at_ms = Timestamp::parse(&text(decision, "time")).map(Timestamp::as_ms);
    let open = scan("{\"type\":\"object\"}").and_then(|schema| Schema::compile(schema.root()).ok());
    Stack::new(policies).bind(&Definition::new(server, tool, Hash::of(b""), open)).asked(at_ms)
}

fn scan(line: &str) -> Option<Document> {
    Document::scan(line.as_bytes().to_vec(), &Limits::default()).ok()
}

/// A text of a record; empty where it has none.
pub fn text(record: Value<'_>, key: &str) -> String {
    record.get(key).as_ref().and_then(Value::as_str).map(std::borrow::Cow::into_owned).unwrap_or_default()
}

fn number(record: Value<'_>, key: &str) -> Option<u64> {
    record.get(key)?.as_number()?.as_u64()
}
