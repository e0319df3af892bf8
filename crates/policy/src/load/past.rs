//! `history` of a test: what was done before its call.

use std::collections::HashSet;
use std::sync::Arc;

use super::example::read_document;
use super::label;
use super::reader::{Fields, Place, Problem, Reader};
use super::window;
use crate::diagnostic::code;
use crate::past::{Past, PastCall};
use crate::registry::{HISTORY_KEYS, PAST_CALL_KEYS, PAST_LABEL_KEYS};

/// Reads `history`; without it nothing was done before. `known` are the labels of the document, where it is at hand.
pub(super) fn read(reader: &mut Reader, call: &Fields<'_>, known: Option<&HashSet<Arc<str>>>) -> Past {
    let mut past = Past::default();
    let Some(fields) = call.get("history").and_then(|place| reader.object(&place, &HISTORY_KEYS)) else {
        return past;
    };
    for place in fields.get("labels").and_then(|place| reader.list(&place)).unwrap_or_default() {
        past.labels.extend(read_label(reader, &place, known));
    }
    for (key, finished) in [("finished", true), ("in_flight", false)] {
        for place in fields.get(key).and_then(|place| reader.list(&place)).unwrap_or_default() {
            past.calls.extend(read_call(reader, &place, finished));
        }
    }
    past
}

/// A name, or an object with the name and how long ago it was.
fn read_label(
    reader: &mut Reader,
    place: &Place<'_>,
    known: Option<&HashSet<Arc<str>>>,
) -> Option<(Arc<str>, u64)> {
    let (name, ago_ms) = if place.value.is_object() {
        let fields = reader.object(place, &PAST_LABEL_KEYS)?;
        (fields.required(reader, "label", "name the label")?, read_ago(reader, &fields)?)
    } else {
        (place.clone(), 0)
    };
    let label = label::read_name(reader, &name)?;
    if let Some(known) = known.filter(|known| !known.contains(&label)) {
        let message = format!("no tool has the label `{label}`, so no call can have set it");
        let mut names: Vec<&str> = known.iter().map(AsRef::as_ref).collect();
        names.sort_unstable();
        let meant = crate::suggest::nearest(&label, names);
        reader.report(&name, Problem::new(code::UNKNOWN_VALUE, message).meant(meant));
        return None;
    }
    Some((label, ago_ms))
}

fn read_call(reader: &mut Reader, place: &Place<'_>, finished: bool) -> Option<PastCall> {
    let fields = reader.object(place, &PAST_CALL_KEYS)?;
    let tool =
        fields.required(reader, "tool", "name the tool").and_then(|place| reader.name(&place).map(Box::from));
    let arguments = fields.get("arguments").and_then(|place| read_document(reader, &place));
    let ago = fields.get("ago").filter(|_| !finished);
    if let Some(place) = ago {
        let message = "a call that has not ended has no time of its end; remove `ago`";
        reader.report(&place, Problem::new(code::CONFLICT, message));
        return None;
    }
    Some(PastCall { ago_ms: read_ago(reader, &fields)?, tool: tool?, arguments, finished })
}

fn read_ago(reader: &mut Reader, fields: &Fields<'_>) -> Option<u64> {
    let Some(place) = fields.get("ago") else { return Some(0) };
    let text = reader.text(&place)?;
    let seconds = window::duration_seconds(&text);
    if seconds.is_none() {
        let message = format!("`{text}` is no duration; write one such as `30m`");
        reader.report(&place, Problem::new(code::BAD_VALUE, message));
    }
    seconds.map(|seconds| seconds.saturating_mul(1000))
}
