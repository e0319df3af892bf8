//! `toolgate policy fmt`: the documented form of a policy that was written in a shorter or older one.

use std::os::unix::fs::PermissionsExt as _;

use ::policy::{Diagnostic, Format, STRICTER_RULES, StricterRule};
use anyhow::Context as _;
use clap::Args;

use crate::cli::Global;
use crate::config::snapshot::PolicyFile;
use crate::exit::{Exit, Usage};
use crate::init::file::write_in_one_step;
use crate::output::{Output, Tone, plain};

use super::document;

const EXAMPLES: &str = "\
Examples:
  toolgate policy fmt imaging              print the policy of that name
  toolgate policy fmt old.json --write     replace the file
  toolgate policy fmt old.yaml             print what is written in YAML or TOML as JSON
  toolgate policy fmt --check              say which policies would change
  toolgate policy fmt imaging --why        say where it is stricter than the older product was

Exit codes: 0 done, nothing would change; 1 does not load or would change; 2 wrong usage.";

/// Arguments of `policy fmt`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct Arguments {
    /// Files or names of policies; without any, all policies of the folder
    #[arg(value_name = "FILE|NAME")]
    policies: Vec<String>,
    /// Replace the files instead of printing
    #[arg(long, conflicts_with = "check")]
    write: bool,
    /// Only say which would change
    #[arg(long)]
    check: bool,
    /// Tell what is stricter than in the older product whose documents load here too, and where it matters
    #[arg(long, conflicts_with_all = ["write", "check"])]
    why: bool,
}

/// Prints, checks or replaces.
pub fn run(global: &Global, arguments: &Arguments) -> anyhow::Result<Exit> {
    let output = global.output();
    let files = document::read(global, &arguments.policies)?;
    if arguments.why {
        return files.iter().try_for_each(|file| tell_why(output, file)).map(|()| Exit::Ok);
    }
    if files.len() > 1 && !arguments.write && !arguments.check {
        return Err(
            Usage("printing takes one policy; name one, or use `--write` or `--check`".to_owned()).into()
        );
    }
    let mut n_changed = 0;
    for file in &files {
        let policy = document::load(file)?;
        let text = ::policy::normalise(&policy);
        // Only JSON has a documented form; what people wrote in another format stays as it is.
        let is_json = file.format == Format::Json;
        let is_changed = is_json && text.as_bytes() != file.bytes;
        n_changed += usize::from(is_changed);
        if arguments.write {
            write(file, &text, is_changed)?;
        }
        if output.is_json() {
            let document: Option<serde_json::Value> = serde_json::from_str(&text).ok();
            output.value(
                &serde_json::json!({ "policy": file.name, "changed": is_changed, "document": document }),
            )?;
        } else if !arguments.write && !arguments.check {
            output.line(text.trim_end())?;
        } else if !is_json && arguments.write {
            output.line(format!("{}: left as it is, because it is not JSON", file.path.display()))?;
        } else if is_changed {
            let verb = if arguments.write { "changed" } else { "would change" };
            output.line(format!("{}: {verb}", file.path.display()))?;
        }
    }
    Ok(if arguments.check && n_changed > 0 { Exit::Problems } else { Exit::Ok })
}

/// Each rule that is stricter, with the places of this policy where it matters.
fn tell_why(output: Output, file: &PolicyFile) -> anyhow::Result<()> {
    let found = ::policy::stricter(file.format, &file.name, file.bytes.clone())
        .map_err(|problems| document::problems(file, &problems))?;
    let places = |rule: StricterRule| found.iter().filter(move |place| place.code == rule.name);
    if output.is_json() {
        let rules: Vec<serde_json::Value> = STRICTER_RULES
            .iter()
            .map(|rule| {
                let places: Vec<_> = places(*rule).map(place_json).collect();
                serde_json::json!({ "rule": rule.name, "about": rule.doc, "places": places })
            })
            .collect();
        output.value(&serde_json::json!({ "policy": file.name, "stricter": rules }))?;
        return Ok(());
    }
    output.line(output.paint(Tone::Strong, plain(&file.path.display().to_string())))?;
    for rule in STRICTER_RULES {
        output.line(format!("  {}", rule.doc))?;
        for Diagnostic { line, column, pointer, message, .. } in places(rule) {
            let pointer = if pointer.is_empty() { String::new() } else { format!(" at `{pointer}`") };
            output.line(format!("    {line}:{column}: {}{}", plain(message), plain(&pointer)))?;
        }
    }
    Ok(())
}

fn place_json(place: &Diagnostic) -> serde_json::Value {
    let Diagnostic { line, column, pointer, message, .. } = place;
    serde_json::json!({ "line": line, "column": column, "pointer": pointer, "message": message })
}

fn write(file: &PolicyFile, text: &str, is_changed: bool) -> anyhow::Result<()> {
    if !is_changed {
        return Ok(());
    }
    let path = std::fs::canonicalize(&file.path)
        .with_context(|| format!("cannot open `{}`", file.path.display()))?;
    let mode = std::fs::metadata(&path)?.permissions().mode() & 0o777;
    write_in_one_step(&path, mode, text.as_bytes())
        .with_context(|| format!("cannot write `{}`", path.display()))
}
