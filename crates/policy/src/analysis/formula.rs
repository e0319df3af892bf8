//! A question about a call as a formula: demands on places, combined by "all" and "any" only. What conditions say
//! of missing values, errors and names with dots is written out here, so that solving never has to think of it.

use super::ask::{Ask, Asked};
use super::kind::Kinds;
use super::view::View;
use super::want::Want;
use crate::condition::{Combinator, Combined, Comparison, Condition};
use crate::datum::Numbers;
use crate::fact::Fact;
use crate::operator::{Sense, Test};
use crate::path::{Found, Path, Source};
use crate::truth::Truth;

/// What has to hold of a call.
#[derive(Debug, Clone)]
pub(crate) enum Formula<'a> {
    /// A demand on what is at a place.
    At(Place<'a>, Ask<'a>),
    /// A demand on the time.
    Time(&'a Path, Ask<'a>),
    /// The call is made before this time, in milliseconds of Unix time.
    Before(u64),
    /// The call is made at this time or later.
    From(u64),
    /// Two places hold the same value, or different ones, both of one kind.
    Same(Place<'a>, Place<'a>, bool),
    /// Each holds.
    All(Vec<Self>),
    /// At least one holds.
    Any(Vec<Self>),
    /// May hold; why only the evaluator can tell.
    Opaque(&'static str),
}

/// Where a value stands.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Place<'a> {
    pub(crate) source: Source,
    pub(crate) names: Names<'a>,
    /// For each `[*]` the names behind it.
    pub(crate) behind: &'a [Box<[Box<str>]>],
}

/// The way down from a source.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Names<'a> {
    Each(&'a [Box<str>]),
    /// One name, which has dots.
    Dotted(&'a str),
}

/// How conditions are to be read.
#[derive(Clone, Copy)]
pub(crate) struct Reading<'a> {
    pub(crate) view: &'a View<'a>,
    pub(crate) sense: Sense,
    pub(crate) numbers: Numbers,
}

impl<'a> Formula<'a> {
    /// What always holds.
    pub(crate) const TRUE: Self = Self::All(Vec::new());
    /// What never holds.
    pub(crate) const FALSE: Self = Self::Any(Vec::new());

    pub(crate) fn is_true(&self) -> bool {
        matches!(self, Self::All(parts) if parts.is_empty())
    }

    pub(crate) fn is_false(&self) -> bool {
        matches!(self, Self::Any(parts) if parts.is_empty())
    }

    fn constant(holds: bool) -> Self {
        if holds { Self::TRUE } else { Self::FALSE }
    }

    /// Each of these.
    pub(crate) fn all(parts: impl IntoIterator<Item = Self>) -> Self {
        let mut kept = Vec::new();
        for part in parts {
            if part.is_false() {
                return Self::FALSE;
            }
            if let Self::All(mut inner) = part {
                kept.append(&mut inner);
            } else {
                kept.push(part);
            }
        }
        if kept.len() == 1 { kept.pop().unwrap_or(Self::TRUE) } else { Self::All(kept) }
    }

    /// At least one of these.
    pub(crate) fn any(parts: impl IntoIterator<Item = Self>) -> Self {
        let mut kept = Vec::new();
        for part in parts {
            if part.is_true() {
                return Self::TRUE;
            }
            if let Self::Any(mut inner) = part {
                kept.append(&mut inner);
            } else {
                kept.push(part);
            }
        }
        if kept.len() == 1 { kept.pop().unwrap_or(Self::FALSE) } else { Self::Any(kept) }
    }
}

