//! What a statement says of a call: true or false of each, never anything between. A comparison holds where it is
//! true; on a missing argument, or one of another type, it does not.

use crate::analysis::call::Outcome;
use crate::analysis::formula::{Formula, Reading};
use crate::analysis::side;
use crate::analysis::subject::Subject;
use crate::analysis::universe::{Sort, Told};
use crate::analysis::view::View;
use crate::analysis::want::Want;
use crate::bound::Bound;
use crate::channel::Pattern;
use crate::class::Class;
use crate::condition::Condition;
use crate::input::Input;
use crate::operator::Sense;
use crate::truth::Truth;

/// An expression.
#[derive(Debug)]
pub(super) enum Expression {
    Atom(Atom),
    Not(Box<Expression>),
    All(Vec<Expression>),
    Any(Vec<Expression>),
}

/// What is said of a call at least.
#[derive(Debug)]
pub(super) enum Atom {
    /// Anything.
    Always,
    /// The name of the tool is one of these.
    Tool(Vec<Pattern>),
    /// The id of the server is one of these.
    Server(Vec<Pattern>),
    /// The tool may be of this class.
    Class(Class),
    /// It is forwarded only once people agree.
    Approved,
    /// It is counted, by this counter or by any.
    Limited(Option<String>),
    /// A comparison holds.
    Condition(Box<Condition>),
}

impl Expression {
    /// The calls of which it holds, or does not.
    pub(super) fn formula<'a>(&'a self, bound: &'a Bound, view: &'a View<'a>, holds: bool) -> Formula<'a> {
        let each = |parts: &'a [Self]| parts.iter().map(move |part| part.formula(bound, view, holds));
        match (self, holds) {
            (Self::Not(inner), _) => inner.formula(bound, view, !holds),
            (Self::All(parts), true) | (Self::Any(parts), false) => Formula::all(each(parts)),
            (Self::All(parts), false) | (Self::Any(parts), true) => Formula::any(each(parts)),
            (Self::Atom(Atom::Condition(condition)), _) => {
                let reading = Reading { view, sense: Sense::Require, numbers: bound.numbers() };
                reading.of(condition, if holds { Want::True } else { Want::NotTrue })
            }
            (Self::Atom(Atom::Limited(counter)), _) => side::limited(bound, counter.as_deref(), holds),
            (Self::Atom(Atom::Approved), _) => side::approval(bound, view, holds),
            (Self::Atom(atom), _) => {
                if atom.is_said_of(bound) == holds {
                    Formula::TRUE
                } else {
                    Formula::FALSE
                }
            }
        }
    }

    /// Whether it holds of a call.
    pub(super) fn holds(&self, bound: &Bound, input: Input<'_>, outcome: &Outcome) -> bool {
        match self {
            Self::Not(inner) => !inner.holds(bound, input, outcome),
            Self::All(parts) => parts.iter().all(|part| part.holds(bound, input, outcome)),
            Self::Any(parts) => parts.iter().any(|part| part.holds(bound, input, outcome)),
            Self::Atom(Atom::Condition(condition)) => condition.judge(input, Sense::Require) == Truth::True,
            Self::Atom(Atom::Approved) => matches!(outcome, Outcome::Approval),
            Self::Atom(Atom::Limited(counter)) => bound
                .limits(input.moment())
                .any(|limit| counter.as_deref().is_none_or(|counter| *limit.spec.counter == *counter)),
            Self::Atom(atom) => atom.is_said_of(bound),
        }
    }

    /// Adds what it tells apart.
    pub(super) fn tell<'p>(&'p self, told: &mut Told<'p>) {
        match self {
            Self::Not(inner) => inner.tell(told),
            Self::All(parts) | Self::Any(parts) => parts.iter().for_each(|part| part.tell(told)),
            Self::Atom(Atom::Tool(patterns)) => {
                for pattern in patterns {
                    if pattern.is_one_name() {
                        told.add_name(&pattern.text)
                    } else {
                        told.add_sort(Sort::Pattern(pattern))
                    }
                }
            }
            Self::Atom(Atom::Server(patterns)) => {
                for pattern in patterns {
                    if pattern.is_one_name() {
                        told.add_server(&pattern.text);
                    } else {
                        told.add_server_sort(Sort::Pattern(pattern));
                    }
                }
            }
            Self::Atom(Atom::Class(class)) => told.add_class(*class),
            Self::Atom(Atom::Condition(condition)) => {
                condition.comparisons().into_iter().for_each(|comparison| told.add_comparison(comparison));
            }
            Self::Atom(Atom::Always | Atom::Approved | Atom::Limited(_)) => {}
        }
    }

    /// The names of tools that it writes out.
    pub(super) fn tool_names(&self) -> Vec<&str> {
        match self {
            Self::Not(inner) => inner.tool_names(),
            Self::All(parts) | Self::Any(parts) => parts.iter().flat_map(Self::tool_names).collect(),
            Self::Atom(Atom::Tool(patterns)) => patterns
                .iter()
                .filter(|pattern| pattern.is_one_name())
                .map(|pattern| &*pattern.text)
                .collect(),
            Self::Atom(_) => Vec::new(),
        }
    }
}

impl Atom {
    /// Whether it is said of every call of a tool; of what depends on the call, never.
    fn is_said_of(&self, bound: &Bound) -> bool {
        let covers =
            |patterns: &[Pattern], name: &str| patterns.iter().any(|pattern| pattern.matches_name(name));
        match self {
            Self::Always => true,
            Self::Tool(patterns) => covers(patterns, &bound.tool.name),
            Self::Server(patterns) => covers(patterns, &bound.tool.server),
            Self::Class(class) => bound.tool.classes.may_be(*class),
            Self::Approved | Self::Limited(_) | Self::Condition(_) => false,
        }
    }
}

/// Whether a tool with this name is known to anybody.
pub(super) fn is_known(name: &str, subjects: &[Subject<'_>], documents: &[&str]) -> bool {
    documents.contains(&name)
        || subjects.iter().any(|subject| subject.is_known() && subject.definition.name == name)
}
