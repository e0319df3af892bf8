//! Approvals: which calls people must agree to.
//! Nobody can be asked yet, so a call that needs one is denied, whatever else allows it.

use std::sync::Arc;

use crate::condition::{self, Condition};
use crate::decision::{Denial, DenialKind};
use crate::input::Input;
use crate::operator::Sense;
use crate::reason::{DO_NOT_RETRY, advise};
use crate::rule::RuleId;
use crate::truth::Truth;

/// One statement that people must agree.
#[derive(Debug)]
pub(crate) struct Approval {
    pub(crate) pointer: String,
    pub(crate) offset: usize,
    /// Who may agree; nobody named means anyone with the right to.
    pub(crate) from: Vec<Box<str>>,
    pub(crate) timeout_seconds: Option<u64>,
    /// How many must agree.
    pub(crate) quorum: Option<u8>,
    /// Whether they must say why.
    pub(crate) needs_reason: Option<bool>,
    /// For which calls; without conditions for every call.
    pub(crate) when: Vec<Condition>,
    /// When it is no longer asked for, in milliseconds of Unix time.
    pub(crate) ends_ms: Option<u64>,
}

impl Approval {
    /// The denial of a call that needs it. A condition that cannot be judged means that it does.
    pub(crate) fn denial(&self, policy: &Arc<str>, input: Input<'_>) -> Option<Denial> {
        match condition::all(&self.when, input, Sense::DenyIf) {
            Truth::False => return None,
            Truth::True | Truth::Undefined | Truth::Error | Truth::Unknown => {}
        }
        let text = "this call needs an approval, and nobody can be asked for one yet";
        let leaves = self.when.iter().flat_map(Condition::leaves);
        Some(Denial {
            pointer: self.pointer.clone(),
            policy: Some(Arc::clone(policy)),
            reason: Some(Arc::from(advise(text, DO_NOT_RETRY))),
            operands: leaves.map(|leaf| leaf.outcome(input, Sense::DenyIf)).collect(),
            ..Denial::fixed(RuleId::APPROVAL, DenialKind::Approval)
        })
    }
}
