//! Limits in their full form.

use std::sync::Arc;

use json::Decimal;

use super::condition::read_path;
use super::fact::read_name;
use super::reader::{Fields, Place, Problem, Reader};
use super::terms::{self, Does, Terms};
use super::{concurrency, release, scope, window};
use crate::cost::Cost;
use crate::diagnostic::code;
use crate::limit::{LimitSpec, Window};
use crate::number;
use crate::operator::kind_name;
use crate::policy::Limit;
use crate::registry::{ALIGNMENTS, COST_KEYS, LIMIT_KEYS};
use crate::rule::Labels;

/// A counter's name is part of keys and rule ids; nobody needs a longer one.
const MAX_COUNTER_CHARS: usize = 128;

/// Reads `limits`.
pub(super) fn read_all(reader: &mut Reader, fields: &Fields<'_>, policy: &Arc<str>) -> Vec<(Terms, Limit)> {
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
) -> Option<(Terms, Limit)> {
    let fields = reader.object(place, &LIMIT_KEYS)?;
    let terms = terms::read(reader, &fields, Does::Restricts);
    let counter = read_counter(reader, &fields);
    let counted = if fields.get("kind").is_some() {
        concurrency::read(reader, &fields)
    } else {
        read_counted(reader, &fields)
    };
    let scoped = scope::read(reader, &fields);
    let release = fields.get("release").and_then(|place| release::read(reader, &place));
    let on_deny = fields.get("on_deny").and_then(|place| reader.text(&place)).map(Arc::from);
    let (counter, counted, scoped) = (counter?, counted?, scoped?);
    let spec = LimitSpec {
        policy: Arc::clone(policy),
        rule: labels.next(list, &counter),
        counter,
        pointer: place.pointer.clone(),
        window: counted.window,
        max: counted.max,
        scope: scoped.scope,
        unit: counted.unit,
        on_deny,
        timezone: counted.timezone,
        max_keys: scoped.max_keys,
        release,
    };
    let limit = Limit {
        offset: place.offset(),
        spec: Arc::new(spec),
        cost: counted.cost,
        keyed_by: scoped.keyed_by,
        ends_ms: terms.ends_ms(),
    };
    Some((terms, limit))
}

/// What is counted, over which time, and how much of it there may be.
pub(super) struct Counted {
    pub(super) window: Window,
    pub(super) timezone: Option<Arc<str>>,
    pub(super) max: Decimal,
    pub(super) cost: Cost,
    pub(super) unit: Arc<str>,
}

fn read_counted(reader: &mut Reader, fields: &Fields<'_>) -> Option<Counted> {
    let window = read_window(reader, fields);
    let timezone = read_timezone(reader, fields);
    let counts_calls = fields.get("increment_from").is_none() && fields.get("cost").is_none();
    let max = fields
        .required(reader, "max", "say how much a window may hold")
        .and_then(|place| read_max(reader, &place, counts_calls));
    let cost = read_cost(reader, fields);
    if let Some(place) = fields.get("timeout") {
        let message = "`timeout` belongs beside `\"kind\": \"concurrency\"`; remove it";
        reader.report(&place, Problem::new(code::CONFLICT, message));
        return None;
    }
    let unit = cost.as_ref()?.unit();
    Some(Counted { window: window?, timezone: timezone?, max: max?, cost: cost?, unit })
}

/// The zone of a calendar window; `Some(None)` where none is named.
fn read_timezone(reader: &mut Reader, fields: &Fields<'_>) -> Option<Option<Arc<str>>> {
    let Some(place) = fields.get("timezone") else { return Some(None) };
    if fields.get("align").is_none() {
        let message = "`timezone` belongs beside `\"align\": \"calendar\"`; a sliding window has no zone";
        reader.report(&place, Problem::new(code::CONFLICT, message));
        return None;
    }
    read_name(reader, &place).map(|zone| Some(Arc::from(zone.name())))
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
        (None, Some(place)) => read_fixed(reader, &place).map(Cost::Fixed),
        (Some(_), Some(place)) => {
            let message = "`increment_from` says what a call costs already; remove one of both";
            reader.report(&place, Problem::new(code::CONFLICT, message));
            None
        }
    }
}

/// A cost that is the same for every call.
fn read_fixed(reader: &mut Reader, place: &Place<'_>) -> Option<Decimal> {
    let cost = read_max(reader, place, false)?;
    if cost == Decimal::ZERO {
        let message = "calls that cost nothing are never limited; write more than 0, or remove the limit";
        reader.report(place, Problem::new(code::BAD_VALUE, message));
        return None;
    }
    Some(cost)
}
