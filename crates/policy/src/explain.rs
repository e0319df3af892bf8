//! The whole story of one call: what each rule of each step answered, and which one decided.
//! Says types and paths, never values.

use std::fmt;
use std::sync::Arc;

use crate::bound::{Bound, quarantine_denial};
use crate::decision::{Arguments, Decision, Denial, Facts, OperandOutcome};
use crate::gate;
use crate::input::Input;
use crate::operator::Sense;
use crate::policy::{Effect, Policy, Predicate};
use crate::rule::RuleId;
use crate::terms::Moment;
use crate::truth::Truth;

/// The steps, in the order of evaluation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Step {
    /// Is there a policy?
    Policy,
    /// Is the name hidden?
    Hidden,
    /// Is the tool named, or the default open?
    Default,
    /// Is the definition usable?
    Definition,
    /// Do the arguments fit the schema?
    Arguments,
    /// Is the tool denied outright?
    Deny,
    /// Are the requirements met?
    Require,
    /// Does a `deny_if` fire?
    DenyIf,
    /// Does a flow let it follow what was done before?
    Flows,
    /// What has to be reserved?
    Limits,
    /// Must people agree?
    Approval,
}

/// What one rule answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Answer {
    /// The call may go on.
    Passes,
    /// The call is denied.
    Denies,
    /// The call may go on once this is reserved.
    Reserves,
    /// The rule has ended and is not asked any more.
    Ended,
}

/// What one rule of one step answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The step.
    pub step: Step,
    /// The policy, where the rule is in one.
    pub policy: Option<Arc<str>>,
    /// The rule; empty where a step passes without one.
    pub rule: RuleId,
    /// The exact place in the document.
    pub pointer: String,
    /// The answer.
    pub answer: Answer,
    /// What its conditions answered.
    pub operands: Vec<OperandOutcome>,
    /// What the agent would be told.
    pub reason: Option<Arc<str>>,
}

/// What all rules answered, and the decision.
#[derive(Debug)]
pub struct Explanation {
    /// The tool, the method, or the channel and its subject.
    pub tool: String,
    /// Every rule that was asked, also those after the one that decided.
    pub findings: Vec<Finding>,
    /// What the parts in shadow answer. Nothing of it is enforced.
    pub shadow: Vec<Finding>,
    /// The decision.
    pub decision: Decision,
}

impl Bound {
    /// Judges one call and tells every step.
    #[must_use]
    pub fn explain(&self, facts: &Facts<'_>, arguments: Arguments<'_>) -> Explanation {
        let mut findings = if self.policies.is_empty() {
            vec![Finding::denies(Step::Policy, gate::no_policy())]
        } else {
            vec![Finding::passes(Step::Policy)]
        };
        self.findings(facts, arguments, &mut findings);
        let mut shadow = Vec::new();
        if let Some(bound) = &self.shadow {
            bound.findings(facts, arguments, &mut shadow);
            // Of a step that no rule of theirs made there is nothing to tell.
            shadow.retain(|finding| !finding.rule.as_str().is_empty() || finding.answer == Answer::Denies);
        }
        let decision = self.decide(facts, arguments);
        Explanation { tool: self.tool.name.to_string(), findings, shadow, decision }
    }

    fn findings(&self, facts: &Facts<'_>, arguments: Arguments<'_>, findings: &mut Vec<Finding>) {
        let moment = Moment::Call(facts.now_ms);
        self.gate_findings(moment, findings);
        let repaired = match self.check_arguments(arguments) {
            Ok(repaired) => {
                findings.push(Finding::passes(Step::Arguments));
                repaired
            }
            Err(denial) => {
                findings.push(Finding::denies(Step::Arguments, *denial));
                None
            }
        };
        let input = self.input(facts, arguments, repaired.as_ref());
        self.rule_findings(input, findings);
        self.flow_findings(input, findings);
        self.limit_findings(input, findings);
        self.approval_findings(input, findings);
    }

