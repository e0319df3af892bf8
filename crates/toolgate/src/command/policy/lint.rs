//! `toolgate policy lint`: everything that is wrong or doubtful in policies, with its place.

use clap::Args;
use serde::Serialize;

use crate::cli::Global;
use crate::config::problem::{Problem, Problems, Severity};
use crate::config::snapshot::PolicyFile;
use crate::exit::Exit;
use crate::output::{Output, Tone, count};

use super::definitions::{Known, ToolOptions};
use super::document;

const EXAMPLES: &str = "\
Examples:
  toolgate policy lint                       every policy of the folder beside toolgate.toml
  toolgate policy lint imaging               the policy of that name
  toolgate policy lint ./new.json --strict   a file; warnings count as problems
  toolgate policy lint - < new.json          standard input
  toolgate policy lint --tools tools.json    together with the tools that servers list

Exit codes: 0 all load; 1 problems found; 2 wrong usage.";

/// Arguments of `policy lint`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct Arguments {
    /// Files or names of policies; without any, all policies of the folder
    #[arg(value_name = "FILE|NAME")]
    policies: Vec<String>,
    /// Let warnings count as problems
    #[arg(long, visible_alias = "deny-warnings")]
    strict: bool,
    #[command(flatten)]
    tools: ToolOptions,
}

/// What was found in one policy, for programs.
#[derive(Serialize)]
struct Checked<'a> {
    policy: &'a str,
    file: String,
    loads: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    revision: Option<String>,
    problems: &'a [Problem],
}

/// Checks.
pub fn run(global: &Global, arguments: &Arguments) -> anyhow::Result<Exit> {
    let output = global.output();
    let files = document::read(global, &arguments.policies)?;
    let known = arguments.tools.find(global)?;
    let mut all: Vec<Problem> = Vec::new();
    for file in &files {
        all.extend(check(output, file, known.as_ref())?.into_vec());
    }
    let n_of = |severity: Severity| all.iter().filter(|problem| problem.severity == severity).count();
    let (n_errors, n_warnings) = (n_of(Severity::Error), n_of(Severity::Warning));
    if !output.is_json() {
        let tone = if n_errors > 0 { Tone::Bad } else { Tone::Good };
        let (errors, warnings) = (count(n_errors, "error"), count(n_warnings, "warning"));
        let beside = known.as_ref().map(|known| format!(", with the tools of {}", known.origin));
        let beside = beside.unwrap_or_default();
        let counted = format!("{}, {errors}, {warnings}{beside}", count(files.len(), "policy"));
        output.line(output.paint(tone, counted))?;
    }
    let is_bad = n_errors > 0 || (arguments.strict && n_warnings > 0);
    Ok(if is_bad { Exit::Problems } else { Exit::Ok })
}

fn check(output: Output, file: &PolicyFile, known: Option<&Known>) -> anyhow::Result<Problems> {
    let loaded = document::load_with(file, known);
    let revision = loaded.as_ref().ok().map(|policy| policy.revision_hash().to_string());
    let problems = match loaded {
        Ok(policy) => document::problems(file, policy.warnings()),
        Err(problems) => problems,
    };
    if output.is_json() {
        output.value(&Checked {
            policy: &file.name,
            file: file.path.display().to_string(),
            loads: revision.is_some(),
            revision,
            problems: problems.as_slice(),
        })?;
    } else {
        for problem in problems.as_slice() {
            output.line(output.problem(problem))?;
        }
    }
    Ok(problems)
}
