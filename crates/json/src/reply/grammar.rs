//! The grammar of RFC 8259 as a machine that can stop at every byte. Must never look back at bytes of an earlier
//! piece.

use crate::error::{ScanError, ScanErrorKind};
use crate::literal::{is_number_part, literal, number};
use crate::string::{find_end, skip_plain};

/// What a step went over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Event {
    Nothing,
    /// A token begins with the byte of this step.
    Start(Token),
    /// A token ends before the next byte.
    End(Token),
    Open,
    Close,
}

/// What has no parts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Token {
    Key,
    String,
    Number,
    Literal,
}

/// What may come next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Value,
    ValueOrClose,
    Key,
    KeyOrClose,
    Colon,
    Behind,
    Text(Text),
    Number,
    Literal(&'static [u8]),
}

/// Where in a string it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Text {
    Plain,
    Escape,
    /// Digits of a `\u` escape so far, and their value.
    Hex(u8, u32),
    /// The first half of a pair is complete: the backslash of the second, its `u`, its digits.
    LowEscape,
    LowU,
    LowHex(u8, u32),
}

/// The machine.
#[derive(Debug)]
pub(super) struct Grammar {
    state: State,
    in_key: bool,
    /// For each open container whether it is an object.
    open: Vec<bool>,
    max_depth: usize,
    /// The beginning of a character that the last piece cut.
    cut: Vec<u8>,
    is_done: bool,
}

/// The offset behind what a step went over, and what that was; or what is wrong, with its offset in the piece.
type Step = Result<(usize, Event), ScanError>;

impl Grammar {
    pub(super) fn new(max_depth: u16) -> Self {
        Self {
            state: State::Value,
            in_key: false,
            open: Vec::new(),
            max_depth: usize::from(max_depth),
            cut: Vec::new(),
            is_done: false,
        }
    }

    /// Open containers.
    pub(super) fn depth(&self) -> usize {
        self.open.len()
    }

    /// Whether the innermost container is an object.
    pub(super) fn in_object(&self) -> bool {
        self.open.last() == Some(&true)
    }

    /// Whether the container inside the outermost one is an object.
    pub(super) fn second_is_object(&self) -> bool {
        self.open.get(1) == Some(&true)
    }

    /// Whether the outermost container has closed.
    pub(super) fn is_done(&self) -> bool {
        self.is_done
    }

    /// Goes over one byte, or over more of a token or of white space, but not over both; returns the offset
    /// behind them.
    pub(super) fn step(&mut self, chunk: &[u8], at: usize) -> Step {
        match self.state {
            State::Text(text) => self.text(text, chunk, at),
            State::Number => Ok(self.number(chunk, at)),
            State::Literal(rest) => self.literal(rest, chunk, at),
            State::Value
            | State::ValueOrClose
            | State::Key
            | State::KeyOrClose
            | State::Colon
            | State::Behind => {
                let behind = skip_space(chunk, at);
                match chunk.get(at) {
                    Some(&byte) if behind == at => match self.structure(byte) {
                        Ok(event) => Ok((at + 1, event)),
                        Err(kind) => Err(kind.at(at)),
                    },
                    _ => Ok((behind, Event::Nothing)),
                }
            }
        }
    }

    /// Goes over whole tokens as long as at least `depth` containers stay open, and returns the offset behind
    /// them. It stops at whatever it cannot finish, the next step then says what that is.
    pub(super) fn skim(&mut self, chunk: &[u8], start: usize, depth: usize) -> Result<usize, ScanError> {
        let mut at = start;
        while let Some(next) = self.whole_token(chunk, at, depth) {
            at = next;
        }
        match std::str::from_utf8(chunk.get(start..at).unwrap_or_default()) {
            Ok(_) => Ok(at),
            Err(error) => Err(ScanErrorKind::NotUtf8.at(start + error.valid_up_to())),
        }
    }

