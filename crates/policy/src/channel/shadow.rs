//! What the parts in shadow say of a message of a channel that is allowed.
//! Nothing here ever changes what is allowed.

use std::sync::Arc;

use super::about::About;
use super::judge::{Verdict, everything_denied, of_parts};
use super::{Channel, Channels, Stated};
use crate::decision::{Denial, Facts};
use crate::policy::Policy;
use crate::stack::Stack;
use crate::terms::Moment;

impl Stack {
    /// The denial of a message of a channel by the parts in shadow, if they would deny it.
    #[must_use]
    pub fn shadow_channel(
        &self,
        channel: Channel,
        facts: &Facts<'_>,
        subject: Option<&str>,
    ) -> Option<Box<Denial>> {
        let (about, moment) = (About::Channel(channel, subject.is_some()), Moment::Call(facts.now_ms));
        self.shadow_denial(about, |policy| {
            let shadow = policy.channels.shadow.as_deref();
            let denied = shadow.and_then(|shadow| denied(shadow, channel, subject, moment));
            denied.or_else(|| {
                self.is_in_shadow(policy).then(|| policy.channel_verdict(channel, subject, moment))
            })
        })
    }

    /// The denial of a method outside the protocol by the parts in shadow, if they would deny it.
    #[must_use]
    pub fn shadow_method(&self, facts: &Facts<'_>, method: &str) -> Option<Box<Denial>> {
        let moment = Moment::Call(facts.now_ms);
        self.shadow_denial(About::Method, |policy| {
            let shadow = policy.channels.shadow.as_deref();
            let denied = shadow.and_then(|shadow| of_parts(&shadow.methods, method, moment));
            denied.or_else(|| self.is_in_shadow(policy).then(|| policy.method_verdict(method, moment)))
        })
    }

    fn is_in_shadow(&self, policy: &Arc<Policy>) -> bool {
        self.in_shadow().iter().any(|shadow| Arc::ptr_eq(shadow, policy))
    }

    fn shadow_denial<'a>(
        &'a self,
        about: About,
        verdict: impl Fn(&'a Arc<Policy>) -> Option<Verdict<'a>>,
    ) -> Option<Box<Denial>> {
        let judged = self.policies().iter().filter_map(|policy| Some((policy, verdict(policy)?)));
        about.first_denial(judged).map(|(denial, _)| Box::new(denial))
    }
}

/// What denies in shadow say.
fn denied<'a>(
    shadow: &'a Channels,
    channel: Channel,
    subject: Option<&str>,
    moment: Moment,
) -> Option<Verdict<'a>> {
    match (shadow.get(channel)?, subject) {
        (Stated::Whole(rule), _) => rule.holds(moment).then_some(Verdict::Denied(rule)),
        (Stated::Parts(parts), Some(subject)) => of_parts(parts, subject, moment),
        (Stated::Parts(parts), None) => everything_denied(parts, moment).map(Verdict::Denied),
    }
}
