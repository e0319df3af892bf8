//! A call as an example: made of what solving found, judged by the evaluator, and shown.

use json::{Document, Value};

use super::ask::scan;
use super::solve::Model;
use super::subject::Subject;
use crate::bound::Bound;
use crate::decision::{Arguments, Decision, Denial, DenialKind, Facts};
use crate::flow::{History, StepState, TakenStep};
use crate::stack::Stack;

/// A call.
#[derive(Debug, Clone)]
pub struct Call {
    /// The id of the server.
    pub server: String,
    /// The name of the tool.
    pub tool: String,
    /// Its arguments, an object.
    pub arguments: Document,
    /// The public id of the access key.
    pub grant: String,
    /// The labels of the access key.
    pub labels: Vec<String>,
    /// The time, in milliseconds of Unix time.
    pub now_ms: u64,
    /// Whether the time matters to the rules that were looked at.
    pub is_timed: bool,
    /// The answers of the client in a further round.
    pub input: Option<Document>,
    /// What the server says of the tool, where the rules ask for it and its definition is not known.
    pub annotations: Option<Document>,
}

/// What a stack makes of a call.
#[derive(Debug)]
pub(crate) enum Outcome {
    /// It is allowed.
    Allowed,
    /// It is allowed once people agree.
    Approval,
    /// It is denied.
    Denied(Box<Denial>),
}

impl Outcome {
    /// Whether it is forwarded, perhaps after an approval.
    pub(crate) const fn is_open(&self) -> bool {
        match self {
            Self::Allowed | Self::Approval => true,
            Self::Denied(_) => false,
        }
    }
}

impl Call {
    /// The call that solving found; nothing where it is no call.
    pub(crate) fn of(model: &Model, subject: &Subject<'_>) -> Option<Self> {
        let scan_all = |text: &Option<String>| text.as_deref().map(scan);
        let (grant, labels) = (scan(&model.grant)?, scan(&model.labels)?);
        let labels =
            labels.root().elements().filter_map(|label| label.as_str().map(|label| label.into_owned()));
        Some(Self {
            server: subject.definition.server.clone(),
            tool: subject.definition.name.clone(),
            arguments: scan(&model.arguments)?,
            grant: grant.root().as_str()?.into_owned(),
            labels: labels.collect(),
            now_ms: model.now_ms,
            is_timed: model.is_timed,
            input: scan_all(&model.input).flatten(),
            annotations: scan_all(&model.annotations).flatten().filter(|_| !subject.is_known()),
        })
    }

    /// The same call with other arguments.
    pub(crate) fn with_arguments(mut self, arguments: Document) -> Self {
        self.arguments = arguments;
        self
    }

    /// What is known of it besides its arguments.
    #[must_use]
    pub fn facts(&self) -> Facts<'_> {
        let facts = Facts::new(&self.grant, &self.server, &self.tool).at(self.now_ms);
        facts.labelled(&self.labels).answered(self.input.as_ref().map(Document::root))
    }

    /// The stack as bound to a tool with the annotations that the call needs; nothing where it needs none.
    pub(crate) fn bound(&self, subject: &Subject<'_>, stack: &Stack) -> Option<Bound> {
        let annotations = self.annotations.as_ref().map(Document::root).filter(has_members)?;
        Some(stack.bind(&subject.definition.clone().annotated(Some(annotations))))
    }

    /// What a stack makes of it. `bound` is the stack as bound to the tool.
    pub(crate) fn judged(&self, subject: &Subject<'_>, stack: &Stack, bound: &Bound) -> Outcome {
        let arguments = Arguments::Known(self.arguments.root());
        let annotated = self.bound(subject, stack);
        match self.decided(annotated.as_ref().unwrap_or(bound), arguments) {
            Decision::Allow(_) => Outcome::Allowed,
            Decision::Deny(denial) if denial.kind == DenialKind::Approval => Outcome::Approval,
            Decision::Deny(denial) => Outcome::Denied(Box::new(denial)),
        }
    }
}

impl Call {
    /// The decision, as if all steps had been taken that flows ask for, and no label were set.
    fn decided(&self, bound: &Bound, arguments: Arguments<'_>) -> Decision {
        let facts = self.facts();
        if !bound.flows.ask() {
            return bound.decide(&facts, arguments);
        }
        let repaired = bound.check_arguments(arguments).ok().flatten();
        let input = bound.input(&facts, arguments, repaired.as_ref());
        let state = StepState::Finished { at_ms: self.now_ms };
        let steps = bound.flows.asked().filter_map(|(policy, flow)| flow.step(policy, input));
        let steps: Vec<_> = steps.map(|step| TakenStep { step, state }).collect();
        let history = History { now_ms: self.now_ms, labels: &[], steps: &steps };
        bound.decide(&Facts { history: Some(&history), ..facts }, arguments)
    }
}

fn has_members(value: &Value<'_>) -> bool {
    !value.is_empty()
}
