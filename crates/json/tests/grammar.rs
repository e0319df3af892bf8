//! What the scan accepts and refuses, case by case, with the reason and the place.

use json::{Document, Limits, ScanError};

const LIMITS: Limits = Limits { max_depth: 64, max_members: 1000, max_string_bytes: 100 };

fn scan(text: &[u8]) -> Result<Document, ScanError> {
    Document::scan(text.to_vec(), &LIMITS)
}

fn accepts(cases: &[&str]) {
    for case in cases {
        let result = scan(case.as_bytes());
        assert!(result.is_ok(), "{case} was refused: {result:?}");
        let spaced = format!(" \t\r\n{case}\n ");
        assert!(scan(spaced.as_bytes()).is_ok(), "{case} was refused with white space around it");
    }
}

fn refuses(cases: &[(&str, &str)]) {
    for (case, expected) in cases {
        check(case.as_bytes(), expected);
    }
}

fn check(case: &[u8], expected: &str) {
    let shown = String::from_utf8_lossy(case);
    match scan(case) {
        Ok(_) => assert_eq!("accepted", expected, "for {shown}"),
        Err(error) => assert_eq!(error.to_string(), expected, "for {shown}"),
    }
}

fn nested(n_open: usize, open: &str, inner: &str, close: &str) -> String {
    format!("{}{inner}{}", open.repeat(n_open), close.repeat(n_open))
}

#[test]
fn accepts_every_kind_of_value() {
    accepts(&["null", "true", "false", "0", "\"\"", "[]", "{}", "[ ]", "{ }", "[[]]", "[{}]", "{\"\":{}}"]);
    accepts(&["[1,2]", "[ 1 , 2 ]", "{\"a\":1,\"b\":2}", "{ \"a\" : 1 , \"b\" : [ ] }", "[null,true,false]"]);
    accepts(&["{\"a\":1,\"A\":2}", "{\"a\":{\"a\":{\"a\":1}}}", "[{\"a\":1},{\"a\":1}]"]);
}

#[test]
fn accepts_numbers() {
    accepts(&["0", "-0", "1", "-1", "10", "1234567890", "0.0", "-0.5", "1.25", "1e0", "1E5", "1e+5", "1e-5"]);
    accepts(&["1.5e300", "1e308", "1.7976931348623157e308", "-1.7976931348623157e308", "0e999999", "0.0e-9"]);
    accepts(&["1e-400", "5e-324", "0e400", "18446744073709551616", "100000000000000000000000000000"]);
    accepts(&[&"9".repeat(308), &format!("0.{}1", "0".repeat(900)), &format!("1e-{}1", "0".repeat(900))]);
    // The largest text that still rounds to a finite double.
    accepts(&["1.7976931348623158e308"]);
}

#[test]
fn refuses_numbers_of_other_grammars() {
    refuses(&[
        ("01", "data after the value at byte 1"),
        ("-01", "data after the value at byte 2"),
        ("[01]", "unexpected character at byte 2"),
        ("-", "unexpected end at byte 1"),
        ("[-]", "unexpected character at byte 2"),
        ("[-a]", "unexpected character at byte 2"),
        ("+1", "unexpected character at byte 0"),
        (".5", "unexpected character at byte 0"),
        ("-.5", "unexpected character at byte 1"),
        ("1.", "unexpected end at byte 2"),
        ("[1.]", "unexpected character at byte 3"),
        ("1.e5", "unexpected character at byte 2"),
        ("1e", "unexpected end at byte 2"),
        ("1e+", "unexpected end at byte 3"),
        ("[1e]", "unexpected character at byte 3"),
        ("1e1.5", "data after the value at byte 3"),
        ("1.2.3", "data after the value at byte 3"),
        ("1eE2", "unexpected character at byte 2"),
        ("1e+-2", "unexpected character at byte 3"),
        ("--1", "unexpected character at byte 1"),
        ("0x1F", "data after the value at byte 1"),
        ("1_000", "data after the value at byte 1"),
        ("1 000", "data after the value at byte 2"),
        ("1a", "data after the value at byte 1"),
        ("NaN", "unexpected character at byte 0"),
        ("nan", "unexpected character at byte 1"),
        ("Infinity", "unexpected character at byte 0"),
        ("-Infinity", "unexpected character at byte 1"),
        ("inf", "unexpected character at byte 0"),
        ("１", "unexpected character at byte 0"),
    ]);
}

