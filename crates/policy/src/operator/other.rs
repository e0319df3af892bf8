//! `eq_path`: two values of one call are equal.
//! Texts, numbers and booleans only; lists and objects have too many spellings of the same.

use json::{Kind, Value};

use super::{BadValue, Operator, Sense, Test, read_text};
use crate::datum::Datum;
use crate::diagnostic::code;
use crate::input::Input;
use crate::path::{Found, Path, Source};
use crate::truth::Truth;

pub(super) const EQ_PATH: Operator = Operator {
    name: "eq_path",
    doc: "The argument equals the one at another path. Where that one is missing it is a comparison with a missing value.",
    value: "a path without `[*]`, such as `args.owner`",
    errors: "either is a list or an object, both are of different types, or a number is one that a double does not hold",
    negated: false,
    prepare,
};

fn prepare(value: Value<'_>) -> Result<Test, BadValue> {
    let text = read_text(value)?;
    let path =
        Path::parse(&text).ok().filter(|path| !path.has_elements() && path.source() != Source::Annotations);
    path.map(Test::SameAs).ok_or_else(|| BadValue {
        code: code::BAD_VALUE,
        message: format!("`{text}` is no path of one value; write one such as `args.owner`"),
        element: None,
    })
}

pub(super) fn judge(other: &Path, value: Datum<'_>, input: Input<'_>, sense: Sense) -> Truth {
    match other.find(input) {
        Found::Unknown => Truth::Unknown,
        Found::NotAnObject(_) | Found::NotAList(_) | Found::Ambiguous => Truth::Error,
        Found::Missing => sense.of_missing(),
        Found::Value(other) => equal(value, other).map_or(Truth::Error, Truth::from_bool),
    }
}

fn equal(one: Datum<'_>, other: Datum<'_>) -> Option<bool> {
    match one.kind() {
        Kind::String => Some(one.text()? == other.text()?),
        Kind::Number => Some(one.number()? == other.number()?),
        Kind::Bool => Some(one.boolean()? == other.boolean()?),
        Kind::Null | Kind::Array | Kind::Object => None,
    }
}

#[cfg(test)]
mod tests {
    use super::super::Check;
    use super::super::testing::{document, refuses};
    use super::*;
    use crate::input::Known;
    use crate::truth::Truth::{Error, False, True, Undefined};

    fn check(arguments: &str, expected: [Truth; 2]) {
        let (value, document) = (document("\"args.b\""), document(arguments));
        let check = Check { test: prepare(value.root()).unwrap(), negated: false };
        let input = Input::of(Known::undeclared(document.root()));
        let found = Path::parse("args.a").unwrap().find(input);
        let answers = [Sense::Require, Sense::DenyIf].map(|sense| check.judge(found, input, sense));
        assert_eq!(answers, expected, "{arguments}");
    }

    #[test]
    fn two_arguments() {
        check(r#"{"a": "x", "b": "x"}"#, [True, True]);
        check(r#"{"a": "x", "b": "y"}"#, [False, False]);
        check(r#"{"a": 5, "b": 5.0}"#, [True, True]);
        check(r#"{"a": 5, "b": "5"}"#, [Error, Error]);
        check(r#"{"a": true, "b": true}"#, [True, True]);
        check(r#"{"a": [1], "b": [1]}"#, [Error, Error]);
        check(r#"{"a": 9007199254740993, "b": 9007199254740993}"#, [Error, Error]);
        check(r#"{"a": "x"}"#, [Undefined, False]);
        check(r#"{"b": "x"}"#, [Undefined, False]);
        check("{}", [Undefined, False]);
    }

    #[test]
    fn bad_values() {
        refuses(&EQ_PATH, "5", "not a number");
        refuses(&EQ_PATH, "\"b\"", "no path");
        refuses(&EQ_PATH, "\"args.b[*]\"", "no path");
    }
}
