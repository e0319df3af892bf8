//! What the gateway itself says: denials in both eras, errors, and requests of its own.

use mcp::answers::{self, Tag};
use mcp::requests::{self, Speaker};
use mcp::{Caps, Era, Message, Refusal, Version, modern, parse_reply};
use serde_json::{Value, json};

fn read(bytes: &[u8]) -> Value {
    assert!(parse_reply(bytes.to_vec(), &Caps::default()).is_ok(), "{}", String::from_utf8_lossy(bytes));
    serde_json::from_slice(bytes).unwrap()
}

#[test]
fn a_denied_call_is_a_result() {
    let decision = r#"{"rule":"/tools/a/deny_if/0"}"#;
    let text = "exports are closed; do not retry \"it\"\n";
    for (era, mark) in [(Era::Legacy, None), (Era::Modern, Some("complete"))] {
        for (tag, word) in [
            (Tag::PolicyDenied, "[POLICY DENIED]"),
            (Tag::InvalidArguments, "[INVALID ARGUMENTS]"),
            (Tag::ApprovalPending, "[APPROVAL PENDING]"),
        ] {
            let mut result = json!({
                "content": [{"type": "text", "text": format!("{word} {text}")}],
                "isError": true,
                "_meta": {"toolgate/decision": {"rule": "/tools/a/deny_if/0"}},
            });
            if let Some(mark) = mark {
                result["resultType"] = mark.into();
            }
            let made = answers::tool_denial(era, r#""7""#, tag, text, Some(decision));
            assert_eq!(read(&made), json!({"jsonrpc": "2.0", "id": "7", "result": result}));
            result.as_object_mut().unwrap().remove("_meta");
            let made = answers::tool_denial(era, "7", tag, text, None);
            assert_eq!(read(&made), json!({"jsonrpc": "2.0", "id": 7, "result": result}));
        }
    }
}

#[test]
fn results_and_errors() {
    let cases = [
        (answers::empty(Era::Legacy, "1"), json!({"jsonrpc": "2.0", "id": 1, "result": {}})),
        (
            answers::empty(Era::Modern, "1"),
            json!({"jsonrpc": "2.0", "id": 1, "result": {"resultType": "complete"}}),
        ),
        (
            answers::result("\"é\"", r#"{"a":[1]}"#),
            json!({"jsonrpc": "2.0", "id": "é", "result": {"a": [1]}}),
        ),
        (
            answers::error(None, -32700, "no \"json\"", None),
            json!({"jsonrpc": "2.0", "id": null, "error": {"code": -32700, "message": "no \"json\""}}),
        ),
        (
            answers::error(Some("1"), -1, "x", Some("[1]")),
            json!({"jsonrpc": "2.0", "id": 1, "error": {"code": -1, "message": "x", "data": [1]}}),
        ),
        (
            answers::policy_denied("1", "resources are closed; do not retry", None),
            json!({"jsonrpc": "2.0", "id": 1,
                "error": {"code": -31403, "message": "resources are closed; do not retry"}}),
        ),
        (
            Refusal::header_mismatch("x").with_id(Some("3")).to_bytes(),
            json!({"jsonrpc": "2.0", "id": 3, "error": {"code": -32020, "message": "x"}}),
        ),
    ];
    for (made, expected) in cases {
        assert_eq!(read(&made), expected);
    }
    let unknown = read(&answers::unknown_tool("1"));
    assert_eq!(unknown["error"]["code"], -32602);
}

#[test]
fn own_requests_pass_the_own_checks() {
    let speaker = Speaker { name: "tool\"gate", version: "0.1", capabilities: "{}" };
    let parse = |bytes: Vec<u8>| Message::parse(bytes, &Caps::default()).unwrap();
    let list = parse(requests::modern_request(
        "1",
        "tools/list",
        Version::V2026_07_28,
        &speaker,
        &[("cursor", "\"c\"")],
    ));
    assert_eq!(modern::check(&list, None, &Version::MODERN), Ok(Version::V2026_07_28));
    assert_eq!(list.params().and_then(|params| params.get("cursor")).map(|value| value.raw()), Some("\"c\""));
    let hello = parse(requests::initialize("2", Version::V2025_11_25, &speaker));
    assert_eq!(hello.requested_version().as_deref(), Some("2025-11-25"));
    assert_eq!(parse(requests::request("3", "ping", None)).method(), Some("ping"));
    let ready = parse(requests::notification("notifications/initialized", None));
    assert_eq!(ready.method(), Some("notifications/initialized"));
    assert_eq!(parse(requests::cancelled("17", "gone")).cancelled_request(), Some("17"));
}
