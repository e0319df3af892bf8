//! The strict single pass over a text that fills the tape. Must never recurse, and must never accept what
//! RFC 8259 refuses, a duplicate key, or what exceeds a limit.

use crate::error::{ScanError, ScanErrorKind};
use crate::keys::{self, Keys};
use crate::limits::Limits;
use crate::literal::{self, byte, unexpected};
use crate::string::{self, Found};
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
        tape: Tape::for_text(text.as_bytes()),
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

impl Scanner<'_> {
    /// The whole grammar in one loop: each turn goes over one value, the key before it, and what is behind it.
    fn run(&mut self) -> Result<(), ScanError> {
        let mut at = 0;
        'value: loop {
            if self.in_object {
                at = self.key(at)?;
            }
            at = self.skip_space(at);
            self.tape.make_room(self.bytes.get(at..).unwrap_or_default());
            match byte(self.bytes, at) {
                b'"' => at = self.string(at)?.quote + 1,
                b'0'..=b'9' => at = self.unsigned(at)?,
                b'{' | b'[' => {
                    at = self.open(at)?;
                    if !self.is_close(at) {
                        continue 'value;
                    }
                }
                b't' | b'f' | b'n' => at = self.literal(at)?,
                b'-' => at = self.signed(at)?,
                _ => return Err(unexpected(self.bytes, at)),
            }
            while self.parent != NO_PARENT {
                at = self.skip_space(at);
                if byte(self.bytes, at) == b',' {
                    at += 1;
                    continue 'value;
                }
                if !self.is_close(at) {
                    return Err(unexpected(self.bytes, at));
                }
                at = self.close(at)?;
            }
            at = self.skip_space(at);
            let is_end = at >= self.bytes.len();
            return if is_end { Ok(()) } else { Err(ScanErrorKind::TrailingData.at(at)) };
        }
    }

    #[inline(always)]
    fn skip_space(&self, mut at: usize) -> usize {
        while matches!(byte(self.bytes, at), b' ' | b'\n' | b'\r' | b'\t') {
            at += 1;
        }
        at
    }

    /// Whether the byte at `at` closes the innermost container.
    #[inline(always)]
    fn is_close(&self, at: usize) -> bool {
        byte(self.bytes, at) == if self.in_object { b'}' } else { b']' }
    }

    #[inline(always)]
    fn unsigned(&mut self, at: usize) -> Result<usize, ScanError> {
        self.tape.push(Tag::Number, at);
        literal::unsigned(self.bytes, at)
    }

    #[inline]
    fn signed(&mut self, at: usize) -> Result<usize, ScanError> {
        self.tape.push(Tag::Number, at);
        literal::number(self.bytes, at)
    }

    #[inline(always)]
    fn literal(&mut self, at: usize) -> Result<usize, ScanError> {
        self.tape.push(Tag::Literal, at);
        literal::literal(self.bytes, at)
    }

    /// Opens the container at `at`; returns where something must be in it, if only its closing bracket.
    #[inline(always)]
    fn open(&mut self, at: usize) -> Result<usize, ScanError> {
        if self.depth >= self.limits.max_depth {
            return Err(ScanErrorKind::TooDeep.at(at));
        }
        self.depth += 1;
        self.in_object = byte(self.bytes, at) == b'{';
        let index = self.tape.len();
        if self.in_object {
            self.tape.push_pair(Tag::Object, at, self.parent);
            self.keys.open();
        } else {
            self.tape.push_pair(Tag::Array, at, self.parent);
        }
        self.parent = index;
        Ok(self.skip_space(at + 1))
    }

    /// Closes the innermost container, whose closing bracket is at `at`.
    #[inline(always)]
    fn close(&mut self, at: usize) -> Result<usize, ScanError> {
        if self.in_object
            && let Some(duplicate) = self.keys.close(self.text, &self.tape)
        {
            return Err(ScanErrorKind::DuplicateKey.at(self.tape.start(duplicate)));
        }
        self.depth -= 1;
        self.parent = self.tape.close(self.parent, at + 1);
        self.in_object = self.parent != NO_PARENT && self.tape.tag(self.parent) == Tag::Object;
        Ok(at + 1)
    }

    /// A key and its colon; returns the offset behind them.
    #[inline(always)]
    fn key(&mut self, at: usize) -> Result<usize, ScanError> {
        let at = self.skip_space(at);
        if byte(self.bytes, at) != b'"' {
            return Err(unexpected(self.bytes, at));
        }
        if self.keys.count() >= self.limits.max_members as usize {
            return Err(ScanErrorKind::TooManyMembers.at(at));
        }
        self.tape.make_room(self.bytes.get(at..).unwrap_or_default());
        let index = self.tape.len();
        let found = self.string(at)?;
        let hash = self.hash_key(at + 1, found);
        if !self.keys.add(self.text, &self.tape, index, hash) {
            return Err(ScanErrorKind::DuplicateKey.at(at));
        }
        let colon = self.skip_space(found.quote + 1);
        if byte(self.bytes, colon) != b':' {
            return Err(unexpected(self.bytes, colon));
        }
        Ok(colon + 1)
    }

    #[inline(always)]
    fn hash_key(&self, start: usize, Found { quote, escaped }: Found) -> u32 {
        if escaped {
            keys::hash_escaped(self.text.get(start..quote).unwrap_or_default())
        } else {
            keys::hash_plain(self.bytes, start, quote)
        }
    }

    /// A string whose opening quote is at `at`.
    #[inline(always)]
    fn string(&mut self, at: usize) -> Result<Found, ScanError> {
        let found = string::find_end(self.bytes, at + 1)?;
        if found.quote - at - 1 > self.limits.max_string_bytes as usize {
            return Err(ScanErrorKind::StringTooLong.at(at));
        }
        let tag = if found.escaped { Tag::Escaped } else { Tag::Plain };
        self.tape.push_pair(tag, at, found.quote as u32 + 1);
        Ok(found)
    }
}
