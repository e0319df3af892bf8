//! E: names that the grant may not know of, and spellings of names that it may call. Each gets the same bytes.

use super::{refused, start};
use serde_json::json;
use testkit::Message;

/// Nobody may learn which of these exist: hidden, unnamed, unknown, and other spellings of what is open.
const NAMES: &[&str] = &[
    "secret",
    "unnamed",
    "nothing",
    "Copy",
    "COPY",
    " copy",
    "copy ",
    "copy\n",
    "copy\u{0}",
    "\u{feff}copy",
    "cop\u{443}",
    "ｃｏｐｙ",
    "copy\u{200b}",
    "co\u{ad}py",
    "c\u{f3}py",
    "copy/",
    "copy.",
    "./copy",
    "copy#",
    "copy;drop",
    "imaging__copy",
    "imaging/copy",
    "*",
    "",
    "copy*",
    "tools/call",
    "__proto__",
    "constructor",
    "toString",
];

#[tokio::test]
async fn in_the_modern_era() {
    let test = start().await;
    let mut answers = Vec::new();
    for name in NAMES.iter().filter(|name| !name.is_empty()) {
        let message = Message::call(7, name, json!({"amount": 1}));
        let mut encoded = String::from("=?base64?");
        encoded.push_str(&base64(name.as_bytes()));
        encoded.push_str("?=");
        let reply = test.untouched(&test.request(message).with("Mcp-Name", &encoded)).await;
        assert_eq!(reply.status, 200, "E {name:?}: {}", reply.text());
        answers.push(reply.body);
    }
    answers.dedup();
    assert_eq!(answers.len(), 1, "E the bytes are the same for all");
    assert_eq!(test.books().tally.intents, 0);
}

#[tokio::test]
async fn in_a_session_and_in_lines() {
    let test = start().await;
    let session = test.legacy().await;
    let mut lines = test.lines();
    lines.initialize().await;
    lines.ask(Message::request(1, "ping")).await;
    let mut answers = Vec::new();
    for name in NAMES.iter().filter(|name| !name.is_empty()) {
        let message = Message::call(7, name, json!({"amount": 1}));
        let reply = test.untouched(&session.request(message.clone())).await;
        assert_eq!(reply.status, 200, "E {name:?}");
        answers.push(reply.json());
        answers.push(lines.ask(message).await);
    }
    answers.dedup();
    assert_eq!(answers.len(), 1, "E the answer is the same for all");
    assert_eq!(test.books().tally.intents, 0);
}

#[tokio::test]
async fn an_empty_name() {
    let test = start().await;
    let request = test.request(Message::call(7, "", json!({})));
    refused(&test, "E an empty name", &request, (400, -32602)).await;
}

fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for chunk in bytes.chunks(3) {
        let group =
            chunk.iter().fold(0_u32, |group, byte| group << 8 | u32::from(*byte)) << (8 * (3 - chunk.len()));
        for n in 0..4 {
            let digit = DIGITS[(group >> (18 - 6 * n)) as usize & 63] as char;
            text.push(if n <= chunk.len() { digit } else { '=' });
        }
    }
    text
}
