//! A head: which record was the last at some time. Kept outside, it shows later whether the log was cut.

use crate::audit::key::AuditKey;
use crate::audit::statement::{self, Statement};
use crate::hex;
use crate::time::Timestamp;

const KIND: &str = "head";

/// The last record at some time, sealed with the folder's key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Head {
    /// The record's number; 0 before the first.
    pub seq: u64,
    /// Its hash.
    pub hash: [u8; 32],
    /// When the head was taken.
    pub at: Timestamp,
    text: String,
    seal_is_right: Option<bool>,
}

impl Head {
    pub(crate) fn new(seq: u64, hash: [u8; 32], at: Timestamp, key: &AuditKey) -> Self {
        let text = statement::write(KIND, key, |object| {
            object.u64("seq", seq).str("hash", &hex::text(&hash)).str("time", &at.to_string());
        });
        let text = String::from_utf8(text).unwrap_or_default();
        Self { seq, hash, at, text, seal_is_right: Some(true) }
    }

    /// Reads a head; nothing when it is none of format 1.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let statement = Statement::read(KIND, text.as_bytes())?;
        let at = Timestamp::parse(&statement.text("time")?)?;
        let (seq, hash) = (statement.number("seq")?, statement.hash("hash")?);
        Some(Self { seq, hash, at, text: text.trim_end().to_owned(), seal_is_right: None })
    }

    /// The head as one line of JSON, to be kept outside.
    #[must_use]
    pub fn as_json(&self) -> &str {
        &self.text
    }

    /// True when the folder's key sealed it.
    pub(crate) fn seal_is_right(&self, key: &AuditKey) -> bool {
        self.seal_is_right == Some(true)
            || Statement::read(KIND, self.text.as_bytes())
                .is_some_and(|statement| statement.seal_is_right(key))
    }
}
