//! The short forms: `action` with its `reason`, and `rate_limit`.
//! They become the same rules as the full forms; only their ids point at what was written.

use std::sync::Arc;

use json::{Decimal, Kind};

use super::limit::read_max;
use super::reader::{Fields, Place, Problem, Reader};
use super::rules::Target;
use super::window;
use crate::cost::Cost;
use crate::diagnostic::code;
use crate::limit::{LimitSpec, Scope, Window};
use crate::number;
use crate::operator::kind_name;
use crate::policy::{Limit, Predicate};
use crate::registry::{ACTIONS, RATE_LIMIT_KEYS};
use crate::rule::RuleId;

/// What `action` says.
#[derive(Default)]
pub(super) struct Action {
    pub(super) deny: Option<Predicate>,
    pub(super) says_allow: bool,
}

/// Reads `action` and `reason`.
pub(super) fn read_action(reader: &mut Reader, fields: &Fields<'_>, target: &Target<'_>) -> Action {
    let reason = fields.get("reason");
    let reason_text = reason.as_ref().and_then(|place| reader.text(place));
    let action = fields.get("action");
    let word = action.as_ref().map(|place| (place, reader.word(place, &ACTIONS)));
    match word {
        Some((place, Some("deny"))) => {
            let rule = RuleId::new(place.pointer.clone());
            let deny = Predicate {
                rule,
                pointer: place.pointer.clone(),
                offset: place.offset(),
                conditions: Vec::new(),
                on_deny: reason_text.map(Arc::from),
                ends_ms: None,
            };
            Action { deny: Some(deny), says_allow: false }
        }
        Some((place, Some("allow"))) => {
            check_allow(reader, place, reason.as_ref(), target);
            Action { deny: None, says_allow: true }
        }
        Some((_, Some("require_approval"))) => {
            if let Some(place) = reason {
                let message = "an approval tells no reason of its own; remove `reason`";
                reader.report(&place, Problem::new(code::CONFLICT, message));
            }
            Action::default()
        }
        Some(_) => Action::default(),
        None => {
            if let Some(place) = reason {
                let message =
                    "`reason` belongs beside `\"action\": \"deny\"`; in a predicate or limit write `on_deny`";
                reader.report(&place, Problem::new(code::CONFLICT, message));
            }
            Action::default()
        }
    }
}

fn check_allow(reader: &mut Reader, place: &Place<'_>, reason: Option<&Place<'_>>, target: &Target<'_>) {
    if let Some(reason) = reason {
        let message = "an allow tells no reason; remove `reason`";
        reader.report(reason, Problem::new(code::CONFLICT, message));
    }
    match target {
        Target::Tool(_) | Target::Pattern(_) | Target::Class(_) => {}
        Target::AllTools => {
            let message = "`all_tools` names no tool, so it cannot allow any; name each tool, or write \
                           `\"default\": \"allow\"`";
            reader.report(place, Problem::new(code::CONFLICT, message));
        }
    }
}

/// Reads `rate_limit` in either form.
pub(super) fn read_rate_limit(
    reader: &mut Reader,
    place: &Place<'_>,
    target: &Target<'_>,
    policy: &Arc<str>,
) -> Option<Limit> {
    let (max, window) = match place.value.kind() {
        Kind::String => read_text(reader, place)?,
        Kind::Object => read_object(reader, place)?,
        kind @ (Kind::Null | Kind::Bool | Kind::Number | Kind::Array) => {
            let message = format!(
                "must be a text such as `10/minute` or an object with `max` and `window`, not {}",
                kind_name(kind)
            );
            reader.report(place, Problem::new(code::WRONG_TYPE, message));
            return None;
        }
    };
    let spec = LimitSpec {
        policy: Arc::clone(policy),
        counter: Arc::from(format!("{}_rate", target.name())),
        rule: RuleId::new(place.pointer.clone()),
        pointer: place.pointer.clone(),
        window,
        max,
        scope: Scope::grant(),
        unit: Arc::from(LimitSpec::CALLS),
        on_deny: None,
        timezone: None,
        max_keys: None,
        release: None,
    };
    let (spec, keyed_by) = (Arc::new(spec), Box::from([]));
    Some(Limit { offset: place.offset(), spec, cost: Cost::Calls, keyed_by, ends_ms: None })
}

fn read_object(reader: &mut Reader, place: &Place<'_>) -> Option<(Decimal, Window)> {
    let fields = reader.object(place, &RATE_LIMIT_KEYS)?;
    let max = fields
        .required(reader, "max", "say how many calls a window may hold")
        .and_then(|place| read_max(reader, &place, true));
    let window = fields
        .required(reader, "window", "say how many seconds it counts")
        .and_then(|place| read_seconds(reader, &place));
    Some((max?, window?))
}

/// A number of seconds, or a text as in `limits`.
fn read_seconds(reader: &mut Reader, place: &Place<'_>) -> Option<Window> {
    if place.value.is_string() {
        return window::read_sliding(reader, place);
    }
    let Some(number) = place.value.as_number() else {
        let message = format!("must be a number of seconds, not {}", kind_name(place.value.kind()));
        reader.report(place, Problem::new(code::WRONG_TYPE, message));
        return None;
    };
    let seconds = number.as_u64().unwrap_or(0);
    window::seconds_window(seconds).map_err(|problem| reader.report(place, problem)).ok()
}

/// `10/minute`
fn read_text(reader: &mut Reader, place: &Place<'_>) -> Option<(Decimal, Window)> {
    let text = reader.text(place)?;
    let parts = text.split_once('/').filter(|(max, _)| is_whole(max));
    let problem = match parts.map(|(max, window)| (number::exact_text(max), window)) {
        None => {
            let message =
                format!("`{text}` is no rate; write a whole number, `/` and a window, such as `10/minute`");
            Problem::new(code::BAD_VALUE, message)
        }
        Some((None, _)) => Problem::new(code::BAD_VALUE, number::NOT_EXACT),
        Some((Some(max), window)) => match window::sliding(window) {
            Ok(window) => return Some((max, window)),
            Err(problem) => {
                let count = text.split('/').next().unwrap_or_default();
                let meant = problem.suggestion.as_ref().map(|window| format!("{count}/{window}"));
                problem.meant(meant)
            }
        },
    };
    reader.report(place, problem);
    None
}

fn is_whole(text: &str) -> bool {
    let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    is_number && (text == "0" || !text.starts_with('0'))
}
