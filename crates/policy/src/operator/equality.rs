//! `eq` and `neq`.
//! They compare one type with itself: text by exact code points, numbers as exact decimals.

use json::Value;

use super::{BadValue, Operator, Scalar, Test};

pub(super) const EQ: Operator = Operator {
    name: "eq",
    doc: "The argument is this value. Numbers compare exactly (5.0 is 5), texts byte by byte.",
    value: "a string, a number or a boolean",
    errors: "the argument is of another type, or a number that a double does not hold",
    negated: false,
    prepare,
};

pub(super) const NEQ: Operator = Operator {
    name: "neq",
    doc: "The argument is another value. In `deny_if` it fires on a missing argument too.",
    value: "a string, a number or a boolean",
    errors: "the argument is of another type, or a number that a double does not hold",
    negated: true,
    prepare,
};

fn prepare(value: Value<'_>) -> Result<Test, BadValue> {
    Scalar::read(value).map(Test::Equals)
}

#[cfg(test)]
mod tests {
    use super::super::testing::{check, refuses};
    use super::*;
    use crate::truth::Truth::{Error, False, True, Undefined};

    #[test]
    fn eq() {
        check(&EQ, "5", "5", [True, True]);
        check(&EQ, "5", "5.0", [True, True]);
        check(&EQ, "5", "5e0", [True, True]);
        check(&EQ, "5", "6", [False, False]);
        check(&EQ, "0.1", "0.10", [True, True]);
        check(&EQ, "5", "\"5\"", [Error, Error]);
        check(&EQ, "\"5\"", "5", [Error, Error]);
        check(&EQ, "true", "true", [True, True]);
        check(&EQ, "true", "false", [False, False]);
        check(&EQ, "true", "1", [Error, Error]);
        check(&EQ, "\"é\"", "\"\\u00e9\"", [True, True]);
        check(&EQ, "\"a\"", "\"A\"", [False, False]);
        check(&EQ, "\"a\"", "[\"a\"]", [Error, Error]);
        check(&EQ, "9007199254740992", "9007199254740993", [Error, Error]);
        check(&EQ, "\"a\"", "missing", [Undefined, False]);
    }

    #[test]
    fn neq() {
        check(&NEQ, "5", "5.0", [False, False]);
        check(&NEQ, "5", "6", [True, True]);
        check(&NEQ, "5", "\"6\"", [Error, Error]);
        check(&NEQ, "5", "missing", [Undefined, True]);
    }

    #[test]
    fn bad_values() {
        refuses(&EQ, "null", "`exists`");
        refuses(&EQ, "[1]", "must be a string, a number or a boolean");
        refuses(&NEQ, "{}", "must be a string, a number or a boolean");
        refuses(&EQ, "9007199254740993", "round trip");
    }
}
