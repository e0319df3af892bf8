//! What would have to change for the opposite answer, as people and programs read it.
//! Examples are made from policies; one that repeats a value of the call is shown only with `--show-values`.

use ::policy::{Change, Note, Opposite, Way};
use serde_json::{Value, json};

use crate::output::plain;

/// For people. `is_allowed` is the answer that was given.
pub fn lines(opposite: &Opposite, is_allowed: bool, shows_values: bool) -> Vec<String> {
    let wanted = wanted(is_allowed);
    let mut lines = ways(&opposite.ways, is_allowed, shows_values);
    lines.extend(opposite.note.iter().map(|note| match note {
        Note::Never(text) | Note::First(text) => format!("  {wanted:<15}{}", plain(text)),
        Note::Undecided(text) => format!("  {wanted:<15}undecided: {}", plain(text)),
    }));
    lines
}

/// Some ways for people, each of which is enough.
pub fn ways<'a>(
    ways: impl IntoIterator<Item = &'a Way>,
    is_allowed: bool,
    shows_values: bool,
) -> Vec<String> {
    let mut lines = Vec::new();
    for (index, way) in ways.into_iter().enumerate() {
        let first = if index == 0 { wanted(is_allowed) } else { "or" };
        let by = match way.rule.as_str() {
            "" => String::new(),
            rule => format!("  ({})", plain(rule)),
        };
        for (index, change) in way.changes.iter().enumerate() {
            let start = if index == 0 { first } else { "and" };
            let end = if index + 1 == way.changes.len() { by.as_str() } else { "" };
            lines.push(format!("  {start:<15}{}{end}", sentence(change, shows_values)));
        }
    }
    lines
}

const fn wanted(is_allowed: bool) -> &'static str {
    if is_allowed { "to be denied" } else { "to be allowed" }
}

/// `args.amount` must be at most 100, for example 100.
fn sentence(change: &Change, shows_values: bool) -> String {
    let example = match &change.example {
        Some(example) if shows_values || !change.is_of_call => format!(", for example {example}"),
        Some(_) | None => String::new(),
    };
    plain(&format!("`{}` must {}{example}", change.path, change.demand))
}

/// For programs.
pub fn to_json(opposite: &Opposite, shows_values: bool) -> Value {
    json!({
        "ways": opposite.ways.iter().map(|way| way_json(way, shows_values)).collect::<Vec<_>>(),
        "note": opposite.note.as_ref().map(|note| json!({ "kind": note.as_str(), "text": note.text() })),
    })
}

/// One way for programs.
pub fn way_json(way: &Way, shows_values: bool) -> Value {
    let change = |change: &Change| {
        let example = change.example.as_deref().filter(|_| shows_values || !change.is_of_call);
        json!({
            "path": *change.path,
            "demand": change.demand,
            "example": example.and_then(|example| serde_json::from_str::<Value>(example).ok()),
        })
    };
    json!({
        "changes": way.changes.iter().map(change).collect::<Vec<_>>(),
        "rule": way.rule.as_str(),
    })
}
