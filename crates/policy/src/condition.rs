//! Conditions: comparisons, and what combines them.
//! Combining follows Kleene's logic with errors between undefined and false, so that neither order nor nesting
//! turns what cannot be judged into an answer.

use std::sync::Arc;

use crate::cel::{self, Expression};
use crate::decision::{Operand, OperandOutcome};
use crate::input::Input;
use crate::operator::{Check, Sense, Test};
use crate::path::{Found, Path};
use crate::truth::{Possible, Truth};

/// One entry of `conditions`.
#[derive(Debug)]
pub(crate) enum Condition {
    /// A comparison.
    Compare(Box<Comparison>),
    /// An expression in CEL, of which analysis knows only that it answers something.
    Expression(Box<Expression>),
    /// Several conditions, or the opposite of one.
    Combined(Combined),
}

/// What has an answer of its own: a comparison or an expression.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Leaf<'a> {
    Compare(&'a Comparison),
    Expression(&'a Expression),
}

/// One comparison.
#[derive(Debug)]
pub(crate) struct Comparison {
    pub(crate) path: Path,
    pub(crate) operator: &'static str,
    pub(crate) check: Check,
    /// The `value` of the document, with numbers in their shortest form.
    pub(crate) value: Box<str>,
    pub(crate) pointer: String,
    /// Where the value is in the text.
    pub(crate) value_offset: usize,
}

/// Conditions under `all`, `any` or `not`.
#[derive(Debug)]
pub(crate) struct Combined {
    pub(crate) by: Combinator,
    /// At least one; exactly one under `not`.
    pub(crate) conditions: Vec<Condition>,
}

/// How conditions are combined.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Combinator {
    /// Each holds.
    All,
    /// At least one holds.
    Any,
    /// The one does not hold.
    Not,
}

impl Combinator {
    /// All of them.
    pub(crate) const ALL: [Self; 3] = [Self::All, Self::Any, Self::Not];

    /// Its key in a document.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::All => "all",
            Self::Any => "any",
            Self::Not => "not",
        }
    }
}

impl Condition {
    pub(crate) fn judge(&self, input: Input<'_>, sense: Sense) -> Truth {
        match self {
            Self::Compare(comparison) => comparison.judge(input, sense),
            Self::Expression(expression) => expression.judge(input),
            Self::Combined(combined) => combined.judge(input, sense),
        }
    }

    /// The answers that are possible while some of the input is not known.
    pub(crate) fn possible(&self, input: Input<'_>, sense: Sense) -> Possible {
        match self {
            Self::Compare(comparison) => Possible::of(comparison.judge(input, sense)),
            Self::Expression(expression) => expression.possible(input),
            Self::Combined(Combined { by, conditions }) => {
                let all = || possible(conditions, input, sense);
                match by {
                    Combinator::All => all(),
                    Combinator::Not => all().negate(),
                    Combinator::Any => conditions.iter().fold(Possible::of(Truth::False), |answer, one| {
                        answer.or(one.possible(input, sense))
                    }),
                }
            }
        }
    }

    /// How rule ids call it: `args.amount-gt`, `any(args.amount-gt)`.
    pub(crate) fn label(&self) -> String {
        match self {
            Self::Compare(comparison) => format!("{}-{}", comparison.path.text(), comparison.operator),
            Self::Expression(_) => cel::OPERATOR.to_owned(),
            Self::Combined(Combined { by, conditions }) => {
                let first = conditions.first().map(Self::label).unwrap_or_default();
                format!("{}({first})", by.as_str())
            }
        }
    }

    /// What it says, as one text: equal for conditions that say the same.
    pub(crate) fn saying(&self) -> String {
        match self {
            Self::Compare(comparison) => {
                let Comparison { path, operator, value, .. } = &**comparison;
                format!("{:?} {operator} {value}", path.text())
            }
            Self::Expression(expression) => format!("cel {:?}", expression.text),
            Self::Combined(Combined { by, conditions }) => {
                let parts: Vec<_> = conditions.iter().map(Self::saying).collect();
                format!("{}({})", by.as_str(), parts.join("\n"))
            }
        }
    }

