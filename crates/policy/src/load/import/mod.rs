//! Translates policies of the older open-source proxy, which are YAML of another shape and another sense.
//! Says of every line what it understood. What has no exact equivalent is an error; nothing is guessed or left out.

mod counter;
mod keys;
mod pattern;
mod proxy;
mod rule;
mod spend;
mod written;

use json::Location;

use super::reader::Reader;
use super::{scan, transcript, yaml};
use crate::diagnostic::{self, Diagnostic, Found};
use crate::limit::ScopeWord;
use crate::{load, normalise};

use spend::Spend;
/// What the older file does not say and the operator has to.
#[derive(Debug, Clone)]
pub struct ImportOptions {
    /// The name under which the result is checked.
    pub name: String,
    /// Per what counters count. The older proxy had one process with counters of its own for each agent.
    pub scope: ScopeWord,
    /// The argument that `spend_limit` sums, and how many of its units are one of the limit's.
    pub spend: Option<(String, u32)>,
}

/// A translated policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Imported {
    /// The policy in its documented form.
    pub document: String,
    /// What was understood, in the order of the older file.
    pub notes: Vec<ImportNote>,
}

/// What was understood of one place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImportNote {
    /// 1-based line.
    pub line: u32,
    /// 1-based column, in characters.
    pub column: u32,
    /// What it says, or what is different from now on.
    pub message: String,
    /// Whether the result is stricter here than the older proxy was.
    pub is_stricter: bool,
}

/// A note before its line and column are known.
struct Noted {
    offset: usize,
    message: String,
    is_stricter: bool,
}

/// What translating one file collects.
struct Translation<'o> {
    reader: Reader,
    options: &'o ImportOptions,
    spend: Option<Spend<'o>>,
    notes: Vec<Noted>,
    /// Pointers into the result with their places in the older file, for what its loader finds.
    places: Vec<(String, usize)>,
}

impl Translation<'_> {
    fn note(&mut self, offset: usize, message: impl Into<String>) {
        self.notes.push(Noted { offset, message: message.into(), is_stricter: false });
    }

    fn stricter(&mut self, offset: usize, message: impl Into<String>) {
        self.notes.push(Noted { offset, message: message.into(), is_stricter: true });
    }
}

/// Translates a file.
///
/// # Errors
/// Everything in it that is wrong or has no exact equivalent, at its place.
pub fn import(text: &[u8], options: &ImportOptions) -> Result<Imported, Vec<Diagnostic>> {
    let (json, places) = super::transcribe(text, yaml::read)?;
    let source = |offset: usize| transcript::source_offset(&places, offset);
    let locate = |found: Vec<Found>| {
        let at = |found: Found| Found { offset: source(found.offset), ..found };
        diagnostic::locate(text, found.into_iter().map(at).collect())
    };
    let scanned = scan::scan(json).map_err(locate)?;
    let mut translation = Translation {
        reader: Reader::new(scanned.renamed_keys),
        options,
        spend: options.spend.as_ref().map(|(path, per_unit)| Spend { path, per_unit: *per_unit }),
        notes: Vec::new(),
        places: Vec::new(),
    };
    let written = proxy::read(&mut translation, scanned.document.root());
    let Translation { reader, notes, places: results, .. } = translation;
    let mut problems = scanned.duplicates;
    problems.append(&mut reader.into_problems());
    let Some(written) = written.filter(|_| problems.is_empty()) else { return Err(locate(problems)) };
    let policy = load(&options.name, written.to_json().into_bytes())
        .map_err(|found| locate(found.into_iter().map(|found| back(found, &results)).collect()))?;
    let note = |noted: Noted| {
        let Location { line, column } = Location::of(text, source(noted.offset));
        ImportNote { line, column, message: noted.message, is_stricter: noted.is_stricter }
    };
    let mut notes: Vec<ImportNote> = notes.into_iter().map(note).collect();
    notes.sort_by_key(|note| (note.line, note.column));
    Ok(Imported { document: normalise(&policy), notes })
}

/// What the loader says of the result, at the place of the older file that it comes from.
fn back(found: Diagnostic, results: &[(String, usize)]) -> Found {
    let from = results.iter().filter(|(pointer, _)| found.pointer.starts_with(&**pointer));
    let offset = from.max_by_key(|(pointer, _)| pointer.len()).map_or(0, |(_, offset)| *offset);
    let Diagnostic { severity, message, suggestion, code, .. } = found;
    Found { offset, severity, pointer: String::new(), message, suggestion, code }
}
