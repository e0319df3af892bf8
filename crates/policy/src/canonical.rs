//! Values of arguments as canonical text, to be compared without being kept: equal texts for equal values, and for no
//! others. Must never write what has two readings.

use crate::datum::Datum;

/// Appends a text, a boolean or an exact number; false, and nothing, for anything else. 5.0 is 5, `"5"` is not.
#[must_use]
pub(crate) fn push(out: &mut Vec<u8>, value: Datum<'_>) -> bool {
    if let Some(text) = value.text() {
        json::write_string(out, &text);
    } else if let Some(truth) = value.boolean() {
        out.extend_from_slice(if truth { b"true" } else { b"false" });
    } else if let Some(number) = value.number() {
        out.extend_from_slice(number.to_string().as_bytes());
    } else {
        return false;
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::datum::Numbers;
    use crate::testing::document;

    fn check(value: &str, expected: Option<&str>) {
        let (document, mut out) = (document(value), Vec::new());
        let is_written = push(&mut out, Datum::Json(document.root(), Numbers::Double));
        assert_eq!(is_written.then(|| String::from_utf8(out).unwrap()).as_deref(), expected, "{value}");
    }

    #[test]
    fn equal_values_have_one_text() {
        check("5", Some("5"));
        check("5.0", Some("5"));
        check("50e-1", Some("5"));
        check("-0", Some("0"));
        check("\"5\"", Some("\"5\""));
        check("\"\\u0061\"", Some("\"a\""));
        check("true", Some("true"));
        check("\"true\"", Some("\"true\""));
        for value in ["[]", "{}", "[5]", "9007199254740993"] {
            check(value, None);
        }
    }
}
