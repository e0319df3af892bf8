//! `toolgate policy suggest`: the tightest policy that allows what was seen, with its reasons.
//! It must never put a policy in force; what it prints is for a person to read first.

use anyhow::bail;
use clap::Args;
use serde_json::{Value, json};

use super::calls::CallOptions;
use super::definitions::ToolOptions;
use super::replay::{Meter, n_threads};
use crate::cli::Global;
use crate::config::name::{POLICY_EXPECTED, is_policy};
use crate::exit::{Exit, Usage};
use crate::observed::{Tried, Wanted, observe, tried};
use crate::output::{Output, Tone, plain};
use crate::traffic::Tools;

/// What it does.
pub const ABOUT: &str = "\
Print the tightest policy that allows the calls that were seen, with its reasons.

It names exactly the tools that were used. Where enough calls were seen it also states what their arguments had in common, \
and limits of twice the most calls that were seen. What only denied calls had stays denied. Then all calls are replayed \
against it; a rule that would deny one that was allowed is left out again.

The document is printed on standard output, the reasons on standard error. It holds values that were seen: read it \
before it goes anywhere.";

const EXAMPLES: &str = "\
Examples:
  toolgate policy suggest --since 7d > policies/imaging.json
  toolgate policy suggest --server imaging --grant radiology --name imaging --min-calls 50
  toolgate policy suggest --calls calls.jsonl --with-tests

Exit codes: 0 printed; 1 no call was allowed, or they cannot be read; 2 wrong usage.";

/// Arguments of `policy suggest`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct Arguments {
    /// The name of the policy, for the names of its counters
    #[arg(long, default_value = "suggested", value_parser = policy_name)]
    name: String,
    #[command(flatten)]
    calls: CallOptions,
    #[command(flatten)]
    tools: ToolOptions,
    /// Say nothing of arguments and rates that were seen less often
    #[arg(long, value_name = "NUMBER", default_value_t = 20, value_parser = clap::value_parser!(u64).range(1..))]
    min_calls: u64,
    /// Put calls that were seen into the document as tests, where all their values stand in it anyway
    #[arg(long)]
    with_tests: bool,
}

fn policy_name(text: &str) -> Result<String, String> {
    if is_policy(text) { Ok(text.to_owned()) } else { Err(format!("a name {POLICY_EXPECTED}")) }
}

/// Suggests.
pub fn run(global: &Global, arguments: &Arguments) -> anyhow::Result<Exit> {
    if arguments.calls.is_standard_input() {
        return Err(Usage("the calls are read more than once; name a file".to_owned()).into());
    }
    let found = arguments.calls.find(global)?;
    let (mut feed, sieve) = (found.feed, found.sieve);
    let mut meter = Meter::new(feed.n_bytes());
    let observed = observe(&mut *feed, &sieve, |progress| meter.show(progress))?;
    meter.clear();
    if observed.n_allowed() == 0 {
        bail!(
            "no allowed call of a tool was found in {}; use the tools first, or choose other calls",
            found.name
        );
    }
    let tools = Tools::of(arguments.tools.find(global)?);
    let Arguments { name, min_calls, with_tests, .. } = arguments;
    let wanted = Wanted { name: name.clone(), min_calls: *min_calls, with_tests: *with_tests };
    let open = || arguments.calls.find(global).map(|found| (found.feed, found.sieve));
    let tried = tried(&observed, &wanted, &tools, open, n_threads())?;
    print(global.output(), &tried)?;
    Ok(Exit::Ok)
}

fn print(output: Output, tried: &Tried) -> anyhow::Result<()> {
    if output.is_json() {
        output.value(&to_json(tried)?)?;
        return Ok(());
    }
    output.line(tried.suggestion.document.trim_end())?;
    for reason in &tried.suggestion.reasons {
        let subject = if reason.subject.is_empty() { String::new() } else { format!("  {}", reason.subject) };
        eprintln!(
            "{}{}  {}",
            output.paint(Tone::Strong, plain(&reason.pointer)),
            plain(&subject),
            plain(&reason.text)
        );
    }
    for note in tried.suggestion.notes.iter().chain(&tried.notes) {
        eprintln!("{}", output.paint(Tone::Warning, format!("note: {}", plain(note))));
    }
    eprintln!("{}", checked(tried));
    Ok(())
}

/// What came of the calls when they were replayed against the document.
fn checked(tried: &Tried) -> String {
    let mut text = format!("checked: {} calls that were allowed are allowed", tried.n_allowed);
    if tried.n_unknown > 0 {
        text.push_str(&format!(", {} depend on values that were not kept", tried.n_unknown));
    }
    if tried.n_opened > 0 {
        text.push_str(&format!(", {} that were denied would be allowed", tried.n_opened));
    }
    text
}

fn to_json(tried: &Tried) -> anyhow::Result<Value> {
    let reasons: Vec<Value> = tried
        .suggestion
        .reasons
        .iter()
        .map(|reason| {
            json!({ "pointer": reason.pointer, "rule": reason.rule, "server": reason.server, "tool": reason.tool,
                    "subject": reason.subject, "reason": reason.text })
        })
        .collect();
    let notes: Vec<&String> = tried.suggestion.notes.iter().chain(&tried.notes).collect();
    Ok(json!({
        // As a text, because numbers in it are not to be rounded.
        "document": tried.suggestion.document,
        "reasons": reasons,
        "notes": notes,
        "checked": { "allowed": tried.n_allowed, "unknown": tried.n_unknown, "opened": tried.n_opened },
    }))
}
