//! `toolgate learn undo`: puts back the policy that was there before, or stops learning.
//! It must never replace a policy that somebody changed since.

use std::os::unix::fs::PermissionsExt as _;

use anyhow::{Context as _, bail};
use clap::Args;
use serde_json::json;

use super::{folder, policy_file};
use crate::cli::Global;
use crate::exit::Exit;
use crate::init::file::write_in_one_step;
use crate::learn::State;

/// Arguments of `learn undo`.
#[derive(Debug, Args)]
pub struct Arguments {
    /// The policy, where several are learned
    policy: Option<String>,
}

/// Puts back.
pub fn run(global: &Global, arguments: &Arguments) -> anyhow::Result<Exit> {
    let folder = folder(global)?;
    let state = State::one(&folder, arguments.policy.as_deref())?;
    let file = policy_file(global, &state.policy)?;
    let mut words = format!("`{}` is no longer learned; nothing else was changed", state.policy);
    if let Some(after) = &state.after {
        let doing = || format!("cannot read `{}`", file.display());
        let present = std::fs::read_to_string(&file).with_context(doing)?;
        if present != *after && present != state.before {
            bail!("`{}` was changed since it was written; nothing is put back over that", file.display());
        }
        let mode = std::fs::metadata(&file).with_context(doing)?.permissions().mode() & 0o777;
        write_in_one_step(&file, mode, state.before.as_bytes())
            .with_context(|| format!("cannot write `{}`", file.display()))?;
        words = format!("`{}` is as it was before", state.policy);
    }
    state.remove(&folder)?;
    let output = global.output();
    output
        .tell(&json!({ "policy": state.policy, "put_back": state.after.is_some() }), || output.line(words))?;
    Ok(Exit::Ok)
}
