//! `approval`, and its short form `"action": "require_approval"` with `approval_timeout`.

use super::condition;
use super::reader::{Fields, Place, Problem, Reader};
use super::terms::{self, Does, Terms};
use super::window;
use crate::approval::Approval;
use crate::diagnostic::code;
use crate::registry::{APPROVAL_KEYS, APPROVAL_REASONS};

/// More people than this are never asked for one call.
const MAX_QUORUM: u64 = 20;
/// The longest that a call waits, a day.
const MAX_TIMEOUT_SECONDS: u64 = 86_400;

/// Reads both forms.
pub(super) fn read(reader: &mut Reader, fields: &Fields<'_>) -> Option<(Terms, Approval)> {
    let full = fields.get("approval").and_then(|place| read_object(reader, &place));
    let action = fields
        .get("action")
        .filter(|place| place.value.as_str().is_some_and(|word| *word == *"require_approval"));
    let timeout = fields.get("approval_timeout");
    let timeout_seconds = timeout.as_ref().and_then(|place| read_timeout(reader, place));
    match (action, timeout) {
        (Some(place), _) if full.is_some() => {
            let message = "`approval` says this in full; remove one of both";
            reader.report(&place, Problem::new(code::CONFLICT, message));
            full
        }
        (Some(place), _) => {
            Some((Terms::default(), Approval { timeout_seconds, ..Approval::of_every_call(&place) }))
        }
        (None, Some(place)) => {
            let message = "`approval_timeout` belongs beside `\"action\": \"require_approval\"`; in `approval` write \
                           `timeout`";
            reader.report(&place, Problem::new(code::CONFLICT, message));
            full
        }
        (None, None) => full,
    }
}

impl Approval {
    fn of_every_call(place: &Place<'_>) -> Self {
        Self {
            pointer: place.pointer.clone(),
            offset: place.offset(),
            from: Vec::new(),
            timeout_seconds: None,
            quorum: None,
            needs_reason: None,
            when: Vec::new(),
            ends_ms: None,
        }
    }
}

fn read_object(reader: &mut Reader, place: &Place<'_>) -> Option<(Terms, Approval)> {
    let fields = reader.object(place, &APPROVAL_KEYS)?;
    let terms = terms::read(reader, &fields, Does::Restricts);
    let mut approval = Approval { ends_ms: terms.ends_ms(), ..Approval::of_every_call(place) };
    approval.from = fields.get("from").map(|place| read_from(reader, &place)).unwrap_or_default();
    approval.timeout_seconds = fields.get("timeout").and_then(|place| read_timeout(reader, &place));
    approval.quorum = fields.get("quorum").and_then(|place| read_quorum(reader, &place));
    let reason = fields.get("reason").and_then(|place| reader.word(&place, &APPROVAL_REASONS));
    approval.needs_reason = reason.map(|word| word == "required");
    for place in fields.get("when").and_then(|place| reader.list(&place)).unwrap_or_default() {
        approval.when.extend(condition::read_condition(reader, &place, 0));
    }
    Some((terms, approval))
}

/// Who may agree. Nobody is not the same as anybody, which is what a missing list means.
fn read_from(reader: &mut Reader, place: &Place<'_>) -> Vec<Box<str>> {
    let Some(places) = reader.list(place) else { return Vec::new() };
    if places.is_empty() {
        let message =
            "nobody could agree; name somebody, or remove `from`, then anyone with the right to may";
        reader.report(place, Problem::new(code::BAD_VALUE, message));
    }
    let mut from: Vec<Box<str>> = Vec::new();
    for place in places {
        let Some(name) = reader.name(&place) else { continue };
        if from.iter().any(|other| **other == *name) {
            reader.report(&place, Problem::new(code::CONFLICT, "each approver is listed once"));
            continue;
        }
        from.push(Box::from(name));
    }
    from
}

fn read_timeout(reader: &mut Reader, place: &Place<'_>) -> Option<u64> {
    let text = reader.text(place)?;
    let seconds = window::duration_seconds(&text);
    if seconds.is_some_and(|seconds| (1..=MAX_TIMEOUT_SECONDS).contains(&seconds)) {
        return seconds;
    }
    let message = format!("`{text}` is no time to wait; write a duration of at most a day, such as `10m`");
    reader.report(place, Problem::new(code::BAD_VALUE, message));
    None
}

fn read_quorum(reader: &mut Reader, place: &Place<'_>) -> Option<u8> {
    let number = place.value.as_number().and_then(|number| number.as_u64());
    let number = number.filter(|number| (1..=MAX_QUORUM).contains(number));
    if number.is_none() {
        let message = format!("must be a whole number from 1 to {MAX_QUORUM}");
        reader.report(place, Problem::new(code::BAD_VALUE, message));
    }
    number.and_then(|number| u8::try_from(number).ok())
}
