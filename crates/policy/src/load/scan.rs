//! The first look at a document: is it one JSON value, and which keys are there twice?
//! A key that is there twice makes the document unusable, but not unreadable: it is renamed in a copy, so that
//! everything else that is wrong is still found.

use json::{Document, Limits, ScanError, ScanErrorKind, Value};

use super::MAX_DOCUMENT_BYTES;
use crate::diagnostic::{Found, Severity, code};
use crate::rule;

/// More duplicate keys than this are not looked for.
const MAX_DUPLICATES: usize = 100;
/// Names tried for one renamed key: all of one letter, and then some.
const MAX_NAMES: usize = 200;

/// A scanned document.
pub(super) struct Scanned {
    pub(super) document: Document,
    /// Where the second of two equal keys was renamed; what is below it is not read.
    pub(super) renamed_keys: Vec<usize>,
    pub(super) duplicates: Vec<Found>,
}

/// A renamed key: where it is, and what it was.
struct Renamed {
    offset: usize,
    key: String,
    n_names: usize,
}

/// Scans a text.
pub(super) fn scan(text: Vec<u8>) -> Result<Scanned, Vec<Found>> {
    if text.len() > MAX_DOCUMENT_BYTES {
        let message = format!("the document is larger than {} MiB; split it", MAX_DOCUMENT_BYTES >> 20);
        return Err(vec![syntax(0, message)]);
    }
    let limits = Limits::default();
    let mut text = text;
    let mut renamed: Vec<Renamed> = Vec::new();
    loop {
        let error = match Document::scan(text.clone(), &limits) {
            Ok(document) => return Ok(finish(document, &renamed)),
            Err(error) => error,
        };
        if error.kind != ScanErrorKind::DuplicateKey || !rename(&mut text, error.offset, &mut renamed) {
            return Err(give_up(&text, &error, &renamed));
        }
    }
}

/// Gives the key at `offset` another name of the same length. False if that cannot help.
fn rename(text: &mut [u8], offset: usize, renamed: &mut Vec<Renamed>) -> bool {
    let start = offset + 1;
    let Some(length) = text.get(start..).and_then(key_length).filter(|length| *length > 0) else {
        return false;
    };
    let Some(bytes) = text.get_mut(start..start + length) else { return false };
    let n_names = match renamed.last_mut() {
        Some(last) if last.offset == offset => {
            last.n_names += 1;
            last.n_names
        }
        _ => {
            let raw = format!("\"{}\"", String::from_utf8_lossy(bytes));
            renamed.push(Renamed { offset, key: unescaped(raw), n_names: 0 });
            0
        }
    };
    let mut rest = n_names;
    for byte in bytes.iter_mut().rev() {
        *byte = NAME_LETTERS.get(rest % NAME_LETTERS.len()).copied().unwrap_or(b'~');
        rest /= NAME_LETTERS.len();
    }
    n_names < MAX_NAMES && renamed.len() <= MAX_DUPLICATES
}

/// Letters of invented names; unlikely ones first.
const NAME_LETTERS: &[u8] =
    b"~^`|@#$%&*+=<>?!;0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";

/// The bytes of a key up to its closing quote.
fn key_length(bytes: &[u8]) -> Option<usize> {
    let mut is_escaped = false;
    bytes.iter().position(|byte| {
        let is_end = *byte == b'"' && !is_escaped;
        is_escaped = *byte == b'\\' && !is_escaped;
        is_end
    })
}

fn unescaped(raw: String) -> String {
    let document = Document::scan(raw.clone().into_bytes(), &Limits::default());
    document.ok().and_then(|document| document.root().as_str().map(String::from)).unwrap_or(raw)
}

fn finish(document: Document, renamed: &[Renamed]) -> Scanned {
    let duplicates = renamed
        .iter()
        .map(|key| {
            let parent = parent_of(document.root(), key.offset, String::new()).unwrap_or_default();
            let pointer = rule::child(&parent, &key.key);
            duplicate(key, pointer)
        })
        .collect();
    Scanned { renamed_keys: renamed.iter().map(|key| key.offset).collect(), duplicates, document }
}

/// The pointer of the object that has a key at this offset.
fn parent_of(value: Value<'_>, offset: usize, pointer: String) -> Option<String> {
    let is_inside = |value: Value<'_>| {
        let span = value.span();
        span.start <= offset && offset < span.end
    };
    for member in value.members() {
        if member.key.span().start == offset {
            return Some(pointer);
        }
        if is_inside(member.value) {
            return parent_of(member.value, offset, rule::child(&pointer, &member.key.as_cow()));
        }
    }
    let (index, element) = value.elements().enumerate().find(|(_, element)| is_inside(*element))?;
    parent_of(element, offset, format!("{pointer}/{index}"))
}

fn give_up(text: &[u8], error: &ScanError, renamed: &[Renamed]) -> Vec<Found> {
    let mut problems: Vec<_> = renamed.iter().map(|key| duplicate(key, String::new())).collect();
    if error.kind != ScanErrorKind::DuplicateKey || renamed.is_empty() {
        let message = format!("the document is not valid JSON: {}{}", error.kind, hint(text, error.offset));
        problems.push(syntax(error.offset, message));
    }
    problems
}

/// The commonest slips of people who write JSON by hand.
fn hint(text: &[u8], offset: usize) -> &'static str {
    let before = text.get(..offset).unwrap_or_default().trim_ascii_end();
    match (text.get(offset), before.last()) {
        (Some(b'/' | b'#'), _) => "; JSON has no comments",
        (Some(b'}' | b']'), Some(b',')) => "; remove the comma before it",
        (Some(b'\''), _) => "; strings take double quotes",
        (Some(b'"'), Some(b'"' | b'}' | b']' | b'0'..=b'9' | b'e' | b'l')) => {
            "; a comma is missing before it"
        }
        _ => "",
    }
}

fn duplicate(key: &Renamed, pointer: String) -> Found {
    let message = format!("the key `{}` is there twice; keep one", key.key);
    found(key.offset, pointer, code::DUPLICATE_KEY, message)
}

fn syntax(offset: usize, message: String) -> Found {
    found(offset, String::new(), code::SYNTAX, message)
}

fn found(offset: usize, pointer: String, code: &'static str, message: String) -> Found {
    Found { offset, severity: Severity::Error, pointer, message, suggestion: None, code }
}
