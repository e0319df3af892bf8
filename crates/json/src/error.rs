//! Why a text was refused. Must never quote the text itself, which may hold secrets.

use std::fmt;

/// Why and where a scan refused a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ScanError {
    /// What was wrong.
    pub kind: ScanErrorKind,
    /// The byte at which it was noticed.
    pub offset: usize,
}

/// What a scan refuses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ScanErrorKind {
    /// The text is not UTF-8.
    NotUtf8,
    /// The text starts with a byte order mark.
    ByteOrderMark,
    /// The text is longer than any tape can point into.
    TextTooLong,
    /// The text ended inside a value, or holds none.
    UnexpectedEnd,
    /// A byte that the grammar does not allow there.
    UnexpectedByte,
    /// Something follows the value.
    TrailingData,
    /// An unescaped control character in a string.
    ControlCharacter,
    /// A backslash that does not begin an escape of RFC 8259.
    BadEscape,
    /// A `\u` escape of half a surrogate pair.
    LoneSurrogate,
    /// A number outside the finite range of an IEEE double.
    NumberOutOfRange,
    /// A number of more bytes than any double needs.
    NumberTooLong,
    /// A key that its object already has, compared after unescaping.
    DuplicateKey,
    /// More open containers than allowed.
    TooDeep,
    /// More members in one object than allowed.
    TooManyMembers,
    /// A longer string or key than allowed.
    StringTooLong,
}

impl ScanErrorKind {
    /// The error of this kind at a byte.
    pub(crate) fn at(self, offset: usize) -> ScanError {
        ScanError { kind: self, offset }
    }
}

impl fmt::Display for ScanErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotUtf8 => "text that is not utf-8",
            Self::ByteOrderMark => "byte order mark",
            Self::TextTooLong => "text longer than 512 MiB",
            Self::UnexpectedEnd => "unexpected end",
            Self::UnexpectedByte => "unexpected character",
            Self::TrailingData => "data after the value",
            Self::ControlCharacter => "unescaped control character",
            Self::BadEscape => "unknown escape",
            Self::LoneSurrogate => "lone surrogate",
            Self::NumberOutOfRange => "number outside the range of a double",
            Self::NumberTooLong => "number with too many characters",
            Self::DuplicateKey => "duplicate key",
            Self::TooDeep => "value nested too deeply",
            Self::TooManyMembers => "object with too many members",
            Self::StringTooLong => "string that is too long",
        })
    }
}

impl fmt::Display for ScanError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at byte {}", self.kind, self.offset)
    }
}

impl std::error::Error for ScanError {}
