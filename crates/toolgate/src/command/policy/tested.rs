//! What tests of policies have shown, as people and programs read it: failures with their place, a sum, and coverage.
//! It shows names, rules and reasons; never the arguments of a call.

use std::path::PathBuf;

use ::policy::{Coverage, RuleSeen, TestOutcome, Tried};
use serde_json::{Value, json};

use crate::exit::Exit;
use crate::output::{Output, Tone, count, plain};

/// One test that was judged, and the file that it stands in.
pub struct Tested {
    pub file: PathBuf,
    pub tried: Tried,
}

/// Tells everything; the exit code says whether all is as it should be.
pub fn tell(
    output: Output,
    tested: &[Tested],
    coverage: Option<&Coverage>,
    least: Option<u8>,
) -> anyhow::Result<Exit> {
    let n_failed = tested.iter().filter(|test| !test.tried.outcome.passed).count();
    let percent = coverage.map(percent);
    let is_covered = least.is_none_or(|least| percent.is_some_and(|percent| percent >= usize::from(least)));
    let is_good = n_failed == 0 && !tested.is_empty() && is_covered;
    if output.is_json() {
        for test in tested {
            output.value(&test.to_json())?;
        }
        let coverage = coverage.map(|coverage| coverage_json(coverage, least));
        output.value(&json!({ "tests": tested.len(), "failed": n_failed, "coverage": coverage }))?;
    } else {
        for test in tested.iter().filter(|test| !test.tried.outcome.passed) {
            output.line(test.to_line(output))?;
        }
        for rule in coverage.map(Coverage::rules).unwrap_or_default() {
            if let Some(line) = unseen(rule) {
                output.line(format!("{} {line}", output.paint(Tone::Warning, "not covered:")))?;
            }
        }
        output
            .line(output.paint(if is_good { Tone::Good } else { Tone::Bad }, sum(tested.len(), n_failed)))?;
        if let (Some(coverage), Some(percent)) = (coverage, percent) {
            output.line(covered(coverage, percent, least))?;
        }
    }
    Ok(if is_good { Exit::Ok } else { Exit::Problems })
}

fn sum(n_tests: usize, n_failed: usize) -> String {
    match (n_tests, n_failed) {
        (0, _) => "there are no tests; write `tests` in a policy, or name a file with `--cases`".to_owned(),
        (_, 0) => format!("{} passed", count(n_tests, "test")),
        (_, _) => format!("{n_failed} of {} failed", count(n_tests, "test")),
    }
}

fn covered(coverage: &Coverage, percent: usize, least: Option<u8>) -> String {
    let (n_seen, n_all) = coverage.counts();
    let wanted = least.map(|least| format!("; at least {least} % are wanted")).unwrap_or_default();
    format!("coverage {percent} %: {n_seen} of {} of rules{wanted}", count(n_all, "answer"))
}

/// Of all answers of rules those that were seen, rounded down. Policies without rules are covered.
fn percent(coverage: &Coverage) -> usize {
    let (n_seen, n_all) = coverage.counts();
    (n_seen * 100).checked_div(n_all).unwrap_or(100)
}

/// What was not seen of a rule.
fn unseen(rule: &RuleSeen) -> Option<String> {
    let RuleSeen { policy, pointer, kind, fired, passed } = rule;
    let what = match (fired, passed, *kind) {
        (Some(false), Some(false), _) => "never asked",
        (Some(false), _, _) => "never fired",
        (_, Some(false), "tool") => "never called",
        (_, Some(false), "limit") => "never counted",
        (_, Some(false), _) => "never passed",
        (Some(true) | None, Some(true) | None, _) => return None,
    };
    Some(format!("{policy}: {pointer} ({kind}) {what}"))
}

fn coverage_json(coverage: &Coverage, least: Option<u8>) -> Value {
    let (n_seen, n_all) = coverage.counts();
    let rules = coverage.rules().iter().map(|rule| {
        json!({
            "policy": *rule.policy,
            "pointer": rule.pointer,
            "kind": rule.kind,
            "fired": rule.fired,
            "passed": rule.passed,
        })
    });
    json!({
        "percent": percent(coverage),
        "least": least,
        "seen": n_seen,
        "of": n_all,
        "rules": rules.collect::<Vec<_>>(),
    })
}

impl Tested {
    /// A failure as `file:line:column: failed: what`.
    fn to_line(&self, output: Output) -> String {
        let TestOutcome { line, column, name, tool, expected, decided, expected_reason, reason, .. } =
            &self.tried.outcome;
        let name = name.as_ref().map(|name| format!("{name}: ")).unwrap_or_default();
        let mut text = format!("{name}`{tool}`: expected {expected}, decided {decided}");
        if let Some(wanted) = expected_reason.as_ref().filter(|wanted| reason.as_ref() != Some(*wanted)) {
            let told = reason.as_deref().unwrap_or("nothing");
            text.push_str(&format!("; the agent is to be told `{wanted}`, is told `{told}`"));
        }
        let place = format!("{}:{line}:{column}", self.file.display());
        format!("{}: {} {}", plain(&place), output.paint(Tone::Bad, "failed:"), plain(&text))
    }

    fn to_json(&self) -> Value {
        let outcome = &self.tried.outcome;
        json!({
            "file": self.file.display().to_string(),
            "pointer": outcome.pointer,
            "line": outcome.line,
            "column": outcome.column,
            "name": outcome.name,
            "called": outcome.tool,
            "passed": outcome.passed,
            "expected": outcome.expected,
            "decided": outcome.decided,
            "expected_reason": outcome.expected_reason,
            "reason": outcome.reason,
        })
    }
}
