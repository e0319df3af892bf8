//! What a document says of its channels. Everything here was checked by the loader; nothing here decides.

use std::sync::Arc;

use super::{Channel, Pattern};
use crate::policy::Effect;
use crate::rule::RuleId;
use crate::terms::{Expiry, Moment, Reveal};

/// What a document says of all channels, in the order of the manual.
#[derive(Debug, Default)]
pub(crate) struct Channels {
    pub(crate) stated: Vec<(Channel, Stated)>,
    /// Methods outside the protocol, by their exact names.
    pub(crate) methods: Vec<Part>,
    /// The denies in shadow; nothing that reads the rest can enforce them.
    pub(crate) shadow: Option<Box<Channels>>,
}

/// What a document says of one channel.
#[derive(Debug)]
pub(crate) enum Stated {
    /// One rule for all of it.
    Whole(Rule),
    /// Rules for what matches.
    Parts(Vec<Part>),
}

/// A rule for what matches a pattern.
#[derive(Debug)]
pub(crate) struct Part {
    pub(crate) pattern: Pattern,
    pub(crate) rule: Rule,
}

/// An allow, or a deny with its reason. The pointer is that of `action`, and so is the id of the rule.
#[derive(Debug)]
pub(crate) struct Rule {
    pub(crate) effect: Effect,
    pub(crate) reason: Option<Arc<str>>,
    pub(crate) pointer: String,
    pub(crate) offset: usize,
    /// When it no longer opens or closes anything.
    pub(crate) expiry: Option<Expiry>,
    /// What its denials tell.
    pub(crate) reveal: Option<Reveal>,
}

impl Channels {
    /// What is said of a channel, if anything is.
    pub(crate) fn get(&self, channel: Channel) -> Option<&Stated> {
        self.stated.iter().find(|(stated, _)| *stated == channel).map(|(_, said)| said)
    }

    /// All rules.
    pub(crate) fn rules(&self) -> impl Iterator<Item = &Rule> {
        let stated = self.stated.iter().flat_map(|(_, stated)| stated.rules());
        stated.chain(self.methods.iter().map(|part| &part.rule))
    }
}

impl Stated {
    /// All rules of it.
    pub(crate) fn rules(&self) -> impl Iterator<Item = &Rule> {
        let (whole, parts) = match self {
            Self::Whole(rule) => (Some(rule), &[][..]),
            Self::Parts(parts) => (None, parts.as_slice()),
        };
        whole.into_iter().chain(parts.iter().map(|part| &part.rule))
    }
}

impl Rule {
    /// What the audit calls it.
    pub(crate) fn id(&self) -> RuleId {
        RuleId::new(self.pointer.clone())
    }

    pub(crate) fn allows(&self) -> bool {
        self.effect == Effect::Allow
    }

    /// Whether it opens or closes anything then.
    pub(crate) fn holds(&self, moment: Moment) -> bool {
        let ends_ms = self.expiry.map(|expiry| expiry.at_ms);
        if self.allows() { moment.opens(ends_ms) } else { moment.restricts(ends_ms) }
    }
}
