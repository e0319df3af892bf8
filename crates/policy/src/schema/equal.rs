//! Equality as JSON Schema means it, for `const`, `enum` and `uniqueItems`: numbers by value, members in any order.

use std::collections::HashSet;

use json::{Elements, Kind, Value, write_string};
use serde_json::Value as SchemaValue;

use super::node::equal_numbers;

/// Whether a value equals one of a schema.
pub(super) fn equals(value: Value<'_>, expected: &SchemaValue) -> bool {
    match expected {
        SchemaValue::Null => value.is_null(),
        SchemaValue::Bool(expected) => value.as_bool() == Some(*expected),
        SchemaValue::Number(expected) => {
            value.as_number().is_some_and(|number| equal_numbers(number, expected))
        }
        SchemaValue::String(expected) => value.as_str().is_some_and(|text| text == *expected),
        SchemaValue::Array(expected) => {
            value.is_array()
                && value.len() == expected.len()
                && value.elements().zip(expected).all(|(element, expected)| equals(element, expected))
        }
        SchemaValue::Object(expected) => {
            value.is_object()
                && value.len() == expected.len()
                && value.members().all(|member| {
                    expected.get(&*member.key.as_cow()).is_some_and(|expected| equals(member.value, expected))
                })
        }
    }
}

/// Whether no two elements are equal.
pub(super) fn all_differ(mut elements: Elements<'_>) -> bool {
    let mut seen = HashSet::new();
    elements.all(|element| {
        let mut text = Vec::new();
        write_comparable(element, &mut text);
        seen.insert(text)
    })
}

/// Bytes that are equal for equal values. Two numbers that are one double get the same bytes.
fn write_comparable(value: Value<'_>, out: &mut Vec<u8>) {
    match value.kind() {
        Kind::Null => out.extend_from_slice(b"null"),
        Kind::Bool => out.extend_from_slice(if value.as_bool() == Some(true) { b"true" } else { b"false" }),
        Kind::Number => write_number(value, out),
        Kind::String => write_string(out, &value.as_str().unwrap_or_default()),
        Kind::Array => {
            out.push(b'[');
            for element in value.elements() {
                write_comparable(element, out);
                out.push(b',');
            }
            out.push(b']');
        }
        Kind::Object => {
            let mut members: Vec<_> =
                value.members().map(|member| (member.key.as_cow(), member.value)).collect();
            members.sort_unstable_by(|left, right| left.0.cmp(&right.0));
            out.push(b'{');
            for (key, value) in members {
                write_string(out, &key);
                out.push(b':');
                write_comparable(value, out);
                out.push(b',');
            }
            out.push(b'}');
        }
    }
}

fn write_number(value: Value<'_>, out: &mut Vec<u8>) {
    let double = value.as_number().and_then(|number| number.as_f64()).unwrap_or_default();
    // Zero and minus zero are one number.
    let double = if double == 0.0 { 0.0 } else { double };
    out.extend_from_slice(b"#");
    out.extend_from_slice(format!("{:016x}", double.to_bits()).as_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::document;

    #[test]
    fn equality_is_by_value() {
        for (left, right, expected) in [
            ("1", "1.0", true),
            ("0.1", "1e-1", true),
            ("1", "\"1\"", false),
            (r#"{"a": 1, "b": [2]}"#, r#"{"b": [2.0], "a": 1}"#, true),
            (r#"{"a": 1}"#, r#"{"a": 1, "b": null}"#, false),
            ("[1, 2]", "[2, 1]", false),
            ("\"\\u0061\"", "\"a\"", true),
            ("null", "false", false),
            ("-0.0", "0", true),
        ] {
            let schema: SchemaValue = serde_json::from_str(right).unwrap();
            assert_eq!(equals(document(left).root(), &schema), expected, "{left} {right}");
            let list = document(&format!("[{left}, {right}]"));
            assert_eq!(all_differ(list.root().elements()), !expected, "{left} {right}");
        }
    }

    #[test]
    fn texts_that_look_like_other_values_differ() {
        let list = document(r##"["#0000000000000000", 0, "null", null, "[", ["x"], "x,y", ["x", "y"]]"##);
        assert!(all_differ(list.root().elements()));
    }
}
