//! One demand on the value at one place: which test, and what it shall answer. Says at once which kinds of value
//! can meet it at all, and judges any concrete value by the operators themselves.

use std::sync::LazyLock;

use json::{Document, Limits, Value};

use super::kind::Kinds;
use super::want::Want;
use crate::datum::{Datum, Numbers};
use crate::input::{Input, Tool};
use crate::operator::{Check, Scalar, Sense, Test};
use crate::path::Found;
use crate::truth::{Possible, Truth};

/// What is asked of a value.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Asked<'a> {
    /// The comparison of a condition.
    Check(&'a Check),
    /// Whether a limit can count it: a number of at least 0, or the length of a text or list.
    Countable {
        /// Whether its length is counted.
        length: bool,
    },
    /// Whether it is of one of these kinds; a place that cannot be read is an error.
    OneOf(Kinds),
    /// Whether it is this scalar, as `contains` asks of the elements of a list: no element is never it.
    Element(&'a Scalar),
}

/// A demand.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Ask<'a> {
    pub(crate) asked: Asked<'a>,
    pub(crate) sense: Sense,
    pub(crate) numbers: Numbers,
    pub(crate) want: Want,
}

const EITHER: Possible = Possible::of(Truth::True).union(Possible::of(Truth::False));
const ANY: Possible = EITHER.union(Possible::of(Truth::Error));
const ERROR: Possible = Possible::of(Truth::Error);

impl<'a> Ask<'a> {
    /// What a missing value answers.
    pub(crate) fn of_missing(&self) -> Truth {
        match self.asked {
            Asked::Check(check) => check.judge(Found::Missing, Input::of_tool(no_tool()), self.sense),
            Asked::Countable { .. } => Truth::Undefined,
            Asked::OneOf(kinds) => Truth::from_bool(kinds.has(Kinds::MISSING)),
            Asked::Element(_) => Truth::False,
        }
    }

    /// Whether a missing value is as wanted.
    pub(crate) fn allows_missing(&self) -> bool {
        self.want.met(self.of_missing())
    }

    /// Whether a place that cannot be read is as wanted.
    pub(crate) fn allows_error(&self) -> bool {
        self.want.met(Truth::Error)
    }

    /// Whether some value of this kind may be as wanted.
    pub(crate) fn allows(&self, kind: Kinds) -> bool {
        let possible = self.possible(kind);
        [Truth::True, Truth::False, Truth::Undefined, Truth::Error]
            .into_iter()
            .any(|truth| possible.has(truth) && self.want.met(truth))
    }

    /// What values of this kind can answer; more than that only where it is not known.
    fn possible(&self, kind: Kinds) -> Possible {
        if kind == Kinds::MISSING {
            return Possible::of(self.of_missing());
        }
        if kind == Kinds::AMBIGUOUS {
            return ERROR;
        }
        match self.asked {
            Asked::Check(check) => {
                let possible = self.of_test(&check.test, kind);
                if check.negated { possible.negate() } else { possible }
            }
            Asked::Countable { length } => {
                let counts = if length { Kinds::TEXT.or(Kinds::LIST) } else { self.readable_numbers() };
                if counts.has(kind) { ANY } else { ERROR }
            }
            Asked::OneOf(kinds) => Possible::of(Truth::from_bool(kinds.has(kind))),
            Asked::Element(scalar) => self.of_scalar(scalar, kind),
        }
    }

    fn readable_numbers(&self) -> Kinds {
        match self.numbers {
            Numbers::Double => Kinds::EXACT,
            Numbers::Arbitrary => Kinds::EXACT.or(Kinds::INEXACT),
        }
    }

    fn of_scalar(&self, scalar: &Scalar, kind: Kinds) -> Possible {
        let read = match scalar {
            Scalar::String(_) => Kinds::TEXT,
            Scalar::Bool(_) => Kinds::BOOL,
            Scalar::Number(_) => self.readable_numbers(),
        };
        self.where_read(read, kind, EITHER)
    }

    /// The answers to values of kinds that are read. A number that no double holds may have too many digits.
    fn where_read(&self, read: Kinds, kind: Kinds, answers: Possible) -> Possible {
        match (read.has(kind), kind == Kinds::INEXACT) {
            (true, false) => answers,
            (true, true) => ANY,
            (false, _) => ERROR,
        }
    }

