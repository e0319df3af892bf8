//! `toolgate recordings purge`: removes recordings for good. It removes nothing unless it is said what.

use admin::action::recordings::{Purge, Purged, Which};
use clap::Args;
use store::Timestamp;

use super::{Chosen, instant, tell_problems};
use crate::cli::Global;
use crate::command::administration::with_client;
use crate::exit::{Exit, Usage};
use crate::output::count;

/// What `recordings purge` does, for its help.
pub const ABOUT: &str = "\
Remove recordings for good: those that fit everything that is asked, or all.

What is removed is no longer in the data folder; copies that a backup or the disk itself still has are not touched. \
`--all` needs no key, so it also removes what cannot be read any more.";

const EXAMPLES: &str = "\
Examples:
  toolgate recordings purge --tool create_secret
  toolgate recordings purge --grant radiology --older-than 7d
  toolgate recordings purge --all

A time is a date, a time in UTC (`2026-11-20T13:00Z`) or a duration before now (`7d`).";

/// Arguments of `recordings purge`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct Arguments {
    #[command(flatten)]
    chosen: Chosen,
    /// Decided before this time, or longer ago than this
    #[arg(long, value_name = "TIME", value_parser = instant)]
    older_than: Option<Timestamp>,
    /// All recordings
    #[arg(long, conflicts_with_all = ["server", "tool", "grant", "older_than"])]
    all: bool,
}

/// Removes.
pub fn run(global: &Global, arguments: &Arguments) -> anyhow::Result<Exit> {
    let which = Which { before_ms: arguments.older_than.map(Timestamp::as_ms), ..arguments.chosen.which() };
    if !arguments.all && which == Which::default() {
        let message = "say which recordings to remove: --server, --tool, --grant or --older-than, or --all";
        return Err(Usage(message.to_owned()).into());
    }
    let purge = Purge { which, all: arguments.all };
    let path = ["recordings", "purge"];
    let purged: Purged = with_client(global, async |client| Ok(client.post(&path, Some(&purge)).await?))?;
    let output = global.output();
    output.tell(&purged, || {
        let n_recordings = usize::try_from(purged.n_recordings).unwrap_or(usize::MAX);
        output.line(format!("removed {}", count(n_recordings, "recording")))
    })?;
    tell_problems(output, &purged.problems);
    Ok(if purged.problems.is_empty() { Exit::Ok } else { Exit::Problems })
}
