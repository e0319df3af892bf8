//! Strings as written: finding their end, checking and resolving escapes. Must never let a lone surrogate or an
//! unescaped control character pass.

use std::borrow::Cow;

use crate::error::{ScanError, ScanErrorKind};
use crate::literal::{byte, unexpected};

/// A string that was found in the text.
#[derive(Clone, Copy)]
pub(crate) struct Found {
    /// Offset of the closing quote.
    pub(crate) quote: usize,
    /// Whether it holds an escape.
    pub(crate) escaped: bool,
}

/// Finds the end of the string whose first character is at `start`, and checks it.
#[inline]
pub(crate) fn find_end(bytes: &[u8], start: usize) -> Result<Found, ScanError> {
    let quote = skip_plain(bytes, start);
    if byte(bytes, quote) == b'"' {
        Ok(Found { quote, escaped: false })
    } else {
        find_end_escaped(bytes, quote)
    }
}

/// The same from the first byte that is not plain.
fn find_end_escaped(bytes: &[u8], start: usize) -> Result<Found, ScanError> {
    let mut at = start;
    let mut escaped = false;
    loop {
        match byte(bytes, at) {
            b'"' => return Ok(Found { quote: at, escaped }),
            b'\\' => at = escape(bytes, at)?,
            _ if at >= bytes.len() => return Err(unexpected(bytes, at)),
            _ => return Err(ScanErrorKind::ControlCharacter.at(at)),
        }
        escaped = true;
        at = skip_plain(bytes, at);
    }
}

/// The offset of the first byte that is a quote, a backslash or a control character, or the end.
#[inline(always)]
pub(crate) fn skip_plain(bytes: &[u8], start: usize) -> usize {
    /// Most strings end sooner; longer ones are worth another loop.
    const SHORT: usize = 32;
    skip_words(bytes, start, start + SHORT).unwrap_or_else(|at| skip_long(bytes, at))
}

/// Looks at eight bytes at a time, up to `end`; `Err` tells how far there was nothing special.
#[inline(always)]
fn skip_words(bytes: &[u8], start: usize, end: usize) -> Result<usize, usize> {
    let mut at = start;
    while at < end {
        let Some(word) = eight_at(bytes, at) else { break };
        let marks = special_bytes(word);
        if marks != 0 {
            return Ok(at + (marks.trailing_zeros() / 8) as usize);
        }
        at += 8;
    }
    Err(at)
}

/// Goes on where a string is long.
#[inline(never)]
fn skip_long(bytes: &[u8], start: usize) -> usize {
    let (chunks, _) = bytes.get(start..).unwrap_or_default().as_chunks::<32>();
    let is_plain = |chunk: &&[u8; 32]| !chunk.iter().fold(false, |found, byte| found | is_special(*byte));
    let at = start + 32 * chunks.iter().take_while(is_plain).count();
    skip_words(bytes, at, usize::MAX).unwrap_or_else(|at| {
        let rest = bytes.get(at..).unwrap_or_default();
        at + rest.iter().position(|byte| is_special(*byte)).unwrap_or(rest.len())
    })
}

/// The eight bytes at `at` as one number, the first byte lowest.
#[inline(always)]
pub(crate) fn eight_at(bytes: &[u8], at: usize) -> Option<u64> {
    Some(u64::from_le_bytes(*bytes.get(at..)?.first_chunk()?))
}

#[inline(always)]
fn is_special(byte: u8) -> bool {
    byte < 0x20 || byte == b'"' || byte == b'\\'
}

/// Sets the top bit of special bytes. Only the lowest mark is exact: a borrow may mark bytes above a special one.
#[inline(always)]
fn special_bytes(word: u64) -> u64 {
    const ONES: u64 = 0x0101_0101_0101_0101;
    const TOPS: u64 = 0x8080_8080_8080_8080;
    let below_space = word.wrapping_sub(ONES * 0x20);
    let quotes = word ^ (ONES * b'"' as u64);
    let backslashes = word ^ (ONES * b'\\' as u64);
    (below_space & !word
        | quotes.wrapping_sub(ONES) & !quotes
        | backslashes.wrapping_sub(ONES) & !backslashes)
        & TOPS
}

