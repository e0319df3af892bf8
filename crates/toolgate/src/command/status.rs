//! `toolgate status`: whether a gateway runs, and what it has.

use admin::action::recordings::State;
use admin::action::status::{LeftOut, NotStarted, Status};
use clap::Args;

use super::administration::{warn, with_client};
use crate::cli::Global;
use crate::exit::Exit;
use crate::output::{Output, Tone, plain};

const EXAMPLES: &str = "\
Examples:
  toolgate status          for people
  toolgate status --json   for programs

Exit codes: 0 a gateway runs and can record calls; 1 none runs or it denies all; 2 wrong usage.";

/// Arguments of `status`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct Arguments {}

/// Asks and prints.
pub fn run(global: &Global, _: &Arguments) -> anyhow::Result<Exit> {
    let status: Status = with_client(global, async |client| Ok(client.get(&["status"]).await?))?;
    let output = global.output();
    output.tell(&status, || {
        print(output, &status)?;
        warn(output, &status.warnings);
        Ok(())
    })?;
    let is_well = status.is_serving && !status.is_draining && status.store_problem.is_none();
    Ok(if is_well { Exit::Ok } else { Exit::Problems })
}

fn print(output: Output, status: &Status) -> std::io::Result<()> {
    let heading = match (status.is_serving, status.is_draining) {
        (false, _) => output.paint(Tone::Warning, "no gateway runs; start it with `toolgate up`"),
        (true, true) => output.paint(Tone::Warning, "the gateway is shutting down"),
        (true, false) => output.paint(Tone::Good, runs(status)),
    };
    output.line(heading)?;
    if status.is_serving {
        let (version, pid, endpoints) = (&status.version, status.pid, &status.endpoints);
        if let Some(mcp) = &endpoints.mcp {
            output.line(format!("  agents    {}, or /mcp/SERVER for one server", plain(mcp)))?;
        }
        if let Some(admin) = &endpoints.admin {
            output.line(format!("  metrics   {}/metrics", plain(admin)))?;
        }
        output.line(format!(
            "  version   {}, process {pid}, for {}",
            plain(version),
            span(status.uptime_s)
        ))?;
        output.line(format!("  sessions  {}", status.n_sessions))?;
    }
    output.line(format!("  data      {}", plain(&status.data.to_string_lossy())))?;
    output.line(format!("  servers   {}", status.n_servers))?;
    let grants = &status.grants;
    let counts = format!("{} valid, {} expired, {} revoked", grants.valid, grants.expired, grants.revoked);
    output.line(format!("  grants    {counts}"))?;
    output.line(format!("  policies  {}", status.n_policies))?;
    for LeftOut { server, why, since } in &status.left_out {
        let missing = output.paint(Tone::Warning, "missing on /mcp:");
        output.line(format!("  {missing} {}: {}, since {}", plain(server), plain(why), plain(since)))?;
    }
    for NotStarted { server, how, at, last_lines } in &status.not_started {
        let ended = output.paint(Tone::Warning, "ended at its start:");
        output.line(format!("  {ended} {}: it {}, {}", plain(server), plain(how), plain(at)))?;
        last_lines.iter().try_for_each(|line| output.line(format!("    {}", plain(line))))?;
    }
    if let Some(recordings) = &status.recordings {
        print_recordings(output, recordings)?;
    }
    if let Some(problem) = &status.store_problem {
        output.line(format!("  {} {}", output.paint(Tone::Bad, "every call is denied:"), plain(problem)))?;
    }
    Ok(())
}

fn print_recordings(output: Output, state: &State) -> std::io::Result<()> {
    let State { is_on, folder, n_dropped, n_lost, problem, .. } = state;
    let folder = plain(&folder.to_string_lossy());
    let how = if *is_on { format!("on, in {folder}") } else { format!("off; there are some in {folder}") };
    output.line(format!("  recorded  {how}"))?;
    if n_dropped + n_lost > 0 {
        let missing = output.paint(Tone::Warning, "not recorded:");
        output.line(format!(
            "  {missing} {n_dropped} as too many waited, {n_lost} as they could not be written"
        ))?;
    }
    match problem {
        Some(problem) => {
            let stopped = output.paint(Tone::Bad, "calls are not recorded:");
            output.line(format!("  {stopped} {}", plain(problem)))
        }
        None => Ok(()),
    }
}

fn runs(status: &Status) -> &'static str {
    match status.endpoints.mcp {
        Some(_) => "the gateway runs",
        None => "the gateway runs for wrapped servers alone, until the last of them ends",
    }
}

/// A time span with its two largest units.
fn span(seconds: u64) -> String {
    let (days, hours, minutes) = (seconds / 86_400, seconds / 3_600 % 24, seconds / 60 % 60);
    match (days, hours, minutes) {
        (0, 0, 0) => format!("{seconds}s"),
        (0, 0, minutes) => format!("{minutes}m {}s", seconds % 60),
        (0, hours, minutes) => format!("{hours}h {minutes}m"),
        (days, hours, _) => format!("{days}d {hours}h"),
    }
}

#[cfg(test)]
mod tests {
    use super::span;

    #[test]
    fn spans() {
        for (seconds, expected) in
            [(0, "0s"), (59, "59s"), (61, "1m 1s"), (3_700, "1h 1m"), (90_000, "1d 1h")]
        {
            assert_eq!(span(seconds), expected);
        }
    }
}
