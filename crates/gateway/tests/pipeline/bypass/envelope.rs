//! A: what is not one strict message is refused before any policy is asked, in both eras and in lines.

use super::{ENVELOPE, MODERN, call, outcome, refused, start};
use crate::support::Running;
use serde_json::json;
use testkit::{Message, Request};

/// Requirement, what it is, the body, and the code of its refusal. The call names `copy`, which is allowed.
const BODIES: &[(&str, &str, &str, i64)] = &[
    ("A2", "nothing", "", -32700),
    ("A2", "white space", " \n", -32700),
    ("A2", "half an object", "{", -32700),
    ("A2", "a byte order mark", "\u{feff}{}", -32700),
    ("A2", "two documents", "CALL CALL", -32700),
    (
        "A2",
        "a trailing comma",
        r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"copy","_meta":{ENVELOPE}},}"#,
        -32700,
    ),
    (
        "A2",
        "a comment",
        r#"{"jsonrpc":"2.0",/*x*/"id":1,"method":"tools/call","params":{"name":"copy","_meta":{ENVELOPE}}}"#,
        -32700,
    ),
    ("A2", "single quotes", "{'jsonrpc':'2.0','id':1,'method':'tools/call'}", -32700),
    ("A2", "an unquoted key", r#"{jsonrpc:"2.0","id":1,"method":"tools/call"}"#, -32700),
    (
        "A2",
        "NaN",
        r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"copy","arguments":{"amount":NaN},"_meta":{ENVELOPE}}}"#,
        -32700,
    ),
    (
        "A2",
        "Infinity",
        r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"copy","arguments":{"amount":-Infinity},"_meta":{ENVELOPE}}}"#,
        -32700,
    ),
    (
        "A2",
        "a number beyond doubles",
        r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"copy","arguments":{"amount":1e400},"_meta":{ENVELOPE}}}"#,
        -32700,
    ),
    (
        "A2",
        "a leading zero",
        r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"copy","arguments":{"amount":01},"_meta":{ENVELOPE}}}"#,
        -32700,
    ),
    (
        "A2",
        "a plus sign",
        r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"copy","arguments":{"amount":+1},"_meta":{ENVELOPE}}}"#,
        -32700,
    ),
    (
        "A2",
        "hexadecimal",
        r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"copy","arguments":{"amount":0x10},"_meta":{ENVELOPE}}}"#,
        -32700,
    ),
    (
        "A2",
        "a bare fraction",
        r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"copy","arguments":{"amount":.5},"_meta":{ENVELOPE}}}"#,
        -32700,
    ),
    (
        "A2",
        "a lone high surrogate",
        r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"copy","arguments":{"to":"\ud800"},"_meta":{ENVELOPE}}}"#,
        -32700,
    ),
    (
        "A2",
        "a lone low surrogate",
        r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"copy","arguments":{"to":"\udc00"},"_meta":{ENVELOPE}}}"#,
        -32700,
    ),
    (
        "A2",
        "surrogates in the wrong order",
        r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"copy","arguments":{"to":"\udc00\ud800"},"_meta":{ENVELOPE}}}"#,
        -32700,
    ),
    (
        "A2",
        "an unknown escape",
        r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"c\opy","_meta":{ENVELOPE}}}"#,
        -32700,
    ),
    (
        "A2",
        "a raw line feed in a string",
        "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/call\",\"params\":{\"name\":\"co\tpy\",\"_meta\":{ENVELOPE}}}",
        -32700,
    ),
    (
        "A2",
        "the method twice",
        r#"{"jsonrpc":"2.0","id":1,"method":"tools/list","method":"tools/call","params":{"name":"secret","_meta":{ENVELOPE}}}"#,
        -32600,
    ),
    (
        "A2",
        "the params twice",
        r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"copy","_meta":{ENVELOPE}},"params":{"name":"secret","_meta":{ENVELOPE}}}"#,
        -32600,
    ),
    (
        "A2",
        "the id twice",
        r#"{"jsonrpc":"2.0","id":1,"id":2,"method":"tools/call","params":{"name":"copy","_meta":{ENVELOPE}}}"#,
        -32600,
    ),
    (
        "A2",
        "the name twice",
        r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"copy","name":"secret","_meta":{ENVELOPE}}}"#,
        -32600,
    ),
    (
        "A2",
        "the name twice, once escaped",
        r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"copy","n\u0061me":"secret","_meta":{ENVELOPE}}}"#,
        -32600,
    ),
    (
        "A2",
        "the arguments twice",
        r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"copy","arguments":{"amount":1},"arguments":{"amount":1000},"_meta":{ENVELOPE}}}"#,
        -32600,
    ),
    (
        "A2",
        "an argument twice",
        r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"copy","arguments":{"amount":1,"amount":1000},"_meta":{ENVELOPE}}}"#,
        -32600,
    ),
    (
        "A2",
        "an argument twice, once escaped",
        r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"copy","arguments":{"amount":1,"\u0061mount":1000},"_meta":{ENVELOPE}}}"#,
        -32600,
    ),
    (
        "A2",
        "a nested key twice",
        r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"copy","arguments":{"to":{"a":[{"b":1,"b":2}]}},"_meta":{ENVELOPE}}}"#,
        -32600,
    ),
    (
        "A2",
        "the meta twice",
        r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"copy","_meta":{ENVELOPE},"_meta":{ENVELOPE}}}"#,
        -32600,
    ),
    (
        "A2",
        "Method",
        r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","Method":"tools/call","params":{"name":"copy","_meta":{ENVELOPE}}}"#,
        -32600,
    ),
    (
        "A2",
        "PARAMS",
        r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"copy","_meta":{ENVELOPE}},"PARAMS":{"name":"secret"}}"#,
        -32600,
    ),
    (
        "A2",
        "Id",
        r#"{"jsonrpc":"2.0","id":1,"Id":2,"method":"tools/call","params":{"name":"copy","_meta":{ENVELOPE}}}"#,
        -32600,
    ),
    (
        "A2",
        "a full-width method",
        r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","ｍethod":"tools/call","params":{"name":"copy","_meta":{ENVELOPE}}}"#,
        -32600,
    ),
    (
        "A2",
        "Name",
        r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"copy","Name":"secret","_meta":{ENVELOPE}}}"#,
        -32602,
    ),
    (
        "A2",
        "a full-width name",
        r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"copy","ｎame":"secret","_meta":{ENVELOPE}}}"#,
        -32602,
    ),
    (
        "A2",
        "arguments with a long s",
        r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"copy","argumentſ":{"amount":1000},"_meta":{ENVELOPE}}}"#,
        -32602,
    ),
    (
        "A2",
        "ARGUMENTS",
        r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"copy","ARGUMENTS":{"amount":1000},"_meta":{ENVELOPE}}}"#,
        -32602,
    ),
    (
        "A2",
        "a prototype in the arguments",
        r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"copy","arguments":{"__proto__":{"amount":1000}},"_meta":{ENVELOPE}}}"#,
        -32602,
    ),
    (
        "A2",
        "a prototype in the params",
        r#"{"jsonrpc":"2.0","id":1,"method":"resources/read","params":{"uri":"file:///a","__proto__":{"uri":"file:///b"},"_meta":{ENVELOPE}}}"#,
        -32602,
    ),
    ("A3", "an empty array", "[]", -32600),
    ("A3", "a batch of one", "[CALL]", -32600),
    ("A3", "a batch of two", "[CALL,CALL]", -32600),
    ("A3", "a string", r#""tools/call""#, -32600),
    ("A3", "a number", "1", -32600),
    ("A3", "null", "null", -32600),
    ("A4", "an empty object", "{}", -32600),
    (
        "A4",
        "no jsonrpc",
        r#"{"id":1,"method":"tools/call","params":{"name":"copy","_meta":{ENVELOPE}}}"#,
        -32600,
    ),
    (
        "A4",
        "jsonrpc 1.0",
        r#"{"jsonrpc":"1.0","id":1,"method":"tools/call","params":{"name":"copy","_meta":{ENVELOPE}}}"#,
        -32600,
    ),
    (
        "A4",
        "jsonrpc as a number",
        r#"{"jsonrpc":2.0,"id":1,"method":"tools/call","params":{"name":"copy","_meta":{ENVELOPE}}}"#,
        -32600,
    ),
    (
        "A4",
        "id null",
        r#"{"jsonrpc":"2.0","id":null,"method":"tools/call","params":{"name":"copy","_meta":{ENVELOPE}}}"#,
        -32600,
    ),
    (
        "A4",
        "id a fraction",
        r#"{"jsonrpc":"2.0","id":1.5,"method":"tools/call","params":{"name":"copy","_meta":{ENVELOPE}}}"#,
        -32600,
    ),
    (
        "A4",
        "id a boolean",
        r#"{"jsonrpc":"2.0","id":true,"method":"tools/call","params":{"name":"copy","_meta":{ENVELOPE}}}"#,
        -32600,
    ),
    (
        "A4",
        "id an object",
        r#"{"jsonrpc":"2.0","id":{},"method":"tools/call","params":{"name":"copy","_meta":{ENVELOPE}}}"#,
        -32600,
    ),
    (
        "A4",
        "id beyond 2^53",
        r#"{"jsonrpc":"2.0","id":9007199254740993,"method":"tools/call","params":{"name":"copy","_meta":{ENVELOPE}}}"#,
        -32600,
    ),
    (
        "A4",
        "an unknown member",
        r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"copy","_meta":{ENVELOPE}},"tool":"secret"}"#,
        -32600,
    ),
    (
        "A4",
        "a call with a result",
        r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"copy","_meta":{ENVELOPE}},"result":{}}"#,
        -32600,
    ),
    (
        "A4",
        "a response with both outcomes",
        r#"{"jsonrpc":"2.0","id":1,"result":{},"error":{"code":1,"message":"x"}}"#,
        -32600,
    ),
    ("A4", "a response without an id", r#"{"jsonrpc":"2.0","result":{}}"#, -32600),
    (
        "A4",
        "params an array",
        r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":["copy",{}]}"#,
        -32600,
    ),
    (
        "A4",
        "method a number",
        r#"{"jsonrpc":"2.0","id":1,"method":7,"params":{"name":"copy","_meta":{ENVELOPE}}}"#,
        -32600,
    ),
    (
        "A5",
        "a call as a notification",
        r#"{"jsonrpc":"2.0","method":"tools/call","params":{"name":"copy","_meta":{ENVELOPE}}}"#,
        -32600,
    ),
    (
        "A5",
        "a notification as a request",
        r#"{"jsonrpc":"2.0","id":1,"method":"notifications/cancelled","params":{"requestId":1,"_meta":{ENVELOPE}}}"#,
        -32600,
    ),
    (
        "A6",
        "no name",
        r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"_meta":{ENVELOPE}}}"#,
        -32602,
    ),
    (
        "A6",
        "an empty name",
        r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"","_meta":{ENVELOPE}}}"#,
        -32602,
    ),
    (
        "A6",
        "a name in a list",
        r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":["copy"],"_meta":{ENVELOPE}}}"#,
        -32602,
    ),
    (
        "A6",
        "a name null",
        r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":null,"_meta":{ENVELOPE}}}"#,
        -32602,
    ),
    (
        "A6",
        "arguments a list",
        r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"copy","arguments":[1000],"_meta":{ENVELOPE}}}"#,
        -32602,
    ),
    (
        "A6",
        "arguments a string",
        r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"copy","arguments":"{\"amount\":1000}","_meta":{ENVELOPE}}}"#,
        -32602,
    ),
    (
        "A6",
        "arguments null",
        r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"copy","arguments":null,"_meta":{ENVELOPE}}}"#,
        -32602,
    ),
    (
        "A6",
        "an unknown param",
        r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"copy","args":{"amount":1000},"_meta":{ENVELOPE}}}"#,
        -32602,
    ),
    (
        "A6",
        "meta a list",
        r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"copy","_meta":[]}}"#,
        -32602,
    ),
    (
        "A6",
        "a progress token as an object",
        r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"copy","_meta":{"progressToken":{},ENVELOPE}}}"#,
        -32602,
    ),
];

