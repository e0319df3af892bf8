//! `lt`, `lte`, `gt` and `gte`: numbers only, as exact decimals.
//! Dates and versions are texts and are not ordered here.

use std::cmp::Ordering;

use json::{Decimal, Value};

use super::{BadValue, Operator, Test, scalar};
use crate::datum::Datum;
use crate::truth::Truth;

/// Which side of the bound the argument is on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Relation {
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

pub(super) const LT: Operator = Operator {
    name: "lt",
    doc: "The argument is less.",
    value: "a number",
    errors: "the argument is no number, or one that a double does not hold",
    negated: false,
    prepare: |value| prepare(value, Relation::Less),
};

pub(super) const LTE: Operator = Operator {
    name: "lte",
    doc: "The argument is less or equal.",
    value: "a number",
    errors: "the argument is no number, or one that a double does not hold",
    negated: false,
    prepare: |value| prepare(value, Relation::LessOrEqual),
};

pub(super) const GT: Operator = Operator {
    name: "gt",
    doc: "The argument is greater.",
    value: "a number",
    errors: "the argument is no number, or one that a double does not hold",
    negated: false,
    prepare: |value| prepare(value, Relation::Greater),
};

pub(super) const GTE: Operator = Operator {
    name: "gte",
    doc: "The argument is greater or equal.",
    value: "a number",
    errors: "the argument is no number, or one that a double does not hold",
    negated: false,
    prepare: |value| prepare(value, Relation::GreaterOrEqual),
};

fn prepare(value: Value<'_>, relation: Relation) -> Result<Test, BadValue> {
    scalar::read_number(value).map(|bound| Test::Order { relation, bound })
}

impl Relation {
    pub(super) fn judge(self, value: Datum<'_>, bound: &Decimal) -> Truth {
        let Some(number) = value.number() else { return Truth::Error };
        Truth::from_bool(self.holds(number.cmp(bound)))
    }

    pub(crate) const fn holds(self, ordering: Ordering) -> bool {
        match self {
            Self::Less => ordering.is_lt(),
            Self::LessOrEqual => ordering.is_le(),
            Self::Greater => ordering.is_gt(),
            Self::GreaterOrEqual => ordering.is_ge(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{check, refuses};
    use super::*;
    use crate::truth::Truth::{Error, False, True, Undefined};

    #[test]
    fn each_relation_at_its_bound() {
        for (operator, below, at, above) in [
            (&LT, True, False, False),
            (&LTE, True, True, False),
            (&GT, False, False, True),
            (&GTE, False, True, True),
        ] {
            check(operator, "10", "9.99", [below, below]);
            check(operator, "10", "10.0", [at, at]);
            check(operator, "10", "10.01", [above, above]);
            check(operator, "10", "-10", [below, below]);
            check(operator, "10", "\"9\"", [Error, Error]);
            check(operator, "10", "true", [Error, Error]);
            check(operator, "10", "99.99999999999999999", [Error, Error]);
            check(operator, "10", "missing", [Undefined, False]);
        }
    }

    #[test]
    fn bad_values() {
        refuses(&LT, "\"5\"", "must be a number, not a string");
        refuses(&GTE, "null", "must be a number, not null");
        refuses(&GT, "1e-400", "round trip");
    }
}
