//! The operators of conditions: one list, one family per file.
//! An operator compares and nothing else: it never coerces ("5" is not 5) and never answers true or false to a
//! value of a type that it does not read.

mod equality;
mod membership;
mod order;
mod pattern;
mod presence;
mod scalar;
mod text;

use json::{Decimal, Kind, Value};
pub(crate) use order::Relation;
pub(crate) use pattern::is_anchored;
use regex::Regex;
pub(crate) use scalar::Scalar;

use crate::path::Found;
use crate::registry::{Entry, Status};
use crate::truth::Truth;

/// Reads the `value` of a condition.
type Prepare = fn(Value<'_>) -> Result<Test, BadValue>;

/// One operator.
pub struct Operator {
    /// As it is written in `op`.
    pub name: &'static str,
    /// One line for the manual.
    pub doc: &'static str,
    /// What `value` must be, for the manual.
    pub value: &'static str,
    /// Whether the answer is the opposite of the comparison's. On a missing argument the difference matters.
    pub(crate) negated: bool,
    pub(crate) prepare: Prepare,
}

/// What is wrong with the `value` of a condition.
#[derive(Debug)]
pub(crate) struct BadValue {
    pub(crate) code: &'static str,
    pub(crate) message: String,
    /// The element of a list that is wrong.
    pub(crate) element: Option<usize>,
}

/// The operators that are built, in the order of the manual.
pub static OPERATORS: &[&Operator] = &[
    &equality::EQ,
    &equality::NEQ,
    &order::LT,
    &order::LTE,
    &order::GT,
    &order::GTE,
    &membership::IN,
    &membership::NOT_IN,
    &presence::EXISTS,
    &text::REGEX,
    &text::CONTAINS,
];

/// Operators of the language that are not built yet.
pub static NOT_YET_BUILT: &[Entry] = &[
    not_yet("prefix", "The text starts so."),
    not_yet("suffix", "The text ends so."),
    not_yet("glob", "The text matches a pattern with `*`."),
    not_yet("host_in", "The host of a URL is one of these."),
    not_yet("cidr", "The address is in a network."),
    not_yet("path_under", "The path is below a folder."),
    not_yet("len_lte", "The text or list is at most so long."),
    not_yet("len_gte", "The text or list is at least so long."),
    not_yet("type", "The value is of a JSON type."),
    not_yet("each", "Every element of a list."),
    not_yet("some", "Any element of a list."),
    not_yet("eq_path", "Equal to another argument."),
    not_yet("within_schema", "Accepted by a JSON Schema."),
];

const fn not_yet(name: &'static str, doc: &'static str) -> Entry {
    Entry { name, doc, status: Status::NotYetBuilt }
}

/// The operator of this name.
pub(crate) fn find(name: &str) -> Option<&'static Operator> {
    OPERATORS.iter().find(|operator| operator.name == name).copied()
}

/// All names, built or not, for "did you mean".
pub(crate) fn names() -> impl Iterator<Item = &'static str> {
    let built = OPERATORS.iter().map(|operator| operator.name);
    built.chain(NOT_YET_BUILT.iter().map(|entry| entry.name))
}

/// In which list a condition stands. They read a missing value differently.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sense {
    /// Only true passes, so a missing value never does.
    Require,
    /// A comparison with a missing value is false before negation, so `neq` and `not_in` fire on it.
    DenyIf,
}

/// An operator with its `value`, ready to judge.
#[derive(Debug)]
pub(crate) struct Check {
    pub(crate) test: Test,
    pub(crate) negated: bool,
}

/// What is compared, before any negation.
#[derive(Debug)]
pub(crate) enum Test {
    Equals(Scalar),
    OneOf(membership::Set),
    Order { relation: Relation, bound: Decimal },
    Present(bool),
    Matches { pattern: Box<str>, regex: Regex },
    Contains(Scalar),
}

