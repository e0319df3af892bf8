//! A number as written. Must never be rounded on the way to a decision.

use crate::decimal::{Decimal, NumberError};

/// A number of a document, as its text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Number<'a> {
    text: &'a str,
}

impl<'a> Number<'a> {
    pub(crate) fn new(text: &'a str) -> Self {
        Self { text }
    }

    /// The number as written.
    #[must_use]
    pub fn text(&self) -> &'a str {
        self.text
    }

    /// Its exact value.
    ///
    /// # Errors
    /// Where it has more than 40 digits, or more than 38 that matter.
    pub fn to_decimal(&self) -> Result<Decimal, NumberError> {
        Decimal::parse(self.text)
    }

    /// Whether it is the same number after a round trip through an IEEE double: read as the nearest double and
    /// written with as few digits as tell that double from all others.
    #[must_use]
    pub fn survives_double(&self) -> bool {
        let Ok(written) = self.to_decimal() else { return false };
        if written.is_short() {
            return true;
        }
        let shortest = self.as_f64().map(|double| Decimal::parse(&format!("{double:e}")));
        shortest == Some(Ok(written))
    }

    /// Its value, where it is written as a whole number (no point, no exponent, no sign) that fits.
    #[must_use]
    pub fn as_u64(&self) -> Option<u64> {
        self.text.parse().ok()
    }

    /// Its value, where it is written as a whole number (no point, no exponent) that fits.
    #[must_use]
    pub fn as_i64(&self) -> Option<i64> {
        self.text.parse().ok()
    }

    /// The nearest double.
    #[must_use]
    pub fn as_f64(&self) -> Option<f64> {
        self.text.parse().ok().filter(|double: &f64| double.is_finite())
    }
}
