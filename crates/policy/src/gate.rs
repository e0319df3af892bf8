//! The steps that need no call: is there a policy, is the name hidden, is it named?
//! Each step asks all policies before the next one begins.

use std::sync::Arc;

use crate::decision::{Denial, DenialKind};
use crate::input::Tool;
use crate::policy::{Effect, Named, Policy};
use crate::rule::{self, RuleId};
use crate::terms::Moment;

/// What an operator reads when a grant has no policy; the agent learns it only where the gateway says so.
const NO_POLICY: &str = "this access key has no policy, so every call is denied; ask its operator to add one";

/// The denials of one tool that need no call, in the order in which they are asked.
#[derive(Debug, Default)]
pub(crate) struct Gate(Vec<Gated>);

/// A denial, and until when something stands against it.
#[derive(Debug)]
struct Gated {
    denial: Denial,
    opened: Named,
}

impl Gate {
    /// What these policies deny of a tool. None at all deny everything.
    pub(crate) fn new(policies: &[Arc<Policy>], tool: &Tool) -> Self {
        if policies.is_empty() {
            return Self::default().and(no_policy());
        }
        Self::beside(policies, tool)
    }

    /// What these policies deny of a tool, where they are not all.
    pub(crate) fn beside(policies: &[Arc<Policy>], tool: &Tool) -> Self {
        let hidden = policies.iter().filter_map(|policy| hidden(policy, tool));
        let hidden = hidden.map(|denial| Gated { denial, opened: Named::Never });
        let unnamed = policies.iter().filter_map(|policy| {
            let opened = opened(policy, tool);
            (opened < Named::Always).then(|| Gated { denial: unnamed_denial(policy, tool, opened), opened })
        });
        Self(hidden.chain(unnamed).collect())
    }

    /// The same with a denial that always holds, asked last.
    pub(crate) fn and(mut self, denial: Denial) -> Self {
        self.0.push(Gated { denial, opened: Named::Never });
        self
    }

    /// The denials that hold only from some time on.
    pub(crate) fn ends(&self) -> impl Iterator<Item = (u64, &Denial)> {
        self.0.iter().filter_map(|gated| match gated.opened {
            Named::Until(ends_ms) => Some((ends_ms, &gated.denial)),
            Named::Never | Named::Always => None,
        })
    }

    /// The first denial that holds then.
    pub(crate) fn denial(&self, moment: Moment) -> Option<&Denial> {
        self.0.iter().find(|gated| !is_open(gated.opened, moment)).map(|gated| &gated.denial)
    }
}

fn is_open(opened: Named, moment: Moment) -> bool {
    match opened {
        Named::Never => false,
        Named::Until(ends_ms) => moment.opens(Some(ends_ms)),
        Named::Always => true,
    }
}

/// Until when the policy does not leave the tool to its default, or has it open.
fn opened(policy: &Policy, tool: &Tool) -> Named {
    match policy.default() {
        Effect::Allow => Named::Always,
        Effect::Deny => policy.names(tool),
    }
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

/// The denial by this policy's default, if it holds then.
pub(crate) fn unnamed(policy: &Policy, tool: &Tool, moment: Moment) -> Option<Denial> {
    let opened = opened(policy, tool);
    (!is_open(opened, moment)).then(|| unnamed_denial(policy, tool, opened))
}

/// Points at the default, or at the end of what opened the tool up to then.
fn unnamed_denial(policy: &Policy, tool: &Tool, opened: Named) -> Denial {
    let ended = policy.matched(tool).find(|part| part.names && part.rules.named() == opened);
    Denial {
        pointer: ended
            .map_or_else(|| rule::child("", "default"), |part| rule::child(&part.rules.pointer, "expires")),
        policy: Some(Arc::clone(policy.name())),
        ..Denial::fixed(RuleId::DEFAULT_DENY, DenialKind::DefaultDeny)
    }
}
