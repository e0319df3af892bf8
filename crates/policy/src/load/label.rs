//! `labels`: which tools bring what, or do what.

use std::sync::Arc;

use super::pattern;
use super::reader::{Fields, Place, Problem, Reader};
use crate::class::{CATEGORIES, Category, Class, RISKS, Risk};
use crate::diagnostic::code;
use crate::flow::{Labelled, Selector};

/// Labels are part of keys and records; nobody needs a longer one.
const MAX_LABEL_CHARS: usize = 64;

/// Reads `labels`.
pub(super) fn read(reader: &mut Reader, fields: &Fields<'_>) -> Vec<Labelled> {
    let Some(place) = fields.get("labels") else { return Vec::new() };
    let wanted = "an object with names of tools, patterns, `category:` or `risk:` as keys";
    let mut labelled = Vec::new();
    for (key, place) in reader.members(&place, wanted).unwrap_or_default() {
        let selector = read_selector(reader, &key, &place);
        let labels = read_labels(reader, &place);
        if let (Some(selector), Some(labels)) = (selector, labels) {
            let (pointer, offset) = (place.pointer.clone(), place.offset());
            labelled.push(Labelled { key: Box::from(key), selector, labels, pointer, offset });
        }
    }
    labelled
}

fn read_labels(reader: &mut Reader, place: &Place<'_>) -> Option<Vec<Arc<str>>> {
    let mut labels: Vec<Arc<str>> = Vec::new();
    let places = reader.list(place)?;
    if places.is_empty() {
        reader.report(place, Problem::new(code::BAD_VALUE, "name at least one label, or remove the key"));
        return None;
    }
    for place in &places {
        let label = read_name(reader, place)?;
        if labels.contains(&label) {
            reader.report(place, Problem::new(code::CONFLICT, "each label is listed once"));
            return None;
        }
        labels.push(label);
    }
    Some(labels)
}

/// Reads the name of a label.
pub(super) fn read_name(reader: &mut Reader, place: &Place<'_>) -> Option<Arc<str>> {
    let name = reader.name(place)?;
    let is_plain = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '-' | '_' | '.');
    if name.len() > MAX_LABEL_CHARS || !name.chars().all(is_plain) {
        let message = format!(
            "`{name}` is no name here; write letters, digits, `-`, `_` and `.`, at most {MAX_LABEL_CHARS}"
        );
        reader.report(place, Problem::new(code::BAD_VALUE, message));
        return None;
    }
    Some(Arc::from(name))
}

fn read_selector(reader: &mut Reader, key: &str, place: &Place<'_>) -> Option<Selector> {
    let class = match key.split_once(':') {
        Some(("category", name)) => {
            let found = Category::ALL.into_iter().find(|category| category.as_str() == name);
            Some((found.map(Class::Category), &CATEGORIES, name))
        }
        Some(("risk", name)) => {
            let found = Risk::ALL.into_iter().find(|risk| risk.as_str() == name);
            Some((found.map(Class::Risk), &RISKS, name))
        }
        Some(_) | None => None,
    };
    match class {
        Some((Some(class), ..)) => Some(Selector::Class(class)),
        Some((None, table, name)) => {
            let message = format!("`{name}` is none of {}; use one of {}", table.title, table.built_names());
            let meant = table.nearest(name).map(|near| key.replacen(name, near, 1));
            reader.report(place, Problem::new(code::UNKNOWN_VALUE, message).meant(meant));
            None
        }
        None => read_tool(reader, key, place),
    }
}

/// A name of a tool, or a pattern of names.
pub(super) fn read_tool(reader: &mut Reader, name: &str, place: &Place<'_>) -> Option<Selector> {
    if name.trim().is_empty() {
        reader.report(place, Problem::new(code::BAD_VALUE, "the name of a tool must not be empty"));
        return None;
    }
    if !name.contains(['*', '?', '[', ']', '{', '}']) {
        return Some(Selector::Name(Box::from(name)));
    }
    pattern::name(name).map(Selector::Pattern).map_err(|problem| reader.report(place, problem)).ok()
}
