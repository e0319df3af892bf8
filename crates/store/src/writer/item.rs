//! What waits to be written.

use crate::counters::Unit;
use crate::id::CallId;
use crate::journal::Ending;
use std::sync::Arc;

/// One thing to be written.
#[derive(Debug)]
pub(crate) enum Item {
    /// A call's reservation and intent; it waits for them.
    Begin {
        /// By which it learns how it went.
        ticket: u64,
        call: CallId,
        units: Option<Arc<[Unit]>>,
        body: Vec<u8>,
    },
    /// A call's end; it must not be lost.
    Finish {
        call: CallId,
        /// What becomes of its reservation, where it has one.
        ending: Option<Ending>,
        body: Vec<u8>,
    },
    /// A change of the configuration; somebody waits for it.
    Change { ticket: u64, body: Vec<u8> },
    /// A denial, or a fact about the gateway; counted when it cannot be written.
    Note { body: Vec<u8> },
}

impl Item {
    /// The ticket of one that somebody waits for.
    pub(crate) fn ticket(&self) -> Option<u64> {
        match self {
            Self::Begin { ticket, .. } | Self::Change { ticket, .. } => Some(*ticket),
            Self::Finish { .. } | Self::Note { .. } => None,
        }
    }
}