    fn gate_findings(&self, moment: Moment, findings: &mut Vec<Finding>) {
        let steps = [
            (Step::Hidden, (|policy, tool, _| gate::hidden(policy, tool)) as fn(&_, &_, _) -> _),
            (Step::Default, gate::unnamed),
        ];
        for (step, judge) in steps {
            for policy in &self.policies {
                let finding = match judge(policy, &self.tool, moment) {
                    Some(denial) => Finding::denies(step, denial),
                    None => Finding {
                        policy: Some(Arc::clone(policy.name())),
                        pointer: self.naming(step, policy),
                        ..Finding::passes(step)
                    },
                };
                findings.push(finding);
            }
        }
        let quarantine = self.quarantined().then(quarantine_denial);
        findings.push(quarantine.map_or_else(
            || Finding::passes(Step::Definition),
            |denial| Finding::denies(Step::Definition, denial),
        ));
    }

    /// The part that opens the tool in this policy, where one has to.
    fn naming(&self, step: Step, policy: &Policy) -> String {
        let is_needed = step == Step::Default && policy.default() == Effect::Deny;
        is_needed.then(|| policy.named_at(&self.tool)).flatten().unwrap_or_default()
    }

    fn rule_findings(&self, input: Input<'_>, findings: &mut Vec<Finding>) {
        let (names, moment) = (self.schema.as_ref(), input.moment());
        let ended = |step, policy, predicate: &Predicate| {
            let rule = (predicate.rule.clone(), predicate.pointer.clone());
            (!moment.restricts(predicate.ends_ms)).then(|| Finding::ended(step, policy, rule))
        };
        for (policy, predicate) in self.explicit_denies(EVER) {
            let denies = || Finding::denies(Step::Deny, predicate.explicit_denial(policy));
            findings.push(ended(Step::Deny, policy, predicate).unwrap_or_else(denies));
        }
        for (policy, predicate) in self.requirements(EVER) {
            findings.push(ended(Step::Require, policy, predicate).unwrap_or_else(|| {
                let denial = predicate.require_denial(policy, input, names);
                let outcomes = predicate.outcomes(input, Sense::Require);
                Finding::of(Step::Require, policy, predicate, denial, outcomes)
            }));
        }
        for (policy, predicate) in self.conditional_denies(EVER) {
            findings.push(ended(Step::DenyIf, policy, predicate).unwrap_or_else(|| {
                let denial = predicate.deny_if_denial(policy, input, names);
                let outcomes = predicate.outcomes(input, Sense::DenyIf);
                Finding::of(Step::DenyIf, policy, predicate, denial, outcomes)
            }));
        }
    }

    fn flow_findings(&self, input: Input<'_>, findings: &mut Vec<Finding>) {
        for (policy, flow) in self.flows.asked() {
            let denial = flow.denial(policy, flow.verdict(policy, input), self.schema.as_ref());
            findings.push(match denial {
                Some(denial) => Finding::denies(Step::Flows, denial),
                None => Finding {
                    policy: Some(Arc::clone(policy)),
                    rule: flow.rule.clone(),
                    pointer: flow.pointer.clone(),
                    ..Finding::passes(Step::Flows)
                },
            });
        }
    }

    fn limit_findings(&self, input: Input<'_>, findings: &mut Vec<Finding>) {
        let names = self.schema.as_ref();
        for limit in self.limits(EVER) {
            let (policy, rule) = (&limit.spec.policy, (limit.spec.rule.clone(), limit.spec.pointer.clone()));
            findings.push(match limit.amount(input, names).and_then(|_| limit.values(input, names)) {
                _ if !input.moment().restricts(limit.ends_ms) => Finding::ended(Step::Limits, policy, rule),
                Err(denial) => Finding::denies(Step::Limits, *denial),
                Ok(_) => Finding { answer: Answer::Reserves, ..Finding::ended(Step::Limits, policy, rule) },
            });
        }
    }

