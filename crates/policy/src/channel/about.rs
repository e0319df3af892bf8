//! What is judged of a channel, and what its denials say.
//! A denial names nothing but what the agent asked for.

use std::sync::Arc;

use super::judge::{Closed, Verdict};
use super::{Channel, Rule};
use crate::decision::{Denial, DenialKind};
use crate::policy::Policy;
use crate::reason::{DO_NOT_RETRY, advise};
use crate::rule::{self, RuleId};
use crate::terms::Reveal;

/// What is judged, as its denials call it.
#[derive(Debug, Clone, Copy)]
pub(crate) enum About {
    /// A channel, and whether the message names a part of it.
    Channel(Channel, bool),
    /// A method outside the protocol.
    Method,
}

impl About {
    /// The denial of the first policy that leaves it closed, or else of the first that denies it, and what its rule
    /// says of telling it.
    pub(super) fn first_denial<'a>(
        self,
        verdicts: impl Iterator<Item = (&'a Arc<Policy>, Verdict<'a>)>,
    ) -> Option<(Denial, Option<Reveal>)> {
        let verdicts: Vec<_> = verdicts.collect();
        let closed = verdicts.iter().find(|(_, verdict)| matches!(verdict, Verdict::Closed(_)));
        let denied = || verdicts.iter().find(|(_, verdict)| !verdict.is_open());
        let (policy, verdict) = closed.or_else(denied)?;
        Some((self.denial(policy, *verdict)?, verdict.reveal()))
    }

    /// The denial that a verdict is, if it is one.
    pub(crate) fn denial(self, policy: &Policy, verdict: Verdict<'_>) -> Option<Denial> {
        let denial = match verdict {
            Verdict::Open(_) => return None,
            Verdict::Closed(Closed::Default) => Denial {
                pointer: rule::child("", "default"),
                ..Denial::fixed(RuleId::DEFAULT_DENY, DenialKind::Closed)
            },
            Verdict::Closed(Closed::Always) => Denial::fixed(RuleId::CLOSED, DenialKind::Closed),
            Verdict::Denied(rule) => rule.denial(DenialKind::Action),
            Verdict::Unreadable(rule) => rule.denial(DenialKind::Error),
        };
        let text = match verdict {
            Verdict::Open(_) | Verdict::Closed(_) => format!("the policy does not open {}", self.noun()),
            Verdict::Denied(Rule { reason: Some(said), .. }) => said.to_string(),
            Verdict::Denied(_) => format!("the policy denies {}", self.noun()),
            Verdict::Unreadable(_) => {
                "this URI can be read in several ways, so it cannot be judged".to_owned()
            }
        };
        Some(Denial {
            policy: Some(Arc::clone(policy.name())),
            reason: Some(Arc::from(advise(&text, DO_NOT_RETRY))),
            ..denial
        })
    }

    const fn noun(self) -> &'static str {
        match self {
            Self::Channel(Channel::Resources, true) => "this resource",
            Self::Channel(Channel::Resources, false) => "resources",
            Self::Channel(Channel::Prompts, true) => "this prompt",
            Self::Channel(Channel::Prompts, false) => "prompts",
            Self::Channel(Channel::Completion, _) => "completion",
            Self::Channel(Channel::Sampling, _) => "sampling",
            Self::Channel(Channel::Elicitation, true) => "this kind of elicitation",
            Self::Channel(Channel::Elicitation, false) => "elicitation",
            Self::Channel(Channel::Roots, _) => "roots",
            Self::Channel(Channel::Tasks, _) => "tasks",
            Self::Channel(Channel::Input, _) => "answers of this kind",
            Self::Method => "this method",
        }
    }
}

impl Rule {
    fn denial(&self, kind: DenialKind) -> Denial {
        Denial {
            rule: self.id(),
            pointer: self.pointer.clone(),
            policy: None,
            kind,
            reason: None,
            operands: Vec::new(),
            reveal: Reveal::default(),
        }
    }
}