#[test]
fn refuses_numbers_beyond_a_double() {
    refuses(&[
        ("1e400", "number outside the range of a double at byte 0"),
        ("[-1e309]", "number outside the range of a double at byte 1"),
        ("1.7976931348623159e308", "number outside the range of a double at byte 0"),
        ("{\"a\":[123e99999999999999999999]}", "number outside the range of a double at byte 6"),
        (&"9".repeat(309), "number outside the range of a double at byte 0"),
        (&"1".repeat(2000), "number with too many characters at byte 0"),
        (&format!("0.{}", "1".repeat(1100)), "number with too many characters at byte 0"),
    ]);
}

#[test]
fn accepts_strings() {
    accepts(&[
        r#""a""#,
        r#""\"\\\/\b\f\n\r\t""#,
        r#""\u0041\u00e9\u20ac""#,
        r#""\ud83d\ude00""#,
        r#""\uD83D\uDE00""#,
    ]);
    accepts(&[
        r#""\u0000""#,
        r#""\uffff\uFFFE""#,
        r#""\udbff\udfff""#,
        r#""\\u12""#,
        r#""\\\\""#,
        "\"\u{7f}\"",
    ]);
    accepts(&["\"é€😀\"", "\"\u{2028}\u{2029}\u{feff}\"", "\"\u{10ffff}\"", r#""/""#, r#"["a","b"]"#]);
    for n_before in 0..40 {
        accepts(&[&format!("\"{}\\n\"", "x".repeat(n_before)), &format!("\"{}\"", "é".repeat(n_before))]);
    }
}

#[test]
fn refuses_strings() {
    refuses(&[
        ("\"", "unexpected end at byte 1"),
        ("\"a", "unexpected end at byte 2"),
        ("\"abcdefgh12345678", "unexpected end at byte 17"),
        ("\"\\\"", "unexpected end at byte 3"),
        ("\"\\", "unexpected end at byte 2"),
        ("'a'", "unexpected character at byte 0"),
        ("\"a\nb\"", "unescaped control character at byte 2"),
        ("\"a\tb\"", "unescaped control character at byte 2"),
        ("\"\r\"", "unescaped control character at byte 1"),
        ("\"\u{0}\"", "unescaped control character at byte 1"),
        ("\"\u{1f}\"", "unescaped control character at byte 1"),
        ("\"\\n\u{1f}\"", "unescaped control character at byte 3"),
        ("\"12345678\u{1}\"", "unescaped control character at byte 9"),
        (r#""\a""#, "unknown escape at byte 1"),
        (r#""\'""#, "unknown escape at byte 1"),
        (r#""\x41""#, "unknown escape at byte 1"),
        (r#""\0""#, "unknown escape at byte 1"),
        (r#""\U0041""#, "unknown escape at byte 1"),
        ("\"\\\u{0}\"", "unknown escape at byte 1"),
        ("\"\\é\"", "unknown escape at byte 1"),
        (r#""\u""#, "unknown escape at byte 3"),
        (r#""\u12""#, "unknown escape at byte 5"),
        (r#""\u12g4""#, "unknown escape at byte 5"),
        (r#""\u+123""#, "unknown escape at byte 3"),
        (r#""\u{41}""#, "unknown escape at byte 3"),
        ("\"\\u004", "unexpected end at byte 6"),
        ("a", "unexpected character at byte 0"),
    ]);
}

#[test]
fn refuses_lone_surrogates() {
    refuses(&[
        (r#""\ud800""#, "lone surrogate at byte 1"),
        (r#""\udc00""#, "lone surrogate at byte 1"),
        (r#""\uDFFF""#, "lone surrogate at byte 1"),
        (r#""x\ud83dx""#, "lone surrogate at byte 2"),
        (r#""\ud83d\n""#, "lone surrogate at byte 1"),
        (r#""\ud83d\u0041""#, "lone surrogate at byte 1"),
        (r#""\ud83d\ud83d""#, "lone surrogate at byte 1"),
        (r#""\ude00\ud83d""#, "lone surrogate at byte 1"),
        (r#""\ud83d\\ude00""#, "lone surrogate at byte 1"),
        (r#"{"\ud800":1}"#, "lone surrogate at byte 2"),
        (r#""\ud83d\u00""#, "unknown escape at byte 11"),
        ("\"\\ud83d", "lone surrogate at byte 1"),
    ]);
}

#[test]
fn refuses_other_encodings() {
    check(b"\xEF\xBB\xBF{}", "byte order mark at byte 0");
    check(b"\xFF\xFE[\0]\0", "text that is not utf-8 at byte 0");
    check(b"[\0]\0", "unexpected character at byte 1");
    check(b"\0[\0]", "unexpected character at byte 0");
    check(b"\"\xE9\"", "text that is not utf-8 at byte 1");
    check(b"[\"\xC3\"]", "text that is not utf-8 at byte 2");
    check(b"\"\xC0\xAF\"", "text that is not utf-8 at byte 1");
    check(b"\"\xE0\x80\xAF\"", "text that is not utf-8 at byte 1");
    check(b"\"\xED\xA0\x80\"", "text that is not utf-8 at byte 1");
    check(b"\"\xF4\x90\x80\x80\"", "text that is not utf-8 at byte 1");
    check(b"\"\x80\"", "text that is not utf-8 at byte 1");
    check(b"\"\xE2\x82", "text that is not utf-8 at byte 1");
    check(b"1\xFF", "text that is not utf-8 at byte 1");
}

#[test]
fn refuses_structure() {
    refuses(&[
        ("", "unexpected end at byte 0"),
        (" ", "unexpected end at byte 1"),
        ("[", "unexpected end at byte 1"),
        ("{", "unexpected end at byte 1"),
        ("]", "unexpected character at byte 0"),
        ("}", "unexpected character at byte 0"),
        (",", "unexpected character at byte 0"),
        (":", "unexpected character at byte 0"),
        ("[}", "unexpected character at byte 1"),
        ("{]", "unexpected character at byte 1"),
        ("[1}", "unexpected character at byte 2"),
        ("{\"a\":1]", "unexpected character at byte 6"),
        ("[1", "unexpected end at byte 2"),
        ("[1,", "unexpected end at byte 3"),
        ("[1,]", "unexpected character at byte 3"),
        ("[,1]", "unexpected character at byte 1"),
        ("[1,,2]", "unexpected character at byte 3"),
        ("[1 2]", "unexpected character at byte 3"),
        ("[1:2]", "unexpected character at byte 2"),
        ("[\"a\":1]", "unexpected character at byte 4"),
        ("{\"a\"}", "unexpected character at byte 4"),
        ("{\"a\"", "unexpected end at byte 4"),
        ("{\"a\":", "unexpected end at byte 5"),
        ("{\"a\":}", "unexpected character at byte 5"),
        ("{\"a\":1", "unexpected end at byte 6"),
        ("{\"a\":1,}", "unexpected character at byte 7"),
        ("{\"a\" 1}", "unexpected character at byte 5"),
        ("{\"a\"::1}", "unexpected character at byte 5"),
        ("{\"a\",1}", "unexpected character at byte 4"),
        ("{,}", "unexpected character at byte 1"),
        ("{1:2}", "unexpected character at byte 1"),
        ("{a:1}", "unexpected character at byte 1"),
        ("{null:1}", "unexpected character at byte 1"),
        ("{\"a\":1 \"b\":2}", "unexpected character at byte 7"),
        ("[1/*x*/]", "unexpected character at byte 2"),
        ("//x\n1", "unexpected character at byte 0"),
        ("#x", "unexpected character at byte 0"),
        ("[\u{c}1]", "unexpected character at byte 1"),
        ("[\u{b}1]", "unexpected character at byte 1"),
        ("[\u{a0}1]", "unexpected character at byte 1"),
        ("\u{2060}1", "unexpected character at byte 0"),
        ("tru", "unexpected end at byte 3"),
        ("[tru]", "unexpected character at byte 4"),
        ("True", "unexpected character at byte 0"),
        ("truee", "data after the value at byte 4"),
        ("nul1", "unexpected character at byte 3"),
        ("fals", "unexpected end at byte 4"),
        ("nulls", "data after the value at byte 4"),
        ("undefined", "unexpected character at byte 0"),
    ]);
}

#[test]
fn refuses_trailing_data() {
    refuses(&[
        ("1 2", "data after the value at byte 2"),
        ("{} {}", "data after the value at byte 3"),
        ("{}{}", "data after the value at byte 2"),
        ("[]]", "data after the value at byte 2"),
        ("{}}", "data after the value at byte 2"),
        ("\"a\"\"b\"", "data after the value at byte 3"),
        ("null,", "data after the value at byte 4"),
        ("1\u{0}", "data after the value at byte 1"),
        ("1 #", "data after the value at byte 2"),
        ("{}\u{feff}", "data after the value at byte 2"),
    ]);
}

#[test]
fn refuses_duplicate_keys() {
    refuses(&[
        (r#"{"a":1,"a":2}"#, "duplicate key at byte 7"),
        (r#"{"a":1,"b":2,"a":1}"#, "duplicate key at byte 13"),
        (r#"{"":1,"":2}"#, "duplicate key at byte 6"),
        (r#"{"a":1,"\u0061":2}"#, "duplicate key at byte 7"),
        (r#"{"\u0061":1,"a":2}"#, "duplicate key at byte 12"),
        (r#"{"\u0061":1,"\u0061":2}"#, "duplicate key at byte 12"),
        (r#"{"\/":1,"/":2}"#, "duplicate key at byte 8"),
        (r#"{"\n":1,"\u000A":2}"#, "duplicate key at byte 8"),
        (r#"{"😀":1,"\ud83d\ude00":2}"#, "duplicate key at byte 10"),
        (r#"[[{"x":{"a":1,"b":{},"a":2}}]]"#, "duplicate key at byte 21"),
        (r#"{"a":{"b":{"c":1}},"a":2}"#, "duplicate key at byte 19"),
        (r#"{"k":[{"q":1},{"q":1,"q":2}]}"#, "duplicate key at byte 21"),
        (r#"{"abcdefghi":1,"abcdefghi":2}"#, "duplicate key at byte 15"),
    ]);
    accepts(&[r#"{"\u0061\u0061":1,"a":2}"#, r#"{"é":1,"e\u0301":2}"#, r#"{"\\u0061":1,"a":2}"#]);
    accepts(&[r#"{"a":{"a":1},"b":{"a":1}}"#, r#"{"a":[{"a":1},{"a":1}]}"#]);
}

#[test]
fn finds_one_duplicate_among_many_keys() {
    for n_members in [2, 3, 31, 32, 33, 34, 35, 64, 65, 200] {
        let last = n_members - 1;
        for (first, second) in [(0, last), (0, 1), (last / 2, last), (last - 1, last)] {
            let key = |n: usize| match n {
                n if n == second => format!("\"\\u006bey-number-{first}\""),
                n => format!("\"key-number-{n}\""),
            };
            let members: Vec<String> =
                (0..n_members).map(|n| format!("{}:[{{\"n\":{n}}}]", key(n))).collect();
            let text = format!("{{\"outer\":{{{}}},\"behind\":1}}", members.join(","));
            let offset = text.find("\"\\u006b").unwrap();
            check(text.as_bytes(), &format!("duplicate key at byte {offset}"));
            accepts(&[&text.replace("\\u006bey-number", "other")]);
        }
    }
}

#[test]
fn the_first_of_many_repeats_is_told() {
    let keys: Vec<String> = (0..40).map(|n| format!("\"{n}\":0,")).collect();
    // Two keys of equal hash in turn, so that sorting has to tell them apart and to keep their order.
    let [left, right] = ["left", "rite"].map(|middle| format!("\"12345678{middle}87654321\":0,"));
    let text = format!("{{{}{}\"last\":0}}", keys.concat(), format!("{left}{right}").repeat(200));
    let offset = text.find(&left).unwrap() + left.len() + right.len();
    check(text.as_bytes(), &format!("duplicate key at byte {offset}"));
}

#[test]
fn keys_of_every_length_are_found_again() {
    for n_characters in 0..20 {
        let key = "abcdefghijklmnopqrst".split_at(n_characters).0;
        let escaped = key.replace('a', "\\u0061").replace('h', "\\u0068");
        for (first, second) in [(key, key), (key, &escaped), (&escaped, key), (&escaped, &escaped)] {
            // Far from the end of the text and near to it.
            for behind in ["0", "\"a long value behind the key\""] {
                let text = format!("{{\"{first}\":[{{}}],\"b\":1,\"{second}\":{behind}}}");
                let offset = text.len() - behind.len() - second.len() - 4;
                check(text.as_bytes(), &format!("duplicate key at byte {offset}"));
            }
        }
    }
}

#[test]
fn keys_of_equal_hash_are_told_apart() {
    // The hash looks at both ends only, so that these collide all.
    let members: Vec<String> = (0..500).map(|n| format!("\"same-start-{n:04}-same-end\":0")).collect();
    let text = format!("{{{}}}", members.join(","));
    let limits = Limits { max_string_bytes: 1000, ..LIMITS };
    assert!(Document::scan(text.clone().into_bytes(), &limits).is_ok());
    let text = text.replace("-0321-", "-0123-");
    let offset = text.rfind("\"same-start-0123").unwrap();
    assert_eq!(Document::scan(text.into_bytes(), &limits).unwrap_err().offset, offset);
}

#[test]
fn caps_depth() {
    accepts(&[&nested(64, "[", "", "]"), &nested(64, "[", "1", "]"), &nested(32, "[{\"a\":", "1", "}]")]);
    refuses(&[
        (&nested(65, "[", "", "]"), "value nested too deeply at byte 64"),
        (&nested(64, "[", "{}", "]"), "value nested too deeply at byte 64"),
        (&nested(33, "{\"a\":[", "", "]}"), "value nested too deeply at byte 192"),
        (&"[".repeat(100_000), "value nested too deeply at byte 64"),
    ]);
    let siblings =
        |n_first, n_second| format!("[{},{}]", nested(n_first, "[", "", "]"), nested(n_second, "[", "", "]"));
    accepts(&[&siblings(63, 63)]);
    refuses(&[(&siblings(63, 64), "value nested too deeply at byte 191")]);
    let flat = Limits { max_depth: 0, ..LIMITS };
    assert!(Document::scan(b"1".to_vec(), &flat).is_ok());
    assert!(Document::scan(b"[]".to_vec(), &flat).is_err());
    let deep = Limits { max_depth: u16::MAX, ..LIMITS };
    assert!(Document::scan(nested(65_535, "[", "", "]").into_bytes(), &deep).is_ok());
    assert!(Document::scan(nested(65_536, "[", "", "]").into_bytes(), &deep).is_err());
}

#[test]
fn caps_members_and_strings() {
    let members = |n: usize| {
        let members: Vec<String> = (0..n).map(|n| format!("\"{n}\":0")).collect();
        format!("{{{}}}", members.join(","))
    };
    accepts(&[&members(1000), &format!("[{}]", "0,".repeat(5000) + "0")]);
    refuses(&[
        (&members(1001), "object with too many members at byte 7891"),
        (&format!("\"{}\"", "x".repeat(101)), "string that is too long at byte 0"),
        (&format!("{{\"{}\":1}}", "x".repeat(101)), "string that is too long at byte 1"),
    ]);
    accepts(&[&format!("\"{}\"", "x".repeat(100)), &format!("{{\"{}\":1}}", "x".repeat(100))]);
}
