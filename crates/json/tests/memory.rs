//! Memory of the tape, and scans that an attacker would like to be slow.

#![expect(clippy::unwrap_used, reason = "a helper of tests may fail them")]

use json::{Document, Limits, ScanErrorKind};

const LIMITS: Limits = Limits { max_depth: 64, max_members: u32::MAX, max_string_bytes: u32::MAX };

/// Four times the text and 64 KiB.
fn check(name: &str, text: String) {
    let n_bytes = text.len();
    let document = Document::scan(text.into_bytes(), &LIMITS).unwrap();
    assert!(
        document.tape_bytes() <= 4 * n_bytes + 64 * 1024,
        "{name}: {} for {n_bytes}",
        document.tape_bytes()
    );
}

fn array(n_elements: usize, element: &str) -> String {
    format!("[{}{element}]", format!("{element},").repeat(n_elements))
}

#[test]
fn a_tape_is_at_most_four_times_the_text() {
    let nested = format!("{}{}", "[".repeat(63), "]".repeat(63));
    let elements =
        ["0", "\"\"", "[]", "{}", "[0]", "[[]]", "[\"\"]", "{\"\":0}", "{\"\":[]}", "null", &nested];
    for element in elements {
        for n_bytes in [10, 1000, 16_000, 17_000, 100_000, 1_000_000] {
            check(element, array(n_bytes / (element.len() + 1), element));
        }
    }
    check("string of structure", format!("[\"{}\"]", "[{,:".repeat(250_000)));
    check("dense at the end", format!("[\"{}\",{}0]", "x".repeat(500_000), "[],".repeat(100_000)));
    check("dense at the start", format!("[{}\"{}\"]", "[],".repeat(100_000), "x".repeat(500_000)));
}

#[test]
fn a_tape_for_little_structure_is_small() {
    let document = Document::scan(format!("[\"{}\"]", "[{,:".repeat(250_000)).into_bytes(), &LIMITS).unwrap();
    assert!(document.tape_bytes() < 64 * 1024);
    let text = array(10_000, "{\"some-longer-key\":\"some longer value\"}");
    let (n_bytes, document) = (text.len(), Document::scan(text.into_bytes(), &LIMITS).unwrap());
    assert!(document.tape_bytes() < n_bytes * 3 / 4);
}

/// Comparing each of these keys with each other would take minutes.
#[test]
fn a_hundred_thousand_keys_are_checked_quickly() {
    let members = |key: fn(usize) -> String| -> String {
        let members: Vec<String> = (0..100_000).map(|n| format!("\"{}\":0", key(n))).collect();
        format!("{{{}}}", members.join(","))
    };
    check("keys", members(|n| n.to_string()));
    check("keys of equal hash", members(|n| format!("12345678{n:06}87654321")));
    check("escaped keys of equal hash", members(|n| format!("12345678\\u0030{n:06}87654321")));
    let last_again = members(|n| format!("12345678{:06}87654321", if n == 99_999 { 7 } else { n }));
    let offset = last_again.rfind('"').unwrap() - 23;
    let error = Document::scan(last_again.into_bytes(), &LIMITS).unwrap_err();
    assert_eq!((error.kind, error.offset), (ScanErrorKind::DuplicateKey, offset));
}

#[test]
fn unclosed_nesting_and_long_numbers_are_refused_quickly() {
    let refused = |text: String| Document::scan(text.into_bytes(), &LIMITS).unwrap_err().kind;
    assert_eq!(refused("[".repeat(4_000_000)), ScanErrorKind::TooDeep);
    assert_eq!(refused("{\"a\":".repeat(1_000_000)), ScanErrorKind::TooDeep);
    assert_eq!(refused("9".repeat(4_000_000)), ScanErrorKind::NumberTooLong);
    assert_eq!(refused(format!("1e{}", "9".repeat(4_000_000))), ScanErrorKind::NumberTooLong);
}
