//! Putting a client's file back as it was: each wrapped entry gets its original text again.
//! What was changed elsewhere in the file meanwhile stays; without such changes the result is the original, byte
//! for byte.

use std::path::PathBuf;

use anyhow::bail;
use json::Document;
use serde::Serialize;

use crate::output::{Output, Tone, plain};

use super::confirm::confirm;
use super::file::{self, Original};
use super::{show, splice};

/// What became of an undo, for programs.
#[derive(Debug, Serialize)]
struct Summary {
    file: PathBuf,
    /// Wrapped entries that no copy holds in their original form.
    unknown: Vec<String>,
    written: bool,
}

/// Restores. Returns whether nothing is wrapped any more.
///
/// # Errors
/// When there is no copy, or something cannot be read or written.
pub fn undo(output: Output, original: &Original, is_yes_to_all: bool) -> anyhow::Result<bool> {
    let copies = file::copies(&original.path)?;
    if copies.is_empty() {
        bail!("there is no copy of `{}` beside it, so nothing can be put back", original.path.display());
    }
    let (paths, documents): (Vec<PathBuf>, Vec<Document>) = copies.into_iter().unzip();
    let (text, unknown) = splice::unwrap(&original.document, &documents).map_err(anyhow::Error::msg)?;
    let mut summary = Summary { file: original.path.clone(), unknown, written: false };
    let now = original.document.text().as_bytes();
    if text == now {
        return finish(output, &summary, "nothing that can be put back is wrapped");
    }
    if !output.is_json() {
        for line in show::changes(output, now, &text) {
            output.line(line)?;
        }
    }
    if !confirm(output, "Write this?", is_yes_to_all)? {
        return finish(output, &summary, "nothing was changed").map(|_| false);
    }
    file::replace(original, &text)?;
    summary.written = true;
    let is_exact = documents.last().is_some_and(|oldest| oldest.text().as_bytes() == text);
    if is_exact {
        for path in &paths {
            std::fs::remove_file(path)?;
        }
    }
    let end = if is_exact {
        "put back exactly as it was; the copies are removed, the policies stay"
    } else {
        "put back; other changes of the file were kept, and so were the copies and the policies"
    };
    finish(output, &summary, end)
}

fn finish(output: Output, summary: &Summary, text: &str) -> anyhow::Result<bool> {
    if output.is_json() {
        output.value(summary)?;
    } else {
        for name in &summary.unknown {
            let line = format!("`{}` stays wrapped: no copy holds its original", plain(name));
            output.line(output.paint(Tone::Warning, line))?;
        }
        output.line(text)?;
    }
    Ok(summary.unknown.is_empty())
}
