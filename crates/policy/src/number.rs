//! Numbers as rules and limits read them: exact, or an error.
//! A number that an IEEE double cannot hold is never compared or summed, because many servers round it and
//! then execute something other than what was judged.

use json::{Decimal, Document, Limits, Value};

/// What is wrong with a number of a document that no rule may read.
pub(crate) const NOT_EXACT: &str =
    "this number does not survive a round trip through a double; write fewer digits";

/// The exact number, or `None` when the value is no number or not one that a rule may read.
pub(crate) fn exact(value: Value<'_>) -> Option<Decimal> {
    let number = value.as_number()?;
    if !is_short(number.text()) && !number.survives_double() {
        return None;
    }
    number.to_decimal().ok()
}

/// The exact number that a text is, as [`exact`] reads it.
pub(crate) fn exact_text(text: &str) -> Option<Decimal> {
    let document = Document::scan(text.as_bytes().to_vec(), &Limits::default()).ok()?;
    exact(document.root())
}

/// Whether the text has so few digits that a double always holds it: 15, as IEEE 754 promises, and no exponent.
fn is_short(text: &str) -> bool {
    text.len() <= 15 && !text.contains(['e', 'E'])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::document;

    fn check(text: &str, expected: Option<&str>) {
        let document = document(text);
        assert_eq!(exact(document.root()).map(|decimal| decimal.to_string()).as_deref(), expected, "{text}");
    }

    #[test]
    fn reads_exactly_or_not_at_all() {
        check("5", Some("5"));
        check("5.0", Some("5"));
        check("-12.50", Some("-12.5"));
        check("99.99", Some("99.99"));
        check("1e3", Some("1000"));
        check("123456789012345", Some("123456789012345"));
        check("-1234567890.12345", Some("-1234567890.12345"));
        check("9007199254740992", Some("9007199254740992"));
        check("9007199254740993", None);
        check("99.99999999999999999", None);
        check("1e-400", None);
        check("0.00000000000000000000000000000000000000000001", None);
        check("\"5\"", None);
        check("true", None);
        check("null", None);
    }
}
