//! The envelope: size, strict JSON, one object, request or notification or response, ids.

use mcp::{Caps, Message, MessageKind};

use crate::support::{caps, message, outcome, parse};

fn check(body: &str, expected: &str) {
    assert_eq!(outcome(&parse(body)), expected, "{body}");
}

fn check_bytes(body: &[u8], expected: &str) {
    let shown = String::from_utf8_lossy(body).into_owned();
    assert_eq!(outcome(&Message::parse(body.to_vec(), &caps())), expected, "{shown}");
}

#[test]
fn strict_json_or_nothing() {
    let cases: &[(&[u8], &str)] = &[
        (b"", "400 -32700 -"),
        (b" ", "400 -32700 -"),
        (b"null garbage", "400 -32700 -"),
        (b"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\"", "400 -32700 -"),
        (b"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\"}}", "400 -32700 -"),
        (b"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\"} x", "400 -32700 -"),
        (b"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\"}\n{}", "400 -32700 -"),
        (b"\xef\xbb\xbf{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\"}", "400 -32700 -"),
        (b"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"p\xffng\"}", "400 -32700 -"),
        (b"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"p\xc0\xaeng\"}", "400 -32700 -"),
        (b"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"a\nb\"}", "400 -32700 -"),
        (b"{'jsonrpc':'2.0','id':1,'method':'ping'}", "400 -32700 -"),
        (b"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\",}", "400 -32700 -"),
        (b"{\"jsonrpc\":\"2.0\",\"id\":01,\"method\":\"ping\"}", "400 -32700 -"),
        (b"/**/{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\"}", "400 -32700 -"),
        (b"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/list\",\"params\":{\"x\":NaN}}", "400 -32700 -"),
        (
            b"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/list\",\"params\":{\"x\":Infinity}}",
            "400 -32700 -",
        ),
        (
            b"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/list\",\"params\":{\"x\":1e400}}",
            "400 -32700 -",
        ),
        (
            b"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/list\",\"params\":{\"x\":\"\\ud800\"}}",
            "400 -32700 -",
        ),
        (
            b"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/list\",\"params\":{\"x\":\"\\udc00\\ud800\"}}",
            "400 -32700 -",
        ),
        (b"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\"}", "ok"),
        (b" \t\r\n{ \"jsonrpc\" : \"2.0\" , \"id\" : 1 , \"method\" : \"ping\" } \r\n", "ok"),
    ];
    for (body, expected) in cases {
        check_bytes(body, expected);
    }
}

