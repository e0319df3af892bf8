//! What was done before a call, as plain data: which labels were set and when, which steps of flows were taken.
//! Must never hold the value of an argument, only hashes of those that have to be the same.

use std::sync::Arc;

use crate::hash::Hash;

/// What the subject of a call did before it, as far as its flows ask.
#[derive(Debug, Clone, Copy)]
pub struct History<'a> {
    /// The time of the call, in milliseconds of the clock that the other times are of.
    pub now_ms: u64,
    /// The labels that were set, each at least with its latest time.
    pub labels: &'a [LabelSet],
    /// The steps that were begun. One that ended in an error is not among them.
    pub steps: &'a [TakenStep],
}

/// A label of a policy. Equal names in two policies are two labels.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct SetLabel {
    /// The policy that states it.
    pub policy: Arc<str>,
    /// Its name.
    pub label: Arc<str>,
}

/// A label that was set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LabelSet {
    /// Which.
    pub label: SetLabel,
    /// When the intent of the call was recorded that set it.
    pub at_ms: u64,
}

/// What a call of a tool that others need is to their flow. Equal steps are of one server and have the same arguments.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct FlowStep {
    /// The policy that states the flow.
    pub policy: Arc<str>,
    /// The flow's id.
    pub flow: Arc<str>,
    /// Names the server and the values that have to be the same.
    pub same: Hash,
}

/// A step that was taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TakenStep {
    /// Which.
    pub step: FlowStep,
    /// How far it is.
    pub state: StepState,
}

/// How far a step is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StepState {
    /// Nobody knows yet how it ends.
    InFlight,
    /// It ended without an error.
    Finished {
        /// When.
        at_ms: u64,
    },
}

impl History<'_> {
    /// Whether something of a time still matters.
    pub(super) fn is_within(&self, at_ms: u64, within_ms: Option<u64>) -> bool {
        within_ms.is_none_or(|within_ms| self.now_ms.saturating_sub(at_ms) <= within_ms)
    }
}
