//! What recorded calls suggest: they are looked at, a document is made, and all are replayed against it; what would
//! deny a call that was allowed is left out again.
//! Must never open more than was allowed before.

use std::collections::BTreeSet;
use std::ops::ControlFlow;
use std::sync::Arc;

use anyhow::{anyhow, bail};
use json::{Document, Limits};
use policy::{Observation, Observed, RuleId, Stack, Suggesting, Suggestion, suggest};

use crate::replay::{Group, Outcome, Plan, Progress, Report, Standing, run as replay};
use crate::traffic::{Block, Call, Feed, Given, Sieve, Tools};

/// Rounds of leaving rules out; each leaves out at least one, and nobody reads a document that needs more.
const MAX_ROUNDS: usize = 50;

/// What a suggestion is made for.
#[derive(Debug, Clone)]
pub struct Wanted {
    /// The name of the policy.
    pub name: String,
    /// Fewer calls support no narrowing.
    pub min_calls: u64,
    /// Whether calls that were seen become tests.
    pub with_tests: bool,
}

/// A suggestion that was tried.
#[derive(Debug)]
pub struct Tried {
    /// The document and its reasons.
    pub suggestion: Suggestion,
    /// What was found when all calls were replayed against it.
    pub notes: Vec<String>,
    /// Allowed calls that it allows.
    pub n_allowed: u64,
    /// Calls of which that depends on values that were not kept.
    pub n_unknown: u64,
    /// Denied calls that it would allow.
    pub n_opened: u64,
}

/// Looks at all calls.
///
/// # Errors
/// When they cannot be read.
pub fn observe(
    feed: &mut dyn Feed,
    sieve: &Sieve,
    mut progress: impl FnMut(Progress),
) -> anyhow::Result<Observed> {
    let empty = Document::scan(b"{}".to_vec(), &Limits::default()).map_err(|error| anyhow!("{error}"))?;
    let mut observed = Observed::default();
    let (mut so_far, mut failed) = (Progress::default(), None);
    feed.blocks(&mut |block: Block| {
        so_far.n_bytes += block.n_bytes();
        match block.calls(sieve) {
            Ok((calls, _)) => {
                so_far.n_calls += calls.len() as u64;
                calls.iter().for_each(|call| note(&mut observed, call, &empty));
                progress(so_far);
                ControlFlow::Continue(())
            }
            Err(error) => {
                failed = Some(error);
                ControlFlow::Break(())
            }
        }
    })?;
    failed.map_or(Ok(observed), Err)
}

/// A call without a kept decision is one that somebody wants to be allowed.
fn note(observed: &mut Observed, call: &Call, empty: &Document) {
    let (arguments, gaps) = match &call.given {
        Given::Whole(known) => (Some(known.value().unwrap_or(empty.root())), &[][..]),
        Given::Without(known, gaps) => (known.value(), &gaps[..]),
        Given::Keys { .. } | Given::Unknown => (None, &[][..]),
    };
    let seen = Observation {
        server: &call.server,
        tool: &call.tool,
        grant: &call.grant,
        time_ms: call.time_ms,
        arguments: arguments.filter(json::Value::is_object),
        gaps,
    };
    match &call.was {
        Some(was) if !was.allowed && is_passing(&was.rule) => {}
        Some(was) if !was.allowed => observed.note_denied(&seen),
        Some(_) | None => observed.note_allowed(&seen),
    }
}

/// Whether a denial says nothing of the policy's intent: a full limit, or what no policy decides.
fn is_passing(rule: &str) -> bool {
    rule.contains("/limits/")
        || [RuleId::UNKNOWN_TOOL, RuleId::QUARANTINED, RuleId::ARGUMENTS].contains(&rule)
}

/// Makes a document of what was observed and tries it on the same calls, from `open`.
///
/// # Errors
/// When the calls cannot be read again, or no document can be made.
pub fn tried(
    observed: &Observed,
    wanted: &Wanted,
    tools: &Tools,
    open: impl Fn() -> anyhow::Result<(Box<dyn Feed>, Sieve)>,
    n_threads: usize,
) -> anyhow::Result<Tried> {
    let mut without = BTreeSet::new();
    for _ in 0..MAX_ROUNDS {
        let Wanted { name, min_calls, with_tests } = wanted;
        let asked = Suggesting { name, min_calls: *min_calls, with_tests: *with_tests, without: &without };
        let made = suggest(observed, &asked);
        let suggestion = made.map_err(|problems| {
            let first = problems.first().map(|problem| problem.message.clone()).unwrap_or_default();
            anyhow!("no document can be made of these calls: {first}")
        })?;
        let report = check(&suggestion, tools.clone(), open()?, n_threads)?;
        let refused: Vec<&Group> = report.groups.iter().filter(|group| is_refused(group)).collect();
        let blamed: Vec<_> = refused.iter().filter_map(|group| blame(&suggestion, group)).collect();
        let n_left_out = without.len();
        without.extend(blamed);
        if without.len() == n_left_out {
            return Ok(finish(suggestion, &report, &without, observed));
        }
    }
    bail!("no document was found that allows all of these calls; use more `--min-calls`")
}

fn check(
    suggestion: &Suggestion,
    tools: Tools,
    (feed, sieve): (Box<dyn Feed>, Sieve),
    n_threads: usize,
) -> anyhow::Result<Report> {
    let draft = Stack::new(vec![Arc::clone(&suggestion.policy)]);
    let standing = Standing { draft, against: None, tools, limits: true, strict: false, values: false };
    replay(Plan { feed, sieve, standing, each: false, n_threads }, |_| {})
}

/// Whether calls that were seen to be allowed would not be.
fn is_refused(group: &Group) -> bool {
    matches!(group.was, Outcome::Allowed | Outcome::NotKept) && group.now.is_denial()
}

/// The rule that refuses them, as the key under which it can be left out.
fn blame(suggestion: &Suggestion, group: &Group) -> Option<(String, String, String)> {
    let rule = group.now.rule()?;
    let reason = suggestion.reasons.iter().find(|reason| reason.rule == rule)?;
    Some((reason.server.clone(), reason.tool.clone(), reason.subject.clone()))
}

fn finish(
    suggestion: Suggestion,
    report: &Report,
    without: &BTreeSet<(String, String, String)>,
    observed: &Observed,
) -> Tried {
    let count = |wanted: &dyn Fn(&Group) -> bool| -> u64 {
        report.groups.iter().filter(|group| wanted(group)).map(|group| group.n_calls).sum()
    };
    let is_seen = |group: &Group| {
        observed.used().any(|(server, tool, _)| (server, tool) == (&group.server, &group.tool))
    };
    let n_unknown = count(&|group| matches!(group.now, Outcome::Unknown(_)) && !group.was.is_denial());
    let n_refused = count(&|group| is_refused(group) && is_seen(group));
    let is_opened = |group: &Group| {
        group.was.is_denial() && group.now == Outcome::Allowed && !group.was.rule().is_some_and(is_passing)
    };
    let mut notes: Vec<String> = without
        .iter()
        .map(|(server, tool, subject)| format!("{server}/{tool}: nothing is said of `{subject}`, because a call that was allowed would be denied by it"))
        .collect();
    if n_refused > 0 {
        notes.push(format!(
            "{n_refused} calls that were allowed are refused by what their tool now takes, whatever the policy says"
        ));
    }
    Tried {
        suggestion,
        notes,
        n_allowed: count(&|group| !group.was.is_denial() && group.now == Outcome::Allowed),
        n_unknown,
        n_opened: count(&is_opened),
    }
}
