//! What is found in a scanned text: kinds, members, pointers, spans, places, and the bytes written from it.

#![expect(clippy::unwrap_used, reason = "a helper of tests may fail them")]

use std::collections::HashSet;

use json::{Document, Kind, Limits, Location, ObjectWriter, Span, Value, canonical, write_string};

fn scan(text: &str) -> Document {
    Document::scan(text.into(), &Limits::default()).unwrap()
}

fn shared<T: Send + Sync>(value: T) -> T {
    value
}

#[test]
fn every_kind_answers_for_itself_only() {
    let cases = [
        ("null", Kind::Null),
        ("true", Kind::Bool),
        ("false", Kind::Bool),
        ("-1.5e3", Kind::Number),
        ("\"a\"", Kind::String),
        ("\"\\u0061\"", Kind::String),
        ("[1]", Kind::Array),
        ("{\"a\":1}", Kind::Object),
    ];
    for (text, kind) in cases {
        for wrapped in
            [text.to_owned(), format!(" {text} "), format!("[{text}]"), format!("{{\"k\":{text},\"l\":0}}")]
        {
            let document = shared(scan(&wrapped));
            let value = match wrapped.trim() == text {
                true => document.root(),
                false => document.root().get("k").or(document.root().elements().next()).unwrap(),
            };
            assert_eq!((value.kind(), value.raw()), (kind, text));
            assert_eq!(value.is_null(), kind == Kind::Null);
            assert_eq!(value.as_bool(), (kind == Kind::Bool).then_some(text == "true"));
            assert_eq!(
                (value.is_number(), value.as_number().is_some()),
                (kind == Kind::Number, kind == Kind::Number)
            );
            assert_eq!(
                (value.is_string(), value.as_str().is_some()),
                (kind == Kind::String, kind == Kind::String)
            );
            assert_eq!(
                (value.is_array(), value.elements().count()),
                (kind == Kind::Array, usize::from(value.is_array()))
            );
            assert_eq!(
                (value.is_object(), value.members().count()),
                (kind == Kind::Object, usize::from(value.is_object()))
            );
            assert_eq!(value.len(), usize::from(value.is_array() || value.is_object()));
            assert_eq!(value.is_empty(), !value.is_array() && !value.is_object());
            assert_eq!(value.get("a").is_some(), kind == Kind::Object);
            assert_eq!(wrapped.find(text), Some(value.span().start));
        }
    }
}

