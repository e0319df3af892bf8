//! Line and column of a byte offset, for messages to people. Must never be computed where no person reads it.

use std::fmt;

/// A place in a text; both numbers start at 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Location {
    /// The line, counted by line feeds.
    pub line: u32,
    /// The column, counted in characters.
    pub column: u32,
}

impl Location {
    /// The place of the byte at `offset`; an offset behind the end is the place behind the last character.
    #[must_use]
    pub fn of(text: &[u8], offset: usize) -> Self {
        let before = text.get(..offset).unwrap_or(text);
        let (mut line, mut column) = (1_u32, 1_u32);
        for &byte in before {
            if byte == b'\n' {
                line = line.saturating_add(1);
                column = 1;
            } else if !is_continuation(byte) {
                column = column.saturating_add(1);
            }
        }
        Self { line, column }
    }
}

/// Whether the byte continues a UTF-8 character that began earlier.
fn is_continuation(byte: u8) -> bool {
    byte & 0xC0 == 0x80
}

impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}, column {}", self.line, self.column)
    }
}
