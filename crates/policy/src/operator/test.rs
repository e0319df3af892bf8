//! An operator with its `value`, ready to judge: which test asks what of which kind of value.
//! A missing value is the same for all comparisons; only `exists`, `each` and `some` read it otherwise.

use json::{Decimal, Kind};
use regex::Regex;

use super::affix::{self, End};
use super::folder::{self, Folder};
use super::membership::Set;
use super::network::{self, Network};
use super::quantifier::Quantified;
use super::types::{self, Type};
use super::{Relation, Scalar, host, length, other, shape, text};
use crate::channel::HostPattern;
use crate::datum::Datum;
use crate::input::{Input, Tool};
use crate::path::{Found, Path};
use crate::schema::Schema;
use crate::truth::Truth;

/// In which list a condition stands. They read a missing value differently.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sense {
    /// Only true passes, so a missing value never does.
    Require,
    /// A comparison with a missing value is false before negation, so `neq` and `not_in` fire on it.
    DenyIf,
}

impl Sense {
    /// What a comparison with a missing value is.
    pub(crate) const fn of_missing(self) -> Truth {
        match self {
            Self::Require => Truth::Undefined,
            Self::DenyIf => Truth::False,
        }
    }
}

/// A test, and whether its opposite is asked.
#[derive(Debug)]
pub(crate) struct Check {
    pub(crate) test: Test,
    pub(crate) negated: bool,
}

/// What is compared, before any negation.
#[derive(Debug)]
pub(crate) enum Test {
    Equals(Scalar),
    OneOf(Set),
    Order { relation: Relation, bound: Decimal },
    Present(bool),
    Matches { pattern: Box<str>, regex: Regex, is_glob: bool },
    Contains(Scalar),
    Affix { end: End, wanted: Box<str> },
    HostIn(Vec<HostPattern>),
    InNetwork(Vec<Network>),
    Under(Vec<Folder>),
    Length { relation: Relation, bound: Decimal },
    Types(Vec<Type>),
    Quantified(Quantified),
    SameAs(Path),
    Within(Schema),
}

impl Check {
    /// The answer for what the path led to.
    pub(crate) fn judge(&self, found: Found<'_>, input: Input<'_>, sense: Sense) -> Truth {
        let answer = match found {
            Found::Unknown => Truth::Unknown,
            Found::NotAnObject(_) | Found::NotAList(_) | Found::Ambiguous => Truth::Error,
            Found::Missing => self.test.judge_missing(input, sense),
            Found::Value(value) => self.test.judge(value, input, sense),
        };
        if self.negated { answer.negate() } else { answer }
    }
}

impl Check {
    /// What it asks of the elements of a list, if it does.
    pub(crate) fn quantified(&self) -> Option<&Quantified> {
        if let Test::Quantified(quantified) = &self.test { Some(quantified) } else { None }
    }

    /// Whether a missing value makes it false in `deny_if`, so that a value can only make it fire.
    pub(crate) fn helps_when_present(&self) -> bool {
        match &self.test {
            Test::Quantified(quantified) => quantified.is_some() && quantified.check.helps_when_present(),
            Test::SameAs(_) => false,
            Test::Present(wanted) => *wanted,
            Test::Equals(_)
            | Test::OneOf(_)
            | Test::Order { .. }
            | Test::Matches { .. }
            | Test::Contains(_)
            | Test::Affix { .. }
            | Test::HostIn(_)
            | Test::InNetwork(_)
            | Test::Under(_)
            | Test::Length { .. }
            | Test::Types(_)
            | Test::Within(_) => !self.negated,
        }
    }
}

impl Test {
    fn judge_missing(&self, input: Input<'_>, sense: Sense) -> Truth {
        match self {
            Self::Present(wanted) => Truth::from_bool(!wanted),
            Self::Quantified(quantified) => quantified.check.judge(Found::Missing, input, sense),
            Self::Equals(_)
            | Self::OneOf(_)
            | Self::Order { .. }
            | Self::Matches { .. }
            | Self::Contains(_)
            | Self::Affix { .. }
            | Self::HostIn(_)
            | Self::InNetwork(_)
            | Self::Under(_)
            | Self::Length { .. }
            | Self::Types(_)
            | Self::SameAs(_)
            | Self::Within(_) => sense.of_missing(),
        }
    }

