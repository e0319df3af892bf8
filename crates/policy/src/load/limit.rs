//! Limits in their full form.

use std::sync::Arc;

use json::Decimal;

use super::condition::read_path;
use super::reader::{Fields, Place, Problem, Reader};
use super::window;
use crate::cost::Cost;
use crate::diagnostic::code;
use crate::limit::{LimitSpec, Scope, Window};
use crate::number;
use crate::operator::kind_name;
use crate::policy::Limit;
use crate::registry::{ALIGNMENTS, COST_KEYS, LIMIT_KEYS, SCOPES};
use crate::rule::Labels;

/// A counter's name is part of keys and rule ids; nobody needs a longer one.
const MAX_COUNTER_CHARS: usize = 128;

/// Reads `limits`.
pub(super) fn read_all(reader: &mut Reader, fields: &Fields<'_>, policy: &Arc<str>) -> Vec<Limit> {
    let Some(list) = fields.get("limits") else { return Vec::new() };
    let mut labels = Labels::default();
    let places = reader.list(&list).unwrap_or_default();
    places.iter().filter_map(|place| read(reader, place, &list.pointer, &mut labels, policy)).collect()
}

fn read(
    reader: &mut Reader,
    place: &Place<'_>,
    list: &str,
    labels: &mut Labels,
    policy: &Arc<str>,
) -> Option<Limit> {
    let fields = reader.object(place, &LIMIT_KEYS)?;
    let counter = read_counter(reader, &fields);
    let window = read_window(reader, &fields);
    let counts_calls = fields.get("increment_from").is_none() && fields.get("cost").is_none();
    let max = fields
        .required(reader, "max", "say how much a window may hold")
        .and_then(|place| read_max(reader, &place, counts_calls));
    let scope = fields
        .required(reader, "scope", "say per what it counts; `\"grant\"` is each access key")
        .and_then(|place| read_scope(reader, &place));
    let cost = read_cost(reader, &fields);
    let on_deny = fields.get("on_deny").and_then(|place| reader.text(&place)).map(Arc::from);
    let (counter, scope) = (counter?, scope?);
    let spec = LimitSpec {
        policy: Arc::clone(policy),
        rule: labels.next(list, &counter),
        counter,
        pointer: place.pointer.clone(),
        window: window?,
        max: max?,
        scope,
        unit: cost.as_ref()?.unit(),
        on_deny,
        all_servers: scope == Scope::All,
    };
    Some(Limit { offset: place.offset(), spec: Arc::new(spec), cost: cost? })
}

fn read_counter(reader: &mut Reader, fields: &Fields<'_>) -> Option<Arc<str>> {
    let place = fields.required(reader, "counter", "give what is counted a name")?;
    let name = reader.name(&place)?;
    if name.chars().count() > MAX_COUNTER_CHARS {
        let message = format!("a counter's name has at most {MAX_COUNTER_CHARS} characters");
        reader.report(&place, Problem::new(code::BAD_VALUE, message));
        return None;
    }
    Some(Arc::from(name))
}

fn read_window(reader: &mut Reader, fields: &Fields<'_>) -> Option<Window> {
    let alignment = fields.get("align").map(|place| reader.word(&place, &ALIGNMENTS));
    let hint = "say over which time it counts, such as `\"minute\"`";
    let place = fields.required(reader, "window", hint)?;
    match alignment {
        None => window::read_sliding(reader, &place),
        Some(_) => window::read_calendar(reader, &place),
    }
}

/// The most of a limit: exact, not negative, and whole where calls are counted.
pub(super) fn read_max(reader: &mut Reader, place: &Place<'_>, counts_calls: bool) -> Option<Decimal> {
    if !place.value.is_number() {
        let message = format!("must be a number, not {}", kind_name(place.value.kind()));
        reader.report(place, Problem::new(code::WRONG_TYPE, message));
        return None;
    }
    let problem = match number::exact(place.value) {
        None => number::NOT_EXACT,
        Some(max) if max.is_negative() => "must not be negative",
        Some(max) if counts_calls && !max.is_integer() => "calls are whole; write a whole number",
        Some(max) => return Some(max),
    };
    reader.report(place, Problem::new(code::BAD_VALUE, problem));
    None
}

/// What a call adds; nothing where it is stated wrongly.
fn read_cost(reader: &mut Reader, fields: &Fields<'_>) -> Option<Cost> {
    match (fields.get("increment_from"), fields.get("cost")) {
        (None, None) => Some(Cost::Calls),
        (Some(place), None) => read_path(reader, &place).map(Cost::Sum),
        (None, Some(place)) if place.value.is_object() => {
            let fields = reader.object(&place, &COST_KEYS)?;
            let hint = "name a text or a list, such as `args.commands`";
            fields.required(reader, "len", hint).and_then(|place| read_path(reader, &place)).map(Cost::Length)
        }
        (None, Some(place)) => read_max(reader, &place, false).map(Cost::Fixed),
        (Some(_), Some(place)) => {
            let message = "`increment_from` says what a call costs already; remove one of both";
            reader.report(&place, Problem::new(code::CONFLICT, message));
            None
        }
    }
}

fn read_scope(reader: &mut Reader, place: &Place<'_>) -> Option<Scope> {
    if place.value.is_array() {
        let message = "a list of scopes is known but not built yet; use one scope";
        reader.report(place, Problem::new(code::NOT_BUILT, message));
        return None;
    }
    match reader.word(place, &SCOPES)? {
        "grant" => Some(Scope::Grant),
        "server" => Some(Scope::Server),
        "tool" => Some(Scope::Tool),
        "all" => Some(Scope::All),
        _ => None,
    }
}
