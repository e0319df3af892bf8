//! Replies that stream through: what passes, with which facts, and what is refused. Every case is pushed whole, cut
//! at every byte, and byte by byte.

#![expect(clippy::unwrap_used, reason = "a helper of tests may fail them")]

use json::{Limits, ReplyFacts, ReplyScanner};

type Outcome = Result<(ReplyFacts, String), String>;

fn stream(pieces: &[&[u8]]) -> Outcome {
    let mut scanner = ReplyScanner::new("\"g-17\"", "{client}", &Limits::default());
    let mut out = Vec::new();
    for piece in pieces {
        scanner.push(piece, &mut out).map_err(|error| error.to_string())?;
    }
    let facts = scanner.finish().map_err(|error| error.to_string())?;
    Ok((facts, String::from_utf8(out).unwrap()))
}

/// Where a character is broken is seen later when it was cut.
fn comparable(outcome: &Outcome) -> Outcome {
    let is_utf8 = |error: &String| error.starts_with("text that is not utf-8");
    outcome.clone().map_err(|error| if is_utf8(&error) { "not utf-8".to_owned() } else { error })
}

fn outcome(text: &[u8]) -> Outcome {
    let whole = stream(&[text]);
    for at in 0..=text.len() {
        let (left, right) = text.split_at(at);
        assert_eq!(comparable(&stream(&[left, right])), comparable(&whole), "cut at {at}");
    }
    let bytes: Vec<&[u8]> = text.chunks(1).collect();
    assert_eq!(comparable(&stream(&bytes)), comparable(&whole), "cut everywhere");
    whole
}

/// Each case: the reply, and the facts that are true of it.
fn passes(cases: &[(&str, &str)]) {
    for (text, expected) in cases {
        let (facts, out) = outcome(text.as_bytes()).unwrap();
        assert_eq!(
            out,
            text.replacen("\"id\":\"g-17\"", "\"id\":{client}", 1).replacen(": \"g-17\"", ": {client}", 1)
        );
        assert_eq!(facts.bytes, text.len() as u64);
        let shown = [
            (facts.is_error, "error"),
            (facts.tool_error, "tool-error"),
            (facts.result_type_input_required, "asks"),
        ];
        let shown: Vec<&str> = shown.iter().filter(|(is_true, _)| *is_true).map(|(_, name)| *name).collect();
        assert_eq!(shown.join(" "), *expected, "for {text}");
    }
}

fn refuses(cases: &[(&str, &str)]) {
    for (text, expected) in cases {
        assert_eq!(outcome(text.as_bytes()).unwrap_err(), *expected, "for {text}");
    }
}

