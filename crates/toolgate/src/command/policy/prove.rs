//! `toolgate policy prove`: whether a statement holds of every call that policies allow, offline.

use std::path::PathBuf;

use ::policy::{Counterexample, Proof, Stack, Statement};
use anyhow::Context as _;
use clap::Args;
use serde_json::{Value, json};

use crate::cli::Global;
use crate::exit::{Exit, Usage};
use crate::output::{Output, Tone, count, plain};

use super::definitions::{Known, ToolOptions};
use super::diff::{load, subjects};
use super::example_call;

const EXAMPLES: &str = "\
Examples:
  toolgate policy prove imaging 'never: tool ~ \"delete_*\" and not approved'
  toolgate policy prove base pay.json 'never: tool = \"pay\" and args.amount > 500'
  toolgate policy prove pay.json 'always: limited or not tool = \"pay\"' --tools tools.json
  toolgate policy prove imaging --statements invariants.txt     one on each line, # for comments

Statements: never: CONDITION, or always: CONDITION, about every allowed call. Conditions are
  tool = NAME, tool ~ PATTERN, tool in [NAMES], and server likewise; category = CLASS;
  risk = CLASS; approved; limited; limited by COUNTER; PATH OPERATOR VALUE
  with every operator of policies:
  args.bucket prefix \"s3://in/\", grant.labels contains \"x\", time.hour < 8 zone \"Europe/Berlin\";
  and what `and`, `or`, `not` and parentheses make of them.
Several policies are stacked in the order given: all must allow.

Exit codes: 0 all proved; 1 a call disproves one; 2 wrong usage; 3 none disproved, but something is undecided.";

/// Calls that are shown for one statement; the rest is counted.
const MAX_SHOWN: usize = 5;

/// Arguments of `policy prove`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct Arguments {
    /// Files or names of policies, baseline first, and statements
    #[arg(value_name = "FILE|NAME|STATEMENT", required = true)]
    given: Vec<String>,
    /// A file with further statements
    #[arg(long, value_name = "FILE")]
    statements: Option<PathBuf>,
    /// Steps that one question may take
    #[arg(long, value_name = "STEPS", default_value_t = ::policy::DEFAULT_BUDGET)]
    budget: u64,
    #[command(flatten)]
    tools: ToolOptions,
}

/// Proves.
pub fn run(global: &Global, arguments: &Arguments) -> anyhow::Result<Exit> {
    let (statements, policies): (Vec<String>, Vec<String>) =
        arguments.given.iter().cloned().partition(|given| is_statement(given));
    let mut read = Vec::new();
    for statement in &statements {
        read.push(parse(statement, "the statement")?);
    }
    if let Some(path) = &arguments.statements {
        let shown = path.display();
        let text = std::fs::read_to_string(path).with_context(|| format!("cannot read `{shown}`"))?;
        for (number, line) in text.lines().enumerate() {
            let line = line.trim();
            if !line.is_empty() && !line.starts_with('#') {
                read.push(parse(line, &format!("`{shown}` line {}", number + 1))?);
            }
        }
    }
    if policies.is_empty() {
        return Err(Usage("name a policy".to_owned()).into());
    }
    if read.is_empty() {
        return Err(Usage("write a statement, such as `never: tool ~ \"delete_*\"`".to_owned()).into());
    }
    let stack = Stack::new(load(global, &policies)?);
    let known = arguments.tools.find(global)?;
    let mut exit = Exit::Ok;
    for statement in &read {
        let proof = ::policy::prove(&stack, statement, known.as_ref().map(subjects), arguments.budget);
        show(global.output(), statement, &proof, known.as_ref())?;
        exit = match (proof.counterexamples.is_empty(), proof.undecided.is_empty(), exit) {
            (false, _, _) | (_, _, Exit::Problems) => Exit::Problems,
            (true, false, _) => Exit::Undecided,
            (true, true, exit) => exit,
        };
    }
    Ok(exit)
}

fn is_statement(given: &str) -> bool {
    let start = given.split(':').next().unwrap_or_default().trim();
    given.contains(':') && ["never", "always"].contains(&start)
}

fn parse(text: &str, what: &str) -> anyhow::Result<Statement> {
    Statement::parse(text).map_err(|error| {
        let column = text.get(..error.offset).map_or(0, |before| before.chars().count()) + 1;
        let meant = error.meant.map(|meant| format!("; did you mean `{meant}`?")).unwrap_or_default();
        Usage(format!("{what} is wrong at column {column}: {}{meant}", error.why)).into()
    })
}

fn show(output: Output, statement: &Statement, proof: &Proof, known: Option<&Known>) -> anyhow::Result<()> {
    if output.is_json() {
        output.value(&to_json(statement, proof))?;
        return Ok(());
    }
    let looked = format!("{} looked at", count(proof.n_tools, "tool"));
    let (tone, verdict) = if proof.is_proved() {
        (Tone::Good, "proved")
    } else if proof.counterexamples.is_empty() {
        (Tone::Warning, "undecided")
    } else {
        (Tone::Bad, "disproved")
    };
    output.line(format!("{}: {} ({looked})", output.paint(tone, verdict), plain(&statement.text)))?;
    for example in proof.counterexamples.iter().take(MAX_SHOWN) {
        output.line(format!("  allowed{}", line(example)))?;
    }
    if proof.counterexamples.len() > MAX_SHOWN {
        output.line(format!(
            "  and calls of {}",
            count(proof.counterexamples.len() - MAX_SHOWN, "other tool")
        ))?;
    }
    for unproved in proof.undecided.iter().take(MAX_SHOWN) {
        output.line(format!("  undecided for `{}`: {}", plain(&unproved.tool), unproved.why))?;
    }
    if proof.undecided.len() > MAX_SHOWN {
        output.line(format!("  and for {}", count(proof.undecided.len() - MAX_SHOWN, "other tool")))?;
    }
    for taken in &proof.assumptions {
        output.line(output.paint(Tone::Quiet, format!("  taken for granted: {}", plain(taken))))?;
    }
    if let Some(known) = known {
        output.line(output.paint(Tone::Quiet, format!("  tools as defined in {}", known.origin)))?;
    }
    Ok(())
}

fn line(example: &Counterexample) -> String {
    let after = if example.after_approval { " after an approval" } else { "" };
    let what = example.stands_for.as_ref().map(|what| format!(", {}", plain(what))).unwrap_or_default();
    format!("{after}: {}{what}", example_call::to_line(&example.call))
}

fn to_json(statement: &Statement, proof: &Proof) -> Value {
    let counterexamples: Vec<_> = proof
        .counterexamples
        .iter()
        .map(|example| {
            json!({
                "call": example_call::to_json(&example.call),
                "stands_for": example.stands_for,
                "after_approval": example.after_approval,
            })
        })
        .collect();
    let undecided: Vec<_> = proof
        .undecided
        .iter()
        .map(|unproved| json!({ "server": unproved.server, "tool": unproved.tool, "why": unproved.why }))
        .collect();
    json!({
        "statement": statement.text,
        "proved": proof.is_proved(),
        "tools": proof.n_tools,
        "counterexamples": counterexamples,
        "undecided": undecided,
        "assumptions": proof.assumptions,
    })
}
