//! `exists`: whether the argument is there and not null.
//! The one operator that a missing value satisfies or not without being undefined.

use json::Value;

use super::{BadValue, Operator, Test, kind_name};
use crate::diagnostic::code;

pub(super) const EXISTS: Operator = Operator {
    name: "exists",
    doc: "Whether the argument is there; null counts as missing.",
    value: "`true` or `false`",
    errors: "never",
    negated: false,
    prepare,
};

fn prepare(value: Value<'_>) -> Result<Test, BadValue> {
    value.as_bool().map(Test::Present).ok_or_else(|| BadValue {
        code: code::WRONG_TYPE,
        message: format!("`value` must be `true` or `false`, not {}", kind_name(value.kind())),
        element: None,
    })
}

#[cfg(test)]
mod tests {
    use super::super::testing::{check, refuses};
    use super::*;
    use crate::truth::Truth::{False, True};

    #[test]
    fn exists() {
        check(&EXISTS, "true", "1", [True, True]);
        check(&EXISTS, "true", "{}", [True, True]);
        check(&EXISTS, "true", "missing", [False, False]);
        check(&EXISTS, "false", "\"\"", [False, False]);
        check(&EXISTS, "false", "missing", [True, True]);
    }

    #[test]
    fn bad_values() {
        refuses(&EXISTS, "\"true\"", "not a string");
        refuses(&EXISTS, "1", "not a number");
    }
}