    #[inline(always)]
    fn whole_token(&mut self, chunk: &[u8], at: usize, depth: usize) -> Option<usize> {
        let at = skip_space(chunk, at);
        let byte = *chunk.get(at)?;
        let (next, state) = match (self.state, byte) {
            (State::Value | State::ValueOrClose, b'"') => (string_end(chunk, at)?, State::Behind),
            (State::Key | State::KeyOrClose, b'"') => (string_end(chunk, at)?, State::Colon),
            (State::Value | State::ValueOrClose, b'-' | b'0'..=b'9') => {
                let end = number(chunk, at).ok()?;
                // The next piece may go on with what ends this one.
                chunk.get(end).filter(|byte| !is_number_part(**byte))?;
                (end, State::Behind)
            }
            (State::Value | State::ValueOrClose, b't' | b'f' | b'n') => {
                (literal(chunk, at).ok()?, State::Behind)
            }
            (State::Text(_) | State::Number | State::Literal(_), _) => return None,
            (_, b'}' | b']') if self.open.len() <= depth => return None,
            _ => return self.structure(byte).ok().map(|_| at + 1),
        };
        self.state = state;
        Some(next)
    }

    fn structure(&mut self, byte: u8) -> Result<Event, ScanErrorKind> {
        Ok(match (self.state, byte) {
            _ if self.is_done => return Err(ScanErrorKind::TrailingData),
            (State::Value | State::ValueOrClose, b'{' | b'[') => self.open(byte == b'{')?,
            (State::Value | State::ValueOrClose, _) if byte != b']' => self.scalar(byte)?,
            (State::Key | State::KeyOrClose, b'"') => {
                (self.state, self.in_key) = (State::Text(Text::Plain), true);
                Event::Start(Token::Key)
            }
            (State::Colon, b':') => self.go(State::Value),
            (State::Behind, b',') => self.go(if self.in_object() { State::Key } else { State::Value }),
            (State::Behind | State::KeyOrClose, b'}') if self.in_object() => self.close(),
            (State::Behind | State::ValueOrClose, b']') if !self.in_object() => self.close(),
            _ => return Err(ScanErrorKind::UnexpectedByte),
        })
    }

    fn go(&mut self, state: State) -> Event {
        self.state = state;
        Event::Nothing
    }

    fn open(&mut self, is_object: bool) -> Result<Event, ScanErrorKind> {
        if self.open.len() >= self.max_depth {
            return Err(ScanErrorKind::TooDeep);
        }
        self.open.push(is_object);
        self.state = if is_object { State::KeyOrClose } else { State::ValueOrClose };
        Ok(Event::Open)
    }

    fn close(&mut self) -> Event {
        self.open.pop();
        self.state = State::Behind;
        self.is_done = self.open.is_empty();
        Event::Close
    }

    fn scalar(&mut self, byte: u8) -> Result<Event, ScanErrorKind> {
        let (state, token) = match byte {
            b'"' => (State::Text(Text::Plain), Token::String),
            b'-' | b'0'..=b'9' => (State::Number, Token::Number),
            b't' => (State::Literal(b"rue"), Token::Literal),
            b'f' => (State::Literal(b"alse"), Token::Literal),
            b'n' => (State::Literal(b"ull"), Token::Literal),
            _ => return Err(ScanErrorKind::UnexpectedByte),
        };
        (self.state, self.in_key) = (state, false);
        Ok(Event::Start(token))
    }

    /// Goes over the digits of a number; whether they keep to the grammar is seen when it has ended.
    fn number(&mut self, chunk: &[u8], at: usize) -> (usize, Event) {
        let rest = chunk.get(at..).unwrap_or_default();
        match rest.iter().position(|byte| !is_number_part(*byte)) {
            None => (chunk.len(), Event::Nothing),
            Some(n_part) => {
                self.state = State::Behind;
                (at + n_part, Event::End(Token::Number))
            }
        }
    }

    fn literal(&mut self, rest: &'static [u8], chunk: &[u8], at: usize) -> Step {
        let Some((_, rest)) = rest.split_first().filter(|(expected, _)| chunk.get(at) == Some(expected))
        else {
            return Err(ScanErrorKind::UnexpectedByte.at(at));
        };
        if rest.is_empty() {
            self.state = State::Behind;
            return Ok((at + 1, Event::End(Token::Literal)));
        }
        self.state = State::Literal(rest);
        Ok((at + 1, Event::Nothing))
    }

    fn text(&mut self, text: Text, chunk: &[u8], at: usize) -> Step {
        if text == Text::Plain {
            return self.plain(chunk, at);
        }
        let byte = chunk.get(at).copied().unwrap_or(0);
        self.state = State::Text(escape(text, byte).map_err(|kind| kind.at(at))?);
        Ok((at + 1, Event::Nothing))
    }

