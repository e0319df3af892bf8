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
/// Strings inside one of several forms for which all combinations are tried: at most 16 checks.
const MAX_CHOICES: usize = 4;

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
    let (certain, uncertain): (Vec<_>, Vec<_>) =
        candidates.iter().partition(|candidate| candidate.is_certain);
    let attempt = Attempt { schema, arguments };
    let mut chosen = if uncertain.len() <= MAX_CHOICES {
        attempt.fewest(&certain, &uncertain)?
    } else {
        attempt.thinned(candidates.iter().collect())?
    };
    chosen.sort_by_key(|candidate| candidate.string.span().start);
    let document = attempt.apply(&chosen)?;
    let pointers: Vec<_> = chosen.iter().map(|candidate| candidate.pointer.clone()).collect();
    if pointers.is_empty() { None } else { Some(Repaired { document, pointers }) }
}

/// Tries replacements.
struct Attempt<'a> {
    schema: &'a Schema,
    arguments: Value<'a>,
}

impl<'a> Attempt<'a> {
    /// All certain candidates with as few of the others as make the arguments fit. Two ways are none: which of
    /// them was meant is a guess.
    fn fewest<'c, 'b>(
        &self,
        certain: &[&'c Candidate<'b>],
        uncertain: &[&'c Candidate<'b>],
    ) -> Option<Vec<&'c Candidate<'b>>> {
        let mut choices: Vec<u32> = (0..1 << uncertain.len()).collect();
        choices.sort_by_key(|choice| choice.count_ones());
        let mut found: Option<(u32, Vec<&'c Candidate<'b>>)> = None;
        for choice in choices {
            if found.as_ref().is_some_and(|(n_chosen, _)| *n_chosen < choice.count_ones()) {
                break;
            }
            let is_chosen = |index: usize| choice >> index & 1 == 1;
            let picked =
                uncertain.iter().enumerate().filter(|(index, _)| is_chosen(*index)).map(|(_, one)| *one);
            let all: Vec<_> = certain.iter().copied().chain(picked).collect();
            if self.fits(&all) && found.replace((choice.count_ones(), all)).is_some() {
                return None;
            }
        }
        found.map(|(_, chosen)| chosen)
    }

    /// All candidates but those that can stay strings.
    fn thinned<'c, 'b>(&self, mut chosen: Vec<&'c Candidate<'b>>) -> Option<Vec<&'c Candidate<'b>>> {
        if !self.fits(&chosen) {
            return None;
        }
        let mut index = 0;
        while let Some(candidate) = chosen.get(index).copied() {
            chosen.remove(index);
            if candidate.is_certain || !self.fits(&chosen) {
                chosen.insert(index, candidate);
                index += 1;
            }
        }
        Some(chosen)
    }

    fn fits(&self, chosen: &[&Candidate<'_>]) -> bool {
        self.apply(chosen).is_some_and(|document| self.schema.accepts(Some(document.root())) == Some(true))
    }

    /// The arguments with each candidate replaced.
    fn apply(&self, chosen: &[&Candidate<'_>]) -> Option<Document> {
        let start = self.arguments.span().start;
        let mut splicer = Splicer::new(self.arguments.raw().as_bytes());
        for candidate in chosen {
            let mut span = candidate.string.span();
            span.start = span.start.checked_sub(start)?;
            span.end = span.end.checked_sub(start)?;
            splicer.replace(span, candidate.encoded.as_bytes()).ok()?;
        }
        Document::scan(splicer.finish(), &Limits::default()).ok()
    }
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
