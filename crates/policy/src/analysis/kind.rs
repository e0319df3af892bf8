//! The kinds of thing that a path can lead to, as a set. Numbers come in two: those that a double holds exactly,
//! and the others, which most rules refuse to read.

use json::{Kind, Value};

use crate::datum::Datum;
use crate::number;

/// A set of kinds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Kinds(u8);

impl Kinds {
    /// No value, or null.
    pub(crate) const MISSING: Self = Self(1);
    /// A member with another spelling beside it, so that there are two readings.
    pub(crate) const AMBIGUOUS: Self = Self(2);
    /// A boolean.
    pub(crate) const BOOL: Self = Self(4);
    /// A number that a double holds exactly.
    pub(crate) const EXACT: Self = Self(8);
    /// Any other number.
    pub(crate) const INEXACT: Self = Self(16);
    /// A text.
    pub(crate) const TEXT: Self = Self(32);
    /// A list.
    pub(crate) const LIST: Self = Self(64);
    /// An object.
    pub(crate) const OBJECT: Self = Self(128);
    /// None.
    pub(crate) const NONE: Self = Self(0);
    /// All.
    pub(crate) const ALL: Self = Self(255);
    /// All values.
    pub(crate) const VALUES: Self = Self(255 - 3);

    /// Each kind alone, simple ones first.
    pub(crate) const EACH: [Self; 8] = [
        Self::MISSING,
        Self::TEXT,
        Self::EXACT,
        Self::BOOL,
        Self::LIST,
        Self::OBJECT,
        Self::INEXACT,
        Self::AMBIGUOUS,
    ];

    /// The kinds of both sets.
    pub(crate) const fn or(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// The kinds that are in both sets.
    pub(crate) const fn and(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    /// The kinds that are not in the other set.
    pub(crate) const fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    /// Whether any kind of the other set is in it.
    pub(crate) const fn has(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    pub(crate) const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// The kinds in it that meet a condition.
    pub(crate) fn filter(self, keep: impl Fn(Self) -> bool) -> Self {
        Self::EACH.into_iter().filter(|kind| self.has(*kind) && keep(*kind)).fold(Self::NONE, Self::or)
    }

    /// The kind of a fact or value.
    pub(crate) fn of_datum(datum: Datum<'_>) -> Self {
        match datum {
            Datum::Json(value, _) => Self::of(value),
            Datum::Text(_) | Datum::Date(_) => Self::TEXT,
            Datum::Texts(_) => Self::LIST,
            Datum::Number(_) => Self::EXACT,
        }
    }

    /// The kind of a value.
    pub(crate) fn of(value: Value<'_>) -> Self {
        match value.kind() {
            Kind::Null => Self::MISSING,
            Kind::Bool => Self::BOOL,
            Kind::Number if number::exact(value).is_some() => Self::EXACT,
            Kind::Number => Self::INEXACT,
            Kind::String => Self::TEXT,
            Kind::Array => Self::LIST,
            Kind::Object => Self::OBJECT,
        }
    }
}
