//! The answers of the fast upstream.
//!
//! Must never: answer a call without the id that it came with.

use serde::Deserialize;
use serde_json::{Value, json};
use std::borrow::Cow;
use std::io::Write;
use testkit::fixed;

/// What an answer needs to know of a message.
#[derive(Deserialize)]
struct Message<'a> {
    #[serde(default)]
    id: Value,
    #[serde(borrow, default)]
    method: Cow<'a, str>,
}

/// Appends the HTTP reply to one message.
pub fn write(body: &[u8], out: &mut Vec<u8>) {
    let Ok(message) = serde_json::from_slice::<Message<'_>>(body) else {
        out.extend_from_slice(b"HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n");
        return;
    };
    if message.id.is_null() {
        out.extend_from_slice(b"HTTP/1.1 202 Accepted\r\ncontent-length: 0\r\n\r\n");
        return;
    }
    let (key, value) = match &*message.method {
        "tools/call" => ("result", Cow::Borrowed(fixed::CALLED)),
        "tools/list" => ("result", Cow::Owned(tools().to_string())),
        "initialize" => ("result", Cow::Owned(initialized().to_string())),
        "server/discover" => ("result", Cow::Owned(discovered().to_string())),
        _ => ("error", Cow::Borrowed(r#"{"code":-32601,"message":"method not found"}"#)),
    };
    let status = if key == "error" { "404 Not Found" } else { "200 OK" };
    let session = if message.method == "initialize" { "mcp-session-id: session\r\n" } else { "" };
    let body = fixed::reply(&message.id, key, &value);
    // Writing into memory cannot fail.
    let _ = write!(
        out,
        "HTTP/1.1 {status}\r\n{session}content-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    );
}

/// Appends the head of a stream without end.
pub fn write_stream(out: &mut Vec<u8>) {
    out.extend_from_slice(
        b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n",
    );
}

fn initialized() -> Value {
    json!({"protocolVersion": "2025-11-25", "capabilities": {"tools": {}},
        "serverInfo": {"name": "testkit-upstream", "version": "1"}})
}

fn discovered() -> Value {
    json!({"supportedVersions": ["2026-07-28"], "capabilities": {"tools": {}}, "resultType": "complete",
        "ttlMs": 60_000, "cacheScope": "public"})
}

fn tools() -> Value {
    let tool = json!({"name": "search", "description": "Searches the image sets of a datastore.",
        "inputSchema": {"type": "object", "required": ["limit"], "properties": {
            "limit": {"type": "integer", "minimum": 1, "maximum": 500},
            "modality": {"type": "string", "enum": ["CT", "MR", "US"]},
            "text": {"type": "string"}}}});
    json!({"tools": [tool], "resultType": "complete", "ttlMs": 60_000, "cacheScope": "public"})
}
