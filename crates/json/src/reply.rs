//! Checks a reply while it streams through, and puts the client's id in it. Must never hold more than a few
//! kilobytes of it, whatever its size; so it does not find duplicate keys below the result.

mod envelope;
mod grammar;

use std::fmt;

use crate::error::ScanErrorKind;
use crate::limits::Limits;
use crate::literal::{MAX_NUMBER_BYTES, number};
use envelope::{Envelope, Interest};
use grammar::{Event, Grammar, Token};

/// What is known of a reply when it has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReplyFacts {
    /// It holds `error`, not `result`.
    pub is_error: bool,
    /// `result.isError` is true.
    pub tool_error: bool,
    /// `result.resultType` is `input_required`.
    pub result_type_input_required: bool,
    /// Bytes received.
    pub bytes: u64,
}

/// Why and where a reply was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReplyError {
    /// What was wrong.
    pub kind: ReplyErrorKind,
    /// The byte at which it was noticed.
    pub offset: u64,
}

/// What a reply is refused for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ReplyErrorKind {
    /// It is not strict JSON.
    Json(ScanErrorKind),
    /// It is not an object.
    NotAnObject,
    /// It has a member that no reply has.
    UnknownMember,
    /// It has a member twice.
    DuplicateMember,
    /// `jsonrpc` is missing or not "2.0".
    WrongVersion,
    /// `id` is missing or not the one that was sent.
    WrongId,
    /// It has both of `result` and `error`, or neither.
    NotOneOutcome,
    /// `result._meta` has a member in the gateway's own name.
    PrivateMember,
}

impl From<ScanErrorKind> for ReplyErrorKind {
    fn from(kind: ScanErrorKind) -> Self {
        Self::Json(kind)
    }
}

impl fmt::Display for ReplyErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Json(kind) => return kind.fmt(f),
            Self::NotAnObject => "reply that is not an object",
            Self::UnknownMember => "member that no reply has",
            Self::DuplicateMember => "duplicate member",
            Self::WrongVersion => "`jsonrpc` missing or not \"2.0\"",
            Self::WrongId => "`id` missing or not the one that was sent",
            Self::NotOneOutcome => "not exactly one of `result` and `error`",
            Self::PrivateMember => "member in the gateway's own name",
        })
    }
}

impl fmt::Display for ReplyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at byte {}", self.kind, self.offset)
    }
}

impl std::error::Error for ReplyError {}

/// Checks one reply piece by piece: strict JSON, one object with `jsonrpc` "2.0", the expected `id`, and exactly
/// one of `result` and `error`.
#[derive(Debug)]
pub struct ReplyScanner {
    grammar: Grammar,
    envelope: Envelope,
    client_id: String,
    /// Bytes of the present token, where it is one that matters.
    held: Vec<u8>,
    is_held: bool,
    in_number: bool,
    /// Whether the present token is the id, which does not go out as it came.
    is_hidden: bool,
    /// Bytes received before the present piece.
    offset: u64,
    /// Why the reply was refused, if it was.
    refused: Option<ReplyError>,
}

/// Longest token that can matter; the longest key that does, written in `\u` escapes, has 60 bytes.
const MAX_HELD_BYTES: usize = MAX_NUMBER_BYTES;

impl ReplyScanner {
    /// A scanner for the reply to the request whose id was sent as the JSON text `expected_id`; the client gets
    /// `client_id` (JSON text) in its place. Of the limits only the depth applies: a reply is not held.
    #[must_use]
    pub fn new(expected_id: &str, client_id: &str, limits: &Limits) -> Self {
        Self {
            grammar: Grammar::new(limits.max_depth),
            envelope: Envelope::new(expected_id),
            client_id: client_id.to_owned(),
            held: Vec::new(),
            is_held: false,
            in_number: false,
            is_hidden: false,
            offset: 0,
            refused: None,
        }
    }

    /// Takes the next piece and appends what the client gets.
    ///
    /// # Errors
    /// Where the reply is refused, then and ever after. What was appended before stays; the reply must not be
    /// completed.
    pub fn push(&mut self, chunk: &[u8], out: &mut Vec<u8>) -> Result<(), ReplyError> {
        if let Some(error) = self.refused {
            return Err(error);
        }
        let result = self.scan(chunk, out);
        self.refused = result.err();
        self.offset += chunk.len() as u64;
        result
    }

    /// Ends the reply.
    ///
    /// # Errors
    /// Where it was refused, or is incomplete.
    pub fn finish(self) -> Result<ReplyFacts, ReplyError> {
        if let Some(error) = self.refused {
            return Err(error);
        }
        if !self.grammar.is_done() {
            return Err(self.error(ScanErrorKind::UnexpectedEnd.into(), 0));
        }
        self.envelope.facts(self.offset).map_err(|kind| self.error(kind, 0))
    }