/// Checks the escape whose backslash is at `at` and returns where it ends; a surrogate pair is one escape.
fn escape(bytes: &[u8], at: usize) -> Result<usize, ScanError> {
    match byte(bytes, at + 1) {
        b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't' => Ok(at + 2),
        b'u' => unicode_escape(bytes, at),
        _ if at + 1 >= bytes.len() => Err(unexpected(bytes, at + 1)),
        _ => Err(ScanErrorKind::BadEscape.at(at)),
    }
}

fn unicode_escape(bytes: &[u8], at: usize) -> Result<usize, ScanError> {
    match hex4(bytes, at + 2)? {
        0xD800..=0xDBFF => {
            if byte(bytes, at + 6) != b'\\' || byte(bytes, at + 7) != b'u' {
                return Err(ScanErrorKind::LoneSurrogate.at(at));
            }
            match hex4(bytes, at + 8)? {
                0xDC00..=0xDFFF => Ok(at + 12),
                _ => Err(ScanErrorKind::LoneSurrogate.at(at)),
            }
        }
        0xDC00..=0xDFFF => Err(ScanErrorKind::LoneSurrogate.at(at)),
        _ => Ok(at + 6),
    }
}

/// The value of the four hex digits at `at`.
fn hex4(bytes: &[u8], at: usize) -> Result<u32, ScanError> {
    let mut value = 0;
    for offset in at..at + 4 {
        let Some(digit) = char::from(byte(bytes, offset)).to_digit(16) else {
            let is_end = offset >= bytes.len();
            return Err(if is_end { unexpected(bytes, offset) } else { ScanErrorKind::BadEscape.at(offset) });
        };
        value = value * 16 + digit;
    }
    Ok(value)
}

/// The characters that a checked string stands for; `raw` is what stands between its quotes.
pub(crate) fn unescape(raw: &str) -> Cow<'_, str> {
    let Some((plain, mut rest)) = raw.split_once('\\') else { return Cow::Borrowed(raw) };
    let mut out = String::with_capacity(raw.len());
    out.push_str(plain);
    loop {
        let (character, behind) = resolve(rest);
        out.push(character);
        let Some((plain, next)) = behind.split_once('\\') else {
            out.push_str(behind);
            return Cow::Owned(out);
        };
        out.push_str(plain);
        rest = next;
    }
}

/// Resolves the escape whose backslash stands before `rest`; returns the character and what follows.
fn resolve(rest: &str) -> (char, &str) {
    let mut characters = rest.chars();
    let character = match characters.next() {
        Some('b') => '\u{8}',
        Some('f') => '\u{c}',
        Some('n') => '\n',
        Some('r') => '\r',
        Some('t') => '\t',
        Some('u') => return resolve_unicode(characters.as_str()),
        Some(other) => other,
        None => char::REPLACEMENT_CHARACTER,
    };
    (character, characters.as_str())
}

/// Resolves the hex digits behind `\u`, and a second escape where they are half a pair.
fn resolve_unicode(rest: &str) -> (char, &str) {
    let (first, behind) = split_hex(rest);
    if let Some(character) = char::from_u32(first) {
        return (character, behind);
    }
    let (second, behind) = split_hex(behind.strip_prefix("\\u").unwrap_or(behind));
    let code = 0x10000 + ((first & 0x3FF) << 10 | second & 0x3FF);
    (char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER), behind)
}

fn split_hex(rest: &str) -> (u32, &str) {
    match rest.split_at_checked(4) {
        Some((digits, behind)) => (u32::from_str_radix(digits, 16).unwrap_or(0), behind),
        None => (0, ""),
    }
}
