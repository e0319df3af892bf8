//! `toolgate policy replay`: what policies would have decided about calls that were made.
//! It must never change anything, nor show a value unless asked to.

use std::io::{IsTerminal as _, Write as _};

use ::policy::Stack;
use clap::{Args, ValueEnum};
use store::clock::Clock;

use super::calls::CallOptions;
use super::definitions::ToolOptions;
use super::document;
use super::replayed::Replayed;
use crate::cli::Global;
use crate::exit::Exit;
use crate::replay::{Change, Plan, Progress, Report, Standing, run as replay};
use crate::traffic::Tools;

/// What it does.
pub const ABOUT: &str = "\
Tell what policies would have decided about calls that were made.

Each call is allowed, denied by a rule, or unknown where the answer depends on a value that was not kept: the audit log \
keeps names of arguments and no values, recordings may lack some. Limits are gone through in the order of time, with \
counters of their own; units age from the time of the call.";

const EXAMPLES: &str = "\
Examples:
  toolgate policy replay draft.json                       against recordings, else the audit log
  toolgate policy replay base imaging --since 7d           two policies, stacked in this order
  toolgate policy replay draft.json --against imaging      compare with another policy
  toolgate policy replay draft.json --calls calls.jsonl --tools tools.json
  toolgate policy replay draft.json --fail-on newly-allowed,unknown

A line of a file of calls is an object with `server` and `tool`, and may have `time`, `grant`,
`labels`, `arguments`, `effect`, `rule`, `definition`, `call`, `seq` and
`redacted` (pointers to unknown values).

Exit codes: 0 nothing that `--fail-on` names; 1 something of it, by default a call that was
allowed and would not be; 2 wrong usage.";

/// Arguments of `policy replay`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct Arguments {
    /// Files or names of policies, baseline first
    #[arg(value_name = "FILE|NAME", required = true)]
    drafts: Vec<String>,
    /// Compare with these policies instead of with what was decided; may be repeated, baseline first
    #[arg(long, value_name = "FILE|NAME")]
    against: Vec<String>,
    #[command(flatten)]
    calls: CallOptions,
    #[command(flatten)]
    tools: ToolOptions,
    /// Leave limits out
    #[arg(long)]
    no_limits: bool,
    /// Do not take an allowed call to fit its tool's schema where a value was not kept
    #[arg(long)]
    strict: bool,
    /// Tell every call, not only groups of them
    #[arg(long)]
    each: bool,
    /// Show the arguments of examples
    #[arg(long)]
    show_values: bool,
    /// What ends with code 1: newly-denied, newly-allowed, unknown, other-rule or nothing
    #[arg(long, value_enum, value_delimiter = ',', default_value = "newly-denied", value_name = "CHANGE")]
    #[arg(hide_possible_values = true)]
    fail_on: Vec<FailOn>,
}

/// A change that is a failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum FailOn {
    NewlyDenied,
    NewlyAllowed,
    Unknown,
    OtherRule,
    Nothing,
}

impl FailOn {
    const fn change(self) -> Option<Change> {
        match self {
            Self::NewlyDenied => Some(Change::NewlyDenied),
            Self::NewlyAllowed => Some(Change::NewlyAllowed),
            Self::Unknown => Some(Change::Unknown),
            Self::OtherRule => Some(Change::OtherRule),
            Self::Nothing => None,
        }
    }
}

/// Replays.
pub fn run(global: &Global, arguments: &Arguments) -> anyhow::Result<Exit> {
    let draft = stack(global, &arguments.drafts)?;
    let against = match arguments.against.is_empty() {
        true => None,
        false => Some(stack(global, &arguments.against)?),
    };
    let found = arguments.calls.find(global)?;
    let (noun, n_bytes) = (found.feed.noun(), found.feed.n_bytes());
    let standing = Standing {
        draft,
        against,
        tools: Tools::of(arguments.tools.find(global)?),
        limits: !arguments.no_limits,
        strict: arguments.strict,
        values: arguments.show_values,
    };
    let plan =
        Plan { feed: found.feed, sieve: found.sieve, standing, each: arguments.each, n_threads: n_threads() };
    let mut meter = Meter::new(n_bytes);
    let report = replay(plan, |progress| meter.show(progress))?;
    meter.clear();
    let replayed = Replayed { report: &report, source: &found.name, noun };
    replayed.print(global.output())?;
    Ok(if fails(&report, &arguments.fail_on) { Exit::Problems } else { Exit::Ok })
}

fn stack(global: &Global, named: &[String]) -> anyhow::Result<Stack> {
    let files = document::read(global, named)?;
    Ok(Stack::enforcing(files.iter().map(document::load).collect::<Result<_, _>>()?))
}

fn fails(report: &Report, fail_on: &[FailOn]) -> bool {
    let failing: Vec<Change> = fail_on.iter().filter_map(|change| change.change()).collect();
    report.groups.iter().any(|group| failing.contains(&group.change))
}

/// As many as can run at once.
pub fn n_threads() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

/// The progress on a terminal.
pub struct Meter {
    n_bytes: Option<u64>,
    is_shown: bool,
    next_ns: u64,
}

/// Between two looks at the progress.
const STEP_NS: u64 = 200_000_000;

impl Meter {
    /// Of a source of so many bytes, where that is known.
    pub fn new(n_bytes: Option<u64>) -> Self {
        let is_shown = std::io::stderr().is_terminal();
        Self { n_bytes, is_shown, next_ns: Clock::System.monotonic_ns() + STEP_NS }
    }

    /// Shows it now and then.
    pub fn show(&mut self, progress: Progress) {
        if !self.is_shown || Clock::System.monotonic_ns() < self.next_ns {
            return;
        }
        self.next_ns = Clock::System.monotonic_ns() + STEP_NS;
        let part = self.n_bytes.map(|all| progress.n_bytes.saturating_mul(100) / all.max(1));
        let part = part.map(|percent| format!(", {}%", percent.min(100))).unwrap_or_default();
        // A terminal that is gone needs no progress.
        let _ = write!(std::io::stderr(), "\r\x1b[K{} calls{part}", progress.n_calls);
    }

    /// Takes it away.
    pub fn clear(&self) {
        if self.is_shown {
            let _ = write!(std::io::stderr(), "\r\x1b[K");
        }
    }
}
