//! Exact decimals: what is read, written, compared and added, by cases and by comparison with whole numbers.

#![expect(clippy::unwrap_used, reason = "a helper of tests may fail them")]

use std::collections::HashSet;

use json::{Decimal, Document, Limits, NumberError};
use proptest::prelude::*;

fn decimal(text: &str) -> Decimal {
    Decimal::parse(text).unwrap()
}

/// Numbers, and how they are written or why they are none.
const READ: &[(&str, &str)] = &[
    ("0", "0"),
    ("-0", "0"),
    ("0.000", "0"),
    ("-0.0e7", "0"),
    ("0e999999999999", "0"),
    ("1", "1"),
    ("-1", "-1"),
    ("5.0", "5"),
    ("12.50", "12.5"),
    ("-0.25", "-0.25"),
    ("0.001", "0.001"),
    ("100", "100"),
    ("1e2", "100"),
    ("1E+2", "100"),
    ("1.5e1", "15"),
    ("1.25e1", "12.5"),
    ("125e-2", "1.25"),
    ("125e-5", "0.00125"),
    ("18446744073709551615", "18446744073709551615"),
    ("99999999999999999999999999999999999999", "99999999999999999999999999999999999999"),
    ("0.00000000000000000000000000000000000001", "0.00000000000000000000000000000000000001"),
    ("1e39", "1000000000000000000000000000000000000000"),
    ("1e40", "1e40"),
    ("-1.5e300", "-15e299"),
    ("1e-39", "0.000000000000000000000000000000000000001"),
    ("1e-40", "1e-40"),
    ("5e-324", "5e-324"),
    ("1.7976931348623157e308", "17976931348623157e292"),
    ("1000000000000000000000000000000000000000", "1000000000000000000000000000000000000000"),
    ("0.5000000000000000000000000000000000000000", "too long"),
    ("00", "invalid"),
    ("1e1000", "1e1000"),
    ("1e1001", "too long"),
    ("10e1000", "too long"),
    ("1e-1001", "too long"),
    ("1e99999999999999999999", "too long"),
    ("999999999999999999999999999999999999999", "too long"),
    ("0.999999999999999999999999999999999999999", "too long"),
    ("340282366920938463463374607431768211456", "too long"),
    ("12345678901234567890123456789012345678901", "too long"),
    ("", "invalid"),
    ("-", "invalid"),
    ("+1", "invalid"),
    (".5", "invalid"),
    ("1.", "invalid"),
    ("1e", "invalid"),
    ("01", "invalid"),
    ("0x10", "invalid"),
    (" 1", "invalid"),
    ("1 ", "invalid"),
    ("1_0", "invalid"),
    ("NaN", "invalid"),
    ("inf", "invalid"),
    ("١", "invalid"),
];

#[test]
fn reads_and_writes() {
    for (text, expected) in READ {
        let shown = match Decimal::parse(text) {
            Ok(decimal) => decimal.to_string(),
            Err(NumberError::TooLong) => "too long".to_owned(),
            Err(NumberError::Invalid) => "invalid".to_owned(),
        };
        assert_eq!(shown, *expected, "for {text}");
    }
}

#[test]
fn orders() {
    let rising = [
        "-1e300",
        "-100",
        "-12.5",
        "-12.49",
        "-1",
        "-0.1",
        "-1e-300",
        "0",
        "1e-300",
        "0.1",
        "0.10000000000000000001",
        "0.2",
        "1",
        "1.5",
        "9.99",
        "10",
        "99999999999999999999999999999999999998",
        "99999999999999999999999999999999999999",
        "1e38",
        "1.00000000000000000000000000000000001e38",
        "1e300",
    ];
    for (left_place, left) in rising.iter().enumerate() {
        for (right_place, right) in rising.iter().enumerate() {
            let (left, right) = (decimal(left), decimal(right));
            assert_eq!(left.cmp(&right), left_place.cmp(&right_place), "{left} and {right}");
            assert_eq!(left == right, left_place == right_place);
        }
    }
}