const CALL: &str =
    r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"copy","_meta":{ENVELOPE}}}"#;

/// The body of a row; the legacy era has no members that every request carries.
fn body(row: &str, envelope: &str) -> String {
    let body = row.replace("CALL", CALL);
    match envelope {
        "" => body.replace(",ENVELOPE", "").replace(ENVELOPE, ""),
        members => body.replace(ENVELOPE, members),
    }
}

fn legacy_session(test: &Running, id: &str) -> Request {
    Request::legacy(Running::PATH, &call(), Some(id)).bearer(&test.token)
}

#[tokio::test]
async fn over_http_in_the_modern_era() {
    let test = start().await;
    for (section, what, row, code) in BODIES {
        let request = test.request(call()).body(body(row, MODERN));
        refused(&test, &format!("{section} {what}"), &request, (400, *code)).await;
    }
    let books = test.books();
    assert!(books.denials().iter().all(|(rule, _)| *rule == "(protocol)"));
    assert_eq!(books.tally.intents, 0);
}

#[tokio::test]
async fn over_http_in_a_session() {
    let test = start().await;
    let session = test.legacy().await;
    for (section, what, row, code) in BODIES {
        let request = legacy_session(&test, &session.id).body(body(row, ""));
        refused(&test, &format!("{section} {what}"), &request, (400, *code)).await;
    }
    assert_eq!(test.books().tally.intents, 0);
}