#[test]
fn duplicate_keys_at_any_depth() {
    let call =
        |params: &str| format!(r#"{{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{params}}}"#);
    let cases = [
        r#"{"jsonrpc":"2.0","id":1,"id":2,"method":"ping"}"#.to_owned(),
        r#"{"jsonrpc":"2.0","id":1,"method":"ping","method":"tools/call"}"#.to_owned(),
        r#"{"jsonrpc":"2.0","id":1,"method":"ping","\u006dethod":"tools/call"}"#.to_owned(),
        call(r#"{"name":"a","name":"b"}"#),
        call(r#"{"name":"a","n\u0061me":"b"}"#),
        call(r#"{"name":"a","arguments":{},"arguments":{"x":1}}"#),
        call(r#"{"name":"a","arguments":{"x":1,"x":2}}"#),
        call(r#"{"name":"a","arguments":{"x":[{"deep":{"y":1,"\u0079":2}}]}}"#),
        call(r#"{"name":"a","_meta":{"progressToken":1,"progressToken":2}}"#),
    ];
    for body in &cases {
        check(body, "400 -32600 -");
    }
}

#[test]
fn caps_hold() {
    let nested = |depth: usize| {
        let (open, close) = ("[".repeat(depth), "]".repeat(depth));
        format!(r#"{{"jsonrpc":"2.0","id":1,"method":"tools/list","params":{{"x":{open}{close}}}}}"#)
    };
    // The message and its params are two levels.
    check(&nested(62), "ok");
    check(&nested(63), "400 -32600 -");
    check(&nested(100_000), "400 -32600 -");
    check(&"[".repeat(100_000), "400 -32600 -");

    let body = r#"{"jsonrpc":"2.0","id":1,"method":"ping"}"#;
    let sized = |max_body_bytes| Caps { max_body_bytes, ..caps() };
    let parse_with = |caps: &Caps| outcome(&Message::parse(body.as_bytes().to_vec(), caps));
    assert_eq!(parse_with(&sized(body.len())), "ok");
    assert_eq!(parse_with(&sized(body.len() - 1)), "413 -32600 -");

    let members = |n: usize| {
        let list: Vec<String> = (0..n).map(|i| format!(r#""k{i}":0"#)).collect();
        format!(r#"{{"jsonrpc":"2.0","id":1,"method":"tools/list","params":{{{}}}}}"#, list.join(","))
    };
    let mut few = caps();
    few.json.max_members = 5;
    few.json.max_string_bytes = 10;
    let parse_few = |body: &str| outcome(&Message::parse(body.as_bytes().to_vec(), &few));
    assert_eq!(parse_few(&members(5)), "ok");
    assert_eq!(parse_few(&members(6)), "400 -32600 -");
    let text = |n: usize| {
        format!(r#"{{"jsonrpc":"2.0","id":1,"method":"ping","params":{{"x":"{}"}}}}"#, "a".repeat(n))
    };
    assert_eq!(parse_few(&text(10)), "ok");
    assert_eq!(parse_few(&text(11)), "400 -32600 -");
}

#[test]
fn one_object_and_no_batch() {
    let cases = [
        ("null", "400 -32600 -"),
        ("true", "400 -32600 -"),
        ("7", "400 -32600 -"),
        (r#""ping""#, "400 -32600 -"),
        ("[]", "400 -32600 -"),
        (r#"[{"jsonrpc":"2.0","id":1,"method":"ping"}]"#, "400 -32600 -"),
        (
            r#"[{"jsonrpc":"2.0","id":1,"method":"ping"},{"jsonrpc":"2.0","id":2,"method":"ping"}]"#,
            "400 -32600 -",
        ),
        ("{}", "400 -32600 -"),
    ];
    for (body, expected) in cases {
        check(body, expected);
    }
}

#[test]
fn requests_notifications_and_responses() {
    let cases = [
        // jsonrpc
        (r#"{"id":1,"method":"ping"}"#, "400 -32600 1"),
        (r#"{"jsonrpc":"1.0","id":1,"method":"ping"}"#, "400 -32600 1"),
        (r#"{"jsonrpc":2.0,"id":1,"method":"ping"}"#, "400 -32600 1"),
        (r#"{"jsonrpc":"2.0 ","id":1,"method":"ping"}"#, "400 -32600 1"),
        (r#"{"jsonrpc":null,"id":1,"method":"ping"}"#, "400 -32600 1"),
        (r#"{"jsonrpc":"2\u002e0","id":1,"method":"ping"}"#, "ok"),
        // method
        (r#"{"jsonrpc":"2.0","id":1,"method":null}"#, "400 -32600 1"),
        (r#"{"jsonrpc":"2.0","id":1,"method":7}"#, "400 -32600 1"),
        (r#"{"jsonrpc":"2.0","id":1,"method":["ping"]}"#, "400 -32600 1"),
        (r#"{"jsonrpc":"2.0","id":1,"method":""}"#, "400 -32600 1"),
        (r#"{"jsonrpc":"2.0","id":1}"#, "400 -32600 -"),
        (r#"{"jsonrpc":"2.0","id":1,"method":"x/unheard-of"}"#, "ok"),
        // params
        (r#"{"jsonrpc":"2.0","id":1,"method":"ping","params":null}"#, "400 -32600 1"),
        (r#"{"jsonrpc":"2.0","id":1,"method":"ping","params":[]}"#, "400 -32600 1"),
        (r#"{"jsonrpc":"2.0","id":1,"method":"ping","params":"x"}"#, "400 -32600 1"),
        (r#"{"jsonrpc":"2.0","id":1,"method":"ping","params":{}}"#, "ok"),
        // unknown members, also those that fold to a known one
        (r#"{"jsonrpc":"2.0","id":1,"method":"ping","extra":1}"#, "400 -32600 1"),
        (r#"{"jsonrpc":"2.0","id":1,"method":"ping","Method":"tools/call"}"#, "400 -32600 1"),
        (r#"{"jsonrpc":"2.0","id":1,"method":"ping","METHOD":"tools/call"}"#, "400 -32600 1"),
        (r#"{"jsonrpc":"2.0","id":1,"method":"ping","ｍethod":"tools/call"}"#, "400 -32600 1"),
        (r#"{"jsonrpc":"2.0","id":1,"method":"ping","ID":2}"#, "400 -32600 1"),
        (r#"{"jsonrpc":"2.0","id":1,"method":"ping","paramſ":{}}"#, "400 -32600 1"),
        (r#"{"jsonrpc":"2.0","id":1,"method":"ping","_meta":{}}"#, "400 -32600 1"),
        (r#"{"Jsonrpc":"2.0","id":1,"method":"ping"}"#, "400 -32600 1"),
        // two things at once
        (r#"{"jsonrpc":"2.0","id":1,"method":"ping","result":{}}"#, "400 -32600 -"),
        (r#"{"jsonrpc":"2.0","id":1,"method":"ping","error":{"code":1,"message":"x"}}"#, "400 -32600 -"),
        (r#"{"jsonrpc":"2.0","id":1,"result":{},"error":{"code":1,"message":"x"}}"#, "400 -32600 -"),
        (r#"{"jsonrpc":"2.0","id":1,"result":{},"params":{}}"#, "400 -32600 -"),
        // responses
        (r#"{"jsonrpc":"2.0","id":1,"result":{}}"#, "ok"),
        (r#"{"jsonrpc":"2.0","id":"a","error":{"code":-1,"message":"no"}}"#, "ok"),
        (r#"{"jsonrpc":"2.0","id":1,"error":{"code":-1,"message":"no","data":[1]}}"#, "ok"),
        (r#"{"jsonrpc":"2.0","result":{}}"#, "400 -32600 -"),
        (r#"{"jsonrpc":"2.0","id":null,"result":{}}"#, "400 -32600 -"),
        (r#"{"jsonrpc":"2.0","id":null,"error":{"code":-1,"message":"no"}}"#, "400 -32600 -"),
        (r#"{"jsonrpc":"2.0","error":{"code":-1,"message":"no"}}"#, "400 -32600 -"),
        (r#"{"jsonrpc":"2.0","id":1.5,"result":{}}"#, "400 -32600 -"),
        (r#"{"jsonrpc":"2.0","id":1,"result":null}"#, "400 -32600 -"),
        (r#"{"jsonrpc":"2.0","id":1,"result":[]}"#, "400 -32600 -"),
        (r#"{"jsonrpc":"2.0","id":1,"result":"x"}"#, "400 -32600 -"),
        (r#"{"jsonrpc":"2.0","id":1,"error":"x"}"#, "400 -32600 -"),
        (r#"{"jsonrpc":"2.0","id":1,"error":{"code":"1","message":"x"}}"#, "400 -32600 -"),
        (r#"{"jsonrpc":"2.0","id":1,"error":{"code":1.5,"message":"x"}}"#, "400 -32600 -"),
        (r#"{"jsonrpc":"2.0","id":1,"error":{"code":1}}"#, "400 -32600 -"),
        (r#"{"jsonrpc":"2.0","id":1,"error":null}"#, "400 -32600 -"),
    ];
    for (body, expected) in cases {
        check(body, expected);
    }
}

#[test]
fn ids_are_strings_or_safe_integers() {
    let long = |n: usize| format!("\"{}\"", "a".repeat(n));
    let ok = ["0", "1", "-1", "9007199254740991", "-9007199254740991", r#""""#, r#""1""#, r#""é\n\u0041""#];
    for id in ok.iter().map(|id| (*id).to_owned()).chain([long(1022)]) {
        let body = format!(r#"{{"jsonrpc":"2.0","id":{id},"method":"ping"}}"#);
        assert_eq!(message(&body).id_raw(), Some(id.as_str()), "{body}");
    }
    let bad = [
        "null",
        "true",
        "1.0",
        "1.5",
        "1e2",
        "-0",
        "9007199254740992",
        "-9007199254740992",
        "99999999999999999999",
        "[1]",
        r#"{"id":1}"#,
    ];
    for id in bad.iter().map(|id| (*id).to_owned()).chain([long(1023)]) {
        check(&format!(r#"{{"jsonrpc":"2.0","id":{id},"method":"ping"}}"#), "400 -32600 -");
        check(&format!(r#"{{"jsonrpc":"2.0","id":{id},"result":{{}}}}"#), "400 -32600 -");
    }
}

#[test]
fn a_known_name_is_a_request_or_a_notification() {
    let cases = [
        (r#"{"jsonrpc":"2.0","method":"ping"}"#, "400 -32600 -"),
        (r#"{"jsonrpc":"2.0","method":"initialize","params":{}}"#, "400 -32600 -"),
        (r#"{"jsonrpc":"2.0","method":"tools/call","params":{"name":"a"}}"#, "400 -32600 -"),
        (r#"{"jsonrpc":"2.0","method":"tools\/call","params":{"name":"a"}}"#, "400 -32600 -"),
        (r#"{"jsonrpc":"2.0","method":"sampling/createMessage","params":{}}"#, "400 -32600 -"),
        (r#"{"jsonrpc":"2.0","id":1,"method":"notifications/initialized"}"#, "400 -32600 1"),
        (
            r#"{"jsonrpc":"2.0","id":1,"method":"notifications/cancelled","params":{"requestId":1}}"#,
            "400 -32600 1",
        ),
        (r#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#, "ok"),
        (r#"{"jsonrpc":"2.0","method":"notifications/unheard-of"}"#, "ok"),
    ];
    for (body, expected) in cases {
        check(body, expected);
    }
}

#[test]
fn a_message_says_what_it_is() {
    let request = message(r#"{"jsonrpc":"2.0","id":"7","method":"tools\/list"}"#);
    assert_eq!(request.kind(), &MessageKind::Request { method: "tools/list".into() });
    assert_eq!(
        (request.is_request(), request.method(), request.id_raw()),
        (true, Some("tools/list"), Some("\"7\""))
    );
    let notification = message(r#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#);
    assert_eq!(
        notification.kind(),
        &MessageKind::Notification { method: "notifications/initialized".into() }
    );
    assert_eq!((notification.is_request(), notification.id_raw()), (false, None));
    let response = message(r#"{"jsonrpc":"2.0","id":3,"result":{}}"#);
    assert_eq!(
        (response.kind(), response.method(), response.id_raw()),
        (&MessageKind::Response, None, Some("3"))
    );
}

#[test]
fn refusals_repeat_no_values_and_cut_names() {
    let secret = "s3cr3t-value";
    let bodies = [
        format!(r#"{{"jsonrpc":"2.0","id":1,"method":"ping","extra":"{secret}"}}"#),
        format!(
            r#"{{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{{"name":"a","arguments":"{secret}"}}}}"#
        ),
        format!(r#"{{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{{"name":"a","x":"{secret}"}}}}"#),
        format!(r#"{{"jsonrpc":"{secret}","id":1,"method":"ping"}}"#),
        format!(r#"{{"jsonrpc":"2.0","id":1,"method":"ping","params":"{secret}"}}"#),
        format!(r#"{{"jsonrpc":"2.0","id":1,"method":"ping","params":{{"_meta":"{secret}"}}}}"#),
        format!(r#"{{"jsonrpc":"2.0","id":1,"method":"ping" "{secret}"}}"#),
    ];
    for body in bodies {
        let refusal = parse(&body).unwrap_err();
        let bytes = String::from_utf8(refusal.to_bytes()).unwrap();
        assert!(!bytes.contains(secret), "{bytes}");
    }
    let long = format!(r#"{{"jsonrpc":"2.0","id":1,"method":"ping","{}\n`":1}}"#, "k".repeat(5000));
    let refusal = parse(&long).unwrap_err();
    assert!(refusal.message.len() < 300 && refusal.message.contains('…'), "{}", refusal.message);
}
