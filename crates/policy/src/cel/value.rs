//! A value while an expression is judged, and what stands in the way of one.
//! Reads values of a call as the operators do: null is missing, numbers are exact or an error.

use std::borrow::Cow;

use json::{Decimal, Kind};

use crate::datum::Datum;

/// What a part of an expression answers.
pub(super) type Answer<'a> = Result<Value<'a>, Fault>;

/// A value that is not null.
#[derive(Debug, Clone)]
pub(super) enum Value<'a> {
    Bool(bool),
    Number(Decimal),
    Text(Cow<'a, str>),
    /// A list or an object of the call.
    Inner(Datum<'a>),
}

/// Why there is no value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    /// Nobody knows yet: a list of tools is being made.
    Unknown,
    /// It cannot be judged; and the path that it is about, if it is about one.
    Error(Cause, Option<u16>),
}

/// Why an expression cannot be judged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Cause {
    /// It reads what is missing or null.
    Missing,
    /// It reads a name that the call gives in a way that can be read twice.
    Ambiguous,
    /// It meets a value of another type.
    WrongType,
    /// It meets a number that a double does not hold.
    Inexact,
    /// A result has no end or too many digits, or the divisor is zero.
    Arithmetic,
    /// It reads an element that a list does not have.
    NoElement,
    /// It takes more steps than a decision may.
    TooManySteps,
}

impl Cause {
    /// How an explanation calls it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Missing => "missing",
            Self::Ambiguous => "two readings",
            Self::WrongType => "a value of the wrong type",
            Self::Inexact => "a number that a double does not hold",
            Self::Arithmetic => "a result that is not exact",
            Self::NoElement => "no such element",
            Self::TooManySteps => "too many steps",
        }
    }
}

impl Fault {
    pub(super) const fn of(cause: Cause) -> Self {
        Self::Error(cause, None)
    }

    /// The same, about a path where it is about none yet.
    pub(super) fn about(self, path: Option<u16>) -> Self {
        match self {
            Self::Error(cause, None) => Self::Error(cause, path),
            Self::Error(_, Some(_)) | Self::Unknown => self,
        }
    }

    /// Of two that both stand in the way: what is not known yet may still decide.
    pub(super) fn worse(self, other: Self) -> Self {
        if other == Self::Unknown { other } else { self }
    }
}

impl<'a> Value<'a> {
    /// Reads a value of the call.
    pub(super) fn of(datum: Datum<'a>) -> Answer<'a> {
        let read = match datum.kind() {
            Kind::Bool => datum.boolean().map(Self::Bool),
            Kind::Number => return datum.number().map(Self::Number).ok_or(Fault::of(Cause::Inexact)),
            Kind::String => datum.text().map(Self::Text),
            Kind::Array | Kind::Object => Some(Self::Inner(datum)),
            Kind::Null => return Err(Fault::of(Cause::Missing)),
        };
        read.ok_or(Fault::of(Cause::WrongType))
    }

    pub(super) fn bool(self) -> Result<bool, Fault> {
        if let Self::Bool(holds) = self { Ok(holds) } else { Err(Fault::of(Cause::WrongType)) }
    }

    pub(super) fn number(self) -> Result<Decimal, Fault> {
        if let Self::Number(number) = self { Ok(number) } else { Err(Fault::of(Cause::WrongType)) }
    }

    pub(super) fn text(self) -> Result<Cow<'a, str>, Fault> {
        if let Self::Text(text) = self { Ok(text) } else { Err(Fault::of(Cause::WrongType)) }
    }

    /// The list, if it is one.
    pub(super) fn list(self) -> Result<Datum<'a>, Fault> {
        match self {
            Self::Inner(datum) if datum.kind() == Kind::Array => Ok(datum),
            Self::Inner(_) | Self::Bool(_) | Self::Number(_) | Self::Text(_) => {
                Err(Fault::of(Cause::WrongType))
            }
        }
    }
}
