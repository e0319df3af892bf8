//! `toolgate learn status`: what is being learned, and which tools were used so far.

use clap::Args;
use serde_json::{Value, json};
use store::Timestamp;

use super::finish::seen;
use super::folder;
use super::start::short;
use crate::cli::Global;
use crate::command::audit::now;
use crate::exit::Exit;
use crate::learn::{Family, State, families};
use crate::output::{Tone, count, plain};

/// Arguments of `learn status`.
#[derive(Debug, Args)]
pub struct Arguments {
    /// The policy; without it all that are learned
    policy: Option<String>,
}

/// Tells.
pub fn run(global: &Global, arguments: &Arguments) -> anyhow::Result<Exit> {
    let folder = folder(global)?;
    let states = match &arguments.policy {
        Some(policy) => vec![State::one(&folder, Some(policy))?],
        None => State::all(&folder)?,
    };
    let output = global.output();
    if states.is_empty() && !output.is_json() {
        output.line("nothing is learned; `toolgate learn start` begins it")?;
    }
    for state in &states {
        let observed = seen(global, state)?;
        let families = families(observed.used());
        let told = json!({
            "policy": state.policy,
            "since": Timestamp::from_ms(state.since_ms).to_string(),
            "until": Timestamp::from_ms(state.until_ms).to_string(),
            "is_over": now().as_ms() >= state.until_ms,
            "is_written": state.after.is_some(),
            "groups": families.iter().map(family_json).collect::<Vec<_>>(),
        });
        output.tell(&told, || {
            let (since, until) =
                (short(Timestamp::from_ms(state.since_ms)), short(Timestamp::from_ms(state.until_ms)));
            let stage = if state.after.is_some() { ", and written" } else { "" };
            output.line(
                output.paint(Tone::Strong, format!("`{}` from {since} to {until}{stage}", state.policy)),
            )?;
            families.iter().try_for_each(|family| output.line(line(family)))
        })?;
    }
    Ok(Exit::Ok)
}

/// A group for programs.
pub fn family_json(family: &Family) -> Value {
    let tools = family.tools.iter().map(|(tool, n_calls)| json!({ "tool": tool, "calls": n_calls }));
    json!({ "group": family.id, "calls": family.n_calls(), "tools": tools.collect::<Vec<_>>() })
}

/// A group for people.
pub fn line(family: &Family) -> String {
    let tools: Vec<String> =
        family.tools.iter().map(|(tool, n_calls)| format!("{tool} ({n_calls})")).collect();
    let calls = count(usize::try_from(family.n_calls()).unwrap_or(usize::MAX), "call");
    plain(&format!("  {}: {calls}: {}", family.id, tools.join(", ")))
}
