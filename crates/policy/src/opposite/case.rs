//! One call with some of it changed, and the rules that are asked of it.

use json::{Document, Limits, Value};

use super::wish::{Choice, Wish, alternatives};
use super::write;
use crate::analysis::text::Want;
use crate::approval::Approval;
use crate::bound::Bound;
use crate::decision::{Arguments, Decision, Denial, Facts};
use crate::input::Input;
use crate::operator::Sense;
use crate::path::{Path, Source};
use crate::policy::{Limit, Predicate};
use crate::terms::Moment;

/// A call. Cheap to clone but for its arguments.
#[derive(Debug, Clone)]
pub(super) struct Case<'a> {
    facts: Facts<'a>,
    labels: Option<Vec<String>>,
    /// An object, or nothing.
    arguments: Option<String>,
    answers: Option<String>,
}

impl<'a> Case<'a> {
    /// The call as it is judged: with mended arguments, where they were mended.
    pub(super) fn new(bound: &Bound, facts: &Facts<'a>, arguments: Arguments<'_>) -> Self {
        let repaired = bound.check_arguments(arguments).ok().flatten();
        let given = match (&repaired, arguments) {
            (Some(repaired), _) => Some(repaired.document.root().raw().to_owned()),
            (None, Arguments::Known(value)) => Some(value.raw().to_owned()),
            (None, Arguments::Absent) => None,
        };
        let labels = facts.labels.map(<[String]>::to_vec);
        let answers = facts.input.map(|answers| answers.raw().to_owned());
        Self { facts: *facts, labels, arguments: given, answers }
    }

    /// What a path could lead to instead; nothing where it cannot be changed.
    pub(super) fn with(&self, path: &Path, new: Option<&str>) -> Option<Self> {
        let mut changed = self.clone();
        let text = match path.source() {
            Source::Args => &mut changed.arguments,
            Source::Input => &mut changed.answers,
            Source::Annotations | Source::Fact(_) => return None,
        };
        let old = text.as_ref().and_then(|text| scan(text));
        let new = write::with(old.as_ref().map(Document::root), &path.steps(), new)?;
        *text = Some(new);
        Some(changed)
    }

    /// The same with one more label on the access key.
    pub(super) fn with_label(&self, label: &str) -> Self {
        let mut changed = self.clone();
        changed.labels.get_or_insert_default().push(label.to_owned());
        changed
    }

    /// The same at another time.
    pub(super) fn at(&self, now_ms: u64) -> Self {
        Self { facts: self.facts.at(now_ms), ..self.clone() }
    }

    pub(super) fn now_ms(&self) -> Option<u64> {
        self.facts.now_ms
    }

    /// Asks about the call.
    pub(super) fn ask<T>(&self, ask: impl FnOnce(&Facts<'_>, Arguments<'_>) -> T) -> Option<T> {
        let arguments =
            self.arguments.as_ref().map(|text| scan(text)).map_or(Some(None), |scanned| scanned.map(Some))?;
        let answers =
            self.answers.as_ref().map(|text| scan(text)).map_or(Some(None), |scanned| scanned.map(Some))?;
        let facts = Facts {
            labels: self.labels.as_deref(),
            input: answers.as_ref().map(Document::root),
            ..self.facts
        };
        Some(ask(
            &facts,
            arguments.as_ref().map_or(Arguments::Absent, |document| Arguments::Known(document.root())),
        ))
    }

