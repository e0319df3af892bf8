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
    /// The decision.
    pub decision: Decision,
}

impl Bound {
    /// Judges one call and tells every step.
    #[must_use]
    pub fn explain(&self, facts: &Facts<'_>, arguments: Arguments<'_>) -> Explanation {
        let mut findings = self.gate_findings();
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
        self.rule_findings(input, &mut findings);
        self.flow_findings(input, &mut findings);
        self.limit_findings(input, &mut findings);
        for (policy, approval) in self.approvals() {
            findings.push(match approval.denial(policy, input) {
                Some(denial) => Finding::denies(Step::Approval, denial),
                None => Finding {
                    policy: Some(Arc::clone(policy)),
                    pointer: approval.pointer.clone(),
                    ..Finding::passes(Step::Approval)
                },
            });
        }
        Explanation { tool: self.tool.name.to_string(), findings, decision: self.decide(facts, arguments) }
    }

    fn gate_findings(&self) -> Vec<Finding> {
        if self.policies.is_empty() {
            return vec![Finding::denies(Step::Policy, gate::no_policy())];
        }
        let mut findings = vec![Finding::passes(Step::Policy)];
        let steps = [(Step::Hidden, gate::hidden as fn(&_, &_) -> _), (Step::Default, gate::unnamed)];
        for (step, judge) in steps {
            for policy in &self.policies {
                let finding = match judge(policy, &self.tool) {
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
        findings
    }

    /// The part that opens the tool in this policy, where one has to.
    fn naming(&self, step: Step, policy: &Policy) -> String {
        let is_needed = step == Step::Default && policy.default() == Effect::Deny;
        is_needed.then(|| policy.named_at(&self.tool)).flatten().unwrap_or_default()
    }

    fn rule_findings(&self, input: Input<'_>, findings: &mut Vec<Finding>) {
        let names = self.schema.as_ref();
        for (policy, predicate) in self.explicit_denies() {
            findings.push(Finding::denies(Step::Deny, predicate.explicit_denial(policy)));
        }
        for (policy, predicate) in self.requirements() {
            let denial = predicate.require_denial(policy, input, names);
            findings.push(Finding::of(
                Step::Require,
                policy,
                predicate,
                denial,
                predicate.outcomes(input, Sense::Require),
            ));
        }
        for (policy, predicate) in self.conditional_denies() {
            let denial = predicate.deny_if_denial(policy, input, names);
            findings.push(Finding::of(
                Step::DenyIf,
                policy,
                predicate,
                denial,
                predicate.outcomes(input, Sense::DenyIf),
            ));
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
        for limit in self.limits() {
            let names = self.schema.as_ref();
            let demanded = limit.amount(input, names).and_then(|_| limit.values(input, names));
            let finding = match demanded {
                Err(denial) => Finding::denies(Step::Limits, *denial),
                Ok(_) => Finding {
                    policy: Some(Arc::clone(&limit.spec.policy)),
                    rule: limit.spec.rule.clone(),
                    pointer: limit.spec.pointer.clone(),
                    answer: Answer::Reserves,
                    ..Finding::passes(Step::Limits)
                },
            };
            findings.push(finding);
        }
    }
}

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

    pub(crate) fn denies(step: Step, denial: Denial) -> Self {
        let Denial { rule, pointer, policy, reason, operands, kind: _ } = denial;
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
        let answer = match self.answer {
            Answer::Passes => "passes",
            Answer::Denies => "denies",
            Answer::Reserves => "reserves",
        };
        write!(formatter, "{:<14} {answer}", self.step.as_str())?;
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
