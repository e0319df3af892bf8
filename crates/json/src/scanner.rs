//! The strict single pass over a text that fills the tape. Must never recurse, and must never accept what
//! RFC 8259 refuses, a duplicate key, or what exceeds a limit.

use crate::error::{ScanError, ScanErrorKind};
use crate::keys::Keys;
use crate::limits::Limits;
use crate::literal::{self, byte, unexpected};
use crate::string;
use crate::tape::{MAX_TEXT_BYTES, Tag, Tape};

/// Marks that no container is open; no entry has this index.
const NO_PARENT: u32 = u32::MAX;

/// Scans a text to a tape.
pub(crate) fn scan(text: &str, limits: &Limits) -> Result<Tape, ScanError> {
    if text.len() >= MAX_TEXT_BYTES {
        return Err(ScanErrorKind::TextTooLong.at(MAX_TEXT_BYTES));
    }
    if text.starts_with('\u{FEFF}') {
        return Err(ScanErrorKind::ByteOrderMark.at(0));
    }
    let mut scanner = Scanner {
        text,
        bytes: text.as_bytes(),
        limits,
        tape: Tape::with_capacity(text.len()),
        keys: Keys::new(),
        parent: NO_PARENT,
        in_object: false,
        depth: 0,
    };
    scanner.run()?;
    scanner.tape.trim();
    Ok(scanner.tape)
}

struct Scanner<'t> {
    text: &'t str,
    bytes: &'t [u8],
    limits: &'t Limits,
    tape: Tape,
    keys: Keys,
    /// The innermost open container; its second word holds its own parent until it closes.
    parent: u32,
    in_object: bool,
    depth: u16,
}

/// Where the scan stands.
enum Step {
    /// A value must start at the offset, after white space.
    Value(usize),
    /// A value ended before the offset.
    Behind(usize),
    /// The outermost value ended before the offset.
    Done(usize),
}

impl Scanner<'_> {
    fn run(&mut self) -> Result<(), ScanError> {
        let mut step = Step::Value(0);
        loop {
            step = match step {
                Step::Value(at) => self.value(at)?,
                Step::Behind(at) => self.behind(at)?,
                Step::Done(at) => {
                    let at = self.skip_space(at);
                    let is_end = at >= self.bytes.len();
                    return if is_end { Ok(()) } else { Err(ScanErrorKind::TrailingData.at(at)) };
                }
            };
        }
    }

    #[inline(always)]
    fn skip_space(&self, mut at: usize) -> usize {
        while matches!(byte(self.bytes, at), b' ' | b'\n' | b'\r' | b'\t') {
            at += 1;
        }
        at
    }

    #[inline(always)]
    fn value(&mut self, at: usize) -> Result<Step, ScanError> {
        let at = self.skip_space(at);
        match byte(self.bytes, at) {
            b'"' => Ok(Step::Behind(self.string(at)?)),
            b'{' => self.open(at, Tag::Object),
            b'[' => self.open(at, Tag::Array),
            b'-' | b'0'..=b'9' => {
                self.tape.push(Tag::Number, at);
                Ok(Step::Behind(literal::number(self.bytes, at)?))
            }
            b't' | b'f' | b'n' => {
                self.tape.push(Tag::Literal, at);
                Ok(Step::Behind(literal::literal(self.bytes, at)?))
            }
            _ => Err(unexpected(self.bytes, at)),
        }
    }

    /// What follows a value: a comma, a closing bracket, or the end.
    #[inline(always)]
    fn behind(&mut self, at: usize) -> Result<Step, ScanError> {
        if self.parent == NO_PARENT {
            return Ok(Step::Done(at));
        }
        let at = self.skip_space(at);
        match (byte(self.bytes, at), self.in_object) {
            (b',', true) => self.key(self.skip_space(at + 1)),
            (b',', false) => Ok(Step::Value(at + 1)),
            (b'}', true) | (b']', false) => self.close(at),
            _ => Err(unexpected(self.bytes, at)),
        }
    }

    #[inline]
    fn open(&mut self, at: usize, tag: Tag) -> Result<Step, ScanError> {
        if self.depth >= self.limits.max_depth {
            return Err(ScanErrorKind::TooDeep.at(at));
        }
        self.depth += 1;
        let index = self.tape.len();
        self.tape.push_pair(tag, at, self.parent);
        self.parent = index;
        self.in_object = tag == Tag::Object;
        let first = self.skip_space(at + 1);
        if !self.in_object {
            return if byte(self.bytes, first) == b']' { self.close(first) } else { Ok(Step::Value(first)) };
        }
        self.keys.open();
        if byte(self.bytes, first) == b'}' { self.close(first) } else { self.key(first) }
    }

    #[inline]
    fn close(&mut self, at: usize) -> Result<Step, ScanError> {
        if self.in_object
            && let Some(duplicate) = self.keys.close(self.text, &self.tape)
        {
            return Err(ScanErrorKind::DuplicateKey.at(self.tape.start(duplicate)));
        }
        self.depth -= 1;
        self.parent = self.tape.close(self.parent, at + 1);
        self.in_object = self.parent != NO_PARENT && self.tape.tag(self.parent) == Tag::Object;
        Ok(Step::Behind(at + 1))
    }

    /// A key at `at`, its colon, and then a value.
    #[inline]
    fn key(&mut self, at: usize) -> Result<Step, ScanError> {
        if byte(self.bytes, at) != b'"' {
            return Err(unexpected(self.bytes, at));
        }
        if self.keys.count() >= self.limits.max_members as usize {
            return Err(ScanErrorKind::TooManyMembers.at(at));
        }
        let index = self.tape.len();
        let end = self.string(at)?;
        if !self.keys.add(self.text, &self.tape, index) {
            return Err(ScanErrorKind::DuplicateKey.at(at));
        }
        let colon = self.skip_space(end);
        if byte(self.bytes, colon) != b':' {
            return Err(unexpected(self.bytes, colon));
        }
        Ok(Step::Value(colon + 1))
    }

    /// A string whose opening quote is at `at`; returns the offset behind its closing quote.
    #[inline(always)]
    fn string(&mut self, at: usize) -> Result<usize, ScanError> {
        let found = string::find_end(self.bytes, at + 1)?;
        if found.quote - at - 1 > self.limits.max_string_bytes as usize {
            return Err(ScanErrorKind::StringTooLong.at(at));
        }
        let tag = if found.escaped { Tag::Escaped } else { Tag::Plain };
        self.tape.push_pair(tag, at, found.quote as u32 + 1);
        Ok(found.quote + 1)
    }
}