    /// Asks about what conditions read.
    pub(super) fn ask_input<T>(&self, bound: &Bound, ask: impl FnOnce(Input<'_>) -> T) -> Option<T> {
        self.ask(|facts, arguments| ask(bound.input(facts, arguments, None)))
    }

    /// What a path leads to, as it stands.
    pub(super) fn raw(&self, bound: &Bound, path: &Path) -> Option<String> {
        self.ask_input(bound, |input| path.raw(input).map(|value: Value<'_>| value.raw().to_owned()))
            .flatten()
    }
}

fn scan(text: &str) -> Option<Document> {
    Document::scan(text.as_bytes().to_vec(), &Limits::default()).ok()
}

/// A rule that is asked of a call.
#[derive(Debug, Clone, Copy)]
pub(super) enum Rule<'b> {
    /// An entry of `require` or `deny_if`.
    Predicate(&'b Predicate, Sense),
    /// An amount that has to be countable.
    Limit(&'b Limit),
    /// People must agree.
    Approval(&'b Approval),
}

/// The rules with conditions that hold then, in the order of evaluation.
pub(super) fn rules(bound: &Bound, moment: Moment) -> Vec<Rule<'_>> {
    let requirements =
        bound.requirements(moment).map(|(_, predicate)| Rule::Predicate(predicate, Sense::Require));
    let denies =
        bound.conditional_denies(moment).map(|(_, predicate)| Rule::Predicate(predicate, Sense::DenyIf));
    let approvals = bound.approvals(moment).map(|(_, approval)| Rule::Approval(approval));
    requirements.chain(denies).chain(bound.limits(moment).map(Rule::Limit)).chain(approvals).collect()
}

impl<'b> Rule<'b> {
    pub(super) fn sense(&self) -> Sense {
        match self {
            Self::Predicate(_, sense) => *sense,
            Self::Limit(_) | Self::Approval(_) => Sense::DenyIf,
        }
    }

    /// What its conditions answer where the call passes.
    pub(super) fn passing(&self) -> Want {
        match self.sense() {
            Sense::Require => Want::True,
            Sense::DenyIf => Want::False,
        }
    }

    /// What they answer where it is denied.
    pub(super) fn denying(&self) -> Want {
        match self.sense() {
            Sense::Require => Want::NotTrue,
            Sense::DenyIf => Want::NotFalse,
        }
    }

    /// What single comparisons have to answer for that, and whether these are all choices.
    pub(super) fn choices(&self, want: Want) -> (Vec<Choice<'b>>, bool) {
        match self {
            Self::Predicate(predicate, _) => alternatives(&predicate.conditions, want),
            Self::Approval(approval) => alternatives(&approval.when, want),
            Self::Limit(_) => (Vec::<Vec<Wish<'b>>>::new(), false),
        }
    }

    /// Whether it denies.
    pub(super) fn denies(&self, input: Input<'_>) -> bool {
        match self {
            Self::Predicate(predicate, sense) => !self.passing().is_met_by(predicate.judge(input, *sense)),
            Self::Limit(limit) => limit.amount(input, None).is_err(),
            Self::Approval(approval) => {
                !self.passing().is_met_by(crate::condition::all(&approval.when, input, Sense::DenyIf))
            }
        }
    }

    /// Whether it made this denial.
    pub(super) fn made(&self, denial: &Denial) -> bool {
        match self {
            Self::Predicate(predicate, _) => denial.rule == predicate.rule,
            Self::Limit(limit) => denial.rule == limit.spec.rule,
            Self::Approval(approval) => denial.pointer == approval.pointer,
        }
    }

    /// Its id, where it has one of its own.
    pub(super) fn id(self) -> Option<&'b crate::rule::RuleId> {
        match self {
            Self::Predicate(predicate, _) => Some(&predicate.rule),
            Self::Limit(limit) => Some(&limit.spec.rule),
            Self::Approval(_) => None,
        }
    }

    /// Whether both are the same.
    pub(super) fn is(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Predicate(one, _), Self::Predicate(two, _)) => std::ptr::eq(*one, *two),
            (Self::Limit(one), Self::Limit(two)) => std::ptr::eq(*one, *two),
            (Self::Approval(one), Self::Approval(two)) => std::ptr::eq(*one, *two),
            (Self::Predicate(..) | Self::Limit(_) | Self::Approval(_), _) => false,
        }
    }
}

/// The decision on a case; a case that cannot be read is denied.
pub(super) fn decide(bound: &Bound, case: &Case<'_>) -> Decision {
    let decided = case.ask(|facts, arguments| bound.decide(facts, arguments));
    decided.unwrap_or_else(|| Decision::Deny(crate::gate::no_policy()))
}
