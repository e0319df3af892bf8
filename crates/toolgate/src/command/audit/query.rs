//! `toolgate audit query`: the records that fit, oldest first.

use std::io;
use std::ops::ControlFlow;

use clap::Args;
use store::CallId;
use store::audit::{Filter, query};

use super::line::Lines;
use super::{Span, data_folder};
use crate::cli::Global;
use crate::exit::Exit;

const EXAMPLES: &str = "\
Examples:
  toolgate audit query --effect deny --from 1d            what was denied in the last day
  toolgate audit query --grant radiology --tool start_dicom_import_job
  toolgate audit query --from 2026-11-20 --to 2026-11-21 --json > day.jsonl
  toolgate audit query --shadow --from 1d                 let through, and shadow would deny
  toolgate audit query --call 5f2c00000000abcd-17         everything about one call

A time is a date, a time in UTC (`2026-11-20T13:00Z`) or a duration before now (`2h`).";

/// Arguments of `audit query`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct Arguments {
    #[command(flatten)]
    span: Span,
    /// Of this grant
    #[arg(long, value_name = "ID")]
    grant: Option<String>,
    /// To this server
    #[arg(long, value_name = "ID")]
    server: Option<String>,
    /// Of this tool
    #[arg(long, value_name = "NAME")]
    tool: Option<String>,
    /// `allow` or `deny`
    #[arg(long, value_parser = ["allow", "deny"], hide_possible_values = true)]
    effect: Option<String>,
    /// Of this kind: start, intent, outcome, denied, summary, admin, config, recovered, clock or checkpoint
    #[arg(long, value_parser = KINDS, hide_possible_values = true)]
    kind: Option<String>,
    /// Of this call
    #[arg(long, value_name = "ID", value_parser = call)]
    call: Option<CallId>,
    /// Only what was let through and parts in shadow would have denied
    #[arg(long)]
    shadow: bool,
    /// Stop after so many records
    #[arg(long, short = 'n', value_name = "NUMBER")]
    limit: Option<usize>,
}

const KINDS: [&str; 10] = [
    "start",
    "intent",
    "outcome",
    "denied",
    "summary",
    "admin",
    "config",
    "recovered",
    "clock",
    "checkpoint",
];

/// Prints.
pub fn run(global: &Global, arguments: Arguments) -> anyhow::Result<Exit> {
    let Arguments { span: Span { from, to }, grant, server, tool, effect, kind, call, shadow, limit } =
        arguments;
    let filter = Filter { from, to, grant, server, tool, effect, kind, call, in_shadow: shadow };
    let output = global.output();
    let mut lines = Lines::new(output);
    let mut printed: io::Result<()> = Ok(());
    let mut n_left = limit.unwrap_or(usize::MAX);
    let mut each = |record: &str| {
        if n_left == 0 {
            return ControlFlow::Break(());
        }
        n_left -= 1;
        printed = if output.is_json() { output.line(record) } else { output.line(lines.line(record)) };
        if printed.is_err() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    };
    query(&data_folder(global)?, &filter, &mut each)?;
    printed?;
    Ok(Exit::Ok)
}

fn call(text: &str) -> Result<CallId, String> {
    CallId::parse(text)
        .ok_or_else(|| "write the id as the records have it, such as `5f2c00000000abcd-17`".to_owned())
}
