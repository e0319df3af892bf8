//! The judgement of one message of a channel. All policies must allow: what one leaves closed, none opens.

use super::about::About;
use super::pattern::Subject;
use super::{Channel, Part, Rule, Stated, template};
use crate::decision::{Denial, Facts};
use crate::gate;
use crate::policy::{Effect, Policy};
use crate::stack::Stack;
use crate::terms::{Moment, Reveal};

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
    ///
    /// # Errors
    /// The denial of the first policy that leaves it closed, or else of the first that denies it.
    pub fn judge_channel(
        &self,
        channel: Channel,
        facts: &Facts<'_>,
        subject: Option<&str>,
    ) -> Result<(), Box<Denial>> {
        let about = About::Channel(channel, subject.is_some());
        let moment = Moment::Call(facts.now_ms);
        self.judge(about, |policy| policy.channel_verdict(channel, subject, moment))
    }

    /// A method that is none of the protocol's, denied unless every policy opens exactly this name.
    ///
    /// # Errors
    /// The denial, as of a channel.
    pub fn judge_method(&self, facts: &Facts<'_>, method: &str) -> Result<(), Box<Denial>> {
        let moment = Moment::Call(facts.now_ms);
        self.judge(About::Method, |policy| policy.method_verdict(method, moment))
    }

    /// Whether anything of the channel could ever be allowed.
    #[must_use]
    pub fn may_open(&self, channel: Channel) -> bool {
        self.may_open_from(channel, None)
    }

    /// Whether anything of the channel could be allowed at this time or later: else its list is empty and it is not
    /// advertised.
    #[must_use]
    pub fn may_open_from(&self, channel: Channel, now_ms: Option<u64>) -> bool {
        let moment = Moment::List(now_ms);
        !self.enforced().is_empty() && self.enforced().iter().all(|policy| policy.may_open(channel, moment))
    }

    /// Whether a list shows an entry, whatever the time: a name, a URI or a template of URIs.
    #[must_use]
    pub fn lists(&self, channel: Channel, subject: &str) -> bool {
        self.lists_from(channel, subject, None)
    }

    /// Whether a list that is made at this time shows an entry. Nothing that is not shown is allowed from then on.
    #[must_use]
    pub fn lists_from(&self, channel: Channel, subject: &str, now_ms: Option<u64>) -> bool {
        let moment = Moment::List(now_ms);
        !self.enforced().is_empty()
            && self.enforced().iter().all(|policy| policy.lists(channel, subject, moment))
    }

    fn judge<'a>(
        &'a self,
        about: About,
        verdict: impl Fn(&'a Policy) -> Verdict<'a>,
    ) -> Result<(), Box<Denial>> {
        if self.enforced().is_empty() {
            return Err(Box::new(gate::no_policy()));
        }
        match about.first_denial(self.enforced().iter().map(|policy| (policy, verdict(policy)))) {
            None => Ok(()),
            Some((denial, stated)) => Err(Box::new(Denial { reveal: self.reveal(stated), ..denial })),
        }
    }

    /// The least that is told, of what all documents and the denial itself state.
    fn reveal(&self, stated: Option<Reveal>) -> Reveal {
        let all = self.enforced().iter().filter_map(|policy| policy.reveal).chain(stated);
        all.max().unwrap_or_default()
    }
}

impl Policy {
    pub(crate) fn channel_verdict(
        &self,
        channel: Channel,
        subject: Option<&str>,
        moment: Moment,
    ) -> Verdict<'_> {
        match (self.channels.get(channel), subject) {
            (None, _) => self.unstated(channel),
            (Some(Stated::Whole(rule)), _) if !rule.holds(moment) => self.unstated(channel),
            (Some(Stated::Whole(rule)), _) if rule.allows() => Verdict::Open(Some(rule)),
            (Some(Stated::Whole(rule)), _) => Verdict::Denied(rule),
            (Some(Stated::Parts(parts)), Some(subject)) => {
                of_parts(parts, subject, moment).unwrap_or_else(|| self.unstated(channel))
            }
            (Some(Stated::Parts(parts)), None) => self.of_whole(channel, parts, moment),
        }
    }

    pub(crate) fn method_verdict(&self, method: &str, moment: Moment) -> Verdict<'_> {
        of_parts(&self.channels.methods, method, moment).unwrap_or(Verdict::Closed(Closed::Always))
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
    fn of_whole<'a>(&self, channel: Channel, parts: &'a [Part], moment: Moment) -> Verdict<'a> {
        if let Some(rule) = everything_denied(parts, moment) {
            return Verdict::Denied(rule);
        }
        let n_open = parts.iter().filter(|part| part.rule.allows() && part.rule.holds(moment)).count();
        let is_open = if channel == Channel::Elicitation { n_open == ELICITATION_MODES } else { n_open > 0 };
        if is_open { Verdict::Open(None) } else { self.unstated(channel) }
    }

    fn may_open(&self, channel: Channel, moment: Moment) -> bool {
        let by_default = || self.unstated(channel).is_open();
        match self.channels.get(channel) {
            None => by_default(),
            Some(Stated::Whole(rule)) if !rule.holds(moment) => by_default(),
            Some(Stated::Whole(rule)) => rule.allows(),
            Some(Stated::Parts(parts)) => {
                let opens_some = || parts.iter().any(|part| part.rule.allows() && part.rule.holds(moment));
                everything_denied(parts, moment).is_none() && (opens_some() || by_default())
            }
        }
    }

    fn lists(&self, channel: Channel, subject: &str, moment: Moment) -> bool {
        if self.channel_verdict(channel, Some(subject), moment).is_open() {
            return true;
        }
        match self.channels.get(channel) {
            Some(Stated::Parts(parts)) if channel == Channel::Resources && template::is_template(subject) => {
                let held = parts.iter().filter(|part| part.rule.holds(moment));
                let (allows, denies): (Vec<_>, Vec<_>) = held.partition(|part| part.rule.allows());
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

/// The rule that denies everything, if one does.
pub(super) fn everything_denied(parts: &[Part], moment: Moment) -> Option<&Rule> {
    let mut denies = parts.iter().filter(|part| !part.rule.allows() && part.rule.holds(moment));
    denies.find(|part| part.pattern.is_everything()).map(|part| &part.rule)
}

/// What the parts say of a subject, if any says anything. A deny wins, wherever it stands.
pub(super) fn of_parts<'a>(parts: &'a [Part], text: &str, moment: Moment) -> Option<Verdict<'a>> {
    let held = || parts.iter().filter(|part| part.rule.holds(moment));
    let denies = || held().filter(|part| !part.rule.allows());
    let subject = Subject::new(text, denies().any(|part| part.pattern.reads_uris()));
    if let Some(part) = denies().find(|part| part.pattern.denies(&subject)) {
        return Some(Verdict::Denied(&part.rule));
    }
    if let Some(part) = denies().find(|part| part.pattern.reads_uris() && !subject.is_readable()) {
        return Some(Verdict::Unreadable(&part.rule));
    }
    let opening = held().find(|part| part.rule.allows() && part.pattern.allows(text));
    opening.map(|part| Verdict::Open(Some(&part.rule)))
}

impl Verdict<'_> {
    pub(crate) fn is_open(self) -> bool {
        matches!(self, Self::Open(_))
    }

    /// What the denying rule says of its denials, where there is one that says something.
    pub(super) fn reveal(self) -> Option<Reveal> {
        match self {
            Self::Denied(rule) | Self::Unreadable(rule) => rule.reveal,
            Self::Open(_) | Self::Closed(_) => None,
        }
    }
}
