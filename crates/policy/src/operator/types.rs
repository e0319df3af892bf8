//! `type`: the JSON type of a value, to guard comparisons that read only one.
//! An error only where a number that no rule may read is asked whether it is whole.

use json::{Kind, Value};

use super::{BadValue, Operator, Test, read_texts};
use crate::datum::Datum;
use crate::diagnostic::code;
use crate::suggest;
use crate::truth::Truth;

pub(super) const TYPE: Operator = Operator {
    name: "type",
    doc: "The value is of this JSON type, or of one of these. 5.0 is an `integer` too.",
    value: "`string`, `number`, `integer`, `boolean`, `array`, `object`, or a list of them",
    errors: "`integer` meets a number that a double does not hold",
    negated: false,
    prepare,
};

/// A type that a value may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Type {
    Kind(Kind),
    Integer,
}

const TYPES: [(&str, Type); 6] = [
    ("string", Type::Kind(Kind::String)),
    ("number", Type::Kind(Kind::Number)),
    ("integer", Type::Integer),
    ("boolean", Type::Kind(Kind::Bool)),
    ("array", Type::Kind(Kind::Array)),
    ("object", Type::Kind(Kind::Object)),
];

fn prepare(value: Value<'_>) -> Result<Test, BadValue> {
    let texts = read_texts(value)?;
    let types: Result<Vec<_>, _> = texts.into_iter().map(|(element, text)| read(&text, element)).collect();
    types.map(Test::Types)
}

fn read(text: &str, element: Option<usize>) -> Result<Type, BadValue> {
    if let Some((_, found)) = TYPES.iter().find(|(name, _)| *name == text) {
        return Ok(*found);
    }
    let message = if text == "null" {
        "null counts as missing; use `exists` to ask for it".to_owned()
    } else {
        let meant = suggest::nearest(text, TYPES.iter().map(|(name, _)| *name));
        let meant = meant.map(|name| format!(", such as `{name}`")).unwrap_or_default();
        format!("unknown type `{text}`; use one of the types of JSON{meant}")
    };
    Err(BadValue { code: code::UNKNOWN_VALUE, message, element })
}

pub(super) fn judge(types: &[Type], value: Datum<'_>) -> Truth {
    types.iter().fold(Truth::False, |answer, wanted| answer.or(wanted.judge(value)))
}

impl Type {
    fn judge(self, value: Datum<'_>) -> Truth {
        match self {
            Self::Kind(kind) => Truth::from_bool(value.kind() == kind),
            Self::Integer if value.kind() != Kind::Number => Truth::False,
            // Whether a number is whole that no rule may read is not known.
            Self::Integer => {
                value.number().map_or(Truth::Error, |number| Truth::from_bool(number.is_integer()))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{check, refuses};
    use super::*;
    use crate::truth::Truth::{Error, False, True, Undefined};

    #[test]
    fn types() {
        check(&TYPE, "\"string\"", "\"5\"", [True, True]);
        check(&TYPE, "\"string\"", "5", [False, False]);
        check(&TYPE, "\"number\"", "5", [True, True]);
        check(&TYPE, "\"number\"", "9007199254740993", [True, True]);
        check(&TYPE, "\"integer\"", "5.0", [True, True]);
        check(&TYPE, "\"integer\"", "5.5", [False, False]);
        check(&TYPE, "\"integer\"", "9007199254740993", [Error, Error]);
        check(&TYPE, "\"integer\"", "\"5\"", [False, False]);
        check(&TYPE, r#"["array", "object"]"#, "{}", [True, True]);
        check(&TYPE, r#"["array", "object"]"#, "true", [False, False]);
        check(&TYPE, "\"boolean\"", "true", [True, True]);
        check(&TYPE, "\"boolean\"", "missing", [Undefined, False]);
    }

    #[test]
    fn bad_values() {
        refuses(&TYPE, "\"null\"", "`exists`");
        refuses(&TYPE, "\"strnig\"", "such as `string`");
        refuses(&TYPE, "[]", "at least one");
    }
}
