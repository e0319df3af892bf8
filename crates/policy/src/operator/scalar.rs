//! A plain value that a condition compares with: text, number or boolean.
//! Never null (that is a missing value) and never a list or object.

use json::{Decimal, Kind, Value};

use super::BadValue;
use crate::datum::Datum;
use crate::diagnostic::code;
use crate::number;
use crate::truth::Truth;

/// A text, an exact number or a boolean.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Scalar {
    String(Box<str>),
    Number(Decimal),
    Bool(bool),
}

impl Scalar {
    /// Reads it from a document.
    pub(crate) fn read(value: Value<'_>) -> Result<Self, BadValue> {
        match value.kind() {
            Kind::String => value.as_str().map(|text| Self::String(text.into())).ok_or_else(wrong_type),
            Kind::Bool => value.as_bool().map(Self::Bool).ok_or_else(wrong_type),
            Kind::Number => read_number(value).map(Self::Number),
            Kind::Null => Err(BadValue {
                code: code::BAD_VALUE,
                message: "null counts as missing; use `exists` to ask for it".to_owned(),
                element: None,
            }),
            Kind::Array | Kind::Object => Err(wrong_type()),
        }
    }

    /// Whether the value is this one. A value of another type is an error.
    pub(crate) fn judge(&self, value: Datum<'_>) -> Truth {
        let equal = match self {
            Self::String(wanted) => value.text().map(|text| *text == **wanted),
            Self::Bool(wanted) => value.boolean().map(|boolean| boolean == *wanted),
            Self::Number(wanted) => value.number().map(|number| number == *wanted),
        };
        equal.map_or(Truth::Error, Truth::from_bool)
    }

    pub(super) const fn expects(&self) -> &'static str {
        match self {
            Self::String(_) => "a string",
            Self::Number(_) => "a number",
            Self::Bool(_) => "a boolean",
        }
    }

    pub(super) const fn expects_array(&self) -> &'static str {
        match self {
            Self::String(_) => "an array of strings",
            Self::Number(_) => "an array of numbers",
            Self::Bool(_) => "an array of booleans",
        }
    }
}

/// A number of a document, which has to be one that a rule may read.
pub(super) fn read_number(value: Value<'_>) -> Result<Decimal, BadValue> {
    if value.kind() != Kind::Number {
        return Err(BadValue {
            code: code::WRONG_TYPE,
            message: format!("`value` must be a number, not {}", super::kind_name(value.kind())),
            element: None,
        });
    }
    number::exact(value).ok_or_else(|| BadValue {
        code: code::BAD_VALUE,
        message:
            "this number does not survive a round trip through a double, so no argument can be compared \
                  with it; write fewer digits"
                .to_owned(),
        element: None,
    })
}

fn wrong_type() -> BadValue {
    BadValue {
        code: code::WRONG_TYPE,
        message: "must be a string, a number or a boolean".to_owned(),
        element: None,
    }
}
