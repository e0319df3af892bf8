//! `toolgate policy list`: the policies that are in force, with the hash that the audit names them by.

use admin::action::policies::{Policies, Policy};
use clap::Args;

use crate::cli::Global;
use crate::command::administration::{table, with_client};
use crate::exit::Exit;
use crate::output::{count, plain};

/// Arguments of `policy list`.
#[derive(Debug, Args)]
pub struct Arguments {}

/// Lists.
pub fn run(global: &Global, _: &Arguments) -> anyhow::Result<Exit> {
    let listed: Policies = with_client(global, async |client| Ok(client.get(&["policies"]).await?))?;
    let output = global.output();
    if output.is_json() {
        listed.policies.iter().try_for_each(|policy| output.value(policy))?;
    } else if listed.policies.is_empty() {
        output.line("no policy yet; write one as policies/NAME.json beside toolgate.toml")?;
    } else {
        let rows: Vec<Vec<String>> = listed.policies.iter().map(row).collect();
        table(&rows).iter().try_for_each(|line| output.line(plain(line)))?;
    }
    Ok(Exit::Ok)
}

fn row(policy: &Policy) -> Vec<String> {
    let tools = format!("{} named", count(usize::try_from(policy.n_tools).unwrap_or(usize::MAX), "tool"));
    let default =
        policy.default.as_ref().map_or("does not load".to_owned(), |word| format!("default {word}"));
    let revision = policy.revision.as_deref().map(short).unwrap_or_default();
    let baseline = if policy.is_baseline { "binds every grant" } else { "" };
    vec![policy.name.clone(), policy.origin.clone(), default, tools, revision, baseline.to_owned()]
}

/// The beginning of a revision's hash, as the audit shows it to people.
pub fn short(hash: &str) -> String {
    hash.chars().take(12).chain(['…']).collect()
}
