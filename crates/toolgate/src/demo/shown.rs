//! What the demonstration shows of an answer and of an audit record, in lines that fit a terminal of 100 columns.
//! The whole of both is in `--json` and in the audit log.

use serde_json::Value;

/// What is left of a line beside the step, its effect and the tool.
const MAX_CHARS: usize = 63;
/// Longer texts show their beginning and end.
const MAX_TEXT_CHARS: usize = 12;

/// The beginning of an answer: names and values where it is a JSON object, else its first line.
#[must_use]
pub fn brief(answer: &str) -> String {
    let text = match serde_json::from_str(answer) {
        Ok(Value::Object(members)) => {
            let pairs = members.iter().map(|(name, value)| format!("{name} {}", value_text(value)));
            pairs.collect::<Vec<_>>().join(", ")
        }
        _ => answer.lines().next().unwrap_or_default().to_owned(),
    };
    if text.chars().count() <= MAX_CHARS {
        return text;
    }
    text.chars().take(MAX_CHARS - 1).chain(['…']).collect()
}

fn value_text(value: &Value) -> String {
    match value {
        Value::String(text) => shortened(text),
        Value::Array(entries) => format!("({} of them)", entries.len()),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_) => value.to_string(),
    }
}

fn shortened(text: &str) -> String {
    let n_chars = text.chars().count();
    if n_chars <= MAX_TEXT_CHARS {
        return text.to_owned();
    }
    text.chars().take(4).chain(['…']).chain(text.chars().skip(n_chars - 4)).collect()
}

/// A record's place in the log, what it is about, and its rule on a line of its own.
#[must_use]
pub fn audit_lines(record: &str) -> Vec<String> {
    let record: Value = serde_json::from_str(record).unwrap_or_default();
    let text = |key: &str| record.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
    let seq = record.get("seq").and_then(Value::as_u64).unwrap_or_default();
    let hash: String = text("hash").chars().take(12).collect();
    let (time, kind, grant, tool) = (text("time"), text("kind"), text("grant"), text("tool"));
    let first = format!("seq {seq:<3} {time}  {kind}  {grant}  {tool:<22}  hash {hash}…");
    let rule = text("rule");
    let second = (!rule.is_empty()).then(|| format!("        rule {rule}"));
    std::iter::once(first).chain(second).collect()
}

#[cfg(test)]
mod tests {
    use super::{audit_lines, brief};

    #[test]
    fn answers_fit_beside_their_step() {
        for (answer, expected) in [
            ("plain\nmore", "plain"),
            (r#"{"id":"0123456789abcdef","state":"SUBMITTED","n":3}"#, "id 0123…cdef, n 3, state SUBMITTED"),
            (r#"{"found":[1,2]}"#, "found (2 of them)"),
            ("", ""),
        ] {
            assert_eq!(brief(answer), expected, "{answer}");
        }
        let long = brief(&"x".repeat(80));
        assert_eq!((long.chars().count(), long.chars().last()), (63, Some('…')));
    }

    #[test]
    fn records_show_their_place_and_rule() {
        let record = r#"{"seq":7,"time":"T","kind":"denied","grant":"g","tool":"t","rule":"/r","hash":"0123456789abcdef"}"#;
        let lines = audit_lines(record);
        assert!(lines[0].starts_with("seq 7   T  denied  g  t ") && lines[0].ends_with("hash 0123456789ab…"));
        assert_eq!(lines[1], "        rule /r");
    }
}