    /// Whether the result asks the client for input (`resultType`, `inputRequests`), as far as it was pushed: known
    /// before the chunk that says so is passed on.
    #[must_use]
    pub fn asks_for_input(&self) -> bool {
        self.envelope.asks_for_input()
    }

    /// Whether the result is a new task (`resultType`), as far as it was pushed: known as early.
    #[must_use]
    pub fn makes_task(&self) -> bool {
        self.envelope.makes_task()
    }

    fn scan(&mut self, chunk: &[u8], out: &mut Vec<u8>) -> Result<(), ReplyError> {
        let (mut at, mut copied, mut held_from) = (0, 0, 0);
        while at < chunk.len() {
            at = self.skim(chunk, at)?;
            let step = self.grammar.step(chunk, at);
            let (next, event) = step.map_err(|error| self.error(error.kind.into(), error.offset))?;
            match event {
                Event::Nothing => {}
                Event::Start(token) => {
                    held_from = at;
                    if self.start(token, at)? == Interest::Replace {
                        out.extend_from_slice(chunk.get(copied..at).unwrap_or_default());
                        out.extend_from_slice(self.client_id.as_bytes());
                        self.is_hidden = true;
                    }
                }
                Event::End(token) => {
                    self.hold(chunk.get(held_from..next).unwrap_or_default(), next)?;
                    self.end(token, next)?;
                    if std::mem::take(&mut self.is_hidden) {
                        copied = next;
                    }
                }
                Event::Open | Event::Close => {
                    self.envelope.container(&self.grammar, event).map_err(|kind| self.error(kind, at))?;
                }
            }
            at = next;
        }
        self.hold(chunk.get(held_from..).unwrap_or_default(), at)?;
        if !self.is_hidden {
            out.extend_from_slice(chunk.get(copied..).unwrap_or_default());
        }
        Ok(())
    }

    /// Goes quickly over what nothing is read from.
    fn skim(&mut self, chunk: &[u8], at: usize) -> Result<usize, ReplyError> {
        let depth = self.envelope.unread_depth(&self.grammar);
        if self.grammar.depth() < depth {
            return Ok(at);
        }
        let skimmed = self.grammar.skim(chunk, at, depth);
        skimmed.map_err(|error| self.error(error.kind.into(), error.offset))
    }

    fn error(&self, kind: ReplyErrorKind, at: usize) -> ReplyError {
        ReplyError { kind, offset: self.offset + at as u64 }
    }

    /// Keeps bytes of the present token where it matters.
    fn hold(&mut self, bytes: &[u8], at: usize) -> Result<(), ReplyError> {
        if !self.is_held {
            return Ok(());
        }
        if self.held.len() + bytes.len() <= MAX_HELD_BYTES {
            self.held.extend_from_slice(bytes);
            return Ok(());
        }
        if self.in_number {
            return Err(self.error(ScanErrorKind::NumberTooLong.into(), at));
        }
        // What is this long matters no more; nothing that is compared with it is as long, or empty.
        self.held.clear();
        self.is_held = false;
        Ok(())
    }

    /// A token begins.
    fn start(&mut self, token: Token, at: usize) -> Result<Interest, ReplyError> {
        let interest = self.envelope.start(&self.grammar, token).map_err(|kind| self.error(kind, at))?;
        self.in_number = token == Token::Number;
        self.is_held = interest != Interest::None || self.in_number;
        Ok(interest)
    }

    /// A token has ended.
    fn end(&mut self, token: Token, at: usize) -> Result<(), ReplyError> {
        if token == Token::Number {
            match number(&self.held, 0) {
                Ok(end) if end == self.held.len() => {}
                Ok(_) => return Err(self.error(ScanErrorKind::UnexpectedByte.into(), at)),
                Err(error) => return Err(self.error(error.kind.into(), at)),
            }
        }
        self.envelope.end(&self.grammar, token, &self.held).map_err(|kind| self.error(kind, at))?;
        self.held.clear();
        self.is_held = false;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    //! What is kept of a reply, which is not seen from outside.

    use super::*;

    #[test]
    fn little_is_kept_of_long_tokens() {
        let begin = br#"{"jsonrpc":"2.0","id":1,"result":{"#;
        let long = "x".repeat(100_000);
        for token in [format!("\"{long}"), format!("\"isError\":\"{long}"), format!("\"text\":\"{long}")] {
            let mut scanner = ReplyScanner::new("1", "2", &Limits::default());
            let pieces: Vec<&[u8]> = token.as_bytes().chunks(1000).collect();
            for piece in [&begin[..]].iter().chain(&pieces) {
                scanner.push(piece, &mut Vec::new()).unwrap();
                assert!(scanner.held.capacity() <= 2 * MAX_HELD_BYTES);
            }
        }
    }
}