    /// Goes over plain characters and the quote or backslash behind them.
    fn plain(&mut self, chunk: &[u8], at: usize) -> Step {
        let end = skip_plain(chunk, at);
        self.characters(chunk.get(at..end).unwrap_or_default())
            .map_err(|n_right| ScanErrorKind::NotUtf8.at(at + n_right))?;
        let Some(&special) = chunk.get(end) else { return Ok((end, Event::Nothing)) };
        if !self.cut.is_empty() {
            return Err(ScanErrorKind::NotUtf8.at(end));
        }
        match special {
            b'\\' => Ok((end + 1, self.go(State::Text(Text::Escape)))),
            b'"' => {
                self.state = if self.in_key { State::Colon } else { State::Behind };
                Ok((end + 1, Event::End(if self.in_key { Token::Key } else { Token::String })))
            }
            _ => Err(ScanErrorKind::ControlCharacter.at(end)),
        }
    }

    /// Checks that bytes are UTF-8, with what the last piece cut before them, and keeps what they cut; or says how
    /// many of them are right.
    fn characters(&mut self, bytes: &[u8]) -> Result<(), usize> {
        let mut n_joined = 0;
        while !self.cut.is_empty() {
            let Some(&byte) = bytes.get(n_joined) else { return Ok(()) };
            self.cut.push(byte);
            match std::str::from_utf8(&self.cut) {
                Ok(_) => self.cut.clear(),
                Err(error) if error.error_len().is_none() => {}
                Err(_) => return Err(n_joined),
            }
            n_joined += 1;
        }
        let rest = bytes.get(n_joined..).unwrap_or_default();
        let Err(error) = std::str::from_utf8(rest) else { return Ok(()) };
        if error.error_len().is_some() {
            return Err(n_joined + error.valid_up_to());
        }
        self.cut.extend_from_slice(rest.get(error.valid_up_to()..).unwrap_or_default());
        Ok(())
    }
}

/// Where the string that begins at `at` ends, if it ends in this piece and is right.
#[inline(always)]
fn string_end(chunk: &[u8], at: usize) -> Option<usize> {
    find_end(chunk, at + 1).ok().map(|found| found.quote + 1)
}

#[inline(always)]
fn skip_space(chunk: &[u8], at: usize) -> usize {
    let rest = chunk.get(at..).unwrap_or_default();
    at + rest.iter().take_while(|byte| matches!(byte, b' ' | b'\n' | b'\r' | b'\t')).count()
}

/// One byte of an escape, behind its backslash.
fn escape(text: Text, byte: u8) -> Result<Text, ScanErrorKind> {
    match (text, byte) {
        (Text::Plain, _) | (Text::Escape, b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => {
            Ok(Text::Plain)
        }
        (Text::Escape, b'u') => Ok(Text::Hex(0, 0)),
        (Text::Escape, _) => Err(ScanErrorKind::BadEscape),
        (Text::LowEscape, b'\\') => Ok(Text::LowU),
        (Text::LowU, b'u') => Ok(Text::LowHex(0, 0)),
        (Text::LowEscape | Text::LowU, _) => Err(ScanErrorKind::LoneSurrogate),
        (Text::Hex(n_digits, value), _) => {
            let value = value * 16 + hex(byte)?;
            match (n_digits, value) {
                (0..=2, _) => Ok(Text::Hex(n_digits + 1, value)),
                (_, 0xD800..=0xDBFF) => Ok(Text::LowEscape),
                (_, 0xDC00..=0xDFFF) => Err(ScanErrorKind::LoneSurrogate),
                _ => Ok(Text::Plain),
            }
        }
        (Text::LowHex(n_digits, value), _) => {
            let value = value * 16 + hex(byte)?;
            match (n_digits, value) {
                (0..=2, _) => Ok(Text::LowHex(n_digits + 1, value)),
                (_, 0xDC00..=0xDFFF) => Ok(Text::Plain),
                _ => Err(ScanErrorKind::LoneSurrogate),
            }
        }
    }
}

fn hex(byte: u8) -> Result<u32, ScanErrorKind> {
    char::from(byte).to_digit(16).ok_or(ScanErrorKind::BadEscape)
}
