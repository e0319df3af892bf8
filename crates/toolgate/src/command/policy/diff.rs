//! `toolgate policy diff`: what two policies decide differently, over all calls, offline.

use std::sync::Arc;

use ::policy::{Policy, Stack, Subject};
use clap::Args;

use crate::cli::Global;
use crate::exit::Exit;

use super::definitions::{Known, Listed, ToolOptions};
use super::differed::Differed;
use super::document;

const EXAMPLES: &str = "\
Examples:
  toolgate policy diff imaging imaging-new.json           a policy of the folder and a draft of it
  toolgate policy diff old.json new.json --tools t.json   over the tools as a server defines them
  toolgate policy diff old.json new.json --with baseline  each stacked on the policy `baseline`

Every call is looked at, not a sample: where no difference is shown and nothing is undecided,
there is none. Each example was judged by the gateway's evaluator before it is shown.

Exit codes: 0 no difference; 1 differences; 2 wrong usage; 3 none found, but some undecided.";

/// Arguments of `policy diff`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct Arguments {
    /// File or name of the old policy
    #[arg(value_name = "OLD")]
    old: String,
    /// File or name of the new policy
    #[arg(value_name = "NEW")]
    new: String,
    /// Policies under both, baseline first
    #[arg(long = "with", value_name = "FILE|NAME")]
    with: Vec<String>,
    /// Steps that one question may take
    #[arg(long, value_name = "STEPS", default_value_t = ::policy::DEFAULT_BUDGET)]
    budget: u64,
    #[command(flatten)]
    tools: ToolOptions,
}

/// Compares.
pub fn run(global: &Global, arguments: &Arguments) -> anyhow::Result<Exit> {
    let base = load(global, &arguments.with)?;
    let old = load(global, std::slice::from_ref(&arguments.old))?;
    let new = load(global, std::slice::from_ref(&arguments.new))?;
    let revisions = |own: &[Arc<Policy>]| own.iter().map(|policy| policy.revision_hash()).collect::<Vec<_>>();
    let is_same_content = revisions(&old) == revisions(&new);
    let stack = |own: Vec<Arc<Policy>>| Stack::new(base.iter().cloned().chain(own).collect());
    let known = arguments.tools.find(global)?;
    let found = ::policy::diff(&stack(old), &stack(new), known.as_ref().map(subjects), arguments.budget);
    let output = global.output();
    let known = known.as_ref();
    let differed =
        Differed { old: &arguments.old, new: &arguments.new, diff: &found, known, is_same_content };
    if output.is_json() {
        output.value(&differed.to_json())?;
    } else {
        for line in differed.to_lines(output) {
            output.line(line)?;
        }
    }
    Ok(if found.is_any() {
        Exit::Problems
    } else if !found.undecided.is_empty() {
        Exit::Undecided
    } else {
        Exit::Ok
    })
}

/// The named policies, in order; none where none is named.
pub fn load(global: &Global, named: &[String]) -> anyhow::Result<Vec<Arc<Policy>>> {
    if named.is_empty() {
        return Ok(Vec::new());
    }
    let files = document::read(global, named)?;
    Ok(files.iter().map(document::load).collect::<Result<Vec<_>, _>>()?)
}

/// The tools that servers list now, as questions take them.
pub fn subjects(known: &Known) -> Vec<Subject<'_>> {
    known.current().map(subject).collect()
}

fn subject(tool: &Listed) -> Subject<'_> {
    Subject::known(tool.definition.clone(), tool.entry.root())
}
