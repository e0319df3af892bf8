//! `toolgate learn finish`: one question for each group of tools that was used; the answers write the policy.
//! It must never write one that allows a tool to which nobody said yes.

use std::os::unix::fs::PermissionsExt as _;

use anyhow::{Context as _, bail};
use clap::Args;
use policy::Observed;
use serde_json::json;
use store::Timestamp;

use super::status::{family_json, line};
use super::{folder, policy_file};
use crate::cli::Global;
use crate::command::policy::calls::CallOptions;
use crate::command::policy::definitions;
use crate::command::policy::replay::n_threads;
use crate::exit::{Exit, Usage};
use crate::init::confirm::confirm;
use crate::init::file::write_in_one_step;
use crate::learn::{Family, State, families, find};
use crate::observed::{Tried, Wanted, observe, tried};
use crate::output::Output;
use crate::traffic::{Feed, Sieve, Tools};

const EXAMPLES: &str = "\
Examples:
  toolgate learn finish                                   asks on the terminal
  toolgate learn finish imaging --yes imaging/get --no imaging/delete
  toolgate learn finish --json                            tells the groups; writes once all are answered

Exit codes: 0 written; 1 not written; 2 wrong usage.";

/// Arguments of `learn finish`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct Arguments {
    /// The policy, where several are learned
    policy: Option<String>,
    /// This group of tools stays open; may be repeated
    #[arg(long, value_name = "GROUP")]
    yes: Vec<String>,
    /// This group of tools is closed; may be repeated
    #[arg(long, value_name = "GROUP")]
    no: Vec<String>,
    /// Say nothing of arguments and rates that were seen less often
    #[arg(long, value_name = "NUMBER", default_value_t = 20, value_parser = clap::value_parser!(u64).range(1..))]
    min_calls: u64,
}

/// The calls of what is learned, since then.
pub fn seen(global: &Global, state: &State) -> anyhow::Result<Observed> {
    let (mut feed, sieve) = feed(global, state)?;
    observe(&mut *feed, &sieve, |_| {})
}

fn feed(global: &Global, state: &State) -> anyhow::Result<(Box<dyn Feed>, Sieve)> {
    let found = CallOptions::default().find(global)?;
    let since = Some(Timestamp::from_ms(state.since_ms));
    let pairs = Some(state.bindings.clone());
    Ok((found.feed, Sieve { since, pairs, ..found.sieve }))
}

/// Asks and writes.
pub fn run(global: &Global, arguments: &Arguments) -> anyhow::Result<Exit> {
    let folder = folder(global)?;
    let mut state = State::one(&folder, arguments.policy.as_deref())?;
    let file = policy_file(global, &state.policy)?;
    refuse_changes(global, &state, &file)?;
    let mut observed = seen(global, &state)?;
    let families = families(observed.used());
    if families.is_empty() {
        bail!("no tool was used since it began; a policy made of that would close everything");
    }
    let Some(kept) = answers(global.output(), arguments, &families)? else { return Ok(Exit::Problems) };
    let is_kept = |server: &str, tool: &str| {
        kept.iter().any(|family| family.server == server && family.tools.iter().any(|(name, _)| name == tool))
    };
    observed.retain(is_kept);
    let wanted = Wanted { name: state.policy.clone(), min_calls: arguments.min_calls, with_tests: false };
    let tools = Tools::of(definitions::stored(global)?);
    let tried = tried(&observed, &wanted, &tools, || feed(global, &state), n_threads())?;
    let output = global.output();
    if !output.is_json() {
        output.line(tried.suggestion.document.trim_end())?;
        output.line("everything else is closed: other tools, resources, prompts and other channels")?;
        let is_scripted = !arguments.yes.is_empty() || !arguments.no.is_empty();
        if !confirm(output, &format!("Write this to `{}`?", file.display()), is_scripted)? {
            output.line("nothing was changed")?;
            return Ok(Exit::Problems);
        }
    }
    // Kept before the file changes, so that whatever happens it can be put back.
    state.after = Some(tried.suggestion.document.clone());
    state.write(&folder)?;
    let mode = std::fs::metadata(&file)?.permissions().mode() & 0o777;
    write_in_one_step(&file, mode, tried.suggestion.document.as_bytes())
        .with_context(|| format!("cannot write `{}`", file.display()))?;
    told(output, &state, &tried)?;
    Ok(Exit::Ok)
}

/// What was learned of one policy says nothing of another.
fn refuse_changes(global: &Global, state: &State, file: &std::path::Path) -> anyhow::Result<()> {
    let policy = &state.policy;
    if state.after.is_some() {
        bail!(
            "`{policy}` is written already; `toolgate learn undo {policy}` puts back what was there before"
        );
    }
    let present =
        std::fs::read_to_string(file).with_context(|| format!("cannot read `{}`", file.display()))?;
    if present != state.before {
        bail!("`{policy}` was changed since it is learned; `toolgate learn undo {policy}`, then start anew");
    }
    // Whoever bound a stricter policy meanwhile knows better.
    let mut named: Vec<String> = state.bindings.iter().map(|(grant, _)| grant.clone()).collect();
    named.dedup();
    find(global, &named)?;
    Ok(())
}

/// The groups that stay open; nothing while one of them is not answered.
fn answers<'a>(
    output: Output,
    arguments: &Arguments,
    families: &'a [Family],
) -> anyhow::Result<Option<Vec<&'a Family>>> {
    let is_known = |group: &&String| !families.iter().any(|family| family.id == **group);
    if let Some(unknown) = arguments.yes.iter().chain(&arguments.no).find(is_known) {
        let known: Vec<&str> = families.iter().map(|family| family.id.as_str()).collect();
        return Err(Usage(format!("there is no group `{unknown}`; there are {}", known.join(", "))).into());
    }
    if let Some(both) = arguments.yes.iter().find(|group| arguments.no.contains(group)) {
        return Err(Usage(format!("`{both}` cannot be answered with yes and no")).into());
    }
    let is_open =
        |family: &&Family| !arguments.yes.contains(&family.id) && !arguments.no.contains(&family.id);
    let open: Vec<&Family> = families.iter().filter(is_open).collect();
    if output.is_json() && !open.is_empty() {
        let groups: Vec<_> = open.iter().map(|family| family_json(family)).collect();
        output.value(&json!({ "written": false, "unanswered": groups }))?;
        return Ok(None);
    }
    let mut kept: Vec<&Family> =
        families.iter().filter(|family| arguments.yes.contains(&family.id)).collect();
    for family in open {
        output.line(line(family))?;
        if confirm(output, &format!("Allow {}?", family.id), false)? {
            kept.push(family);
        }
    }
    if kept.is_empty() {
        bail!("no group is to stay open; nothing was changed");
    }
    Ok(Some(kept))
}

fn told(output: Output, state: &State, tried: &Tried) -> std::io::Result<()> {
    let told = json!({ "written": true, "policy": state.policy, "document": tried.suggestion.document,
        "notes": tried.suggestion.notes.iter().chain(&tried.notes).collect::<Vec<_>>() });
    output.tell(&told, || {
        output.line(format!(
            "`{0}` is written; `toolgate learn undo {0}` puts back what was there before",
            state.policy
        ))
    })
}
