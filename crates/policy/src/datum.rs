//! One value as conditions read it: a value of a message, or a fact of the call.
//! Never copies a message, and never coerces one type into another.

use std::borrow::Cow;

use jiff::civil::Date;
use json::{Decimal, Kind, Value};

use crate::number;

/// Which numbers of messages a rule may read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Numbers {
    /// Those that a double holds exactly.
    #[default]
    Double,
    /// All that have an exact decimal.
    Arbitrary,
}

impl Numbers {
    /// Both statements together.
    pub(crate) const fn strictest(self, other: Self) -> Self {
        match (self, other) {
            (Self::Arbitrary, Self::Arbitrary) => Self::Arbitrary,
            (Self::Double, _) | (_, Self::Double) => Self::Double,
        }
    }
}

/// A value that is not null.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Datum<'a> {
    /// A value of a message.
    Json(Value<'a>, Numbers),
    /// A text.
    Text(&'a str),
    /// A list of texts.
    Texts(&'a [String]),
    /// A small whole number.
    Number(i8),
    /// A date, which is read as the text `2026-11-20`.
    Date(Date),
}

impl<'a> Datum<'a> {
    /// Its JSON type.
    pub(crate) fn kind(self) -> Kind {
        match self {
            Self::Json(value, _) => value.kind(),
            Self::Text(_) | Self::Date(_) => Kind::String,
            Self::Texts(_) => Kind::Array,
            Self::Number(_) => Kind::Number,
        }
    }

    /// The text, if it is one.
    pub(crate) fn text(self) -> Option<Cow<'a, str>> {
        match self {
            Self::Json(value, _) => value.as_str(),
            Self::Text(text) => Some(Cow::Borrowed(text)),
            Self::Date(date) => Some(Cow::Owned(date.to_string())),
            Self::Texts(_) | Self::Number(_) => None,
        }
    }

    /// The boolean, if it is one.
    pub(crate) fn boolean(self) -> Option<bool> {
        match self {
            Self::Json(value, _) => value.as_bool(),
            Self::Text(_) | Self::Texts(_) | Self::Number(_) | Self::Date(_) => None,
        }
    }

    /// The exact number, if it is one that a rule may read.
    pub(crate) fn number(self) -> Option<Decimal> {
        match self {
            Self::Json(value, Numbers::Double) => number::exact(value),
            Self::Json(value, Numbers::Arbitrary) => value.as_number()?.to_decimal().ok(),
            Self::Number(number) => Decimal::parse(&number.to_string()).ok(),
            Self::Text(_) | Self::Texts(_) | Self::Date(_) => None,
        }
    }

    /// The elements of a list that are not null; none of anything else.
    pub(crate) fn elements(self) -> impl Iterator<Item = Datum<'a>> {
        self.all_elements().flatten()
    }

    /// The elements of a list, none standing for null.
    pub(crate) fn all_elements(self) -> impl Iterator<Item = Option<Datum<'a>>> {
        let (values, numbers, texts) = match self {
            Self::Json(value, numbers) => (Some(value.elements()), numbers, &[][..]),
            Self::Texts(texts) => (None, Numbers::Double, texts),
            Self::Text(_) | Self::Number(_) | Self::Date(_) => (None, Numbers::Double, &[][..]),
        };
        let values = values.into_iter().flatten();
        let values = values.map(move |value| (!value.is_null()).then_some(Self::Json(value, numbers)));
        values.chain(texts.iter().map(|text| Some(Self::Text(text))))
    }

    /// The member of an object, or that there is no object.
    pub(crate) fn object(self) -> Option<(Value<'a>, Numbers)> {
        match self {
            Self::Json(value, numbers) => value.is_object().then_some((value, numbers)),
            Self::Text(_) | Self::Texts(_) | Self::Number(_) | Self::Date(_) => None,
        }
    }

    /// How many elements a list has, null included.
    pub(crate) fn n_elements(self) -> usize {
        match self {
            Self::Json(value, _) => value.len(),
            Self::Texts(texts) => texts.len(),
            Self::Text(_) | Self::Number(_) | Self::Date(_) => 0,
        }
    }
}
