//! What would have to change for the opposite answer, as people and programs read it.
//! Examples are made from policies; one that repeats a value of the call is shown only with `--show-values`.

use ::policy::{Change, Note, Opposite, Way};
use serde_json::{Value, json};

use crate::output::plain;

/// For people. `is_allowed` is the answer that was given.
pub fn lines(opposite: &Opposite, is_allowed: bool, shows_values: bool) -> Vec<String> {
    let wanted = if is_allowed { "denied" } else { "allowed" };
    let mut lines = Vec::new();
    for (index, way) in opposite.ways.iter().enumerate() {
        let first = if index == 0 { format!("to be {wanted}") } else { "or".to_owned() };
        let by = match way.rule.as_str() {
            "" => String::new(),
            rule => format!("  ({})", plain(rule)),
        };
        for (index, change) in way.changes.iter().enumerate() {
            let start = if index == 0 { first.as_str() } else { "and" };
            let end = if index + 1 == way.changes.len() { by.as_str() } else { "" };
            lines.push(format!("  {start:<15}{}{end}", sentence(change, shows_values)));
        }
    }
    lines.extend(opposite.note.iter().map(|note| match note {
        Note::Never(text) | Note::First(text) => {
            format!("  {:<15}{}", format!("to be {wanted}"), plain(text))
        }
        Note::Undecided(text) => format!("  {:<15}undecided: {}", format!("to be {wanted}"), plain(text)),
    }));
    lines
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
    let change = |change: &Change| {
        let example = change.example.as_deref().filter(|_| shows_values || !change.is_of_call);
        json!({
            "path": *change.path,
            "demand": change.demand,
            "example": example.and_then(|example| serde_json::from_str::<Value>(example).ok()),
        })
    };
    let way = |way: &Way| {
        json!({
            "changes": way.changes.iter().map(change).collect::<Vec<_>>(),
            "rule": way.rule.as_str(),
        })
    };
    json!({
        "ways": opposite.ways.iter().map(way).collect::<Vec<_>>(),
        "note": opposite.note.as_ref().map(|note| json!({ "kind": note.as_str(), "text": note.text() })),
    })
}
