//! Judges one predicate.
//! Nothing here allocates before something denies; what denies is then looked at again for the explanation.

use std::sync::Arc;

use json::Kind;

use crate::bound::Sight;
use crate::condition::{self, Comparison, Condition, Leaf};
use crate::decision::{Denial, DenialKind, Operand, OperandOutcome};
use crate::input::Input;
use crate::operator::{Sense, kind_name};
use crate::path::Found;
use crate::policy::Predicate;
use crate::reason::{self, CORRECT, DO_NOT_RETRY, NOT_WITH_THESE, advise};
use crate::schema::Schema;
use crate::terms::Reveal;
use crate::truth::Truth;

impl Predicate {
    /// Whether all conditions hold.
    pub(crate) fn judge(&self, input: Input<'_>, sense: Sense) -> Truth {
        condition::all(&self.conditions, input, sense)
    }

    /// Whether no call can pass it, or each does, whatever is not known yet.
    pub(crate) fn foresee(&self, input: Input<'_>, sense: Sense) -> Sight {
        let passing = match sense {
            Sense::Require => Truth::True,
            Sense::DenyIf => Truth::False,
        };
        Sight::of(condition::possible(&self.conditions, input, sense), passing)
    }

    /// The denial of a call that cannot pass, of which not everything is known.
    pub(crate) fn foreseen_denial(&self, policy: &Arc<str>, sense: Sense) -> Denial {
        let kind = match sense {
            Sense::Require => DenialKind::Require,
            Sense::DenyIf => DenialKind::DenyIf,
        };
        let said = self.on_deny.as_deref().unwrap_or("the policy does not allow this call");
        self.denial(policy, kind, advise(said, NOT_WITH_THESE), Vec::new())
    }

    /// What each comparison and expression answers.
    pub(crate) fn outcomes(&self, input: Input<'_>, sense: Sense) -> Vec<OperandOutcome> {
        self.leaves().map(|leaf| leaf.outcome(input, sense)).collect()
    }

    /// All comparisons and expressions, in the order of the document.
    pub(crate) fn leaves(&self) -> impl Iterator<Item = Leaf<'_>> {
        self.conditions.iter().flat_map(Condition::leaves)
    }

    /// All comparisons, in the order of the document.
    pub(crate) fn comparisons(&self) -> impl Iterator<Item = &Comparison> {
        self.conditions.iter().flat_map(Condition::comparisons)
    }

    /// The denial by an explicit deny.
    pub(crate) fn explicit_denial(&self, policy: &Arc<str>) -> Denial {
        let said = self.on_deny.as_deref().unwrap_or("the policy denies every call of this tool");
        self.denial(policy, DenialKind::Action, advise(said, DO_NOT_RETRY), Vec::new())
    }

    /// The denial by a requirement that is not met, if the answer is one.
    pub(crate) fn require_denial(
        &self,
        policy: &Arc<str>,
        input: Input<'_>,
        names: Option<&Schema>,
    ) -> Option<Denial> {
        let kind = match self.judge(input, Sense::Require) {
            Truth::True => return None,
            Truth::False | Truth::Undefined => DenialKind::Require,
            Truth::Error | Truth::Unknown => DenialKind::Error,
        };
        Some(self.conditional_denial(policy, input, Sense::Require, kind, names))
    }

    /// The denial by a `deny_if` that fires, if it does. What cannot be judged denies.
    pub(crate) fn deny_if_denial(
        &self,
        policy: &Arc<str>,
        input: Input<'_>,
        names: Option<&Schema>,
    ) -> Option<Denial> {
        let kind = match self.judge(input, Sense::DenyIf) {
            Truth::False => return None,
            Truth::True => DenialKind::DenyIf,
            Truth::Error | Truth::Undefined | Truth::Unknown => DenialKind::Error,
        };
        Some(self.conditional_denial(policy, input, Sense::DenyIf, kind, names))
    }

    #[cold]
    fn conditional_denial(
        &self,
        policy: &Arc<str>,
        input: Input<'_>,
        sense: Sense,
        kind: DenialKind,
        names: Option<&Schema>,
    ) -> Denial {
        let operands = self.outcomes(input, sense);
        let text = match (&self.on_deny, kind) {
            (_, DenialKind::Error) => self.error_text(&operands, input, names),
            (Some(said), _) => advise(said, NOT_WITH_THESE),
            (None, _) => reason::of_predicate(self.leaves(), &operands, sense, names),
        };
        self.denial(policy, kind, text, operands)
    }

    /// What cannot be judged is something that the agent can correct.
    fn error_text(&self, operands: &[OperandOutcome], input: Input<'_>, names: Option<&Schema>) -> String {
        let wrong = self.leaves().zip(operands).find(|(_, outcome)| outcome.truth == Truth::Error);
        let text = wrong.and_then(|(leaf, outcome)| match leaf {
            Leaf::Compare(comparison) => Some(comparison.error_text(outcome, names)),
            Leaf::Expression(expression) => expression.error_text(input, names),
        });
        text.map_or_else(|| advise("the call cannot be judged", DO_NOT_RETRY), |text| advise(&text, CORRECT))
    }

    fn denial(
        &self,
        policy: &Arc<str>,
        kind: DenialKind,
        text: String,
        operands: Vec<OperandOutcome>,
    ) -> Denial {
        Denial {
            rule: self.rule.clone(),
            pointer: self.pointer.clone(),
            policy: Some(Arc::clone(policy)),
            kind,
            reason: Some(Arc::from(text)),
            operands,
            reveal: Reveal::default(),
        }
    }
}

impl Comparison {
    /// Why it cannot be judged, for the agent.
    fn error_text(&self, outcome: &OperandOutcome, names: Option<&Schema>) -> String {
        let subject = reason::argument(&self.path, names);
        match outcome.found {
            Operand::NotAnObject(kind) => {
                format!("{subject} cannot be read, because it is inside {}", kind_name(kind))
            }
            Operand::NotAList(kind) => format!("{subject} must be inside an array, not {}", kind_name(kind)),
            Operand::Ambiguous => {
                format!(
                    "{subject} is given under a name that can be read in two ways, because of its dots or its case"
                )
            }
            Operand::Value(Kind::Number) if self.check.test.expects() == "a number" => {
                format!("{subject} must be a number that a double holds exactly")
            }
            Operand::Value(kind) if self.check.test.reads(kind) => {
                format!("{subject} must be {}", self.check.test.expects())
            }
            Operand::Value(kind) => {
                format!("{subject} must be {}, not {}", self.check.test.expects(), kind_name(kind))
            }
            Operand::Missing | Operand::Unknown | Operand::Computed | Operand::NotComputed(_) => {
                format!("{subject} cannot be judged")
            }
        }
    }
}

impl Operand {
    /// What a path led to, without the value.
    pub(crate) fn of(found: Found<'_>) -> Self {
        match found {
            Found::Value(value) => Self::Value(value.kind()),
            Found::Missing => Self::Missing,
            Found::NotAnObject(kind) => Self::NotAnObject(kind),
            Found::NotAList(kind) => Self::NotAList(kind),
            Found::Ambiguous => Self::Ambiguous,
            Found::Unknown => Self::Unknown,
        }
    }
}