#[tokio::test]
async fn in_lines() {
    let test = start().await;
    let mut client = test.lines();
    client.initialize().await;
    // A first answer proves that what came before it has reached the server.
    client.ask(Message::request(1, "ping")).await;
    let before = test.n_bytes().await;
    for (section, what, row, code) in BODIES {
        let line = body(row, "");
        // An empty line is no message.
        if line.trim().is_empty() {
            continue;
        }
        client.send_raw(&line.replace('\n', " ")).await;
        let answer = client.next().await.unwrap();
        assert_eq!(answer["error"]["code"], json!(code), "{section} {what}");
    }
    assert_eq!(test.n_bytes().await, before);
    assert_eq!(test.books().tally.intents, 0);
}

#[tokio::test]
async fn what_is_too_much() {
    let test = start().await;
    let with_arguments = |arguments: String| {
        let text = format!(
            r#"{{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{{"name":"copy","arguments":{arguments},"_meta":{{{MODERN}}}}}}}"#
        );
        test.request(call()).body(text)
    };
    let members = (0..110_000).map(|n| format!(r#""{n:x}":0"#)).collect::<Vec<_>>().join(",");
    for (what, request, expected) in [
        (
            "A1 a body over the cap",
            with_arguments(format!(r#"{{"to":"{}"}}"#, "x".repeat(300 << 10))),
            (413, -32600),
        ),
        (
            "A1 nesting of 65",
            with_arguments(format!(r#"{{"to":{}1{}}}"#, "[".repeat(65), "]".repeat(65))),
            (400, -32600),
        ),
        (
            "A1 nesting of 100,000",
            with_arguments(format!(r#"{{"to":{}{}}}"#, "[".repeat(100_000), "]".repeat(100_000))),
            (400, -32600),
        ),
        ("A1 nesting without an end", test.request(call()).body("[".repeat(200_000)), (400, -32600)),
        ("A1 members without measure", with_arguments(format!("{{{members}}}")), (413, -32600)),
    ] {
        let reply = test.untouched(&request).await;
        assert_eq!(outcome(&reply).0, expected.0, "{what}: {}", reply.text());
    }
}
