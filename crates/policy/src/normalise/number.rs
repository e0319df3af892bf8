//! The shortest spelling of a number that loads again.

use json::Decimal;

/// Longer plain numbers get an exponent, or they would have more digits than a document may.
const MAX_PLAIN_CHARS: usize = 38;

/// A number in a spelling that loads again.
pub(super) fn number(decimal: &Decimal) -> String {
    let plain = decimal.to_string();
    if plain.len() <= MAX_PLAIN_CHARS {
        return plain;
    }
    let (sign, unsigned) = plain.strip_prefix('-').map_or(("", &*plain), |rest| ("-", rest));
    let (whole, fraction) = unsigned.split_once('.').unwrap_or((unsigned, ""));
    let digits = format!("{whole}{fraction}");
    let significant = digits.trim_end_matches('0');
    let exponent = digits.len() - significant.len();
    let places = fraction.len();
    let mantissa = significant.trim_start_matches('0');
    if exponent >= places {
        format!("{sign}{mantissa}e{}", exponent - places)
    } else {
        format!("{sign}{mantissa}e-{}", places - exponent)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_numbers_get_an_exponent() {
        for (written, expected) in [
            ("5.0", "5"),
            ("-0.10", "-0.1"),
            ("1e300", "1e300"),
            ("-12.5e200", "-125e199"),
            ("1e-60", "1e-60"),
            ("12.34e-60", "1234e-62"),
        ] {
            let decimal = Decimal::parse(written).unwrap();
            assert_eq!(number(&decimal), expected);
            assert_eq!(Decimal::parse(&number(&decimal)), Ok(decimal));
        }
    }
}
