//! Grammar of numbers and of `true`, `false`, `null`. Must never read beyond the first byte that ends them.

use crate::error::{ScanError, ScanErrorKind};

/// Longest number in bytes. A double needs at most 767 significant digits to be written exactly; the rest leaves
/// room for a sign, a point, an exponent and zeros.
pub(crate) const MAX_NUMBER_BYTES: usize = 1024;

/// Numbers with fewer bytes than this and no exponent are inside a double's range (it reaches beyond 1e308).
const SURELY_FINITE_BYTES: usize = 300;

/// The byte at `at`, or 0, which the grammar allows nowhere, behind the end.
#[inline(always)]
pub(crate) fn byte(bytes: &[u8], at: usize) -> u8 {
    bytes.get(at).copied().unwrap_or(0)
}

/// The error for a byte that the grammar does not allow, or for the end of the text.
#[cold]
pub(crate) fn unexpected(bytes: &[u8], at: usize) -> ScanError {
    if at < bytes.len() {
        ScanErrorKind::UnexpectedByte.at(at)
    } else {
        ScanErrorKind::UnexpectedEnd.at(bytes.len())
    }
}

/// Checks the literal that starts with the byte at `at` and returns where it ends.
#[inline]
pub(crate) fn literal(bytes: &[u8], at: usize) -> Result<usize, ScanError> {
    let rest = bytes.get(at..).unwrap_or_default();
    if matches!(rest.first_chunk(), Some(b"true" | b"null")) {
        Ok(at + 4)
    } else if rest.first_chunk() == Some(b"false") {
        Ok(at + 5)
    } else {
        Err(broken_literal(bytes, at))
    }
}

/// The error at the first byte that differs from the literal that began.
#[cold]
fn broken_literal(bytes: &[u8], at: usize) -> ScanError {
    let rest = bytes.get(at..).unwrap_or_default();
    let expected: &[u8] = match rest.first() {
        Some(b't') => b"true",
        Some(b'f') => b"false",
        _ => b"null",
    };
    let n_equal = rest.iter().zip(expected).take_while(|(a, b)| a == b).count();
    unexpected(bytes, at + n_equal)
}

/// A number that keeps to the grammar.
#[derive(Clone, Copy)]
pub(crate) struct Written {
    /// Offset behind its last byte.
    pub(crate) end: usize,
    has_exponent: bool,
}

/// Checks the number that starts with the byte at `start`, its range included, and returns where it ends.
#[inline]
pub(crate) fn number(bytes: &[u8], start: usize) -> Result<usize, ScanError> {
    let written = number_grammar(bytes, start)?;
    check_range(bytes, start, written)
}

/// The same for a number without a sign. It is apart because an offset that depends on a sign makes every later
/// byte wait for it.
#[inline(always)]
pub(crate) fn unsigned(bytes: &[u8], start: usize) -> Result<usize, ScanError> {
    let written = unsigned_grammar(bytes, start)?;
    check_range(bytes, start, written)
}

#[inline(always)]
fn check_range(bytes: &[u8], start: usize, written: Written) -> Result<usize, ScanError> {
    let Written { end, has_exponent } = written;
    if has_exponent || end - start > SURELY_FINITE_BYTES {
        check_double(bytes, start, end)?;
    }
    Ok(end)
}

/// Checks the grammar alone of the number that starts with the byte at `start`.
#[inline]
pub(crate) fn number_grammar(bytes: &[u8], start: usize) -> Result<Written, ScanError> {
    unsigned_grammar(bytes, if byte(bytes, start) == b'-' { start + 1 } else { start })
}

#[inline(always)]
fn unsigned_grammar(bytes: &[u8], start: usize) -> Result<Written, ScanError> {
    let mut at = if byte(bytes, start) == b'0' { start + 1 } else { digits(bytes, start)? };
    if byte(bytes, at) == b'.' {
        at = digits(bytes, at + 1)?;
    }
    let has_exponent = matches!(byte(bytes, at), b'e' | b'E');
    if has_exponent {
        let has_sign = matches!(byte(bytes, at + 1), b'+' | b'-');
        at = digits(bytes, at + 1 + usize::from(has_sign))?;
    }
    Ok(Written { end: at, has_exponent })
}

/// One digit or more.
#[inline(always)]
fn digits(bytes: &[u8], start: usize) -> Result<usize, ScanError> {
    let mut at = start;
    while byte(bytes, at).is_ascii_digit() {
        at += 1;
    }
    if at == start { Err(unexpected(bytes, at)) } else { Ok(at) }
}

#[cold]
fn check_double(bytes: &[u8], start: usize, end: usize) -> Result<(), ScanError> {
    if end - start > MAX_NUMBER_BYTES {
        return Err(ScanErrorKind::NumberTooLong.at(start));
    }
    let text = bytes.get(start..end).unwrap_or_default();
    if is_finite(text) { Ok(()) } else { Err(ScanErrorKind::NumberOutOfRange.at(start)) }
}

/// Whether a number of the grammar is inside a double's finite range.
pub(crate) fn is_finite(text: &[u8]) -> bool {
    std::str::from_utf8(text).ok().and_then(|text| text.parse::<f64>().ok()).is_some_and(f64::is_finite)
}

/// Where the number that starts at `start` ends, in a text that was scanned before.
pub(crate) fn number_end(bytes: &[u8], start: usize) -> usize {
    let rest = bytes.get(start..).unwrap_or_default();
    start + rest.iter().take_while(|byte| is_number_part(**byte)).count()
}

/// Whether a byte can stand in a number.
pub(crate) fn is_number_part(byte: u8) -> bool {
    matches!(byte, b'0'..=b'9' | b'-' | b'+' | b'.' | b'e' | b'E')
}
