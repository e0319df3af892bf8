//! Counters of the older file: `rate_limit`, and `state` with the condition that reads it. Its windows are those of the
//! calendar, in UTC, and every tool has counters of its own.

use std::collections::HashSet;

use super::rule::{Rule, Stated, Tool};
use super::written::{object, quoted};
use super::{Translation, keys};
use crate::diagnostic::code;
use crate::load::reader::{Place, Problem};

/// The counters of one tool that were seen.
#[derive(Default)]
pub(super) struct Counters {
    seen: HashSet<String>,
}

/// What a limit counts and how much of it.
pub(super) struct Counted<'a> {
    pub(super) counter: &'a str,
    pub(super) window: &'static str,
    pub(super) max: u64,
    pub(super) what: Amount<'a>,
}

/// What a call adds.
pub(super) enum Amount<'a> {
    Calls,
    Fixed(u64),
    Argument(&'a str),
}

/// Reads `rate_limit: 5/hour`.
pub(super) fn read_rate_limit(
    translation: &mut Translation<'_>,
    tool: &mut Tool<'_>,
    rule: &Rule<'_, '_>,
    place: &Place<'_>,
) -> Option<()> {
    let text = translation.reader.text(place)?;
    let parts = text.split_once('/').and_then(|(count, window)| Some((count.parse::<u64>().ok()?, window)));
    let Some((max, window)) = parts.filter(|(max, _)| *max > 0) else {
        let message = format!("`{text}` is no rate; write a whole number, `/` and `minute`, `hour` or `day`");
        translation.reader.report(place, Problem::new(code::BAD_VALUE, message));
        return None;
    };
    let Some(window) = keys::WINDOWS.find(window).map(|entry| entry.name) else {
        let message = format!("unknown window `{window}`; use {}", keys::WINDOWS.built_names());
        let meant = keys::WINDOWS.nearest(window).map(|window| format!("{max}/{window}"));
        translation.reader.report(place, Problem::new(code::UNKNOWN_VALUE, message).meant(meant));
        return None;
    };
    let counter = format!("_rate_{window}");
    let counted = Counted { counter: &counter, window, max, what: Amount::Calls };
    add(translation, tool, Some(rule), place, &counted);
    Some(())
}

