//! Every known way around a policy gateway, one row each: what is sent, what is answered, and that no server received
//! a byte. The rows are named after the requirements that they prove: A envelope, B HTTP, C sessions and ids,
//! D channels, E names. Must never count a row that was not sent.

mod channels;
mod envelope;
mod http;
mod names;
mod sessions;

use crate::support::{Running, Test};
use serde_json::{Value, json};
use testkit::{Message, Reply, Request, Tool};

/// What stands for the members of `_meta` that every modern request has.
const ENVELOPE: &str = "ENVELOPE";
const MODERN: &str = r#""io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{}"#;

/// Only `copy` may be called, with at most 100; `secret` is hidden.
const POLICY: &str = r#"{"version": "1", "default": "deny", "hide": ["secret"], "tools": {
    "copy": {"deny_if": [{"conditions": [{"path": "args.amount", "op": "gt", "value": 100}]}]},
    "drop": {"action": "deny", "reason": "nothing is dropped here"}}}"#;

/// A gateway whose server has been listed.
async fn start() -> Running {
    start_with(POLICY).await
}

async fn start_with(policy: &str) -> Running {
    let copy = Tool::new("copy")
        .property("amount", json!({"type": "number"}))
        .property("to", json!({"type": "string"}));
    let test = Test::new()
        .policy(policy)
        .tool(copy)
        .tool(Tool::new("drop"))
        .tool(Tool::new("secret"))
        .tool(Tool::new("unnamed"))
        .bounds(|bounds| bounds.max_body_bytes = 256 << 10)
        .start()
        .await;
    test.listed().await;
    test
}

fn call() -> Message {
    Message::call(7, "copy", json!({"amount": 1}))
}

/// HTTP status and JSON-RPC code; `null` where the body is no error.
fn outcome(reply: &Reply) -> (u16, Value) {
    let body: Value = serde_json::from_slice(&reply.body).unwrap_or_default();
    (reply.status, body["error"]["code"].clone())
}

/// Sends a row's request; no byte may reach the server.
async fn refused(test: &Running, what: &str, request: &Request, expected: (u16, i64)) {
    let (status, code) = expected;
    let code = if code == 0 { Value::Null } else { json!(code) };
    assert_eq!(outcome(&test.untouched(request).await), (status, code), "{what}");
}
