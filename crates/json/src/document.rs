//! A scanned text with its tape. Must never exist for a text that the scan refused, nor change its bytes.

use std::fmt;

use crate::error::{ScanError, ScanErrorKind};
use crate::limits::Limits;
use crate::scanner;
use crate::tape::Tape;
use crate::value::Value;

/// A text that is one strict JSON value, with everything in it findable. Owns its bytes.
#[derive(Clone)]
pub struct Document {
    text: String,
    tape: Tape,
}

impl Document {
    /// Scans a text: RFC 8259, UTF-8, no byte order mark, nothing behind the value, no duplicate key at any depth
    /// (compared after unescaping), no lone surrogate, no number outside a double's finite range.
    ///
    /// # Errors
    /// The first thing that is wrong and its offset; a text that is not UTF-8 is refused for that first.
    pub fn scan(text: Vec<u8>, limits: &Limits) -> Result<Self, ScanError> {
        let text = String::from_utf8(text)
            .map_err(|error| ScanErrorKind::NotUtf8.at(error.utf8_error().valid_up_to()))?;
        let tape = scanner::scan(&text, limits)?;
        Ok(Self { text, tape })
    }

    /// The outermost value.
    #[must_use]
    pub fn root(&self) -> Value<'_> {
        Value::new(self, 0)
    }

    /// The value that has this [`Value::index`]; for values that are looked at again and again.
    #[must_use]
    pub fn at(&self, index: u32) -> Option<Value<'_>> {
        (index < self.tape.len()).then(|| Value::new(self, index))
    }

    /// The text as it was scanned.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The bytes of the text, given back.
    #[must_use]
    pub fn into_text(self) -> Vec<u8> {
        self.text.into_bytes()
    }

    /// Bytes of memory held besides the text.
    #[must_use]
    pub fn tape_bytes(&self) -> usize {
        self.tape.size_bytes()
    }

    pub(crate) fn tape(&self) -> &Tape {
        &self.tape
    }
}

impl fmt::Debug for Document {
    /// Says how large it is, never what it holds.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Document({} bytes)", self.text.len())
    }
}
