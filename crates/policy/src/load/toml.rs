//! Documents in TOML. Dates and the numbers that JSON has not are refused; a text says them.

use json::Decimal;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::transcript::{Transcribed, Transcript, syntax};
use crate::diagnostic::Found;

/// Reads a text.
pub(super) fn read(text: &str) -> Result<Transcribed, Vec<Found>> {
    let (table, errors) = DeTable::parse_recoverable(text);
    if !errors.is_empty() {
        let place = |error: &toml::de::Error| error.span().map_or(0, |span| span.start);
        let problem = |error: &toml::de::Error| {
            syntax(place(error), format!("the document is not valid TOML: {}", error.message()))
        };
        return Err(errors.iter().map(problem).collect());
    }
    let mut transcript = Transcript::default();
    write_table(&mut transcript, table.span().start, table.get_ref());
    transcript.finish()
}

/// Members in the order of the text.
fn write_table(transcript: &mut Transcript, offset: usize, table: &DeTable<'_>) {
    let mut members: Vec<_> = table.iter().collect();
    members.sort_by_key(|(key, _)| key.span().start);
    transcript.raw(offset, "{");
    for (index, (key, value)) in members.into_iter().enumerate() {
        if index > 0 {
            transcript.sign(b',');
        }
        transcript.text(key.span().start, key.get_ref());
        transcript.sign(b':');
        write_value(transcript, value);
    }
    transcript.sign(b'}');
}

fn write_value(transcript: &mut Transcript, value: &Spanned<DeValue<'_>>) {
    let offset = value.span().start;
    match value.get_ref() {
        DeValue::String(text) => transcript.text(offset, text),
        DeValue::Boolean(truth) => transcript.raw(offset, if *truth { "true" } else { "false" }),
        DeValue::Integer(number) if number.radix() == 10 => write_number(transcript, offset, number.as_str()),
        DeValue::Float(number) => write_number(transcript, offset, number.as_str()),
        DeValue::Integer(number) => {
            let message = format!("`{}` is not written in tens; write it as JSON does", number.as_str());
            refuse(transcript, offset, message);
        }
        DeValue::Datetime(date) => {
            refuse(transcript, offset, format!("a date is a text here; write `\"{date}\"`"))
        }
        DeValue::Table(table) => write_table(transcript, offset, table),
        DeValue::Array(values) => {
            transcript.raw(offset, "[");
            for (index, value) in values.iter().enumerate() {
                if index > 0 {
                    transcript.sign(b',');
                }
                write_value(transcript, value);
            }
            transcript.sign(b']');
        }
    }
}

fn write_number(transcript: &mut Transcript, offset: usize, text: &str) {
    let text = text.strip_prefix('+').unwrap_or(text);
    if Decimal::parse(text) == Err(json::NumberError::Invalid) {
        refuse(transcript, offset, format!("`{text}` is no number of JSON"));
    } else {
        transcript.raw(offset, text);
    }
}

fn refuse(transcript: &mut Transcript, offset: usize, message: String) {
    transcript.problem(offset, message);
    transcript.raw(offset, "null");
}
