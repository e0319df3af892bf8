//! Documents in YAML, of which only what JSON has too is read.
//! A plain word that readers of YAML take for different things (`yes`, `0x10`, `1_000`) has to be quoted; anchors, tags
//! and merged keys are refused, because they say more than one sees.

use saphyr_parser::{Event, Parser, ScalarStyle};

use super::transcript::{Transcribed, Transcript, syntax};
use crate::diagnostic::Found;

/// Nesting beyond which a text is refused; documents need far less.
const MAX_DEPTH: usize = 100;

/// What is open around the next value.
enum Open {
    Sequence { is_first: bool },
    Mapping { is_first: bool, wants_key: bool },
}

/// Reads a text.
pub(super) fn read(text: &str) -> Result<Transcribed, Vec<Found>> {
    let starts: Vec<usize> = text.char_indices().map(|(offset, _)| offset).collect();
    let offset_of = |index: usize| starts.get(index).copied().unwrap_or(text.len());
    let mut writer = Writer { transcript: Transcript::default(), open: Vec::new(), n_documents: 0 };
    for event in Parser::new_from_str(text) {
        match event {
            Ok((event, span)) => writer.take(event, offset_of(span.start.index())),
            Err(error) => {
                let message = format!("the document is not valid YAML: {}", error.info());
                return Err(vec![syntax(offset_of(error.marker().index()), message)]);
            }
        }
        if writer.open.len() > MAX_DEPTH {
            return Err(vec![syntax(0, format!("the document is nested more than {MAX_DEPTH} deep"))]);
        }
    }
    if writer.n_documents == 0 {
        writer.transcript.problem(0, "the text is empty");
    }
    writer.transcript.finish()
}

struct Writer {
    transcript: Transcript,
    open: Vec<Open>,
    n_documents: usize,
}

impl Writer {
    fn take(&mut self, event: Event<'_>, offset: usize) {
        match event {
            Event::DocumentStart(_) => {
                self.n_documents += 1;
                if self.n_documents == 2 {
                    self.transcript.problem(offset, "the text holds several documents; write one per file");
                }
            }
            Event::Alias(_) => {
                self.transcript.problem(offset, "an alias is not read; write out what it stands for");
                self.value(offset, |transcript| transcript.raw(offset, "null"));
            }
            Event::Scalar(text, style, anchor, tag) => {
                self.refuse_extras(offset, anchor, tag.is_some());
                self.scalar(offset, &text, style);
            }
            Event::SequenceStart(anchor, tag) => {
                self.refuse_extras(offset, anchor, tag.is_some());
                self.value(offset, |transcript| transcript.raw(offset, "["));
                self.open.push(Open::Sequence { is_first: true });
            }
            Event::MappingStart(anchor, tag) => {
                self.refuse_extras(offset, anchor, tag.is_some());
                self.value(offset, |transcript| transcript.raw(offset, "{"));
                self.open.push(Open::Mapping { is_first: true, wants_key: true });
            }
            Event::SequenceEnd => self.close(b']'),
            Event::MappingEnd => self.close(b'}'),
            Event::Nothing | Event::StreamStart | Event::StreamEnd | Event::DocumentEnd => {}
        }
    }

    fn refuse_extras(&mut self, offset: usize, anchor: usize, is_tagged: bool) {
        if anchor != 0 {
            self.transcript.problem(offset, "an anchor is not read; write the value out where it is needed");
        }
        if is_tagged {
            self.transcript.problem(offset, "a tag is not read; remove it");
        }
    }

    fn close(&mut self, sign: u8) {
        self.open.pop();
        self.transcript.sign(sign);
    }

    /// Writes what stands before a value, and the value. A container as a key is refused.
    fn value(&mut self, offset: usize, write: impl FnOnce(&mut Transcript)) {
        if let Some(Open::Mapping { wants_key: true, .. }) = self.open.last() {
            self.transcript.problem(offset, "a key must be a plain or quoted text");
        }
        self.before();
        write(&mut self.transcript);
    }

    fn before(&mut self) {
        let sign = match self.open.last_mut() {
            Some(Open::Sequence { is_first }) => (!std::mem::take(is_first)).then_some(b','),
            Some(Open::Mapping { is_first, wants_key }) => {
                let is_key = std::mem::replace(wants_key, !*wants_key);
                if is_key { (!std::mem::take(is_first)).then_some(b',') } else { Some(b':') }
            }
            None => None,
        };
        if let Some(sign) = sign {
            self.transcript.sign(sign);
        }
    }

    fn scalar(&mut self, offset: usize, text: &str, style: ScalarStyle) {
        let is_key = matches!(self.open.last(), Some(Open::Mapping { wants_key: true, .. }));
        let is_plain = style == ScalarStyle::Plain;
        self.before();
        if is_key && is_plain && text == "<<" {
            self.transcript.problem(offset, "merged keys are not read; write them out");
        }
        if is_key || !is_plain {
            self.transcript.text(offset, text);
            return;
        }
        match text {
            "null" | "true" | "false" => self.transcript.raw(offset, text),
            "~" | "" => self.transcript.raw(offset, "null"),
            _ if json::Decimal::parse(text) != Err(json::NumberError::Invalid) => {
                self.transcript.raw(offset, text)
            }
            _ if is_unclear(text) => {
                let message =
                    format!("`{text}` is read in different ways; quote it, or write it as JSON does");
                self.transcript.problem(offset, message);
                self.transcript.raw(offset, "null");
            }
            _ => self.transcript.text(offset, text),
        }
    }
}

/// Whether some reader of YAML takes a plain word for something else than a text.
fn is_unclear(text: &str) -> bool {
    let words =
        ["yes", "no", "on", "off", "y", "n", "true", "false", "null", ".inf", "-.inf", "+.inf", ".nan"];
    let folded = text.to_ascii_lowercase();
    let unsigned = text.trim_start_matches(['+', '-', '.']);
    words.contains(&&*folded)
        || unsigned.starts_with(|letter: char| letter.is_ascii_digit())
            && unsigned.chars().all(|letter| letter.is_ascii_hexdigit() || "_.:+-xXoOeE".contains(letter))
}
