//! `toolgate recordings stats`: whether calls are recorded, and what there is by tool.

use admin::action::recordings::{OfTool, State, Stats};
use clap::Args;

use super::tell_problems;
use crate::cli::Global;
use crate::command::administration::{table, with_client};
use crate::exit::Exit;
use crate::output::{Output, Tone, count, plain};

const EXAMPLES: &str = "\
Examples:
  toolgate recordings stats
  toolgate recordings stats --json";

/// Arguments of `recordings stats`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct Arguments {}

/// Prints.
pub fn run(global: &Global, Arguments {}: &Arguments) -> anyhow::Result<Exit> {
    let stats: Stats = with_client(global, async |client| Ok(client.get(&["recordings"]).await?))?;
    let output = global.output();
    output.tell(&stats, || print(output, &stats))?;
    if !output.is_json() {
        tell_problems(output, &stats.problems);
    }
    Ok(Exit::Ok)
}

fn print(output: Output, stats: &Stats) -> std::io::Result<()> {
    let State { is_on, folder, n_bytes, n_written, n_dropped, n_lost, problem } = &stats.state;
    output.line(if *is_on {
        "calls are recorded"
    } else {
        "no calls are recorded; `[recordings]` in toolgate.toml and a running gateway record them"
    })?;
    output.line(format!("  folder      {}", plain(&folder.to_string_lossy())))?;
    let n_recordings = usize::try_from(stats.n_recordings).unwrap_or(usize::MAX);
    output.line(format!("  there are   {}, {n_bytes} B", count(n_recordings, "recording")))?;
    if let (Some(first), Some(last)) = (&stats.first, &stats.last) {
        output.line(format!("  decided     {} to {}", plain(first), plain(last)))?;
    }
    if *is_on {
        let since = format!("{n_written} written, {n_dropped} dropped as too many waited, {n_lost} lost");
        output.line(format!("  since start {since}"))?;
    }
    if let Some(problem) = problem {
        output.line(format!(
            "  {} {}",
            output.paint(Tone::Bad, "nothing can be written:"),
            plain(problem)
        ))?;
    }
    let rows: Vec<Vec<String>> = stats.tools.iter().map(row).collect();
    table(&rows).iter().try_for_each(|line| output.line(format!("  {}", plain(line))))
}

fn row(of: &OfTool) -> Vec<String> {
    vec![
        format!("{}/{}", of.server, of.tool),
        count(usize::try_from(of.n_recordings).unwrap_or(usize::MAX), "recording"),
        format!("{} denied", of.n_denied),
        format!("{} with result", of.n_results),
        format!("{} B of values", of.n_bytes),
    ]
}
