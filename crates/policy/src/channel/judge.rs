//! The judgement of one message of a channel. All policies must allow: what one leaves closed, none opens.

use std::sync::Arc;

use super::pattern::Subject;
use super::{Channel, Part, Rule, Stated, template};
use crate::decision::{Denial, DenialKind, Facts};
use crate::gate;
use crate::policy::{Effect, Policy};
use crate::reason::{DO_NOT_RETRY, advise};
use crate::rule::{self, RuleId};
use crate::stack::Stack;

/// What one policy answers.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Verdict<'a> {
    /// Open, by this rule or by the default.
    Open(Option<&'a Rule>),
    /// Closed, because nothing opens it.
    Closed(Closed),
    /// Denied by a rule.
    Denied(&'a Rule),
    /// This denying rule cannot tell whether it covers the subject.
    Unreadable(&'a Rule),
}

/// Why something that no rule denies is closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Closed {
    /// The document's default.
    Default,
    /// Closed under either default.
    Always,
}

impl Stack {
    /// One message of a channel, judged like a call. `subject` is the URI, the name of the prompt or the mode of the
    /// elicitation; without one the message is about the channel as a whole, such as a request for its list.
    /// `_facts` is for conditions, which channels do not have yet.
    ///
    /// # Errors
    /// The denial of the first policy that leaves it closed, or else of the first that denies it.
    pub fn judge_channel(
        &self,
        channel: Channel,
        _facts: &Facts<'_>,
        subject: Option<&str>,
    ) -> Result<(), Box<Denial>> {
        let about = About::Channel(channel, subject.is_some());
        self.judge(about, |policy| policy.channel_verdict(channel, subject))
    }

    /// A method that is none of the protocol's, denied unless every policy opens exactly this name.
    /// `_facts` is for conditions, which methods do not have yet.
    ///
    /// # Errors
    /// The denial, as of a channel.
    pub fn judge_method(&self, _facts: &Facts<'_>, method: &str) -> Result<(), Box<Denial>> {
        self.judge(About::Method, |policy| policy.method_verdict(method))
    }

    /// Whether anything of the channel could be allowed: else its list is empty and it is not advertised.
    #[must_use]
    pub fn may_open(&self, channel: Channel) -> bool {
        !self.policies().is_empty() && self.policies().iter().all(|policy| policy.may_open(channel))
    }

    /// Whether a list shows an entry: a name, a URI or a template of URIs. Nothing that is not shown is ever allowed.
    #[must_use]
    pub fn lists(&self, channel: Channel, subject: &str) -> bool {
        !self.policies().is_empty() && self.policies().iter().all(|policy| policy.lists(channel, subject))
    }

    fn judge<'a>(
        &'a self,
        about: About,
        verdict: impl Fn(&'a Policy) -> Verdict<'a>,
    ) -> Result<(), Box<Denial>> {
        if self.policies().is_empty() {
            return Err(Box::new(gate::no_policy()));
        }
        let verdicts: Vec<_> = self.policies().iter().map(|policy| (policy, verdict(policy))).collect();
        let closed = verdicts.iter().find(|(_, verdict)| matches!(verdict, Verdict::Closed(_)));
        let denied = || verdicts.iter().find(|(_, verdict)| !matches!(verdict, Verdict::Open(_)));
        let denial = closed.or_else(denied).and_then(|(policy, verdict)| about.denial(policy, *verdict));
        denial.map_or(Ok(()), |denial| Err(Box::new(denial)))
    }
}

impl Policy {
    pub(crate) fn channel_verdict(&self, channel: Channel, subject: Option<&str>) -> Verdict<'_> {
        match (self.channels.get(channel), subject) {
            (None, _) => self.unstated(channel),
            (Some(Stated::Whole(rule)), _) if rule.allows() => Verdict::Open(Some(rule)),
            (Some(Stated::Whole(rule)), _) => Verdict::Denied(rule),
            (Some(Stated::Parts(parts)), Some(subject)) => {
                of_parts(parts, subject).unwrap_or_else(|| self.unstated(channel))
            }
            (Some(Stated::Parts(parts)), None) => self.of_whole(channel, parts),
        }
    }

    pub(crate) fn method_verdict(&self, method: &str) -> Verdict<'_> {
        of_parts(&self.channels.methods, method).unwrap_or(Verdict::Closed(Closed::Always))
    }

    /// What holds where nothing is stated.
    fn unstated(&self, channel: Channel) -> Verdict<'static> {
        match (channel.follows_default(), self.default) {
            (true, Effect::Allow) => Verdict::Open(None),
            (true, Effect::Deny) => Verdict::Closed(Closed::Default),
            (false, Effect::Allow | Effect::Deny) => Verdict::Closed(Closed::Always),
        }
    }

    /// A message about a channel as a whole: a list is filtered by its entries, but an elicitation whose mode is not
    /// told may be of any.
    fn of_whole<'a>(&self, channel: Channel, parts: &'a [Part]) -> Verdict<'a> {
        let everything = parts.iter().find(|part| part.pattern.is_everything() && !part.rule.allows());
        if let Some(part) = everything {
            return Verdict::Denied(&part.rule);
        }
        let is_open = if channel == Channel::Elicitation {
            parts.len() == ELICITATION_MODES && parts.iter().all(|part| part.rule.allows())
        } else {
            parts.iter().any(|part| part.rule.allows())
        };
        if is_open { Verdict::Open(None) } else { self.unstated(channel) }
    }

    fn may_open(&self, channel: Channel) -> bool {
        match self.channels.get(channel) {
            None => self.unstated(channel).is_open(),
            Some(Stated::Whole(rule)) => rule.allows(),
            Some(Stated::Parts(parts)) => {
                let closes_all = parts.iter().any(|part| part.pattern.is_everything() && !part.rule.allows());
                let opens_some = parts.iter().any(|part| part.rule.allows());
                !closes_all && (opens_some || self.unstated(channel).is_open())
            }
        }
    }

    fn lists(&self, channel: Channel, subject: &str) -> bool {
        if self.channel_verdict(channel, Some(subject)).is_open() {
            return true;
        }
        match self.channels.get(channel) {
            Some(Stated::Parts(parts)) if channel == Channel::Resources && template::is_template(subject) => {
                let (allows, denies): (Vec<_>, Vec<_>) = parts.iter().partition(|part| part.rule.allows());
                let is_closed = denies.iter().any(|part| template::denies_all(&part.pattern, subject));
                let may_open = || allows.iter().any(|part| template::may_allow(&part.pattern, subject));
                !is_closed && (self.unstated(channel).is_open() || may_open())
            }
            Some(Stated::Parts(_) | Stated::Whole(_)) | None => false,
        }
    }
}