#[test]
fn equal_numbers_are_equal_however_written() {
    let one: HashSet<Decimal> = ["5", "5.0", "5.000", "0.5e1", "50e-1", "5e0", "5E-0"].map(decimal).into();
    assert_eq!(one.len(), 1);
    assert_eq!(decimal("5"), Decimal::from(5));
    assert_eq!(decimal("1"), Decimal::ONE);
    assert_eq!(Decimal::from(u64::MAX).to_string(), u64::MAX.to_string());
    assert_eq!("12.50".parse(), Ok(decimal("12.5")));
}

#[test]
fn adds_and_subtracts_exactly_or_not_at_all() {
    let cases = [
        ("0.1", "0.2", Some("0.3")),
        ("1", "-1", Some("0")),
        ("-1", "0.25", Some("-0.75")),
        ("0.25", "-1", Some("-0.75")),
        ("-1", "-2", Some("-3")),
        ("0", "-2.5", Some("-2.5")),
        ("1e300", "0", Some("1e300")),
        ("9.5", "0.5", Some("10")),
        ("99999999999999999999999999999999999998", "1", Some("99999999999999999999999999999999999999")),
        ("99999999999999999999999999999999999999", "1", Some("100000000000000000000000000000000000000")),
        ("99999999999999999999999999999999999999", "2", None),
        ("1e38", "0.1", None),
        ("1e300", "1", None),
        ("1e1000", "-1e-1000", None),
        ("9e1000", "1e1000", None),
    ];
    for (left, right, expected) in cases {
        let (left, right) = (decimal(left), decimal(right));
        let sum = left.checked_add(&right);
        assert_eq!(sum.map(|sum| sum.to_string()).as_deref(), expected, "{left} + {right}");
        assert_eq!(right.checked_add(&left), sum, "{right} + {left}");
        if let Some(sum) = sum {
            assert_eq!(sum.checked_sub(&right), Some(left), "{sum} - {right}");
            assert_eq!(sum.checked_sub(&left), Some(right), "{sum} - {left}");
        }
    }
}

