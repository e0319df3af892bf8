//! What params may hold, and look-alikes of its keys.

use crate::support::{message, outcome, parse, short};

fn check(method: &str, params: &str, expected: &str) {
    let id = if method.starts_with("notifications/") { "" } else { r#""id":1,"# };
    let body = format!(r#"{{"jsonrpc":"2.0",{id}"method":"{method}","params":{params}}}"#);
    assert_eq!(outcome(&parse(&body)), expected, "{body}");
}

const BAD: &str = "400 -32602 1";

#[test]
fn tools_call_is_a_closed_world() {
    let cases = [
        (r#"{"name":"a"}"#, "ok"),
        (r#"{"name":"a","arguments":{}}"#, "ok"),
        (r#"{"name":"a","arguments":{"Name":1,"méthod":2,"arguments":{"name":3}}}"#, "ok"),
        (r#"{"name":" a "}"#, "ok"),
        (r#"{"arguments":{},"_meta":{},"name":"a"}"#, "ok"),
        (r#"{"name":"a","_meta":{"com.example/trace":{"any":["thing"]}}}"#, "ok"),
        (r#"{"name":"a","task":{"ttl":60000}}"#, "ok"),
        (r#"{"name":"a","inputResponses":{"q":{"action":"accept"}},"requestState":"s"}"#, "ok"),
        ("{}", BAD),
        (r#"{"name":""}"#, BAD),
        (r#"{"name":null}"#, BAD),
        (r#"{"name":7}"#, BAD),
        (r#"{"name":["a"]}"#, BAD),
        (r#"{"arguments":{}}"#, BAD),
        (r#"{"name":"a","arguments":null}"#, BAD),
        (r#"{"name":"a","arguments":[]}"#, BAD),
        (r#"{"name":"a","arguments":"{}"}"#, BAD),
        (r#"{"name":"a","arguments":7}"#, BAD),
        (r#"{"name":"a","Name":"b"}"#, BAD),
        (r#"{"name":"a","NAME":"b"}"#, BAD),
        (r#"{"name":"a","ｎame":"b"}"#, BAD),
        (r#"{"name":"a","Arguments":{"x":1}}"#, BAD),
        (r#"{"name":"a","argumentſ":{"x":1}}"#, BAD),
        (r#"{"name":"a","tool":"b"}"#, BAD),
        (r#"{"name":"a","uri":"x:y"}"#, BAD),
        (r#"{"name":"a","meta":{}}"#, BAD),
        (r#"{"name":"a","Task":{}}"#, BAD),
        (r#"{"name":"a","task":null}"#, BAD),
        (r#"{"name":"a","task":true}"#, BAD),
        (r#"{"name":"a","inputResponses":[]}"#, BAD),
        (r#"{"name":"a","requestState":{}}"#, BAD),
        (r#"{"name":"a","requeststate":"s"}"#, BAD),
        (r#"{"name":"a","arguments":{"__proto__":{"x":1}}}"#, BAD),
        (r#"{"name":"a","arguments":{"\u005f_proto__":1}}"#, BAD),
        (r#"{"name":"a","_meta":{"__proto__":1}}"#, BAD),
        (r#"{"name":"a","inputResponses":{"__proto__":{}}}"#, BAD),
        (r#"{"name":"a","arguments":{"proto":{"__proto__":1}}}"#, "ok"),
    ];
    for (params, expected) in cases {
        check("tools/call", params, expected);
    }
    let named = |n: usize| format!(r#"{{"name":"{}"}}"#, "a".repeat(n));
    check("tools/call", &named(1024), "ok");
    check("tools/call", &named(1025), BAD);
    assert_eq!(short(&parse(r#"{"jsonrpc":"2.0","id":1,"method":"tools/call"}"#).unwrap_err()), BAD);
}

#[test]
fn other_methods_have_no_look_alikes() {
    let cases = [
        ("prompts/get", r#"{"name":"a","arguments":{"__proto__":"x"}}"#, BAD),
        ("resources/read", r#"{"uri":"x:y","__proto__":{"uri":"x:z"}}"#, BAD),
        ("tools/list", r#"{"cursor":"c"}"#, "ok"),
        ("tools/list", r#"{"com.example/extra":1,"x":{}}"#, "ok"),
        ("tools/list", r#"{"Cursor":"c"}"#, BAD),
        ("tools/list", r#"{"ćursor":"c"}"#, BAD),
        ("tools/list", r#"{"x":{"Cursor":1,"é":2}}"#, "ok"),
        ("resources/read", r#"{"uri":"file:///a"}"#, "ok"),
        ("resources/read", r#"{"uri":"file:///a","URI":"file:///b"}"#, BAD),
        ("resources/read", r#"{"Uri":"file:///b"}"#, BAD),
        ("resources/read", "{}", BAD),
        ("resources/read", r#"{"uri":""}"#, BAD),
        ("resources/read", r#"{"uri":7}"#, BAD),
        ("resources/subscribe", r#"{"uri":7}"#, BAD),
        ("resources/subscribe", r#"{"uri":""}"#, BAD),
        // Whether the revision has it at all decides what is wrong with this one.
        ("resources/subscribe", "{}", "ok"),
        ("prompts/get", r#"{"name":"p","arguments":{"A":"1"}}"#, "ok"),
        ("prompts/get", r#"{"Name":"p","name":"q"}"#, BAD),
        ("prompts/get", "{}", BAD),
        ("subscriptions/listen", r#"{"notifications":{"taskIds":["a"]}}"#, "ok"),
        ("subscriptions/listen", r#"{"notifications":{"taskids":["a"]}}"#, BAD),
        ("ping", r#"{"_meta":{"io.modelcontextprotocol/related-task":{"taskId":"t"}}}"#, "ok"),
        ("ping", r#"{"_meta":{"io.modelcontextprotocol/related-task":{"TaskId":"t"}}}"#, BAD),
        ("tasks/get", r#"{"taskId":"t"}"#, "ok"),
        ("tasks/get", r#"{"taskid":"t","taskId":"t"}"#, BAD),
        ("tasks/cancel", r#"{"taskId":7}"#, BAD),
        ("logging/setLevel", r#"{"Level":"debug"}"#, BAD),
        ("x/unheard-of", r#"{"anything":1}"#, "ok"),
        ("x/unheard-of", r#"{"Method":1}"#, BAD),
        (
            "initialize",
            r#"{"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"é"}}"#,
            "ok",
        ),
        ("initialize", r#"{"protocolVersion":"2025-11-25","Capabilities":{"sampling":{}}}"#, BAD),
        ("initialize", r#"{"capabilities":{"Sampling":{}}}"#, BAD),
        ("initialize", r#"{"capabilities":{"ſampling":{}}}"#, BAD),
        ("initialize", r#"{"capabilities":{"extensions":{"io.modelcontextprotocol/Tasks":{}}}}"#, BAD),
        ("initialize", r#"{"capabilities":{"com.example":{},"extensions":{"com.example/x":{}}}}"#, "ok"),
    ];
    for (method, params, expected) in cases {
        check(method, params, expected);
    }
}

#[test]
fn meta_is_an_object_without_look_alikes() {
    let capabilities = r#""io.modelcontextprotocol/clientCapabilities""#;
    let cases = [
        ("{}".to_owned(), "ok"),
        (r#"{"progressToken":1,"traceparent":"00-ab"}"#.to_owned(), "ok"),
        (r#"{"progressToken":"t","vendor.example/a":null}"#.to_owned(), "ok"),
        ("null".to_owned(), BAD),
        ("[]".to_owned(), BAD),
        (r#""x""#.to_owned(), BAD),
        (r#"{"progressToken":null}"#.to_owned(), BAD),
        (r#"{"progressToken":1.5}"#.to_owned(), BAD),
        (r#"{"progressToken":true}"#.to_owned(), BAD),
        (r#"{"progressToken":{}}"#.to_owned(), BAD),
        (r#"{"progresstoken":1}"#.to_owned(), BAD),
        (r#"{"io.modelcontextprotocol/protocolversion":"2026-07-28"}"#.to_owned(), BAD),
        (r#"{"IO.modelcontextprotocol/clientCapabilities":{}}"#.to_owned(), BAD),
        (r#"{"clé":1}"#.to_owned(), BAD),
        (format!(r#"{{{capabilities}:{{"roots":{{}}}}}}"#), "ok"),
        (format!(r#"{{{capabilities}:{{"Roots":{{}}}}}}"#), BAD),
        (format!(r#"{{{capabilities}:{{"rootſ":{{}}}}}}"#), BAD),
        (format!(r#"{{{capabilities}:{{"extensions":{{"é":{{}}}}}}}}"#), BAD),
    ];
    for (meta, expected) in &cases {
        check("tools/call", &format!(r#"{{"name":"a","_meta":{meta}}}"#), expected);
        check("tools/list", &format!(r#"{{"_meta":{meta}}}"#), expected);
    }
}

#[test]
fn what_notifications_name_is_a_token() {
    let bad = "400 -32602 -";
    let cases = [
        ("notifications/cancelled", r#"{"requestId":1}"#, "ok"),
        ("notifications/cancelled", r#"{"requestId":"1","reason":"x"}"#, "ok"),
        ("notifications/cancelled", "{}", "ok"),
        ("notifications/cancelled", r#"{"requestId":null}"#, bad),
        ("notifications/cancelled", r#"{"requestId":1.0}"#, bad),
        ("notifications/cancelled", r#"{"requestid":1}"#, bad),
        ("notifications/progress", r#"{"progressToken":1,"progress":0.5}"#, "ok"),
        ("notifications/progress", r#"{"progressToken":[1],"progress":0.5}"#, bad),
        ("notifications/initialized", r#"{"_meta":7}"#, bad),
    ];
    for (method, params, expected) in cases {
        check(method, params, expected);
    }
}

#[test]
fn accessors_read_the_judged_places_only() {
    let call = message(
        r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"caf\u00e9","arguments":{"name":"x"},
            "task":{"ttl":1},"_meta":{"progressToken":"p","io.modelcontextprotocol/protocolVersion":"2026-07-28",
            "io.modelcontextprotocol/clientCapabilities":{"roots":{}}}}}"#,
    );
    assert_eq!(call.tool_name().as_deref(), Some("café"));
    assert_eq!(call.subject().as_deref(), Some("café"));
    assert_eq!(call.arguments().map(|value| value.raw()), Some(r#"{"name":"x"}"#));
    assert_eq!(call.progress_token().map(|value| value.raw()), Some(r#""p""#));
    assert_eq!(call.protocol_version_meta().and_then(|value| value.as_str()).as_deref(), Some("2026-07-28"));
    assert_eq!(call.client_capabilities().map(|value| value.raw()), Some(r#"{"roots":{}}"#));
    assert_eq!(call.task().map(|value| value.raw()), Some(r#"{"ttl":1}"#));

    let prompt =
        message(r#"{"jsonrpc":"2.0","id":1,"method":"prompts/get","params":{"name":"p","arguments":{}}}"#);
    assert_eq!((prompt.tool_name(), prompt.arguments().map(|value| value.raw())), (None, None));
    assert_eq!(prompt.subject().as_deref(), Some("p"));

    let hello = message(
        r#"{"jsonrpc":"2.0","id":1,"method":"initialize",
            "params":{"protocolVersion":"2025-06-18","capabilities":{"sampling":{}},"clientInfo":{}}}"#,
    );
    assert_eq!(hello.requested_version().as_deref(), Some("2025-06-18"));
    assert_eq!(hello.client_capabilities().map(|value| value.raw()), Some(r#"{"sampling":{}}"#));

    let cancel =
        message(r#"{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":"1"}}"#);
    assert_eq!(cancel.cancelled_request(), Some(r#""1""#));
}