#[test]
fn strings_are_borrowed_unless_escaped() {
    let document = scan(r#"["plain é","a\"b\\c\/d\b\f\n\r\t\u0041\u00e9\u20AC\ud83d\ude00","\u0000"]"#);
    let strings: Vec<_> = document.root().elements().map(|value| value.as_str().unwrap()).collect();
    assert!(matches!(strings[0], std::borrow::Cow::Borrowed("plain é")));
    assert_eq!(strings[1], "a\"b\\c/d\u{8}\u{c}\n\r\tAé€😀");
    assert_eq!(strings[2], "\0");
}

#[test]
fn keys_are_compared_after_unescaping() {
    let document = scan(r#"{"ab":1,"a\u0063":2,"":3,"\"":4,"abc":5}"#);
    let root = document.root();
    for (key, expected) in [("ab", "1"), ("ac", "2"), ("", "3"), ("\"", "4"), ("abc", "5")] {
        assert_eq!(root.get(key).unwrap().raw(), expected);
        let member = root.member(key).unwrap();
        assert!(member.key == *key && member.key == key && member.key.as_cow() == key);
        assert_eq!(root.span().start < member.span().start, member.value.span().end == member.span().end);
    }
    for missing in ["a", "a\\u0063", "\\\"", "abcd", "b", "AB"] {
        assert!(root.get(missing).is_none(), "{missing}");
    }
    assert_eq!(root.member("ac").unwrap().key.raw(), r#""a\u0063""#);
    assert_eq!(root.member("ac").unwrap().key.span(), Span { start: 8, end: 17 });
}

#[test]
fn follows_pointers() {
    // The document of RFC 6901, section 5.
    let text =
        r#"{"foo":["bar","baz"],"":0,"a/b":1,"c%d":2,"e^f":3,"g|h":4,"i\\j":5,"k\"l":6," ":7,"m~n":8}"#;
    let document = scan(text);
    let cases = [
        ("", Some(text)),
        ("/foo", Some(r#"["bar","baz"]"#)),
        ("/foo/0", Some(r#""bar""#)),
        ("/foo/1", Some(r#""baz""#)),
        ("/", Some("0")),
        ("/a~1b", Some("1")),
        ("/c%d", Some("2")),
        ("/e^f", Some("3")),
        ("/g|h", Some("4")),
        ("/i\\j", Some("5")),
        ("/k\"l", Some("6")),
        ("/ ", Some("7")),
        ("/m~0n", Some("8")),
        ("foo", None),
        ("/foo/2", None),
        ("/foo/-", None),
        ("/foo/00", None),
        ("/foo/01", None),
        ("/foo/+1", None),
        ("/foo/-1", None),
        ("/foo/ 1", None),
        ("/foo/", None),
        ("/foo/99999999999999999999999", None),
        ("/foo/0/0", None),
        ("/m~n", None),
        ("/m~2n", None),
        ("/m~", None),
        ("/FOO", None),
        ("//", None),
    ];
    for (pointer, expected) in cases {
        assert_eq!(document.root().pointer(pointer).map(|value| value.raw()), expected, "{pointer}");
    }
    assert_eq!(scan(r#"{"~1":{"~01":1}}"#).root().pointer("/~01/~001").unwrap().raw(), "1");
}

#[test]
fn large_containers_are_walked_like_small_ones() {
    for n_elements in [10, 10_000, 21_844, 21_845, 21_846, 32_766, 32_767, 32_768, 70_000] {
        let inner: Vec<String> = (0..n_elements).map(|n| n.to_string()).collect();
        let text =
            format!(r#"{{"a":[{0}],"b":{{"c":[{0}]}},"d":"{1}"}}"#, inner.join(","), "x".repeat(n_elements));
        let document = scan(&text);
        let root = document.root();
        assert_eq!(root.len(), 3);
        assert_eq!(root.span(), Span { start: 0, end: text.len() });
        assert_eq!(root.get("a").unwrap().len(), n_elements);
        assert_eq!(root.get("a").unwrap().raw(), format!("[{}]", inner.join(",")));
        assert_eq!(root.pointer("/b/c").unwrap().elements().last().unwrap().raw(), inner[n_elements - 1]);
        assert_eq!(root.get("d").unwrap().span().end, text.len() - 1);
        let indexes: HashSet<u32> = root.get("a").unwrap().elements().map(|value| value.index()).collect();
        assert_eq!(indexes.len(), n_elements);
    }
}

#[test]
fn containers_of_any_size_end_where_they_end() {
    for n_bytes in 65_530..65_545 {
        for container in [
            format!("[\"{}\"]", "x".repeat(n_bytes - 4)),
            format!("{{\"\":\"{}\"}}", "x".repeat(n_bytes - 7)),
        ] {
            let document = scan(&format!("[0,{container},{container},1]"));
            let elements: Vec<_> =
                document.root().elements().map(|element| element.raw().to_owned()).collect();
            assert_eq!(container.len(), n_bytes);
            assert!(elements == ["0", &container, &container, "1"], "{n_bytes}");
        }
    }
}

#[test]
fn places_are_told_in_lines_and_characters() {
    let text = "ab\nçd\r\n\tx";
    let cases =
        [(0, 1, 1), (1, 1, 2), (2, 1, 3), (3, 2, 1), (5, 2, 2), (6, 2, 3), (8, 3, 1), (9, 3, 2), (10, 3, 3)];
    for (offset, line, column) in cases {
        assert_eq!(Location::of(text.as_bytes(), offset), Location { line, column }, "{offset}");
    }
    assert_eq!(Location::of(text.as_bytes(), 1000), Location { line: 3, column: 3 });
    assert_eq!(Location::of(b"", 0).to_string(), "line 1, column 1");
}

fn canonical_of(text: &str) -> String {
    let mut out = b"[".to_vec();
    canonical(scan(text).root(), &mut out);
    String::from_utf8(out.split_off(1)).unwrap()
}

#[test]
fn canonical_bytes_depend_on_content_only() {
    let cases = [
        (" [ ] ", "[]"),
        ("{ }", "{}"),
        (" null ", "null"),
        ("[1 , [ 2, {} ], true]", "[1,[2,{}],true]"),
        (r#"{"b":1,"a":{"d":2,"c":3}}"#, r#"{"a":{"c":3,"d":2},"b":1}"#),
        (r#"{"a":1,"":2,"A":3,"aa":4}"#, r#"{"":2,"A":3,"a":1,"aa":4}"#),
        // By the bytes of UTF-8, not by UTF-16.
        (r#"{"\ud83d\ude00":1,"\uffff":2,"é":3,"z":4}"#, "{\"z\":4,\"é\":3,\"\u{ffff}\":2,\"😀\":1}"),
        (r#"{"\u0062":1,"a":2}"#, r#"{"a":2,"b":1}"#),
        (r#"["\u0061\/\u00e9\u001f\u007f\n\"\\"]"#, "[\"a/é\\u001f\u{7f}\\n\\\"\\\\\"]"),
        // Numbers stay as written: two writings of one number are two calls to a server.
        ("[1.0,1,1e0,-0]", "[1.0,1,1e0,-0]"),
        (r#"{"a":{},"b":[[]]}"#, r#"{"a":{},"b":[[]]}"#),
    ];
    for (text, expected) in cases {
        assert_eq!(canonical_of(text), expected, "{text}");
    }
}

#[test]
fn canonical_bytes_of_deep_values_need_no_stack() {
    let (open, close) = ("[{\"a\":".repeat(32_000), "}]".repeat(32_000));
    let text = format!("{open}1{close}");
    let limits = Limits { max_depth: u16::MAX, ..Limits::default() };
    let document = Document::scan(text.clone().into_bytes(), &limits).unwrap();
    let mut out = Vec::new();
    canonical(document.root(), &mut out);
    assert!(out == text.into_bytes());
}

#[test]
fn strings_are_written_with_few_escapes() {
    let cases = [
        ("", r#""""#),
        ("plain", r#""plain""#),
        ("a\"b\\c/d", r#""a\"b\\c/d""#),
        ("\u{8}\u{c}\n\r\t", r#""\b\f\n\r\t""#),
        ("\u{0}\u{1}\u{1f}\u{7f}", "\"\\u0000\\u0001\\u001f\u{7f}\""),
        ("é€😀\u{2028}", "\"é€😀\u{2028}\""),
        ("\"", r#""\"""#),
    ];
    for (string, expected) in cases {
        let mut out = Vec::new();
        write_string(&mut out, string);
        assert_eq!(String::from_utf8(out).unwrap(), expected);
        assert_eq!(scan(expected).root().as_str().unwrap(), string);
    }
}

#[test]
fn objects_are_written_member_by_member() {
    let mut out = b"data: ".to_vec();
    let mut object = ObjectWriter::begin(&mut out);
    object.str("a\n", "b\"").u64("n", u64::MAX).bool("t", true).raw("r", "[1]").strings("s", ["x", "\\"]);
    let mut inner = object.object("o");
    inner.bool("f", false).strings("none", []);
    inner.end();
    object.object("empty").end();
    object.end();
    let expected = r#"data: {"a\n":"b\"","n":18446744073709551615,"t":true,"r":[1],"s":["x","\\"],"o":{"f":false,"none":[]},"empty":{}}"#;
    assert_eq!(String::from_utf8(out).unwrap(), expected);
}

#[test]
fn nothing_shown_for_debugging_holds_content() {
    let document = scan(r#"{"secret-key":"secret-value"}"#);
    let value: Value<'_> = document.root().get("secret-key").unwrap();
    let member = document.root().member("secret-key").unwrap();
    let shown = format!("{document:?} {value:?} {member:?}");
    assert!(!shown.contains("secret"), "{shown}");
    let error = Document::scan(br#"{"secret":secret}"#.to_vec(), &Limits::default()).unwrap_err();
    assert_eq!(error.to_string(), "unexpected character at byte 10");
}
