//! `len_lte` and `len_gte`: how long a text or a list is.
//! A text is counted in Unicode scalar values, not in bytes and not as it looks.

use json::{Decimal, Kind, Value};

use super::{BadValue, Operator, Relation, Test, scalar};
use crate::datum::Datum;
use crate::diagnostic::code;
use crate::truth::Truth;

pub(super) const LEN_LTE: Operator = Operator {
    name: "len_lte",
    doc: "The text has at most so many characters, or the list so many elements.",
    value: "a whole number of at least 0",
    errors: "the argument is neither a text nor a list",
    negated: false,
    prepare: |value| prepare(value, Relation::LessOrEqual),
};

pub(super) const LEN_GTE: Operator = Operator {
    name: "len_gte",
    doc: "The text has at least so many characters, or the list so many elements.",
    value: "a whole number of at least 0",
    errors: "the argument is neither a text nor a list",
    negated: false,
    prepare: |value| prepare(value, Relation::GreaterOrEqual),
};

fn prepare(value: Value<'_>, relation: Relation) -> Result<Test, BadValue> {
    let bound = scalar::read_number(value)?;
    if bound.is_negative() || !bound.is_integer() {
        let message = "a length is a whole number of at least 0".to_owned();
        return Err(BadValue { code: code::BAD_VALUE, message, element: None });
    }
    Ok(Test::Length { relation, bound })
}

/// How many characters or elements a value has; nothing when it is neither a text nor a list.
pub(crate) fn of(value: Datum<'_>) -> Option<usize> {
    match value.kind() {
        Kind::String => value.text().map(|text| text.chars().count()),
        Kind::Array => Some(value.n_elements()),
        Kind::Null | Kind::Bool | Kind::Number | Kind::Object => None,
    }
}

pub(super) fn judge(relation: Relation, bound: &Decimal, value: Datum<'_>) -> Truth {
    let length = of(value).and_then(|length| Decimal::parse(&length.to_string()).ok());
    length.map_or(Truth::Error, |length| Truth::from_bool(relation.holds(length.cmp(bound))))
}

#[cfg(test)]
mod tests {
    use super::super::testing::{check, refuses};
    use super::*;
    use crate::truth::Truth::{Error, False, True, Undefined};

    #[test]
    fn lengths() {
        check(&LEN_LTE, "2", "\"ab\"", [True, True]);
        check(&LEN_LTE, "2", "\"abc\"", [False, False]);
        check(&LEN_LTE, "1", "\"\\u00e9\"", [True, True]);
        check(&LEN_LTE, "1", "\"e\\u0301\"", [False, False]);
        check(&LEN_LTE, "1", "[[1, 2, 3]]", [True, True]);
        check(&LEN_GTE, "2", "[1, null]", [True, True]);
        check(&LEN_GTE, "1", "[]", [False, False]);
        check(&LEN_GTE, "0", "\"\"", [True, True]);
        check(&LEN_GTE, "1", "12", [Error, Error]);
        check(&LEN_LTE, "1", "{}", [Error, Error]);
        check(&LEN_LTE, "1", "missing", [Undefined, False]);
    }

    #[test]
    fn bad_values() {
        refuses(&LEN_LTE, "-1", "at least 0");
        refuses(&LEN_GTE, "1.5", "whole");
        refuses(&LEN_GTE, "\"1\"", "must be a number");
    }
}
