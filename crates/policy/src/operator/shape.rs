//! `within_schema`: the value is accepted by a JSON Schema of the document.
//! Bounded like the schemas of tools; a check that takes too many steps is an error.

use json::Value;

use super::{BadValue, Operator, Test, kind_name};
use crate::datum::Datum;
use crate::diagnostic::code;
use crate::schema::Schema;
use crate::truth::Truth;

pub(super) const WITHIN_SCHEMA: Operator = Operator {
    name: "within_schema",
    doc: "The value is accepted by this JSON Schema (2020-12; no references outside itself).",
    value: "a JSON Schema, an object",
    errors: "the check takes too many steps",
    negated: false,
    prepare,
};

fn prepare(value: Value<'_>) -> Result<Test, BadValue> {
    let bad = |code, message| BadValue { code, message, element: None };
    if !value.is_object() {
        let message = format!("`value` must be a JSON Schema in an object, not {}", kind_name(value.kind()));
        return Err(bad(code::WRONG_TYPE, message));
    }
    Schema::compile(value)
        .map(Test::Within)
        .map_err(|error| bad(code::BAD_VALUE, error.to_string().replace("the input schema", "the schema")))
}

pub(super) fn judge(schema: &Schema, value: Datum<'_>) -> Truth {
    match value {
        Datum::Json(value, _) => schema.accepts(Some(value)).map_or(Truth::Error, Truth::from_bool),
        // Facts are compared by the other operators.
        Datum::Text(_) | Datum::Texts(_) | Datum::Number(_) | Datum::Date(_) => Truth::Error,
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{check, refuses};
    use super::*;
    use crate::truth::Truth::{False, True, Undefined};

    #[test]
    fn shapes() {
        let schema = r#"{"type": "object", "required": ["a"], "properties": {"a": {"maximum": 5}}}"#;
        check(&WITHIN_SCHEMA, schema, r#"{"a": 5}"#, [True, True]);
        check(&WITHIN_SCHEMA, schema, r#"{"a": 6}"#, [False, False]);
        check(&WITHIN_SCHEMA, schema, "{}", [False, False]);
        check(&WITHIN_SCHEMA, schema, "7", [False, False]);
        check(&WITHIN_SCHEMA, schema, "missing", [Undefined, False]);
    }

    #[test]
    fn bad_values() {
        refuses(&WITHIN_SCHEMA, "true", "must be a JSON Schema");
        refuses(&WITHIN_SCHEMA, r#"{"type": 5}"#, "the schema is not valid");
        refuses(&WITHIN_SCHEMA, r#"{"$ref": "https://example.com/a"}"#, "another document");
        refuses(&WITHIN_SCHEMA, r#"{"pattern": "(?=a)"}"#, "not valid");
    }
}