    fn judge(&self, value: Datum<'_>, input: Input<'_>, sense: Sense) -> Truth {
        match self {
            Self::Equals(wanted) => wanted.judge(value),
            Self::OneOf(set) => set.judge(value),
            Self::Order { relation, bound } => relation.judge(value, bound),
            Self::Present(wanted) => Truth::from_bool(*wanted),
            Self::Matches { regex, .. } => text::judge_match(regex, value),
            Self::Contains(wanted) => text::judge_contains(wanted, value),
            Self::Affix { end, wanted } => affix::judge(*end, wanted, value),
            Self::HostIn(hosts) => host::judge(hosts, value),
            Self::InNetwork(networks) => network::judge(networks, value),
            Self::Under(folders) => folder::judge(folders, value),
            Self::Length { relation, bound } => length::judge(*relation, bound, value),
            Self::Types(wanted) => types::judge(wanted, value),
            // INVARIANT: a list is visited by its path; an element on its own is judged like a list of one.
            Self::Quantified(quantified) => quantified.check.judge(Found::Value(value), input, sense),
            Self::SameAs(path) => other::judge(path, value, input, sense),
            Self::Within(schema) => shape::judge(schema, value),
        }
    }

    /// The answer for a text alone.
    pub(crate) fn judge_text(&self, text: &str) -> Truth {
        self.judge(Datum::Text(text), Input::of_tool(&Tool::default()), Sense::Require)
    }

    /// Whether the answer for a text depends on nothing but the text.
    pub(crate) fn reads_text_only(&self) -> bool {
        match self {
            Self::SameAs(_) | Self::Within(_) => false,
            Self::Quantified(quantified) => quantified.check.test.reads_text_only(),
            Self::Equals(_)
            | Self::OneOf(_)
            | Self::Order { .. }
            | Self::Present(_)
            | Self::Matches { .. }
            | Self::Contains(_)
            | Self::Affix { .. }
            | Self::HostIn(_)
            | Self::InNetwork(_)
            | Self::Under(_)
            | Self::Length { .. }
            | Self::Types(_) => true,
        }
    }

    /// Whether values of this kind are read, so that an error is about the value and not about its kind.
    pub(crate) fn reads(&self, kind: Kind) -> bool {
        match self {
            Self::HostIn(_) | Self::InNetwork(_) | Self::Under(_) => kind == Kind::String,
            Self::Within(_) => true,
            Self::Types(_) => kind == Kind::Number,
            Self::Quantified(quantified) => quantified.check.test.reads(kind),
            Self::Equals(_)
            | Self::OneOf(_)
            | Self::Order { .. }
            | Self::Present(_)
            | Self::Matches { .. }
            | Self::Contains(_)
            | Self::Affix { .. }
            | Self::Length { .. }
            | Self::SameAs(_) => false,
        }
    }

    /// What the argument has to be, for the agent: "a number".
    pub(crate) fn expects(&self) -> &'static str {
        match self {
            Self::Equals(wanted) => wanted.expects(),
            Self::OneOf(set) => set.expects(),
            Self::Order { .. } => "a number",
            Self::Present(_) => "anything",
            Self::Types(_) => "a number that a double holds exactly",
            Self::Matches { .. } | Self::Affix { .. } => "a string",
            Self::Contains(Scalar::String(_)) => "a string or an array of strings",
            Self::Contains(wanted @ (Scalar::Number(_) | Scalar::Bool(_))) => wanted.expects_array(),
            Self::HostIn(_) => "a URL whose host can be read in one way only",
            Self::InNetwork(_) => "an IP address in its plain spelling",
            Self::Under(_) => "a path without `..`, escapes and backslashes",
            Self::Length { .. } => "a string or an array",
            Self::Quantified(quantified) => quantified.check.test.expects(),
            Self::SameAs(_) => "a string, a number or a boolean of the same type as the other",
            Self::Within(_) => "small enough to be checked",
        }
    }
}
