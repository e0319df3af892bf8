//! A recorded call until its end.
//! Must never end without a record of how, whatever becomes of the task that holds it.

use crate::audit::{Outcome, OutcomeKind};
use crate::counters::Held;
use crate::id::CallId;
use crate::time::Timestamp;
use crate::writer::Shared;
use std::sync::Arc;

/// A call whose reservation and intent are recorded: it may be forwarded.
///
/// Dropped without an end, it ends as unknown: something may have been executed.
#[derive(Debug)]
#[must_use = "a call that is dropped ends as unknown"]
pub struct OpenCall {
    shared: Arc<Shared>,
    call: CallId,
    held: Held,
    written: Option<Timestamp>,
    is_ended: bool,
}

impl OpenCall {
    pub(crate) fn new(shared: Arc<Shared>, call: CallId, held: Held) -> Self {
        Self { shared, call, held, written: None, is_ended: false }
    }

    /// The call's id.
    #[must_use]
    pub fn id(&self) -> CallId {
        self.call
    }

    /// Says when the last byte of the call was written to the upstream: its units age from then on.
    ///
    /// To be called once, after the last byte; a second time changes nothing.
    pub fn written(&mut self, at: Timestamp) {
        if self.written.is_none() {
            self.written = Some(at);
            self.held.settle(at, self.shared.timeline.now());
        }
    }

    /// Records the end. What was reserved stays used: from [`OpenCall::written`] on, else from now.
    pub fn finish(mut self, outcome: &Outcome<'_>) {
        self.end(outcome, false);
    }

    /// Records the end and gives what was reserved back, for a limit that says so of calls that were provably not
    /// sent. Otherwise, and after [`OpenCall::written`], it is [`OpenCall::finish`].
    pub fn release(mut self, outcome: &Outcome<'_>) {
        self.end(outcome, outcome.kind == OutcomeKind::NotSent);
    }

    fn end(&mut self, outcome: &Outcome<'_>, give_back: bool) {
        if !std::mem::replace(&mut self.is_ended, true) {
            crate::fault::point("before-outcome");
            self.shared.finish(self.call, &mut self.held, self.written, outcome, give_back);
        }
    }
}

impl Drop for OpenCall {
    fn drop(&mut self) {
        self.end(&Outcome::bare(OutcomeKind::Unknown, "dropped"), false);
    }
}
