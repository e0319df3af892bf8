//! `regex` and `contains`.
//! Patterns run in linear time; text is never normalised or folded before it is compared.

use json::{Kind, Value};
use regex::Regex;

use super::{BadValue, Operator, Scalar, Test, kind_name, pattern};
use crate::datum::Datum;
use crate::diagnostic::code;
use crate::truth::Truth;

pub(super) const REGEX: Operator = Operator {
    name: "regex",
    doc: "The text matches somewhere; anchor with `^` and `$`. Linear time, ASCII classes (`\\d` is 0-9).",
    value: "a pattern",
    errors: "the argument is no text",
    negated: false,
    prepare: prepare_regex,
};

pub(super) const CONTAINS: Operator = Operator {
    name: "contains",
    doc: "A text holds this text, or a list holds this value.",
    value: "a string, a number or a boolean",
    errors: "the argument is neither a text nor a list, or an element is of another type and none is this value",
    negated: false,
    prepare: prepare_contains,
};

fn prepare_regex(value: Value<'_>) -> Result<Test, BadValue> {
    let Some(text) = value.as_str() else {
        let message = format!("`value` must be a pattern in a string, not {}", kind_name(value.kind()));
        return Err(BadValue { code: code::WRONG_TYPE, message, element: None });
    };
    pattern::compile(&text)
        .map(|regex| Test::Matches { pattern: Box::from(&*text), regex, is_glob: false })
        .map_err(|message| BadValue { code: code::BAD_VALUE, message, element: None })
}

fn prepare_contains(value: Value<'_>) -> Result<Test, BadValue> {
    let wanted = Scalar::read(value)?;
    if wanted == Scalar::String(Box::from("")) {
        let message = "every text contains the empty one; name what is looked for".to_owned();
        return Err(BadValue { code: code::BAD_VALUE, message, element: None });
    }
    Ok(Test::Contains(wanted))
}

pub(super) fn judge_match(regex: &Regex, value: Datum<'_>) -> Truth {
    value.text().map_or(Truth::Error, |text| Truth::from_bool(regex.is_match(&text)))
}

pub(super) fn judge_contains(wanted: &Scalar, value: Datum<'_>) -> Truth {
    match value.kind() {
        Kind::String => judge_substring(wanted, value),
        // An element of another type is an error, unless the wanted one is there: a server may coerce it.
        Kind::Array => {
            value.elements().fold(Truth::False, |answer, element| answer.or(wanted.judge(element)))
        }
        Kind::Null | Kind::Bool | Kind::Number | Kind::Object => Truth::Error,
    }
}

fn judge_substring(wanted: &Scalar, value: Datum<'_>) -> Truth {
    match (wanted, value.text()) {
        (Scalar::String(part), Some(text)) => Truth::from_bool(text.contains(&**part)),
        (Scalar::String(_) | Scalar::Number(_) | Scalar::Bool(_), _) => Truth::Error,
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{check, refuses};
    use super::*;
    use crate::truth::Truth::{Error, False, True, Undefined};

    #[test]
    fn regex() {
        check(&REGEX, r#""^s3://pacs-inbox/""#, "\"s3://pacs-inbox/a\"", [True, True]);
        check(&REGEX, r#""^s3://pacs-inbox/""#, "\"S3://pacs-inbox/a\"", [False, False]);
        check(&REGEX, r#""inbox""#, "\"s3://pacs-inbox/a\"", [True, True]);
        check(&REGEX, r#""^\\d+$""#, "\"42\"", [True, True]);
        check(&REGEX, r#""^\\d+$""#, "\"٤٢\"", [False, False]);
        check(&REGEX, r#""^a$""#, "\"a\\n\"", [False, False]);
        check(&REGEX, r#""^\\d+$""#, "42", [Error, Error]);
        check(&REGEX, r#""a""#, "[\"a\"]", [Error, Error]);
        check(&REGEX, r#""a""#, "missing", [Undefined, False]);
    }

    #[test]
    fn contains_text() {
        check(&CONTAINS, "\"drop\"", "\"x drop y\"", [True, True]);
        check(&CONTAINS, "\"drop\"", "\"x DROP y\"", [False, False]);
        check(&CONTAINS, "\"drop\"", "7", [Error, Error]);
        check(&CONTAINS, "\"drop\"", "{\"drop\": 1}", [Error, Error]);
        check(&CONTAINS, "7", "\"7\"", [Error, Error]);
        check(&CONTAINS, "\"drop\"", "missing", [Undefined, False]);
    }

    #[test]
    fn contains_in_a_list() {
        check(&CONTAINS, "\"a\"", r#"["b", "a"]"#, [True, True]);
        check(&CONTAINS, "\"a\"", r#"["ab"]"#, [False, False]);
        check(&CONTAINS, "\"a\"", "[]", [False, False]);
        check(&CONTAINS, "\"a\"", "[null]", [False, False]);
        check(&CONTAINS, "\"5\"", "[5]", [Error, Error]);
        check(&CONTAINS, "\"5\"", r#"[5, "5"]"#, [True, True]);
        check(&CONTAINS, "5", "[5.0]", [True, True]);
        check(&CONTAINS, "5", "[9007199254740993]", [Error, Error]);
    }

    #[test]
    fn bad_values() {
        refuses(&REGEX, "5", "not a number");
        refuses(&REGEX, "\"(\"", "pattern");
        refuses(&REGEX, "\"(?=a)b\"", "look-around");
        refuses(&CONTAINS, "\"\"", "empty");
        refuses(&CONTAINS, "[]", "must be a string, a number or a boolean");
    }
}
