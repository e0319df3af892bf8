//! `"kind": "concurrency"`: a limit on calls at the same time, which has no window.

use std::sync::Arc;

use super::limit::{Counted, read_max};
use super::reader::{Fields, Place, Problem, Reader};
use super::window;
use crate::cost::Cost;
use crate::diagnostic::code;
use crate::limit::{LimitSpec, Window};
use crate::registry::LIMIT_KINDS;

/// The longest that a slot may be held, a week.
const MAX_TIMEOUT_SECONDS: u64 = 7 * 86_400;

/// Reads what a limit of this kind counts.
pub(super) fn read(reader: &mut Reader, fields: &Fields<'_>) -> Option<Counted> {
    let kind = fields.get("kind").and_then(|place| reader.word(&place, &LIMIT_KINDS));
    let mut fits = true;
    for key in ["window", "align", "timezone", "increment_from", "cost", "release"] {
        if let Some(place) = fields.get(key) {
            let message = format!("a limit on calls at the same time has no `{key}`; remove it");
            reader.report(&place, Problem::new(code::CONFLICT, message));
            fits = false;
        }
    }
    let timeout = fields.get("timeout").map(|place| read_timeout(reader, &place));
    let max = fields
        .required(reader, "max", "say how many calls may run at the same time")
        .and_then(|place| read_max(reader, &place, true));
    kind.filter(|_| fits)?;
    let timeout_ms = match timeout {
        None => None,
        Some(seconds) => Some(seconds? * 1000),
    };
    let unit = Arc::from(LimitSpec::SLOTS);
    let window = Window::InFlight { timeout_ms };
    Some(Counted { window, timezone: None, max: max?, cost: Cost::Calls, unit })
}

fn read_timeout(reader: &mut Reader, place: &Place<'_>) -> Option<u64> {
    let text = reader.text(place)?;
    let seconds =
        window::duration_seconds(&text).filter(|seconds| (1..=MAX_TIMEOUT_SECONDS).contains(seconds));
    if seconds.is_none() {
        let message =
            format!("`{text}` is no time to hold a slot; write a duration of at most `7d`, such as `10m`");
        reader.report(place, Problem::new(code::BAD_VALUE, message));
    }
    seconds
}