#[test]
fn passes_replies_and_reads_facts() {
    passes(&[
        (r#"{"jsonrpc":"2.0","id":"g-17","result":{}}"#, ""),
        (r#"{"result":[1,"g-17",null],"id":"g-17","jsonrpc":"2.0"}"#, ""),
        (r#"{"id":"g-17","result":null,"jsonrpc":"2.0"}"#, ""),
        (" {\r\n\"jsonrpc\" : \"2.0\" ,\t\"id\" : \"g-17\" , \"result\" : { } } \n", ""),
        (
            r#"{"jsonrpc":"2.0","id":"g-17","error":{"code":-32000,"message":"no","data":{"isError":true}}}"#,
            "error",
        ),
        (r#"{"jsonrpc":"2.0","id":"g-17","result":{"isError":true}}"#, "tool-error"),
        (r#"{"jsonrpc":"2.0","id":"g-17","result":{"isError":false}}"#, ""),
        (r#"{"jsonrpc":"2.0","id":"g-17","result":{"isError":"true"}}"#, ""),
        (r#"{"jsonrpc":"2.0","id":"g-17","result":{"isError":[true]}}"#, ""),
        (r#"{"jsonrpc":"2.0","id":"g-17","result":{"x":{"isError":true}}}"#, ""),
        (r#"{"jsonrpc":"2.0","id":"g-17","result":[{"isError":true}]}"#, ""),
        (
            r#"{"jsonrpc":"2.0","id":"g-17","result":{"content":[{"text":"é\n😀"}],"isError" : true , "x":1}}"#,
            "tool-error",
        ),
        (r#"{"jsonrpc":"2.0","id":"g-17","result":{"is\u0045rror":true}}"#, "tool-error"),
        (r#"{"jsonrpc":"2.0","id":"g-17","result":{"resultType":"input_required"}}"#, "asks"),
        (r#"{"jsonrpc":"2.0","id":"g-17","result":{"resultType":"input\u005frequired"}}"#, "asks"),
        (r#"{"jsonrpc":"2.0","id":"g-17","result":{"resultType":"complete","inputRequests":{}}}"#, ""),
        (r#"{"jsonrpc":"2.0","id":"g-17","result":{"_meta":{"resultType":"input_required"}}}"#, ""),
        (r#"{"\u006ason\u0072pc":"2.0","id":"g-17","result":0}"#, ""),
        (r#"{"jsonrpc":"2.0","id":"g-17","result":-1.50e+3}"#, ""),
        (r#"{"jsonrpc":"2.0","id":"g-17","result":"\ud83d\ude00\\\""}"#, ""),
    ]);
}

#[test]
fn refuses_what_is_no_reply() {
    refuses(&[
        (r#"{"id":"g-17","result":{}}"#, "`jsonrpc` missing or not \"2.0\" at byte 24"),
        (r#"{"jsonrpc":"2.1","id":"g-17","result":{}}"#, "`jsonrpc` missing or not \"2.0\" at byte 16"),
        (r#"{"jsonrpc":2.0,"id":"g-17","result":{}}"#, "`jsonrpc` missing or not \"2.0\" at byte 14"),
        (r#"{"jsonrpc":["2.0"],"id":"g-17","result":{}}"#, "`jsonrpc` missing or not \"2.0\" at byte 11"),
        (r#"{"jsonrpc":"2.0","result":{}}"#, "`id` missing or not the one that was sent at byte 28"),
        (
            r#"{"jsonrpc":"2.0","id":"g-1","result":{}}"#,
            "`id` missing or not the one that was sent at byte 27",
        ),
        (
            r#"{"jsonrpc":"2.0","id":"g-177","result":{}}"#,
            "`id` missing or not the one that was sent at byte 29",
        ),
        (r#"{"jsonrpc":"2.0","id":17,"result":{}}"#, "`id` missing or not the one that was sent at byte 24"),
        (
            r#"{"jsonrpc":"2.0","id":null,"result":{}}"#,
            "`id` missing or not the one that was sent at byte 26",
        ),
        (
            r#"{"jsonrpc":"2.0","id":{"id":"g-17"},"result":{}}"#,
            "`id` missing or not the one that was sent at byte 22",
        ),
        (
            r#"{"jsonrpc":"2.0","id":"\u0067-17","result":{}}"#,
            "`id` missing or not the one that was sent at byte 33",
        ),
        (r#"{"jsonrpc":"2.0","id":"g-17"}"#, "not exactly one of `result` and `error` at byte 28"),
        (
            r#"{"jsonrpc":"2.0","id":"g-17","result":{},"error":{}}"#,
            "not exactly one of `result` and `error` at byte 48",
        ),
        (r#"{"jsonrpc":"2.0","id":"g-17","method":"x"}"#, "member that no reply has at byte 37"),
        (r#"{"jsonrpc":"2.0","id":"g-17","result":{},"Result":{}}"#, "member that no reply has at byte 49"),
        (r#"{"jsonrpc":"2.0","id":"g-17","result":{},"id":"g-17"}"#, "duplicate member at byte 45"),
        (r#"{"jsonrpc":"2.0","id":"g-17","result":{},"res\u0075lt":{}}"#, "duplicate member at byte 54"),
        (
            r#"{"jsonrpc":"2.0","id":"g-17","result":{"isError":false,"isError":true}}"#,
            "duplicate member at byte 64",
        ),
        ("[]", "reply that is not an object at byte 0"),
        ("\"x\"", "reply that is not an object at byte 0"),
        ("7", "reply that is not an object at byte 0"),
        ("", "unexpected end at byte 0"),
        ("  ", "unexpected end at byte 2"),
        ("{", "unexpected end at byte 1"),
        (r#"{"jsonrpc":"2.0","id":"g-17","result":{}"#, "unexpected end at byte 40"),
        (r#"{"jsonrpc":"2.0","id":"g-17","result":{}}{}"#, "data after the value at byte 41"),
        (r#"{"jsonrpc":"2.0","id":"g-17","result":{}} x"#, "data after the value at byte 42"),
    ]);
}

/// What is passed on before the refusal, byte by byte.
fn passed_on(text: &str) -> String {
    let mut scanner = ReplyScanner::new("\"g-17\"", "{client}", &Limits::default());
    let mut passed = Vec::new();
    for byte in text.as_bytes().chunks(1) {
        let mut out = Vec::new();
        let refused = scanner.push(byte, &mut out).is_err();
        if refused || scanner.asks_for_input() || scanner.makes_task() {
            break;
        }
        passed.extend(out);
    }
    String::from_utf8(passed).unwrap()
}

#[test]
fn what_is_refused_never_looks_complete() {
    for (text, passed) in [
        (r#"{"id":"g-17","result":{}}"#, r#"{"id":{client},"result":{}"#),
        (r#"{"jsonrpc":"2.0","result":{}}"#, r#"{"jsonrpc":"2.0","result":{}"#),
        (r#"{"jsonrpc":"2.0","id":"g-17"}"#, r#"{"jsonrpc":"2.0","id":{client}"#),
        (
            r#"{"jsonrpc":"2.0","id":"g-17","result":{"resultType":"input_required"}}"#,
            r#"{"jsonrpc":"2.0","id":{client},"result":{"resultType":"input_required"#,
        ),
        (
            r#"{"jsonrpc":"2.0","id":"g-17","result":{"resultType":"task"}}"#,
            r#"{"jsonrpc":"2.0","id":{client},"result":{"resultType":"task"#,
        ),
    ] {
        assert_eq!(passed_on(text), passed);
    }
}

#[test]
fn refuses_broken_json_anywhere_inside() {
    let broken = [
        ("[1,]", "unexpected character"),
        ("[01]", "unexpected character"),
        ("[1.]", "unexpected character"),
        ("[-]", "unexpected character"),
        ("[1e400]", "number outside the range of a double"),
        ("[tru]", "unexpected character"),
        ("[nulll]", "unexpected character"),
        ("[1 2]", "unexpected character"),
        ("{\"a\" 1}", "unexpected character"),
        ("{\"a\":1,}", "unexpected character"),
        ("{1:1}", "unexpected character"),
        ("[}", "unexpected character"),
        ("\"a\u{1}\"", "unescaped control character"),
        (r#""\x""#, "unknown escape"),
        (r#""\u12x4""#, "unknown escape"),
        (r#""\ud800""#, "lone surrogate"),
        (r#""\ud800\n""#, "lone surrogate"),
        (r#""\ud800\ud800""#, "lone surrogate"),
        (r#""\udc00""#, "lone surrogate"),
        ("\u{feff}1", "unexpected character"),
    ];
    for (value, expected) in broken {
        for (open, close) in
            [("", ""), ("[", "]"), ("{\"x\":", "}"), ("{\"x\":{\"y\":[", "]}}"), ("[[[", "]]]")]
        {
            let text = format!(r#"{{"jsonrpc":"2.0","id":"g-17","result":{open}{value}{close}}}"#);
            let error = outcome(text.as_bytes()).unwrap_err();
            // The end of a broken number is seen as such, or as the end of what was kept of it.
            let is_expected = error.starts_with(expected) || error.starts_with("unexpected end");
            assert!(is_expected, "{error} for {text}");
        }
    }
}

#[test]
fn refuses_broken_utf8_anywhere_inside() {
    let broken: &[&[u8]] =
        &[b"\x80", b"\xC3", b"\xC0\xAF", b"\xE2\x82", b"\xED\xA0\x80", b"\xF4\x90\x80\x80", b"\xFF"];
    for bytes in broken {
        for (open, close) in [("\"", "\""), ("[[[\"", "\"]]]"), ("{\"a\":{\"", "\":1}}"), ("{\"", "\":1}")] {
            let [open, close] =
                [format!(r#"{{"jsonrpc":"2.0","id":"g-17","result":{open}é"#), format!("{close}}}")];
            let text = [open.as_bytes(), bytes, close.as_bytes()].concat();
            assert!(outcome(&text).unwrap_err().starts_with("text that is not utf-8"), "{bytes:?}");
        }
    }
}

fn nested(n_open: usize) -> String {
    let (open, close) = ("[".repeat(n_open), "]".repeat(n_open));
    format!(r#"{{"jsonrpc":"2.0","id":"g-17","result":{open}{close}}}"#)
}

#[test]
fn a_refused_reply_stays_refused() {
    let mut scanner = ReplyScanner::new("1", "2", &Limits::default());
    let mut out = Vec::new();
    let error =
        scanner.push(br#"{"jsonrpc":"2.0","id":3"#, &mut out).and(scanner.push(b",", &mut out)).unwrap_err();
    assert_eq!(scanner.push(br#""result":{}}"#, &mut out), Err(error));
    assert_eq!(scanner.finish(), Err(error));
}

#[test]
fn caps_depth_but_not_size() {
    assert!(outcome(nested(63).as_bytes()).is_ok());
    assert!(outcome(nested(64).as_bytes()).unwrap_err().starts_with("value nested too deeply"));
    let mut scanner =
        ReplyScanner::new("1", "2", &Limits { max_string_bytes: 10, max_members: 1, max_depth: 4 });
    let mut out = Vec::new();
    scanner.push(br#"{"id":1,"jsonrpc":"2.0","result":{"text":""#, &mut out).unwrap();
    for _ in 0..1000 {
        scanner.push("é\\u0041".repeat(1000).as_bytes(), &mut out).unwrap();
        out.clear();
    }
    scanner.push(br#"","more":[1,2,3]}}"#, &mut out).unwrap();
    assert!(scanner.finish().unwrap().bytes > 7_000_000);
}

#[test]
fn long_tokens_that_are_read_are_no_loophole() {
    let long = "x".repeat(5000);
    let reply = |key: &str, id: &str, version: &str| {
        stream(&[
            format!(r#"{{"{key}":"{version}","id":"{id}","result":{{"isError{long}":true}}}}"#).as_bytes()
        ])
    };
    assert!(reply("jsonrpc", "g-17", "2.0").is_ok());
    assert!(
        reply(&format!("jsonrpc{long}"), "g-17", "2.0").unwrap_err().starts_with("member that no reply has")
    );
    assert!(reply("jsonrpc", &format!("g-17{long}"), "2.0").unwrap_err().starts_with("`id` missing"));
    assert!(reply("jsonrpc", "g-17", &format!("2.0{long}")).unwrap_err().starts_with("`jsonrpc` missing"));
    let number = |n_digits| {
        stream(&[
            br#"{"jsonrpc":"2.0","id":"g-17","result":[0."#.as_slice(),
            "1".repeat(n_digits).as_bytes(),
            b"]}",
        ])
    };
    assert!(number(1022).is_ok());
    assert!(number(1023).unwrap_err().starts_with("number with too many characters"));
}

#[test]
fn members_in_the_gateways_own_name_are_refused_where_they_would_be_read() {
    let meta = |meta: &str| {
        format!(r#"{{"jsonrpc":"2.0","id":"g-17","result":{{"a":[],"_meta":{meta},"b":{{}}}}}}"#)
    };
    for key in ["toolgate/decision", "Toolgate/x", "\\u0074oolgate/", "toolgate\\/x", &"k".repeat(2_000)] {
        let text = meta(&format!(r#"{{"kept":{{"x":1}},"{key}":1}}"#));
        let error = outcome(text.as_bytes()).unwrap_err();
        assert!(error.starts_with("member in the gateway's own name"), "{error}");
    }
    let nested = meta(r#"{"x":{"toolgate/x":1},"y":[{"toolgate/x":1}],"":"toolgate/x","toolgat":1}"#);
    let elsewhere = meta("[]").replace("\"b\":{}", "\"b\":{\"toolgate/x\":1},\"toolgate/x\":{}");
    let text = meta(r#""toolgate/x""#);
    passes(&[(nested.as_str(), ""), (elsewhere.as_str(), ""), (text.as_str(), "")]);
}

#[test]
fn questions_in_a_result_are_seen_whatever_type_it_claims() {
    let text = r#"{"jsonrpc":"2.0","id":"g-17","result":{"resultType":"complete","inputRequests":{}}}"#;
    assert!(!passed_on(text).contains("{}"));
    let nested = r#"{"jsonrpc":"2.0","id":"g-17","result":{"content":[{"inputRequests":{}}]}}"#;
    passes(&[(nested, "")]);
}