/// Form and URL.
const ELICITATION_MODES: usize = 2;

/// What the parts say of a subject, if any says anything. A deny wins, wherever it stands.
fn of_parts<'a>(parts: &'a [Part], text: &str) -> Option<Verdict<'a>> {
    let denies = || parts.iter().filter(|part| !part.rule.allows());
    let subject = Subject::new(text, denies().any(|part| part.pattern.reads_uris()));
    if let Some(part) = denies().find(|part| part.pattern.denies(&subject)) {
        return Some(Verdict::Denied(&part.rule));
    }
    if let Some(part) = denies().find(|part| part.pattern.reads_uris() && !subject.is_readable()) {
        return Some(Verdict::Unreadable(&part.rule));
    }
    let opening = parts.iter().find(|part| part.rule.allows() && part.pattern.allows(text));
    opening.map(|part| Verdict::Open(Some(&part.rule)))
}

impl Verdict<'_> {
    pub(crate) fn is_open(self) -> bool {
        matches!(self, Self::Open(_))
    }
}

/// What is judged, as its denials call it.
#[derive(Debug, Clone, Copy)]
pub(crate) enum About {
    /// A channel, and whether the message names a part of it.
    Channel(Channel, bool),
    /// A method outside the protocol.
    Method,
}

impl About {
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
        }
    }
}
