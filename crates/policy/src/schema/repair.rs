//! Mends arguments: where the schema refuses a string but accepts the JSON value that it encodes, that value takes
//! its place. Never trims, never reads yes as true, and never changes anything that the schema accepts.

use std::borrow::Cow;
use std::collections::BTreeSet;

use json::{Document, Limits, Splicer, Value};
use jsonschema::ValidationError;
use jsonschema::error::ValidationErrorKind;

use super::Schema;
use crate::decision::Repaired;

/// Strings that one call may have mended; each costs a check.
const MAX_STRINGS: usize = 32;

/// A refused string and what it encodes.
struct Candidate<'a> {
    pointer: String,
    string: Value<'a>,
    encoded: Cow<'a, str>,
    /// Refused for itself; the others were refused only inside one of several forms.
    is_certain: bool,
}

/// The mended arguments, if mending makes them fit.
pub(super) fn repair(
    schema: &Schema,
    arguments: Value<'_>,
    errors: &[ValidationError<'_>],
) -> Option<Repaired> {
    let mut candidates = candidates(arguments, errors)?;
    candidates.sort_by_key(|candidate| candidate.string.span().start);
    let mut document = apply(arguments, candidates.iter())?;
    if !schema.fits(document.root()) {
        return None;
    }
    // A string inside one of several forms may not be what was refused: it keeps its place if it can.
    let mut index = 0;
    while let Some(candidate) = candidates.get(index) {
        let others =
            candidates.iter().enumerate().filter(|(other, _)| *other != index).map(|(_, other)| other);
        let without = if candidate.is_certain { None } else { apply(arguments, others) };
        match without.filter(|document| schema.fits(document.root())) {
            Some(without) => {
                document = without;
                candidates.remove(index);
            }
            None => index += 1,
        }
    }
    let pointers: Vec<_> = candidates.into_iter().map(|candidate| candidate.pointer).collect();
    if pointers.is_empty() { None } else { Some(Repaired { document, pointers }) }
}

/// All strings that errors point at and that encode a value. Nothing when there are too many.
fn candidates<'a>(arguments: Value<'a>, errors: &[ValidationError<'_>]) -> Option<Vec<Candidate<'a>>> {
    let mut certain = BTreeSet::new();
    let mut possible = BTreeSet::new();
    for error in errors {
        collect_pointers(error, true, &mut certain, &mut possible);
    }
    let uncertain = possible.difference(&certain).map(|pointer| (pointer, false));
    let all = certain.iter().map(|pointer| (pointer, true)).chain(uncertain);
    let found: Vec<_> = all
        .filter_map(|(pointer, is_certain)| {
            let string = arguments.pointer(pointer)?;
            Some(Candidate { pointer: pointer.clone(), string, encoded: encoded(string)?, is_certain })
        })
        .take(MAX_STRINGS + 1)
        .collect();
    (1..=MAX_STRINGS).contains(&found.len()).then_some(found)
}

fn collect_pointers(
    error: &ValidationError<'_>,
    is_certain: bool,
    certain: &mut BTreeSet<String>,
    possible: &mut BTreeSet<String>,
) {
    let pointers = if is_certain { &mut *certain } else { &mut *possible };
    pointers.insert(error.instance_path().as_str().to_owned());
    if let ValidationErrorKind::AnyOf { context }
    | ValidationErrorKind::OneOfNotValid { context }
    | ValidationErrorKind::OneOfMultipleValid { context } = error.kind()
    {
        for nested in context.iter().flatten() {
            collect_pointers(nested, false, certain, possible);
        }
    }
}

/// The JSON text in a string, when the string is nothing but that.
fn encoded(string: Value<'_>) -> Option<Cow<'_, str>> {
    let text = string.as_str()?;
    if !text.starts_with(['{', '[', '"', '-', 't', 'f', 'n'])
        && !text.starts_with(|first: char| first.is_ascii_digit())
    {
        return None;
    }
    let document = Document::scan(text.clone().into_owned().into_bytes(), &Limits::default()).ok()?;
    let span = document.root().span();
    (span.start == 0 && span.end == text.len()).then_some(text)
}

/// The arguments with each candidate replaced.
fn apply<'a, 'b: 'a>(
    arguments: Value<'_>,
    candidates: impl Iterator<Item = &'a Candidate<'b>>,
) -> Option<Document> {
    let start = arguments.span().start;
    let mut splicer = Splicer::new(arguments.raw().as_bytes());
    for candidate in candidates {
        let mut span = candidate.string.span();
        span.start = span.start.checked_sub(start)?;
        span.end = span.end.checked_sub(start)?;
        splicer.replace(span, candidate.encoded.as_bytes()).ok()?;
    }
    Document::scan(splicer.finish(), &Limits::default()).ok()
}
