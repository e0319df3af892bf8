//! `toolgate audit export`: records as one file that verifies on its own.
//! It must never overwrite a file: it may be the only copy.

use std::fs::File;
use std::io::{self, BufWriter, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use clap::Args;
use store::audit::export;

use super::{Span, data_folder, now};
use crate::cli::Global;
use crate::exit::Exit;
use crate::output::count;

/// What `audit export` does, for its help.
pub const ABOUT: &str = "\
Write records to a file that verifies on its own.

Whole segments are taken, so that there may be records before and after the times asked for. The first line says \
where the chain stood before and is sealed with the data folder's key.";

const EXAMPLES: &str = "\
Examples:
  toolgate audit export --output audit.jsonl                      everything
  toolgate audit export --from 2026-11-01 --to 2026-12-01 > november.jsonl
  toolgate audit verify audit.jsonl                               proves it later, also elsewhere";

/// Arguments of `audit export`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct Arguments {
    #[command(flatten)]
    span: Span,
    /// A new file to write to; standard output when absent
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
}

/// Exports.
pub fn run(global: &Global, arguments: &Arguments) -> anyhow::Result<Exit> {
    let data = data_folder(global)?;
    let Some(path) = &arguments.output else {
        let mut out = BufWriter::new(io::stdout().lock());
        export(&data, arguments.span.from, arguments.span.to, now(), &mut out)?;
        return Ok(Exit::Ok);
    };
    let n_records = to_file(&data, arguments, path)?;
    let output = global.output();
    output.tell(&serde_json::json!({ "records": n_records, "file": path }), || {
        let records = count(usize::try_from(n_records).unwrap_or(usize::MAX), "record");
        output.line(format!("exported {records} to {}", path.display()))
    })?;
    Ok(Exit::Ok)
}

fn to_file(data: &Path, arguments: &Arguments, path: &Path) -> anyhow::Result<u64> {
    let creating = || format!("creating `{}`; name a file that is not there yet", path.display());
    let file = File::options().write(true).create_new(true).mode(0o600).open(path).with_context(creating)?;
    let mut out = BufWriter::new(file);
    let exported = export(data, arguments.span.from, arguments.span.to, now(), &mut out);
    let synced = exported.map_err(anyhow::Error::from).and_then(|n_records| {
        out.flush()
            .and_then(|()| out.get_ref().sync_all())
            .with_context(|| format!("writing `{}`", path.display()))?;
        Ok(n_records)
    });
    if synced.is_err() {
        // Half an export is none; what cannot be removed either fails to verify.
        let _ = std::fs::remove_file(path);
    }
    synced
}