/// Reads `state`, with the conditions that read counters.
pub(super) fn read_state(
    translation: &mut Translation<'_>,
    tool: &mut Tool<'_>,
    rule: &Rule<'_, '_>,
    state: Option<&Place<'_>>,
    conditions: &[Stated<'_>],
) -> Option<()> {
    let own = match state {
        Some(place) => Some((place, read_counter(translation, place)?)),
        None => None,
    };
    let scope = if tool.name == "*" { "_global" } else { tool.name };
    let path = own.as_ref().map(|(_, state)| format!("state.{scope}.{}", state.counter));
    let mut read = conditions.iter();
    let condition = read.next();
    for other in conditions.iter().filter(|other| Some(other.path_text()) != path.as_deref()) {
        let message = "a condition can only read the counter of its own rule here; write the bound as a limit of \
                       the rule that counts";
        translation.reader.report(&other.path, Problem::new(code::BAD_VALUE, message));
    }
    if let Some(second) = read.next() {
        let message = "a counter has one bound here; make one condition of both";
        translation.reader.report(&second.path, Problem::new(code::CONFLICT, message));
    }
    let (place, state) = own?;
    let Some(condition) = condition else {
        let message =
            "this counter bounds nothing, because no condition of its rule reads it; remove `state`";
        translation.reader.report(place, Problem::new(code::BAD_VALUE, message));
        return None;
    };
    let max = bound(translation, condition)?;
    let what = match (&state.increment_from, state.increment) {
        (Some(path), _) => Amount::Argument(path),
        (None, 1) => Amount::Calls,
        (None, more) => Amount::Fixed(more),
    };
    let counted = Counted { counter: &state.counter, window: state.window, max, what };
    add(translation, tool, Some(rule), place, &counted);
    Some(())
}

struct State {
    counter: String,
    window: &'static str,
    increment: u64,
    increment_from: Option<String>,
}

fn read_counter(translation: &mut Translation<'_>, place: &Place<'_>) -> Option<State> {
    let reader = &mut translation.reader;
    let fields = reader.object(place, &keys::STATE)?;
    let counter = fields.required(reader, "counter", "give what is counted a name");
    let counter = counter.and_then(|place| reader.name(&place))?.into_owned();
    let window = fields.required(reader, "window", "write `minute`, `hour` or `day`");
    let window = window.and_then(|place| reader.word(&place, &keys::WINDOWS))?;
    let increment_from = match fields.get("increment_from") {
        Some(place) => Some(reader.text(&place)?.into_owned()),
        None => None,
    };
    let increment = match fields.get("increment") {
        None => 1,
        Some(place) => {
            let number = place.value.as_number().and_then(|number| number.as_u64());
            let Some(number) = number else {
                let message = "what a call adds must be a whole number that is not negative";
                reader.report(&place, Problem::new(code::BAD_VALUE, message));
                return None;
            };
            if increment_from.is_some() {
                translation.note(
                    place.offset(),
                    "`increment_from` says what a call adds, so `increment` does nothing",
                );
            }
            // The older proxy took 0 for nothing said.
            number.max(1)
        }
    };
    Some(State { counter, window, increment, increment_from })
}

/// The most that a window may hold, from the condition that compares the counter before the call.
fn bound(translation: &mut Translation<'_>, condition: &Stated<'_>) -> Option<u64> {
    let number = condition.value.value.as_number().and_then(|number| number.as_u64());
    let max = match (condition.operator, number) {
        ("lte", Some(number)) => Some(number),
        ("lt", Some(number)) => number.checked_sub(1),
        ("lt" | "lte", None) => None,
        _ => {
            let message = format!("`{}` is no bound of a counter; write `lt` or `lte`", condition.operator);
            translation.reader.report(&condition.path, Problem::new(code::BAD_VALUE, message));
            return None;
        }
    };
    if max.is_none() {
        let message = "the bound of a counter must be a whole number, and leave room for something";
        translation.reader.report(&condition.value, Problem::new(code::BAD_VALUE, message));
    }
    max
}

/// Writes a limit and says it.
pub(super) fn add(
    translation: &mut Translation<'_>,
    tool: &mut Tool<'_>,
    rule: Option<&Rule<'_, '_>>,
    place: &Place<'_>,
    counted: &Counted<'_>,
) {
    let Counted { counter, window, max, what } = counted;
    let own = if tool.name == "*" { "_global" } else { tool.name };
    let counter = format!("{own}.{counter}");
    if !tool.counters.seen.insert(counter.clone()) {
        let message = format!(
            "another rule of {} has the counter `{counter}` already; make one rule of both",
            tool.shown()
        );
        translation.reader.report(place, Problem::new(code::CONFLICT, message));
        return;
    }
    let scope = translation.options.scope.as_str();
    let mut members = vec![
        ("counter", quoted(&counter)),
        ("window", quoted(window)),
        ("align", quoted("calendar")),
        ("max", max.to_string()),
        ("scope", quoted(scope)),
    ];
    let unit = match what {
        Amount::Calls => "calls".to_owned(),
        Amount::Fixed(amount) => {
            members.push(("cost", amount.to_string()));
            format!("units, {amount} for each call,")
        }
        Amount::Argument(path) => {
            members.push(("increment_from", quoted(path)));
            format!("as the sum of `{path}`")
        }
    };
    members.extend(rule.and_then(|rule| rule.on_deny.as_deref()).map(|said| ("on_deny", quoted(said))));
    let pointer = format!("{}/limits/{}", tool.pointer(), tool.rules.limits.len());
    translation.places.push((pointer, place.offset()));
    tool.rules.limits.push(object(members.into_iter()));
    let title = rule.map_or_else(|| "`spend_limit`".to_owned(), |rule| rule.title.clone());
    let message = format!(
        "{title}: at most {max} {unit} of {} per {window} of the calendar, in UTC, counted per {scope}",
        tool.shown()
    );
    translation.note(place.offset(), message);
    translation.stricter(place.offset(), "a call that fails at the server keeps what it counted");
    if matches!(what, Amount::Argument(_)) {
        translation.stricter(place.offset(), "an amount that is negative or no number denies the call");
    }
}
