//! The audit: its head, to be kept outside. Records are read from the files themselves.

use crate::failure::{Failure, FailureKind};
use crate::registry::Registry;
use serde::{Deserialize, Serialize};

/// The last record, sealed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Head {
    /// The record's number; 0 before the first.
    pub seq: u64,
    /// The head as the one line of text that `toolgate audit verify --head` reads.
    pub line: String,
}

impl Registry {
    /// The audit's present head.
    ///
    /// # Errors
    /// Where the store has failed.
    pub fn audit_head(&self) -> Result<Head, Failure> {
        match self.gateway().store.head() {
            Ok(head) => Ok(Head { seq: head.seq, line: head.as_json().to_owned() }),
            Err(error) => Err(Failure::new(FailureKind::Unavailable, error.to_string())),
        }
    }
}
