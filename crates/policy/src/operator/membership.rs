//! `in` and `not_in`: one of a list of plain values.
//! A value of a type that the list does not hold is an error, not a miss.

use json::{Decimal, Kind, Value};

use super::{BadValue, Operator, Scalar, Test, kind_name};
use crate::datum::Datum;
use crate::diagnostic::code;
use crate::truth::Truth;

pub(super) const IN: Operator = Operator {
    name: "in",
    doc: "The argument is one of these values.",
    value: "a list of strings, numbers or booleans, at least one",
    errors: "the argument is of a type that the list does not hold, or a number that a double does not hold",
    negated: false,
    prepare,
};

pub(super) const NOT_IN: Operator = Operator {
    name: "not_in",
    doc: "The argument is none of these values. In `deny_if` it fires on a missing argument too.",
    value: "a list of strings, numbers or booleans, at least one",
    errors: "the argument is of a type that the list does not hold, or a number that a double does not hold",
    negated: true,
    prepare,
};

/// The values by type, sorted, so that a long list costs a search and not a walk.
#[derive(Debug, Default)]
pub(crate) struct Set {
    strings: Vec<Box<str>>,
    numbers: Vec<Decimal>,
    booleans: Vec<bool>,
}

fn prepare(value: Value<'_>) -> Result<Test, BadValue> {
    if !value.is_array() {
        let message = format!("`value` must be a list, not {}", kind_name(value.kind()));
        return Err(BadValue { code: code::WRONG_TYPE, message, element: None });
    }
    let mut set = Set::default();
    for (index, element) in value.elements().enumerate() {
        match Scalar::read(element).map_err(|bad| BadValue { element: Some(index), ..bad })? {
            Scalar::String(text) => set.strings.push(text),
            Scalar::Number(number) => set.numbers.push(number),
            Scalar::Bool(boolean) => set.booleans.push(boolean),
        }
    }
    if value.elements().next().is_none() {
        let message = "an empty list decides nothing; name at least one value".to_owned();
        return Err(BadValue { code: code::BAD_VALUE, message, element: None });
    }
    set.strings.sort_unstable();
    set.numbers.sort_unstable();
    Ok(Test::OneOf(set))
}

impl Set {
    pub(super) fn judge(&self, value: Datum<'_>) -> Truth {
        match value.kind() {
            Kind::String if !self.strings.is_empty() => value.text().map_or(Truth::Error, |text| {
                Truth::from_bool(self.strings.binary_search_by(|known| (**known).cmp(&*text)).is_ok())
            }),
            Kind::Number if !self.numbers.is_empty() => value
                .number()
                .map_or(Truth::Error, |number| Truth::from_bool(self.numbers.binary_search(&number).is_ok())),
            Kind::Bool if !self.booleans.is_empty() => value
                .boolean()
                .map_or(Truth::Error, |boolean| Truth::from_bool(self.booleans.contains(&boolean))),
            Kind::Null | Kind::Bool | Kind::Number | Kind::String | Kind::Array | Kind::Object => {
                Truth::Error
            }
        }
    }

    /// The texts of the list.
    pub(crate) fn strings(&self) -> impl Iterator<Item = &str> {
        self.strings.iter().map(AsRef::as_ref)
    }

    /// The numbers of the list.
    pub(crate) fn numbers(&self) -> &[Decimal] {
        &self.numbers
    }

    /// The booleans of the list.
    pub(crate) fn booleans(&self) -> &[bool] {
        &self.booleans
    }

    pub(super) const fn expects(&self) -> &'static str {
        match (self.strings.is_empty(), self.numbers.is_empty(), self.booleans.is_empty()) {
            (false, true, true) => "a string",
            (true, false, true) => "a number",
            (true, true, false) => "a boolean",
            (false, false, true) => "a string or a number",
            (false, true, false) => "a string or a boolean",
            (true, false, false) => "a number or a boolean",
            (true, true, true) | (false, false, false) => "a string, a number or a boolean",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{check, refuses};
    use super::*;
    use crate::truth::Truth::{Error, False, True, Undefined};

    #[test]
    fn r#in() {
        check(&IN, r#"["b", "a"]"#, "\"a\"", [True, True]);
        check(&IN, r#"["b", "a"]"#, "\"c\"", [False, False]);
        check(&IN, r#"["b", "a"]"#, "1", [Error, Error]);
        check(&IN, r#"["5"]"#, "5", [Error, Error]);
        check(&IN, "[3, 1, 2]", "2.0", [True, True]);
        check(&IN, "[3, 1, 2]", "2.5", [False, False]);
        check(&IN, "[3, 1, 2]", "9007199254740993", [Error, Error]);
        check(&IN, r#"[1, "a"]"#, "\"1\"", [False, False]);
        check(&IN, "[true]", "false", [False, False]);
        check(&IN, "[true]", "[true]", [Error, Error]);
        check(&IN, "[1]", "missing", [Undefined, False]);
    }

    #[test]
    fn not_in() {
        check(&NOT_IN, r#"["a"]"#, "\"a\"", [False, False]);
        check(&NOT_IN, r#"["a"]"#, "\"b\"", [True, True]);
        check(&NOT_IN, r#"["a"]"#, "1", [Error, Error]);
        check(&NOT_IN, r#"["a"]"#, "missing", [Undefined, True]);
    }

    #[test]
    fn bad_values() {
        refuses(&IN, "\"a\"", "must be a list, not a string");
        refuses(&IN, "[]", "empty list");
        refuses(&NOT_IN, "[null]", "`exists`");
        refuses(&IN, "[[1]]", "must be a string, a number or a boolean");
    }
}