impl Check {
    /// The answer for what the path led to.
    pub(crate) fn judge(&self, found: Found<'_>, sense: Sense) -> Truth {
        let answer = match found {
            Found::Unknown => Truth::Unknown,
            Found::NotAnObject(_) | Found::Ambiguous => Truth::Error,
            Found::Missing => self.test.judge_missing(sense),
            Found::Value(value) => self.test.judge(value),
        };
        if self.negated { answer.negate() } else { answer }
    }
}

impl Test {
    fn judge_missing(&self, sense: Sense) -> Truth {
        match self {
            Self::Present(wanted) => Truth::from_bool(!wanted),
            Self::Equals(_)
            | Self::OneOf(_)
            | Self::Order { .. }
            | Self::Matches { .. }
            | Self::Contains(_) => match sense {
                Sense::Require => Truth::Undefined,
                Sense::DenyIf => Truth::False,
            },
        }
    }

    fn judge(&self, value: Value<'_>) -> Truth {
        match self {
            Self::Equals(wanted) => wanted.judge(value),
            Self::OneOf(set) => set.judge(value),
            Self::Order { relation, bound } => relation.judge(value, bound),
            Self::Present(wanted) => Truth::from_bool(*wanted),
            Self::Matches { regex, .. } => text::judge_match(regex, value),
            Self::Contains(wanted) => text::judge_contains(wanted, value),
        }
    }

    /// What the argument has to be, for the agent: "a number".
    pub(crate) fn expects(&self) -> &'static str {
        match self {
            Self::Equals(wanted) => wanted.expects(),
            Self::OneOf(set) => set.expects(),
            Self::Order { .. } => "a number",
            Self::Present(_) => "anything",
            Self::Matches { .. } => "a string",
            Self::Contains(Scalar::String(_)) => "a string or an array of strings",
            Self::Contains(wanted @ (Scalar::Number(_) | Scalar::Bool(_))) => wanted.expects_array(),
        }
    }
}

/// How a message names a kind of value.
pub(crate) const fn kind_name(kind: Kind) -> &'static str {
    match kind {
        Kind::Null => "null",
        Kind::Bool => "a boolean",
        Kind::Number => "a number",
        Kind::String => "a string",
        Kind::Array => "an array",
        Kind::Object => "an object",
    }
}

#[cfg(test)]
pub(crate) mod testing {
    use super::*;
    use crate::testing::document;

    /// What the operator answers in both senses; `missing` stands for no argument at all.
    pub(crate) fn check(operator: &'static Operator, value: &str, argument: &str, expected: [Truth; 2]) {
        let value_document = document(value);
        let test = (operator.prepare)(value_document.root()).unwrap();
        let check = Check { test, negated: operator.negated };
        let text = if argument == "missing" { "null" } else { argument };
        let argument_document = document(text);
        let root = argument_document.root();
        let found = if root.is_null() { Found::Missing } else { Found::Value(root) };
        let answers = [Sense::Require, Sense::DenyIf].map(|sense| check.judge(found, sense));
        assert_eq!(answers, expected, "{argument} {} {value}", operator.name);
        for sense in [Sense::Require, Sense::DenyIf] {
            assert_eq!(check.judge(Found::Unknown, sense), Truth::Unknown);
            assert_eq!(check.judge(Found::Ambiguous, sense), Truth::Error);
            assert_eq!(check.judge(Found::NotAnObject(Kind::String), sense), Truth::Error);
        }
    }

    /// A `value` that the operator refuses, and a part of what it says.
    pub(crate) fn refuses(operator: &'static Operator, value: &str, part: &str) {
        let document = document(value);
        let message = (operator.prepare)(document.root()).expect_err(value).message;
        assert!(message.contains(part), "{value}: {message}");
    }

    #[test]
    fn names_are_unique() {
        let mut all: Vec<_> = names().collect();
        all.sort_unstable();
        let n_names = all.len();
        all.dedup();
        assert_eq!(all.len(), n_names);
    }
}
