//! What a comparison answers to texts, as languages from both sides: those that may be answered so and those that are.
//! The outer side is never too small and the inner side never too large; what is not known is bounded by everything
//! and nothing.

use regex_automata::util::syntax;

use super::language::Language;
use super::{folders, hosts, networks};
use crate::operator::{End, Relation, Scalar, Test};
use crate::truth::Truth;

/// A set of texts from both sides.
#[derive(Debug, Clone)]
pub(super) struct Between {
    /// Holds every text of the set.
    pub(super) outer: Language,
    /// Holds no text that is not in the set.
    pub(super) inner: Language,
}

/// What a comparison answers.
#[derive(Debug, Clone)]
pub(super) struct Bounds {
    pub(super) when_true: Between,
    pub(super) when_false: Between,
}

impl Between {
    /// A set that is known exactly.
    pub(super) fn exactly(language: Language) -> Self {
        Self { outer: language.clone(), inner: language }
    }

    const UNKNOWN: Self = Self { outer: Language::Everything, inner: Language::Nothing };
}

impl Bounds {
    /// True for these texts, false for all others.
    fn exactly(language: Language) -> Self {
        let when_false = Between::exactly(language.clone().not());
        Self { when_true: Between::exactly(language), when_false }
    }

    /// An error for every text.
    fn error() -> Self {
        Self {
            when_true: Between::exactly(Language::Nothing),
            when_false: Between::exactly(Language::Nothing),
        }
    }

    fn constant(answer: Truth) -> Self {
        match answer {
            Truth::True => Self::exactly(Language::Everything),
            Truth::False => Self::exactly(Language::Nothing),
            Truth::Undefined | Truth::Error | Truth::Unknown => Self::error(),
        }
    }

    /// Of a comparison, before it is negated.
    pub(super) fn of(test: &Test) -> Self {
        match test {
            Test::Equals(Scalar::String(wanted)) => Self::exactly(Language::text(wanted)),
            Test::Contains(Scalar::String(part)) => Self::exactly(Language::holding(part)),
            Test::Equals(Scalar::Number(_) | Scalar::Bool(_))
            | Test::Contains(Scalar::Number(_) | Scalar::Bool(_))
            | Test::Order { .. } => Self::error(),
            Test::OneOf(set) if set.strings().next().is_none() => Self::error(),
            Test::OneOf(set) => Self::exactly(Language::texts(set.strings())),
            Test::Present(_) | Test::Types(_) => Self::constant(test.judge_text("")),
            Test::Matches { regex, is_glob: true, .. } => {
                Self::exactly(Language::matching_across_lines(regex.as_str()))
            }
            Test::Matches { regex, .. } if finds_cuts(regex.as_str()) => Self::at_most(regex.as_str()),
            Test::Matches { regex, .. } => Self::exactly(Language::matching(regex.as_str())),
            Test::Affix { end: End::Start, wanted } => Self::exactly(Language::starting_with(wanted)),
            Test::Affix { end: End::End, wanted } => Self::exactly(Language::ending_with(wanted)),
            Test::Length { relation, bound } => Self::exactly(of_length(*relation, &bound.to_string())),
            Test::HostIn(patterns) => hosts::bounds(patterns),
            Test::InNetwork(wanted) => networks::bounds(wanted),
            Test::Under(wanted) => folders::bounds(wanted),
            Test::Quantified(quantified) => {
                let inner = Self::of(&quantified.check.test);
                if quantified.check.negated { inner.negated() } else { inner }
            }
            Test::SameAs(_) | Test::Within(_) => Self::unknown(),
        }
    }

    /// A pattern that a machine of bytes finds in places where no text is ever cut: within one letter.
    fn at_most(source: &str) -> Self {
        let outer = Language::matching(source);
        let inner = Language::all([outer.clone(), Language::matching(r"\A[[:ascii:]]*\z")]);
        Self {
            when_true: Between { outer: outer.clone(), inner: inner.clone() },
            when_false: Between { outer: inner.not(), inner: outer.not() },
        }
    }

    const fn unknown() -> Self {
        Self { when_true: Between::UNKNOWN, when_false: Between::UNKNOWN }
    }

    fn negated(self) -> Self {
        Self { when_true: self.when_false, when_false: self.when_true }
    }
}

/// Whether a machine of bytes may find a pattern between the bytes of one letter: where it can match nothing at all and
/// asserts that no word starts or ends.
fn finds_cuts(source: &str) -> bool {
    let shortest = || syntax::parse(source).ok().and_then(|parsed| parsed.properties().minimum_len());
    source.contains(r"\B") && shortest().is_none_or(|n_bytes| n_bytes == 0)
}

/// The texts whose length is on this side of a bound. No text is longer than what a machine counts.
fn of_length(relation: Relation, bound: &str) -> Language {
    let bound = bound.parse().unwrap_or(u64::MAX);
    match relation {
        Relation::LessOrEqual => Language::of_length(0, Some(bound)),
        Relation::Less => {
            bound.checked_sub(1).map_or(Language::Nothing, |most| Language::of_length(0, Some(most)))
        }
        Relation::GreaterOrEqual => Language::of_length(bound, None),
        Relation::Greater => Language::of_length(bound.saturating_add(1), None),
    }
}
