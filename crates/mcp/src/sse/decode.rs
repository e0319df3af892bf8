//! The incremental decoder: takes bytes as they come, cut anywhere, and gives back the data of each event piece by
//! piece, so that a large reply can pass without being held.
//! It must never hold event data itself, only the short fields beside it.

use std::mem;

/// The largest value of `event`, `id` or `retry` that is kept; longer ones make the field unusable, not the stream.
const MAX_FIELD_BYTES: usize = 1024;
/// The longest field name that has a meaning: `event` and `retry`.
const MAX_NAME_BYTES: usize = 5;
const BYTE_ORDER_MARK: [u8; 3] = [0xef, 0xbb, 0xbf];

/// What the decoder found.
#[derive(Debug, PartialEq, Eq)]
pub enum Piece<'c> {
    /// The next bytes of the current event's data. Lines of data come with the newline between them.
    Data(&'c [u8]),
    /// The current event is complete.
    End(Ending),
}

/// What an event had beside its data.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ending {
    /// Whether there was a data field, even an empty one. Without one a client dispatches no event.
    pub has_data: bool,
    /// The type; absent means `message`.
    pub event: Option<String>,
    /// The id that a client would resume after.
    pub id: Option<String>,
    /// How long a client should wait before it reconnects, in milliseconds.
    pub retry_ms: Option<u64>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Field {
    Data,
    Event,
    Id,
    Retry,
    Unknown,
}

#[derive(Debug)]
enum State {
    // At the start of the stream; how many bytes of a byte order mark have come.
    Mark(usize),
    LineStart,
    Name { bytes: [u8; MAX_NAME_BYTES], len: usize },
    // Behind the colon, where one space is skipped.
    Gap(Field),
    Value(Field),
}

/// The decoder. Feed it with `next`.
#[derive(Debug)]
pub struct Decoder {
    state: State,
    // The last line ended in CR: an LF right behind it belongs to that line end.
    after_cr: bool,
    field: Vec<u8>,
    ending: Ending,
    has_fields: bool,
}

impl Default for Decoder {
    fn default() -> Decoder {
        Decoder::new()
    }
}

impl Decoder {
    /// A decoder at the start of a stream.
    pub fn new() -> Decoder {
        Decoder {
            state: State::Mark(0),
            after_cr: false,
            field: Vec::new(),
            ending: Ending::default(),
            has_fields: false,
        }
    }

    /// Takes bytes from the front of `input` until there is a piece; `None` when the input is used up.
    pub fn next<'c>(&mut self, input: &mut &'c [u8]) -> Option<Piece<'c>> {
        while let Some((&byte, rest)) = input.split_first() {
            if mem::take(&mut self.after_cr) && byte == b'\n' {
                *input = rest;
                continue;
            }
            if let State::Value(Field::Data) = self.state
                && let Some(piece) = self.take_data(input)
            {
                return Some(piece);
            }
            if let Some(piece) = self.step(input) {
                return Some(piece);
            }
        }
        None
    }

    // The bytes of a data line up to its end, without copying.
    fn take_data<'c>(&mut self, input: &mut &'c [u8]) -> Option<Piece<'c>> {
        let len = memchr::memchr2(b'\n', b'\r', input).unwrap_or(input.len());
        let (data, rest) = input.split_at(len);
        *input = rest;
        (!data.is_empty()).then_some(Piece::Data(data))
    }

    fn step<'c>(&mut self, input: &mut &'c [u8]) -> Option<Piece<'c>> {
        let (&byte, rest) = input.split_first()?;
        match mem::replace(&mut self.state, State::LineStart) {
            State::Mark(seen) if BYTE_ORDER_MARK.get(seen) == Some(&byte) => {
                *input = rest;
                self.state =
                    if seen + 1 < BYTE_ORDER_MARK.len() { State::Mark(seen + 1) } else { State::LineStart };
                None
            }
            // A broken mark is an unknown field name; without one the line starts here.
            State::Mark(0) => None,
            State::Mark(_) => {
                self.state = State::Value(Field::Unknown);
                None
            }
            State::LineStart if is_line_end(byte) => {
                *input = rest;
                self.after_cr = byte == b'\r';
                self.dispatch()
            }
            State::LineStart => {
                self.state = State::Name { bytes: [0; MAX_NAME_BYTES], len: 0 };
                None
            }
            State::Name { bytes, len } => self.step_name(byte, rest, input, bytes, len),
            State::Gap(field) => {
                if byte == b' ' {
                    *input = rest;
                }
                self.state = State::Value(field);
                None
            }
            State::Value(field) => {
                *input = rest;
                self.step_value(byte, field);
                None
            }
        }
    }

    fn step_name<'c>(
        &mut self,
        byte: u8,
        rest: &'c [u8],
        input: &mut &'c [u8],
        mut bytes: [u8; MAX_NAME_BYTES],
        len: usize,
    ) -> Option<Piece<'c>> {
        if byte == b':' || is_line_end(byte) {
            let field = bytes.get(..len).map_or(Field::Unknown, field_named);
            // A line end is left for the value to see: a name without a colon is a field with an empty value.
            self.state = State::Value(field);
            if byte == b':' {
                *input = rest;
                self.state = State::Gap(field);
            }
            return self.begin(field);
        }
        *input = rest;
        self.state = match bytes.get_mut(len) {
            Some(place) => {
                *place = byte;
                State::Name { bytes, len: len + 1 }
            }
            None => State::Value(Field::Unknown),
        };
        None
    }

    // A further data line is a newline and then its bytes.
    fn begin<'c>(&mut self, field: Field) -> Option<Piece<'c>> {
        self.field.clear();
        self.has_fields |= field != Field::Unknown;
        let is_further_line = field == Field::Data && mem::replace(&mut self.ending.has_data, true);
        is_further_line.then_some(Piece::Data(b"\n"))
    }

    fn step_value(&mut self, byte: u8, field: Field) {
        if !is_line_end(byte) {
            if field != Field::Unknown && self.field.len() <= MAX_FIELD_BYTES {
                self.field.push(byte);
            }
            self.state = State::Value(field);
            return;
        }
        self.after_cr = byte == b'\r';
        let value = mem::take(&mut self.field);
        let text = String::from_utf8(value).ok().filter(|text| text.len() <= MAX_FIELD_BYTES);
        match (field, text) {
            (Field::Event, text) => self.ending.event = text.filter(|text| !text.is_empty()),
            (Field::Id, Some(text)) if !text.contains('\0') => self.ending.id = Some(text),
            (Field::Retry, Some(text)) if text.bytes().all(|byte| byte.is_ascii_digit()) => {
                self.ending.retry_ms = text.parse().ok().or(self.ending.retry_ms);
            }
            (Field::Id | Field::Retry | Field::Data | Field::Unknown, _) => {}
        }
    }

    fn dispatch<'c>(&mut self) -> Option<Piece<'c>> {
        let ending = mem::take(&mut self.ending);
        mem::take(&mut self.has_fields).then_some(Piece::End(ending))
    }
}

fn is_line_end(byte: u8) -> bool {
    byte == b'\n' || byte == b'\r'
}

fn field_named(name: &[u8]) -> Field {
    match name {
        b"data" => Field::Data,
        b"event" => Field::Event,
        b"id" => Field::Id,
        b"retry" => Field::Retry,
        // A comment has the empty name.
        _ => Field::Unknown,
    }
}
