//! `toolgate policy fmt`: the documented form of a policy that was written in a shorter or older one.

use std::os::unix::fs::PermissionsExt as _;

use ::policy::Format;
use anyhow::Context as _;
use clap::Args;

use crate::cli::Global;
use crate::config::snapshot::PolicyFile;
use crate::exit::{Exit, Usage};
use crate::init::file::write_in_one_step;

use super::document;

const EXAMPLES: &str = "\
Examples:
  toolgate policy fmt imaging              print the policy of that name
  toolgate policy fmt old.json --write     replace the file
  toolgate policy fmt old.yaml             print what is written in YAML or TOML as JSON
  toolgate policy fmt --check              say which policies would change

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
}

/// Prints, checks or replaces.
pub fn run(global: &Global, arguments: &Arguments) -> anyhow::Result<Exit> {
    let output = global.output();
    let files = document::read(global, &arguments.policies)?;
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
