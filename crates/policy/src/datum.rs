//! One value as conditions read it: a value of a message, or a fact of the call.
//! Never copies a message, and never coerces one type into another.

use std::borrow::Cow;

use json::{Decimal, Kind, Value};

use crate::number;

/// A value that is not null.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Datum<'a> {
    /// A value of a message.
    Json(Value<'a>),
}

impl<'a> Datum<'a> {
    /// Its JSON type.
    pub(crate) fn kind(self) -> Kind {
        match self {
            Self::Json(value) => value.kind(),
        }
    }

    /// The text, if it is one.
    pub(crate) fn text(self) -> Option<Cow<'a, str>> {
        match self {
            Self::Json(value) => value.as_str(),
        }
    }

    /// The boolean, if it is one.
    pub(crate) fn boolean(self) -> Option<bool> {
        match self {
            Self::Json(value) => value.as_bool(),
        }
    }

    /// The exact number, if it is one that a rule may read.
    pub(crate) fn number(self) -> Option<Decimal> {
        match self {
            Self::Json(value) => number::exact(value),
        }
    }

    /// The elements of a list that are not null; none of anything else.
    pub(crate) fn elements(self) -> impl Iterator<Item = Datum<'a>> {
        self.all_elements().flatten()
    }

    /// The elements of a list, none standing for null.
    pub(crate) fn all_elements(self) -> impl Iterator<Item = Option<Datum<'a>>> {
        let Self::Json(value) = self;
        value.elements().map(|element| (!element.is_null()).then_some(Self::Json(element)))
    }

    /// The value, if it is an object.
    pub(crate) fn object(self) -> Option<Value<'a>> {
        match self {
            Self::Json(value) => value.is_object().then_some(value),
        }
    }

    /// How many elements a list has, null included.
    pub(crate) fn n_elements(self) -> usize {
        match self {
            Self::Json(value) => value.len(),
        }
    }
}