    /// The comparisons and expressions in it, in the order of the document.
    pub(crate) fn leaves(&self) -> Vec<Leaf<'_>> {
        match self {
            Self::Compare(comparison) => vec![Leaf::Compare(comparison)],
            Self::Expression(expression) => vec![Leaf::Expression(expression)],
            Self::Combined(combined) => combined.conditions.iter().flat_map(Self::leaves).collect(),
        }
    }

    /// The comparisons in it, in the order of the document.
    pub(crate) fn comparisons(&self) -> Vec<&Comparison> {
        match self {
            Self::Compare(comparison) => vec![comparison],
            Self::Expression(_) => Vec::new(),
            Self::Combined(combined) => combined.conditions.iter().flat_map(Self::comparisons).collect(),
        }
    }

    /// The comparisons that all have to hold where this condition holds.
    pub(crate) fn needed(&self) -> Vec<&Comparison> {
        match self {
            Self::Compare(comparison) => vec![comparison],
            Self::Combined(Combined { by: Combinator::All, conditions }) => {
                conditions.iter().flat_map(Self::needed).collect()
            }
            Self::Expression(_) | Self::Combined(Combined { by: Combinator::Any | Combinator::Not, .. }) => {
                Vec::new()
            }
        }
    }

    /// The comparisons whose being true can only help it to hold.
    pub(crate) fn helping(&self) -> Vec<&Comparison> {
        match self {
            Self::Compare(comparison) => vec![comparison],
            Self::Combined(Combined { by: Combinator::All | Combinator::Any, conditions }) => {
                conditions.iter().flat_map(Self::helping).collect()
            }
            Self::Expression(_) | Self::Combined(Combined { by: Combinator::Not, .. }) => Vec::new(),
        }
    }
}

impl Leaf<'_> {
    /// What it met and what it answered.
    pub(crate) fn outcome(self, input: Input<'_>, sense: Sense) -> OperandOutcome {
        match self {
            Self::Compare(comparison) => comparison.outcome(input, sense),
            Self::Expression(expression) => expression.outcome(input),
        }
    }

    /// What it reads of a call.
    pub(crate) fn paths(&self) -> &[Path] {
        match self {
            Self::Compare(comparison) => std::slice::from_ref(&comparison.path),
            Self::Expression(expression) => expression.paths(),
        }
    }
}

impl Combined {
    fn judge(&self, input: Input<'_>, sense: Sense) -> Truth {
        match self.by {
            Combinator::All => all(&self.conditions, input, sense),
            Combinator::Any => any(&self.conditions, input, sense),
            Combinator::Not => all(&self.conditions, input, sense).negate(),
        }
    }
}

/// Whether all hold.
pub(crate) fn all(conditions: &[Condition], input: Input<'_>, sense: Sense) -> Truth {
    let mut answer = Truth::True;
    for condition in conditions {
        answer = answer.and(condition.judge(input, sense));
        if answer == Truth::False {
            break;
        }
    }
    answer
}

/// Whether all can hold, and what else they can answer.
pub(crate) fn possible(conditions: &[Condition], input: Input<'_>, sense: Sense) -> Possible {
    let each = conditions.iter().map(|condition| condition.possible(input, sense));
    each.fold(Possible::of(Truth::True), Possible::and)
}

fn any(conditions: &[Condition], input: Input<'_>, sense: Sense) -> Truth {
    let mut answer = Truth::False;
    for condition in conditions {
        answer = answer.or(condition.judge(input, sense));
        if answer == Truth::True {
            break;
        }
    }
    answer
}

impl Comparison {
    pub(crate) fn judge(&self, input: Input<'_>, sense: Sense) -> Truth {
        if let Test::Quantified(quantified) = &self.check.test {
            return quantified.judge(&self.path, input, sense);
        }
        self.check.judge(self.path.find(input), input, sense)
    }

    /// What it met and what it answered.
    pub(crate) fn outcome(&self, input: Input<'_>, sense: Sense) -> OperandOutcome {
        let truth = self.judge(input, sense);
        OperandOutcome {
            path: Arc::clone(self.path.text()),
            operator: self.operator,
            found: self.met(input, sense, truth),
            truth,
        }
    }

    /// What the path led to; of several values the first that explains the answer.
    fn met(&self, input: Input<'_>, sense: Sense, truth: Truth) -> Operand {
        let Test::Quantified(quantified) = &self.check.test else {
            return Operand::of(self.path.find(input));
        };
        let mut met = None;
        self.path.visit(input, &mut |found: Found<'_>| {
            if met.is_none() && quantified.check.judge(found, input, sense) == truth {
                met = Some(Operand::of(found));
            }
        });
        met.unwrap_or_else(|| Operand::of(self.path.find(input)))
    }
}