fn number<T>(text: &str, read: impl Fn(json::Number<'_>) -> T) -> T {
    let document = Document::scan(text.into(), &Limits::default()).unwrap();
    read(document.root().as_number().unwrap())
}

#[test]
fn survives_a_double_or_not() {
    let survives = [
        "0",
        "-0",
        "0.0",
        "1",
        "-1.50",
        "0.1",
        "99.99",
        "9007199254740991",
        "9007199254740992",
        "9007199254740994",
        "1e22",
        "1e23",
        "5e-324",
        "2.2250738585072014e-308",
        "1.7976931348623157e308",
        "0.30000000000000004",
        "123456789012345680000",
        "1e15",
        "999999999999999",
        "0.000001",
    ];
    for text in survives {
        assert!(number(text, |number| number.survives_double()), "{text}");
    }
    let is_lost = [
        "9007199254740993",
        "-9007199254740993",
        "99.99999999999999999",
        "1e-400",
        "-1e-324",
        "0.10000000000000001",
        "0.1000000000000000055511151231257827",
        "12345678901234567890",
        "18446744073709551615",
        "3e-324",
        "1.7976931348623158e308",
        "0.1234567890123456789012345678901234567890",
        "1.00000000000000000000000001",
    ];
    for text in is_lost {
        assert!(!number(text, |number| number.survives_double()), "{text}");
    }
}

#[test]
fn whole_numbers_are_read_only_where_written_so() {
    let cases = [
        ("0", Some(0), Some(0)),
        ("7", Some(7), Some(7)),
        ("-7", None, Some(-7)),
        ("-0", None, Some(0)),
        ("9223372036854775807", Some(9_223_372_036_854_775_807), Some(i64::MAX)),
        ("9223372036854775808", Some(9_223_372_036_854_775_808), None),
        ("-9223372036854775808", None, Some(i64::MIN)),
        ("18446744073709551615", Some(u64::MAX), None),
        ("18446744073709551616", None, None),
        ("1.0", None, None),
        ("1e2", None, None),
    ];
    for (text, unsigned, signed) in cases {
        let read = number(text, |number| (number.as_u64(), number.as_i64(), number.text().to_owned()));
        assert_eq!(read, (unsigned, signed, text.to_owned()));
    }
    assert_eq!(number("-1.5e3", |number| number.as_f64()), Some(-1500.0));
}

#[test]
fn products_and_quotients_are_exact_or_nothing() {
    let quotients = [
        ("1", "3", None),
        ("1", "8", Some("0.125")),
        ("10", "4", Some("2.5")),
        ("-7", "0.5", Some("-14")),
        ("1e300", "1e-300", Some("1e600")),
        ("0", "7", Some("0")),
        ("1", "0", None),
        ("1e900", "1e-900", None),
    ];
    for (left, right, expected) in quotients {
        assert_eq!(decimal(left).checked_div(&decimal(right)), expected.map(decimal), "{left} / {right}");
    }
    let rests = [
        ("7", "3", Some("1")),
        ("-7", "3", Some("-1")),
        ("7.5", "3", None),
        ("7", "0", None),
        ("1e60", "7", None),
    ];
    for (left, right, expected) in rests {
        assert_eq!(decimal(left).checked_rem(&decimal(right)), expected.map(decimal), "{left} % {right}");
    }
    let long = decimal("12345678901234567890123456789");
    assert_eq!(long.checked_mul(&long), None);
    assert_eq!(decimal("-0.5").checked_mul(&decimal("4")), Some(decimal("-2")));
    assert_eq!(decimal("0").checked_mul(&decimal("-4")), Some(Decimal::ZERO));
}

/// A number of a whole mantissa and a small exponent, and the same scaled to a whole number.
fn small() -> impl Strategy<Value = (String, i128)> {
    (any::<i64>(), 0..1000_i64, 0..=10_u32, any::<bool>()).prop_map(|(large, little, exponent, is_large)| {
        let mantissa = if is_large { large } else { little - 500 };
        (format!("{mantissa}e-{exponent}"), i128::from(mantissa) * 10_i128.pow(10 - exponent))
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2048, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn compares_and_adds_like_whole_numbers((left, left_scaled) in small(), (right, right_scaled) in small()) {
        let (left, right) = (decimal(&left), decimal(&right));
        prop_assert_eq!(left.cmp(&right), left_scaled.cmp(&right_scaled));
        let scaled = |whole: i128| decimal(&format!("{whole}e-10"));
        prop_assert_eq!(left.checked_add(&right), Some(scaled(left_scaled + right_scaled)));
        prop_assert_eq!(left.checked_sub(&right), Some(scaled(left_scaled - right_scaled)));
    }

    #[test]
    fn multiplies_and_divides_like_whole_numbers((left, left_scaled) in small(), right_whole in -1_000_000_i64..1_000_000) {
        let (left, right) = (decimal(&left), decimal(&right_whole.to_string()));
        let product = decimal(&format!("{}e-10", left_scaled * i128::from(right_whole)));
        prop_assert_eq!(left.checked_mul(&right), Some(product));
        let quotient = product.checked_div(&right);
        prop_assert_eq!(quotient, (right_whole != 0).then_some(left));
        if let Some(back) = left.checked_div(&right) {
            prop_assert_eq!(back.checked_mul(&right), Some(left));
        }
        if left.is_integer() && right_whole != 0 {
            let rest = left_scaled / 10_i128.pow(10) % i128::from(right_whole);
            prop_assert_eq!(left.checked_rem(&right), Some(decimal(&rest.to_string())));
        }
    }

    #[test]
    fn writes_what_it_reads(mantissa in 0..10_u128.pow(38), exponent in -950..=950_i32, negative in any::<bool>()) {
        let sign = if negative { "-" } else { "" };
        let read = decimal(&format!("{sign}{mantissa}e{exponent}"));
        prop_assert_eq!(Decimal::parse(&read.to_string()), Ok(read));
    }

    #[test]
    fn fifteen_digits_survive(mantissa in 0..10_u64.pow(15), exponent in -290..=280_i32) {
        let text = format!("{mantissa}e{exponent}");
        prop_assert!(number(&text, |number| number.survives_double()));
        // The shortest writing of the double is the judge, whatever shortcut was taken.
        let shortest = format!("{:e}", text.parse::<f64>().unwrap());
        prop_assert_eq!(decimal(&shortest), decimal(&text));
    }

    #[test]
    fn every_double_survives(bits in any::<u64>()) {
        let double = f64::from_bits(bits);
        if double.is_finite() {
            let text = format!("{double:e}");
            prop_assert!(number(&text, |number| number.survives_double()));
        }
    }
}
