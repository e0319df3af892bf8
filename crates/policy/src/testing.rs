//! Helpers for the tests of this crate.

use json::{Document, Limits};

/// Scans a text that the test knows to be good.
pub(crate) fn document(text: &str) -> Document {
    Document::scan(text.as_bytes().to_vec(), &Limits::default()).unwrap()
}
