//! `toolgate audit verify`: proves the log, says how far, and what is not proved.
//! It must never say that all is well of what it did not check.

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use clap::Args;
use serde::Serialize;
use store::audit::{AuditKey, Head, Report, verify, verify_export};

use super::data_folder;
use crate::cli::Global;
use crate::exit::Exit;
use crate::output::{Output, Tone, count};

/// What `audit verify` does, for its help.
pub const ABOUT: &str = "\
Prove that no record was edited, dropped, inserted or swapped.

Each record holds the hash of the one before it and is sealed with the data folder's key. That proves everything but \
the end: a log whose last records were cut off looks like an earlier state of itself, unless a head was kept \
elsewhere (`toolgate audit head`).";

const EXAMPLES: &str = "\
Examples:
  toolgate audit verify                          the data folder's log
  toolgate audit verify --head heads.jsonl       and that it still holds the last head there
  toolgate audit verify november.jsonl           an exported file

Exit codes: 0 intact; 1 problems found; 2 wrong usage.";

/// Arguments of `audit verify`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct Arguments {
    /// An exported file or another data folder; the configured data folder when absent
    file: Option<PathBuf>,
    /// A file with heads that were kept elsewhere
    #[arg(long, value_name = "HEADFILE")]
    head: Option<PathBuf>,
}

/// What was found, for programs.
#[derive(Serialize)]
struct Found {
    intact: bool,
    problems: Vec<String>,
    n_problems: u64,
    first_seq: Option<u64>,
    last_seq: Option<u64>,
    proved_through: Option<u64>,
    seals_checked: bool,
    head_holds_at: Option<u64>,
    torn_bytes: u64,
    records: u64,
    forwarded: u64,
    denied: u64,
    not_sent: u64,
    unresolved: u64,
    open: u64,
}

/// Verifies and prints.
pub fn run(global: &Global, arguments: &Arguments) -> anyhow::Result<Exit> {
    let head = arguments.head.as_deref().map(read_head).transpose()?;
    let report = match &arguments.file {
        None => verify(&data_folder(global)?, head.as_ref())?,
        Some(folder) if folder.is_dir() => verify(folder, head.as_ref())?,
        Some(file) => verify_export(file, key(global).as_ref(), head.as_ref())?,
    };
    let output = global.output();
    if output.is_json() {
        output.value(&found(&report))?;
    } else {
        print(output, &report, head.as_ref())?;
    }
    Ok(if report.is_ok() { Exit::Ok } else { Exit::Problems })
}

/// The last line that is not empty.
fn read_head(path: &Path) -> anyhow::Result<Head> {
    let text = std::fs::read_to_string(path).with_context(|| format!("reading `{}`", path.display()))?;
    let last = text.lines().map(str::trim).rfind(|line| !line.is_empty()).unwrap_or_default();
    let no_head =
        || format!("`{}` does not end in a head as `toolgate audit head` prints it", path.display());
    Head::parse(last).with_context(no_head)
}

/// The key of the configured data folder, if there is one: an export may be verified where there is none.
fn key(global: &Global) -> Option<AuditKey> {
    let data = data_folder(global).ok()?;
    AuditKey::load(&data).ok().flatten()
}

fn found(report: &Report) -> Found {
    let tally = &report.tally;
    Found {
        intact: report.is_ok(),
        problems: report.problems.iter().map(ToString::to_string).collect(),
        n_problems: report.n_problems,
        first_seq: report.first_seq,
        last_seq: report.last_seq,
        proved_through: report.proved_through,
        seals_checked: report.seals_checked,
        head_holds_at: report.head_holds_at,
        torn_bytes: report.n_torn,
        records: tally.records,
        forwarded: tally.forwarded(),
        denied: tally.denied,
        not_sent: tally.not_sent,
        unresolved: tally.unresolved(),
        open: report.n_open,
    }
}

fn print(output: Output, report: &Report, head: Option<&Head>) -> anyhow::Result<()> {
    for problem in &report.problems {
        output.line(format!("{} {problem}", output.paint(Tone::Bad, "problem:")))?;
    }
    let n_listed = report.problems.len() as u64;
    if report.n_problems > n_listed {
        output.line(format!("and {} more", report.n_problems - n_listed))?;
    }
    output.line(verdict(output, report))?;
    let tally = &report.tally;
    output.line(format!(
        "calls: {} forwarded, {} denied, {} not sent, {} unresolved after a crash, {} open",
        tally.forwarded(),
        tally.denied,
        tally.not_sent,
        tally.unresolved(),
        report.n_open
    ))?;
    for remark in remarks(report, head) {
        output.line(remark)?;
    }
    Ok(())
}

fn verdict(output: Output, report: &Report) -> String {
    let range = match (report.first_seq, report.last_seq) {
        (Some(first), Some(last)) => format!(", {first} to {last}"),
        (None, _) | (_, None) => String::new(),
    };
    let records = count(usize::try_from(report.tally.records).unwrap_or(usize::MAX), "record");
    if report.is_ok() {
        return format!("{}: {records}{range}", output.paint(Tone::Good, "intact"));
    }
    let problems = count(usize::try_from(report.n_problems).unwrap_or(usize::MAX), "problem");
    let proved = match report.proved_through {
        Some(seq) => format!("proved through record {seq}"),
        None => "nothing is proved".to_owned(),
    };
    format!("{}: {problems} in {records}{range}; {proved}", output.paint(Tone::Bad, "broken"))
}

/// What is not proved.
fn remarks(report: &Report, head: Option<&Head>) -> Vec<String> {
    let mut remarks = Vec::new();
    if !report.seals_checked {
        let remark = "the seals were not checked, as the data folder's key is not here: whoever made the file could \
                      have written the whole chain";
        remarks.push(remark.to_owned());
    }
    if report.n_torn > 0 {
        remarks.push(format!(
            "the last {} bytes are no whole record: one is being written, or was when the process ended",
            report.n_torn
        ));
    }
    match (head, report.head_holds_at) {
        (Some(head), Some(seq)) => remarks.push(format!(
            "the head of {} holds at record {seq}; that records after it were cut off cannot be excluded",
            head.at
        )),
        (Some(_), None) if report.is_ok() => remarks.push(
            "the record of the given head was removed by retention or is not in this file, so the head proves nothing \
             here"
                .to_owned(),
        ),
        (Some(_), None) => remarks.push("the given head does not hold".to_owned()),
        (None, _) => remarks.push(
            "without a head that was kept elsewhere, that records at the end were cut off cannot be excluded; \
             see `toolgate audit head --help`"
                .to_owned(),
        ),
    }
    remarks
}
