//! One place of a call, and what is demanded there.

use std::borrow::Cow;

use json::Value;

use crate::analysis::ask::{Ask, Asked};
use crate::analysis::kind::Kinds;
use crate::analysis::want::Want;

/// A place.
#[derive(Clone)]
pub(crate) struct Node<'a> {
    /// The kinds of value that are still possible.
    pub(crate) kinds: Kinds,
    /// Demands on the value itself.
    pub(crate) asks: Vec<Ask<'a>>,
    /// Demands on the elements, where it is a list.
    pub(crate) elements: Vec<Element<'a>>,
    /// What is below it, where it is an object.
    pub(crate) members: Vec<(Cow<'a, str>, usize)>,
    /// What the tool's schema says of it.
    pub(crate) schemas: Vec<Value<'a>>,
    /// Of each of these lists of schemas one has to accept it.
    pub(crate) choices: Vec<Vec<Value<'a>>>,
    /// Whether a call has to bring it, were it null.
    pub(crate) is_required: bool,
    /// Whether it may be null.
    pub(crate) may_be_null: bool,
    /// What it is, where that is settled.
    pub(crate) fixed: Option<String>,
    /// What it must not be.
    pub(crate) avoided: Vec<String>,
}

/// A demand on the elements of a list.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Element<'a> {
    /// The way from the element to what is asked of.
    pub(crate) names: &'a [Box<str>],
    /// For each further `[*]` the names behind it.
    pub(crate) behind: &'a [Box<[Box<str>]>],
    pub(crate) ask: Ask<'a>,
    /// Whether all elements have to meet it; else one is enough.
    pub(crate) is_each: bool,
}

impl<'a> Node<'a> {
    pub(super) fn of(kinds: Kinds) -> Self {
        Self {
            kinds,
            asks: Vec::new(),
            elements: Vec::new(),
            members: Vec::new(),
            schemas: Vec::new(),
            choices: Vec::new(),
            is_required: false,
            may_be_null: true,
            fixed: None,
            avoided: Vec::new(),
        }
    }

    /// Whether a value is one that it must not be.
    pub(crate) fn is_avoided(&self, json: &str) -> bool {
        self.avoided.iter().any(|avoided| avoided == json)
    }

    /// Whether the evaluator alone knows which values meet its demands.
    pub(crate) fn is_opaque(&self) -> bool {
        self.asks.iter().any(Ask::is_opaque)
    }

    /// The values of the schemas' lists that it may be, where there is such a list.
    pub(crate) fn listed(&self) -> Option<Vec<Value<'a>>> {
        let lists = self.schemas.iter().filter_map(|schema| {
            let one = schema.get("const").map(|value| vec![value]);
            one.or_else(|| Some(schema.get("enum")?.elements().collect()))
        });
        lists.reduce(|one: Vec<Value<'a>>, other| {
            one.into_iter().filter(|value| other.iter().any(|other| is_same(*value, *other))).collect()
        })
    }

    /// Whether the schemas' lists hold a value that is written so.
    pub(crate) fn is_listed(&self, json: &str) -> bool {
        self.listed().is_none_or(|values| values.iter().any(|value| value.raw() == json))
    }

    /// Whether nothing but its kind is demanded.
    pub(crate) fn is_free(&self) -> bool {
        self.asks.is_empty() && self.elements.is_empty() && self.members.is_empty() && self.schemas.is_empty()
    }
}

impl<'a> Element<'a> {
    /// What a demand on a list demands of its elements.
    pub(super) fn of(ask: Ask<'a>) -> Self {
        let is_each = matches!(ask.want, Want::True | Want::NotFalse);
        let whole = Self { names: &[], behind: &[], ask, is_each };
        let Asked::Check(check) = ask.asked else { return whole };
        let Some(quantified) = check.quantified() else { return whole };
        let want = if check.negated { ask.want.negated() } else { ask.want };
        let is_each = match want {
            // `each` is true, or not false, where all are; `some` where one is.
            Want::True | Want::NotFalse => !quantified.is_some(),
            // `each` is false, or not true, where one is; `some` where all are.
            Want::False | Want::NotTrue => quantified.is_some(),
        };
        let asked = Asked::Check(&quantified.check);
        Self { ask: Ask { asked, want, ..ask }, is_each, ..whole }
    }
}

fn is_same(one: Value<'_>, other: Value<'_>) -> bool {
    match (one.as_str(), other.as_str()) {
        (Some(one), Some(other)) => one == other,
        (None, None) => one.raw() == other.raw() || number(one).is_some_and(|one| Some(one) == number(other)),
        (Some(_), None) | (None, Some(_)) => false,
    }
}

fn number(value: Value<'_>) -> Option<f64> {
    value.as_number()?.as_f64()
}
