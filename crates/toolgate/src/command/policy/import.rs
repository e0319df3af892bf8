//! `toolgate policy import`: the policy that says what a file of the older open-source proxy said.
//! It must never guess: what has no exact equivalent is an error with its place.

use std::fs::OpenOptions;
use std::io::{Read as _, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use ::policy::{Diagnostic, Format, ImportNote, ImportOptions, Imported, ScopeWord};
use anyhow::Context as _;
use clap::{Args, ValueEnum};
use serde::Serialize;

use crate::cli::Global;
use crate::config::name::{POLICY_EXPECTED, is_policy};
use crate::config::snapshot::PolicyFile;
use crate::exit::{Exit, Usage};
use crate::output::{Output, Tone, count, plain};

use super::document;

const EXAMPLES: &str = "\
Examples:
  toolgate policy import old.yaml      print the policy, and on standard error how it was read
  toolgate policy import old.yaml --output-file policies/github.json
  toolgate policy import stripe.yaml --spend-from args.amount --spend-unit cents

The rules of the older proxy passed where their conditions held; here they become `require`. Its
windows are those of the calendar in UTC, and so are the windows of the policy. What has no
equal in the policy language is an error.

Exit codes: 0 translated; 1 something has no equivalent; 2 wrong usage.";

/// Arguments of `policy import`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct Arguments {
    /// The older file, or `-` for standard input
    #[arg(value_name = "FILE")]
    file: String,
    /// The policy's name [default: the file's, or that of --output-file]
    #[arg(long, value_parser = name)]
    name: Option<String>,
    /// Write the policy to a new file instead of standard output
    #[arg(long, value_name = "FILE")]
    output_file: Option<PathBuf>,
    /// Per what counters count: each access key, as each agent had a proxy of its own, or all of a server together
    #[arg(long, value_enum, default_value = "grant")]
    scope: CounterScope,
    /// The argument that `spend_limit` sums, such as args.amount
    #[arg(long, value_name = "PATH")]
    spend_from: Option<String>,
    /// The unit of that argument
    #[arg(long, value_enum, default_value = "dollars", requires = "spend_from")]
    spend_unit: SpendUnit,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum CounterScope {
    Grant,
    Server,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum SpendUnit {
    Dollars,
    Cents,
}

/// What was translated, for programs.
#[derive(Serialize)]
struct Told<'a> {
    policy: &'a str,
    document: Option<serde_json::Value>,
    notes: Vec<Note<'a>>,
}

/// What was understood of one place, for programs.
#[derive(Serialize)]
struct Note<'a> {
    line: u32,
    column: u32,
    stricter: bool,
    message: &'a str,
}

/// Translates.
pub fn run(global: &Global, arguments: &Arguments) -> anyhow::Result<Exit> {
    let file = read(&arguments.file)?;
    let options = arguments.options(&file.name)?;
    let imported = ::policy::import(&file.bytes, &options)
        .map_err(|problems: Vec<Diagnostic>| document::problems(&file, &problems))?;
    if let Some(path) = &arguments.output_file {
        write_new(path, &imported.document)?;
    }
    let output = global.output();
    if output.is_json() {
        let notes = imported.notes.iter().map(|note| Note {
            line: note.line,
            column: note.column,
            stricter: note.is_stricter,
            message: &note.message,
        });
        let document = serde_json::from_str(&imported.document).ok();
        output.value(&Told { policy: &options.name, document, notes: notes.collect() })?;
        return Ok(Exit::Ok);
    }
    tell(output, arguments, &file.path, &imported);
    if arguments.output_file.is_none() {
        output.line(imported.document.trim_end())?;
    }
    Ok(Exit::Ok)
}

/// What was understood goes to standard error, so that the policy can be taken from standard output.
fn tell(output: Output, arguments: &Arguments, path: &Path, imported: &Imported) {
    for ImportNote { line, column, message, is_stricter } in &imported.notes {
        let place = format!("{}:{line}:{column}:", path.display());
        let word = if *is_stricter { output.paint(Tone::Warning, " stricter:") } else { String::new() };
        eprintln!("{}{word} {}", plain(&place), plain(message));
    }
    let n_stricter = imported.notes.iter().filter(|note| note.is_stricter).count();
    let n_notes = count(imported.notes.len() - n_stricter, "statement");
    let written = arguments.output_file.as_ref();
    let written = written.map(|path| format!("; written to `{}`", path.display())).unwrap_or_default();
    eprintln!("{n_notes} understood, {} here{written}", count(n_stricter, "stricter rule"));
}

impl Arguments {
    fn options(&self, file: &str) -> anyhow::Result<ImportOptions> {
        let stem = self.output_file.as_deref().and_then(Path::file_stem);
        let stem = stem.map_or_else(|| file.to_owned(), |stem| stem.to_string_lossy().into_owned());
        let name = self.name.clone().unwrap_or(stem);
        if !is_policy(&name) {
            let message = format!("`{name}` is no name of a policy, which {POLICY_EXPECTED}; use `--name`");
            return Err(Usage(message).into());
        }
        let per_unit = match self.spend_unit {
            SpendUnit::Dollars => 1,
            SpendUnit::Cents => 100,
        };
        let scope = match self.scope {
            CounterScope::Grant => ScopeWord::Grant,
            CounterScope::Server => ScopeWord::Server,
        };
        Ok(ImportOptions { name, scope, spend: self.spend_from.clone().map(|path| (path, per_unit)) })
    }
}

fn name(text: &str) -> Result<String, String> {
    if is_policy(text) { Ok(text.to_owned()) } else { Err(format!("a policy's name {POLICY_EXPECTED}")) }
}

fn read(named: &str) -> anyhow::Result<PolicyFile> {
    let path = PathBuf::from(named);
    if named == "-" {
        let mut bytes = Vec::new();
        std::io::stdin().lock().read_to_end(&mut bytes).context("cannot read standard input")?;
        return Ok(PolicyFile { name: "imported".to_owned(), path, format: Format::Yaml, bytes });
    }
    let bytes = std::fs::read(&path).with_context(|| format!("cannot read `{named}`"))?;
    let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    Ok(PolicyFile { name, path, format: Format::Yaml, bytes })
}

/// Whoever can write here decides what agents may do, so the file is the operator's alone, and none is replaced.
fn write_new(path: &Path, text: &str) -> anyhow::Result<()> {
    if Format::of_file(&path.to_string_lossy()) != Some(Format::Json) {
        let message =
            format!("`{}` would not be read as JSON; name a file that ends in `.json`", path.display());
        return Err(Usage(message).into());
    }
    let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path);
    let mut file = file.with_context(|| format!("cannot make `{}`", path.display()))?;
    file.write_all(text.as_bytes()).with_context(|| format!("cannot write `{}`", path.display()))
}