    fn approval_findings(&self, input: Input<'_>, findings: &mut Vec<Finding>) {
        for (policy, approval) in self.approvals(EVER) {
            let rule = (RuleId::new(""), approval.pointer.clone());
            findings.push(match approval.denial(policy, input) {
                _ if !input.moment().restricts(approval.ends_ms) => {
                    Finding::ended(Step::Approval, policy, rule)
                }
                Some(denial) => Finding::denies(Step::Approval, denial),
                None => Finding { answer: Answer::Passes, ..Finding::ended(Step::Approval, policy, rule) },
            });
        }
    }
}

/// All rules, also those that end.
const EVER: Moment = Moment::Call(None);

impl Finding {
    pub(crate) fn passes(step: Step) -> Self {
        Self {
            step,
            policy: None,
            rule: RuleId::new(""),
            pointer: String::new(),
            answer: Answer::Passes,
            operands: Vec::new(),
            reason: None,
        }
    }

    /// A rule that is not asked any more.
    fn ended(step: Step, policy: &Arc<str>, (rule, pointer): (RuleId, String)) -> Self {
        let policy = Some(Arc::clone(policy));
        Self { policy, rule, pointer, answer: Answer::Ended, ..Self::passes(step) }
    }

    pub(crate) fn denies(step: Step, denial: Denial) -> Self {
        let Denial { rule, pointer, policy, reason, operands, .. } = denial;
        Self { step, policy, rule, pointer, answer: Answer::Denies, operands, reason }
    }

    fn of(
        step: Step,
        policy: &Arc<str>,
        predicate: &Predicate,
        denial: Option<Denial>,
        operands: Vec<OperandOutcome>,
    ) -> Self {
        match denial {
            Some(denial) => Self::denies(step, denial),
            None => Self {
                policy: Some(Arc::clone(policy)),
                rule: predicate.rule.clone(),
                pointer: predicate.pointer.clone(),
                operands,
                ..Finding::passes(step)
            },
        }
    }
}

impl Explanation {
    /// The ids of the rules that the call met: those that deny, reserve, or judged it and let it pass.
    pub fn matched_rules(&self) -> impl Iterator<Item = &RuleId> {
        self.findings.iter().map(|finding| &finding.rule).filter(|rule| !rule.as_str().is_empty())
    }
}

impl Answer {
    /// How explanations call it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Passes => "passes",
            Self::Denies => "denies",
            Self::Reserves => "reserves",
            Self::Ended => "has ended",
        }
    }
}

impl Step {
    /// How explanations call it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Policy => "policy",
            Self::Hidden => "hidden",
            Self::Default => "default",
            Self::Definition => "definition",
            Self::Arguments => "arguments",
            Self::Deny => "explicit deny",
            Self::Require => "require",
            Self::DenyIf => "deny_if",
            Self::Flows => "flows",
            Self::Limits => "limits",
            Self::Approval => "approval",
        }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{:<14} {}", self.step.as_str(), self.answer.as_str())?;
        if !self.rule.as_str().is_empty() {
            write!(formatter, " by {}", self.rule)?;
        }
        if let Some(policy) = &self.policy {
            write!(formatter, " of `{policy}`")?;
        }
        if !self.pointer.is_empty() && self.pointer != self.rule.as_str() {
            write!(formatter, " at {}", self.pointer)?;
        }
        if let Some(reason) = &self.reason {
            write!(formatter, ": {reason}")?;
        }
        for operand in &self.operands {
            let mark = if operand.truth == Truth::True { '+' } else { '-' };
            write!(formatter, "\n               {mark} {operand}")?;
        }
        Ok(())
    }
}

impl fmt::Display for Explanation {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for finding in &self.findings {
            writeln!(formatter, "{finding}")?;
        }
        for finding in &self.shadow {
            writeln!(formatter, "in shadow: {finding}")?;
        }
        match &self.decision {
            Decision::Deny(denial) => write!(formatter, "`{}` is denied by {}", self.tool, denial.rule),
            Decision::Allow(allowed) => match &allowed.repaired {
                Some(repaired) => {
                    write!(
                        formatter,
                        "`{}` is allowed, with mended {}",
                        self.tool,
                        repaired.pointers.join(", ")
                    )
                }
                None => write!(formatter, "`{}` is allowed", self.tool),
            },
        }
    }
}