    fn of_test(&self, test: &Test, kind: Kinds) -> Possible {
        let (read, answers) = match test {
            Test::Equals(scalar) => return self.of_scalar(scalar, kind),
            Test::Present(wanted) => return Possible::of(Truth::from_bool(*wanted)),
            Test::Types(_) => return self.of_samples(kind),
            Test::Within(_) | Test::Quantified(_) | Test::SameAs(_) => return ANY,
            Test::OneOf(set) => {
                let strings = if set.strings().next().is_some() { Kinds::TEXT } else { Kinds::NONE };
                let numbers = if set.numbers().is_empty() { Kinds::NONE } else { self.readable_numbers() };
                let booleans = if set.booleans().is_empty() { Kinds::NONE } else { Kinds::BOOL };
                (strings.or(numbers).or(booleans), EITHER)
            }
            Test::Order { .. } => (self.readable_numbers(), EITHER),
            Test::Contains(Scalar::String(_)) => (Kinds::TEXT.or(Kinds::LIST), ANY),
            Test::Contains(Scalar::Number(_) | Scalar::Bool(_)) => (Kinds::LIST, ANY),
            Test::Matches { .. } | Test::Affix { .. } => (Kinds::TEXT, EITHER),
            Test::HostIn(_) | Test::InNetwork(_) | Test::Under(_) => (Kinds::TEXT, ANY),
            Test::Length { .. } => (Kinds::TEXT.or(Kinds::LIST), EITHER),
        };
        self.where_read(read, kind, answers)
    }

    /// Types tell only kinds apart, and whole numbers from others: examples of both show all answers.
    fn of_samples(&self, kind: Kinds) -> Possible {
        let samples: &[&str] = if kind == Kinds::BOOL {
            &["true"]
        } else if kind == Kinds::EXACT {
            &["0", "0.5"]
        } else if kind == Kinds::INEXACT {
            &["9007199254740993", "0.10000000000000000001", "1e-2000"]
        } else if kind == Kinds::TEXT {
            &["\"a\""]
        } else if kind == Kinds::LIST {
            &["[]"]
        } else {
            &["{}"]
        };
        let answers = samples.iter().filter_map(|text| self.judge_text(text)).map(|truth| match self.asked {
            Asked::Check(Check { negated: true, .. }) => truth.negate(),
            Asked::Check(_) | Asked::Countable { .. } | Asked::OneOf(_) | Asked::Element(_) => truth,
        });
        answers.map(Possible::of).reduce(Possible::union).unwrap_or(ANY)
    }

    /// The answer to a value, null included.
    pub(crate) fn judge(&self, value: Value<'_>) -> Truth {
        if value.is_null() {
            return self.of_missing();
        }
        let datum = Datum::Json(value, self.numbers);
        match self.asked {
            Asked::Check(check) => check.judge(Found::Value(datum), Input::of_tool(no_tool()), self.sense),
            Asked::Countable { length: false } => {
                let counts = datum.number().is_some_and(|number| !number.is_negative());
                if counts { Truth::True } else { Truth::Error }
            }
            Asked::Countable { length: true } => {
                if value.is_string() || value.is_array() {
                    Truth::True
                } else {
                    Truth::Error
                }
            }
            Asked::OneOf(kinds) => Truth::from_bool(kinds.has(Kinds::of(value))),
            Asked::Element(scalar) => scalar.judge(datum),
        }
    }

    /// The answer to a value that is written so; nothing where that is no JSON.
    pub(crate) fn judge_text(&self, text: &str) -> Option<Truth> {
        let document = scan(text)?;
        Some(self.judge(document.root()))
    }

    /// Whether a value is as wanted.
    pub(crate) fn holds(&self, value: Value<'_>) -> bool {
        self.want.met(self.judge(value))
    }

    /// The test of a comparison with a text, and what it shall answer before any negation.
    pub(crate) fn test(&self) -> Option<(&'a Test, Want)> {
        match self.asked {
            Asked::Check(check) => {
                Some((&check.test, if check.negated { self.want.negated() } else { self.want }))
            }
            Asked::Countable { .. } | Asked::OneOf(_) | Asked::Element(_) => None,
        }
    }

    /// Whether the evaluator alone knows what values meet it.
    pub(crate) fn is_opaque(&self) -> bool {
        self.test().is_some_and(|(test, _)| matches!(test, Test::Within(_) | Test::SameAs(_)))
    }
}

/// No tool in particular: what is asked here reads nothing of the tool.
fn no_tool() -> &'static Tool {
    static NO_TOOL: LazyLock<Tool> = LazyLock::new(Tool::default);
    &NO_TOOL
}

/// Reads JSON that this module wrote.
pub(crate) fn scan(text: &str) -> Option<Document> {
    Document::scan(text.as_bytes().to_vec(), &Limits::default()).ok()
}
