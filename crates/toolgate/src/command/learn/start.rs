//! `toolgate learn start`: notes since when calls count. It changes no policy.

use anyhow::{Context as _, bail};
use clap::Args;
use serde_json::json;
use store::Timestamp;

use super::{folder, policy_file};
use crate::cli::Global;
use crate::command::audit::now;
use crate::config::quantity::duration_ms;
use crate::exit::Exit;
use crate::learn::{State, find};
use crate::output::plain;

const EXAMPLES: &str = "\
Examples:
  toolgate learn start imaging            the policy of every grant at this server
  toolgate learn start radiology --for 3d
  toolgate learn finish

Exit codes: 0 begun; 1 refused; 2 wrong usage.";

/// Arguments of `learn start`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct Arguments {
    /// Grants, or servers with all grants that reach them
    #[arg(value_name = "SERVER|GRANT", required = true)]
    named: Vec<String>,
    /// How long
    #[arg(long = "for", value_name = "DURATION", default_value = "1d", value_parser = duration)]
    length_ms: u64,
}

fn duration(text: &str) -> Result<u64, String> {
    duration_ms(text).map_err(|_| "write a duration such as `12h` or `7d`".to_owned())
}

/// Begins.
pub fn run(global: &Global, arguments: &Arguments) -> anyhow::Result<Exit> {
    let (folder, subject) = (folder(global)?, find(global, &arguments.named)?);
    if let Some(state) = State::read(&folder, &subject.policy)? {
        let next = if state.after.is_some() { "undo" } else { "finish" };
        bail!("`{0}` is learned already; `toolgate learn {next} {0}` first", subject.policy);
    }
    let file = policy_file(global, &subject.policy)?;
    let before =
        std::fs::read_to_string(&file).with_context(|| format!("cannot read `{}`", file.display()))?;
    let since = now();
    let until = since.plus_ms(arguments.length_ms);
    let state = State {
        policy: subject.policy,
        since_ms: since.as_ms(),
        until_ms: until.as_ms(),
        bindings: subject.bindings,
        before,
        after: None,
    };
    state.write(&folder)?;
    let output = global.output();
    let told = json!({ "policy": state.policy, "since": since.to_string(), "until": until.to_string(), "bindings": state.bindings });
    output.tell(&told, || {
        let open = if subject.is_default_deny {
            "the tools that it names stay open"
        } else {
            "every tool stays open"
        };
        output.line(format!(
            "learning `{}` until {}: {open}, as before; nothing was changed",
            state.policy,
            short(until)
        ))?;
        for (grant, server) in &state.bindings {
            output.line(plain(&format!("  {grant} -> {server}")))?;
        }
        output.line("then: toolgate learn finish")
    })?;
    Ok(Exit::Ok)
}

/// A time without its seconds.
pub fn short(time: Timestamp) -> String {
    let text = time.to_string();
    text.get(..16).map(|minute| format!("{minute}Z")).unwrap_or(text)
}
