//! `toolgate recordings list`: the latest calls that were recorded, oldest first.

use admin::action::recordings::{Question, Row, Rows, Which};
use clap::Args;
use store::Timestamp;

use super::{Chosen, instant, tell_problems};
use crate::cli::Global;
use crate::command::administration::{table, with_client};
use crate::exit::Exit;
use crate::output::{Tone, plain};

const EXAMPLES: &str = "\
Examples:
  toolgate recordings list
  toolgate recordings list --server imaging --tool 'get_*' --from 1d
  toolgate recordings list -n 1000 --json

A time is a date, a time in UTC (`2026-11-20T13:00Z`) or a duration before now (`2h`).";

/// Arguments of `recordings list`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct Arguments {
    #[command(flatten)]
    chosen: Chosen,
    /// Not before
    #[arg(long, value_name = "TIME", value_parser = instant)]
    from: Option<Timestamp>,
    /// Before
    #[arg(long, value_name = "TIME", value_parser = instant)]
    to: Option<Timestamp>,
    /// The latest so many, 10000 at most
    #[arg(long, short = 'n', value_name = "NUMBER", default_value = "50")]
    limit: usize,
}

/// Prints.
pub fn run(global: &Global, arguments: &Arguments) -> anyhow::Result<Exit> {
    let Arguments { chosen, from, to, limit } = arguments;
    let ms = |time: &Option<Timestamp>| time.map(Timestamp::as_ms);
    let which = Which { since_ms: ms(from), before_ms: ms(to), ..chosen.which() };
    let question = Question { which, limit: Some(*limit) };
    let path = ["recordings", "list"];
    let rows: Rows = with_client(global, async |client| Ok(client.post(&path, Some(&question)).await?))?;
    let output = global.output();
    tell_problems(output, &rows.problems);
    if output.is_json() {
        rows.recordings.iter().try_for_each(|row| output.value(row))?;
        return Ok(Exit::Ok);
    }
    let lines: Vec<Vec<String>> = rows.recordings.iter().map(line).collect();
    table(&lines).iter().try_for_each(|line| output.line(plain(line)))?;
    if rows.recordings.is_empty() {
        output.line("no such recording; `toolgate recordings stats` tells whether calls are recorded")?;
    } else if rows.n_more > 0 {
        let hidden = format!("{} earlier ones; `-n` lists more", rows.n_more);
        output.line(output.paint(Tone::Quiet, hidden))?;
    }
    Ok(Exit::Ok)
}

fn line(row: &Row) -> Vec<String> {
    let how = match (row.effect.as_str(), row.is_error) {
        ("deny", _) => format!("denied by {}", row.rule),
        (_, Some(false)) => "answered".to_owned(),
        (_, Some(true)) => "failed".to_owned(),
        (_, None) => "no whole answer".to_owned(),
    };
    let of = format!("{}/{}", row.server, row.tool);
    vec![row.seq.to_string(), row.time.clone(), row.grant.clone(), of, how]
}
