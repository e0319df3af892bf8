//! The steps that need no call: is there a policy, is the name hidden, is it named?
//! Each step asks all policies before the next one begins.

use std::sync::Arc;

use crate::decision::{Denial, DenialKind};
use crate::input::Tool;
use crate::policy::{Effect, Policy};
use crate::rule::{self, RuleId};

/// What an operator reads when a grant has no policy; the agent learns it only where the gateway says so.
const NO_POLICY: &str = "this access key has no policy, so every call is denied; ask its operator to add one";

/// The denial of the first of these steps that denies.
pub(crate) fn first_denial(policies: &[Arc<Policy>], tool: &Tool) -> Option<Denial> {
    if policies.is_empty() {
        return Some(no_policy());
    }
    let hidden = || policies.iter().find_map(|policy| hidden(policy, tool));
    let unnamed = || policies.iter().find_map(|policy| unnamed(policy, tool));
    hidden().or_else(unnamed)
}

/// The denial of a grant without a policy.
pub(crate) fn no_policy() -> Denial {
    Denial { reason: Some(Arc::from(NO_POLICY)), ..Denial::fixed(RuleId::NO_POLICY, DenialKind::NoPolicy) }
}

/// The denial by this policy's `hide`.
pub(crate) fn hidden(policy: &Policy, tool: &Tool) -> Option<Denial> {
    Some(Denial {
        pointer: policy.hidden_at(tool)?,
        policy: Some(Arc::clone(policy.name())),
        ..Denial::fixed(RuleId::HIDDEN, DenialKind::Hidden)
    })
}

/// The denial by this policy's default.
pub(crate) fn unnamed(policy: &Policy, tool: &Tool) -> Option<Denial> {
    match policy.default() {
        Effect::Allow => None,
        Effect::Deny if policy.names(tool) => None,
        Effect::Deny => Some(Denial {
            pointer: rule::child("", "default"),
            policy: Some(Arc::clone(policy.name())),
            ..Denial::fixed(RuleId::DEFAULT_DENY, DenialKind::DefaultDeny)
        }),
    }
}
