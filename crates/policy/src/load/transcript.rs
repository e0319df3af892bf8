//! A document of another format, written as JSON: one loader reads all formats.
//! Every value keeps the place that it has in its own text, so that diagnostics point there.

use json::write_string;

use crate::diagnostic::{Found, Severity, code};

/// JSON, and where its values stand in the text that was read.
pub(super) type Transcribed = (Vec<u8>, Vec<(usize, usize)>);

/// The JSON text, and where its values and keys stand in the text that was read.
#[derive(Debug, Default)]
pub(super) struct Transcript {
    json: Vec<u8>,
    /// Places in the JSON text with their places in the other, both ascending in the first.
    places: Vec<(usize, usize)>,
    problems: Vec<Found>,
}

impl Transcript {
    /// The text and the places, or what is wrong.
    pub(super) fn finish(self) -> Result<Transcribed, Vec<Found>> {
        if self.problems.is_empty() { Ok((self.json, self.places)) } else { Err(self.problems) }
    }

    /// Something that the other format has and JSON has not.
    pub(super) fn problem(&mut self, offset: usize, message: impl Into<String>) {
        self.problems.push(syntax(offset, message.into()));
    }

    /// A value or key of which the JSON text is known.
    pub(super) fn raw(&mut self, offset: usize, json: &str) {
        self.places.push((self.json.len(), offset));
        self.json.extend_from_slice(json.as_bytes());
    }

    /// A text.
    pub(super) fn text(&mut self, offset: usize, text: &str) {
        self.places.push((self.json.len(), offset));
        write_string(&mut self.json, text);
    }

    /// A sign between values.
    pub(super) fn sign(&mut self, sign: u8) {
        self.json.push(sign);
    }
}

/// A problem of a text that is not in its format.
pub(super) fn syntax(offset: usize, message: String) -> Found {
    let (severity, code) = (Severity::Error, code::SYNTAX);
    Found { offset, severity, pointer: String::new(), message, suggestion: None, code }
}

/// Where a place of the JSON text is in the text that was read.
pub(super) fn source_offset(places: &[(usize, usize)], offset: usize) -> usize {
    let n_before = places.partition_point(|(json, _)| *json <= offset);
    n_before.checked_sub(1).and_then(|index| places.get(index)).map_or(0, |(_, source)| *source)
}
