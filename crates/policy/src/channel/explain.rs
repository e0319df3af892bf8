//! The whole story of one message of a channel: what each policy answers, and which one decides.

use std::sync::Arc;

use super::Channel;
use super::about::About;
use super::judge::Verdict;
use crate::decision::{Allowed, Decision, Denial, Facts};
use crate::explain::{Explanation, Finding, Step};
use crate::gate;
use crate::limit::Release;
use crate::policy::Policy;
use crate::stack::Stack;
use crate::terms::Moment;

impl Stack {
    /// Judges one message of a channel and tells what each policy answers.
    #[must_use]
    pub fn explain_channel(&self, channel: Channel, facts: &Facts<'_>, subject: Option<&str>) -> Explanation {
        let (about, moment) = (About::Channel(channel, subject.is_some()), Moment::Call(facts.now_ms));
        let called = subject.map(|subject| format!(" {subject}")).unwrap_or_default();
        Explanation {
            tool: format!("{}{called}", channel.as_str()),
            findings: self.findings(about, |policy| policy.channel_verdict(channel, subject, moment)),
            shadow: told(self.shadow_channel(channel, facts, subject)),
            decision: decision(self.judge_channel(channel, facts, subject)),
        }
    }

    /// Judges a method outside the protocol and tells what each policy answers.
    #[must_use]
    pub fn explain_method(&self, facts: &Facts<'_>, method: &str) -> Explanation {
        let moment = Moment::Call(facts.now_ms);
        Explanation {
            tool: method.to_owned(),
            findings: self.findings(About::Method, |policy| policy.method_verdict(method, moment)),
            shadow: told(self.shadow_method(facts, method)),
            decision: decision(self.judge_method(facts, method)),
        }
    }

    fn findings<'a>(&'a self, about: About, verdict: impl Fn(&'a Policy) -> Verdict<'a>) -> Vec<Finding> {
        if self.enforced().is_empty() {
            return vec![Finding::denies(Step::Policy, gate::no_policy())];
        }
        let mut findings = vec![Finding::passes(Step::Policy)];
        for policy in self.enforced() {
            let denial = about.denial(policy, verdict(policy));
            findings.push(match (verdict(policy), denial) {
                (Verdict::Closed(_), Some(denial)) => Finding::denies(Step::Default, denial),
                (verdict, _) => Finding { policy: Some(Arc::clone(policy.name())), ..opened(verdict) },
            });
        }
        for policy in self.enforced() {
            match verdict(policy) {
                verdict @ (Verdict::Denied(_) | Verdict::Unreadable(_)) => findings
                    .extend(about.denial(policy, verdict).map(|denial| Finding::denies(Step::Deny, denial))),
                Verdict::Open(_) | Verdict::Closed(_) => {}
            }
        }
        findings
    }
}

fn opened(verdict: Verdict<'_>) -> Finding {
    let passes = Finding::passes(Step::Default);
    match verdict {
        Verdict::Open(Some(rule)) => Finding { rule: rule.id(), pointer: rule.pointer.clone(), ..passes },
        Verdict::Open(None) | Verdict::Closed(_) | Verdict::Denied(_) | Verdict::Unreadable(_) => passes,
    }
}

fn told(denial: Option<Box<Denial>>) -> Vec<Finding> {
    denial.into_iter().map(|denial| Finding::denies(Step::Deny, *denial)).collect()
}

fn decision(judged: Result<(), Box<Denial>>) -> Decision {
    match judged {
        Ok(()) => Decision::Allow(Allowed {
            repaired: None,
            limits: Arc::from([]),
            release: Release::Never,
            labels: Arc::from([]),
            steps: Vec::new(),
            shadowed: None,
        }),
        Err(denial) => Decision::Deny(*denial),
    }
}