impl<'a> Reading<'a> {
    /// That all these conditions together answer as wanted.
    pub(crate) fn of_conditions(&self, conditions: &'a [Condition], want: Want) -> Formula<'a> {
        let each = conditions.iter().map(|condition| self.of(condition, want));
        match want {
            Want::True | Want::NotFalse => Formula::all(each),
            Want::False | Want::NotTrue => Formula::any(each),
        }
    }

    /// That a condition answers as wanted.
    pub(crate) fn of(&self, condition: &'a Condition, want: Want) -> Formula<'a> {
        match condition {
            Condition::Compare(comparison) => self.of_comparison(comparison, want),
            Condition::Expression(_) => Formula::Opaque("a `cel` expression decides"),
            Condition::Combined(Combined { by, conditions }) => match by {
                Combinator::All => self.of_conditions(conditions, want),
                Combinator::Not => self.of_conditions(conditions, want.negated()),
                Combinator::Any => {
                    let each = conditions.iter().map(|condition| self.of(condition, want));
                    match want {
                        Want::True | Want::NotFalse => Formula::any(each),
                        Want::False | Want::NotTrue => Formula::all(each),
                    }
                }
            },
        }
    }

    fn of_comparison(&self, comparison: &'a Comparison, want: Want) -> Formula<'a> {
        let Comparison { path, check, .. } = comparison;
        let ask = Ask { asked: Asked::Check(check), sense: self.sense, numbers: self.numbers, want };
        if let Test::SameAs(other) = &check.test {
            return self.of_pair(path, other, if check.negated { want.negated() } else { want });
        }
        self.at(path, ask)
    }

    /// A demand on what a path leads to.
    pub(crate) fn at(&self, path: &'a Path, ask: Ask<'a>) -> Formula<'a> {
        match path.source() {
            Source::Fact(fact) if fact.is_time() => Formula::Time(path, ask),
            Source::Fact(Fact::ServerId | Fact::ToolName) => self.known(path, ask),
            Source::Annotations if self.view.has_definition => self.known(path, ask),
            Source::Fact(_) | Source::Args | Source::Input | Source::Annotations => self.in_call(path, ask),
        }
    }

    /// A demand on what is known of the tool.
    fn known(&self, path: &'a Path, ask: Ask<'a>) -> Formula<'a> {
        let input = self.view.input();
        let truth = match ask.asked {
            Asked::Check(check) => match check.quantified() {
                Some(quantified) => quantified.judge(path, input, ask.sense),
                None => check.judge(path.find(input), input, ask.sense),
            },
            Asked::OneOf(kinds) => match path.find(input) {
                Found::Value(value) => Truth::from_bool(kinds.has(Kinds::of_datum(value))),
                Found::Missing => ask.of_missing(),
                Found::NotAnObject(_) | Found::NotAList(_) | Found::Ambiguous | Found::Unknown => {
                    Truth::Error
                }
            },
            Asked::Countable { .. } | Asked::Element(_) => Truth::Error,
        };
        Formula::constant(ask.want.met(truth))
    }

    /// A demand on something that a call brings. Below an object there may be a name with dots instead.
    fn in_call(&self, path: &'a Path, ask: Ask<'a>) -> Formula<'a> {
        let place = Place { source: path.source(), names: Names::Each(&path.names), behind: &path.elements };
        let Some(dotted) = path.dotted.as_deref().filter(|name| self.view.may_have(path.source(), name))
        else {
            return Formula::At(place, ask);
        };
        let is_declared = path.source() == Source::Args && self.view.declares(dotted);
        let own = Place { names: Names::Dotted(dotted), behind: &[], ..place };
        let bare = Place { behind: &[], ..place };
        let missing =
            |place, want| Formula::At(place, Ask { asked: Asked::OneOf(Kinds::MISSING), want, ..ask });
        let mut ways = vec![Formula::all([missing(own, Want::True), Formula::At(place, ask)])];
        if ask.allows_error() {
            let present = missing(own, Want::NotTrue);
            ways.push(if is_declared {
                Formula::all([present, missing(bare, Want::NotTrue)])
            } else {
                present
            });
        }
        if is_declared {
            let instead = Formula::At(Place { behind: place.behind, ..own }, ask);
            ways.push(Formula::all([missing(bare, Want::True), instead]));
        }
        Formula::any(ways)
    }

    /// That the comparison of two places answers as wanted.
    fn of_pair(&self, one: &'a Path, two: &'a Path, want: Want) -> Formula<'a> {
        // What is known of the tool stands at no place of a call, and may stand for many names.
        let is_named = |path: &Path| matches!(path.source(), Source::Fact(Fact::ToolName | Fact::ServerId));
        if is_named(one) || is_named(two) {
            return Formula::Opaque("a comparison of a value with the name of a tool or server");
        }
        let (Some(left), Some(right)) = (self.place(one), self.place(two)) else {
            return Formula::Opaque("a comparison of two values of which one is a time or has dots");
        };
        let is = |path, kinds, want| {
            let asked = Asked::OneOf(kinds);
            self.at(path, Ask { asked, sense: self.sense, numbers: self.numbers, want })
        };
        let missing = want.met(self.sense.of_missing());
        let error = want.met(Truth::Error);
        let mut ways = Vec::new();
        if error {
            ways.push(is(one, Kinds::ALL, Want::NotTrue));
            ways.push(Formula::all([is(one, Kinds::VALUES, Want::True), is(two, Kinds::ALL, Want::NotTrue)]));
        }
        if missing {
            ways.push(is(one, Kinds::MISSING, Want::True));
            ways.push(Formula::all([
                is(one, Kinds::VALUES, Want::True),
                is(two, Kinds::MISSING, Want::True),
            ]));
        }
        let both = |kind, other| [is(one, kind, Want::True), is(two, other, Want::True)];
        for kind in [Kinds::TEXT, Kinds::EXACT, Kinds::BOOL] {
            for same in [true, false] {
                if want.met(Truth::from_bool(same)) {
                    let pair = both(kind, kind).into_iter().chain([Formula::Same(left, right, same)]);
                    ways.push(Formula::all(pair));
                }
            }
            if error {
                ways.push(Formula::all(both(kind, Kinds::VALUES.without(kind))));
            }
        }
        let complex = Kinds::LIST.or(Kinds::OBJECT).or(Kinds::INEXACT);
        if error {
            ways.push(Formula::all(both(complex, Kinds::VALUES)));
        }
        if self.numbers == Numbers::Arbitrary {
            let numbers = Kinds::EXACT.or(Kinds::INEXACT);
            let opaque = Formula::Opaque("a comparison of two numbers of any length");
            ways.push(Formula::all(both(numbers, numbers).into_iter().chain([opaque])));
        }
        Formula::any(ways)
    }

    /// The one place of a path.
    fn place(&self, path: &'a Path) -> Option<Place<'a>> {
        let source = path.source();
        let is_time = matches!(source, Source::Fact(fact) if fact.is_time());
        let dotted =
            path.dotted.as_deref().is_some_and(|name| source == Source::Args && self.view.declares(name));
        let place = Place { source, names: Names::Each(&path.names), behind: &[] };
        (!is_time && !dotted && !path.has_elements()).then_some(place)
    }
}
