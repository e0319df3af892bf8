//! Fuzz functions that also run as tests on stable Rust: mutated messages and streams.
//! Must never accept a message that another parser reads differently.

use mcp::rewrite::{ClientCapability, Edits, rewrite};
use mcp::{Caps, Message, parse_reply};
use proptest::prelude::*;
use serde_json::Value;

#[path = "../../../../fuzz/messages.rs"]
mod messages;

/// What a parser sees of a call: the method, the tool and the arguments.
#[derive(Debug, PartialEq)]
struct View {
    method: Option<String>,
    name: Option<String>,
    arguments: Option<Value>,
}

fn judged(message: &Message) -> View {
    View {
        method: message.method().map(str::to_owned),
        name: message.tool_name().map(|name| name.into_owned()),
        arguments: message.arguments().map(|value| serde_json::from_str(value.raw()).unwrap()),
    }
}

/// The view of a parser that looks members up by `find`.
fn seen<'a>(root: &'a Value, find: impl Fn(&'a Value, &str) -> Option<&'a Value>) -> View {
    let text = |value: Option<&Value>| value.and_then(Value::as_str).map(str::to_owned);
    let method = text(find(root, "method"));
    let params = find(root, "params").filter(|_| method.as_deref() == Some("tools/call"));
    View {
        name: text(params.and_then(|params| find(params, "name"))),
        arguments: params.and_then(|params| find(params, "arguments")).cloned(),
        method,
    }
}

// As Go's encoding/json before its v2: case aside, Unicode simple folding included, the last one wins.
fn find_folded<'a>(object: &'a Value, key: &str) -> Option<&'a Value> {
    let fold = |text: &str| text.replace('ſ', "s").replace('\u{212a}', "k").to_lowercase();
    object.as_object()?.iter().filter(|(name, _)| fold(name) == fold(key)).map(|(_, value)| value).next_back()
}

/// Whenever a message is accepted, every parser sees the same call, and rewriting changes nothing but what was named.
pub fn fuzz_message(bytes: &[u8]) {
    let Ok(message) = Message::parse(bytes.to_vec(), &Caps::default()) else { return };
    let other: Value = serde_json::from_slice(bytes).expect("serde_json refuses what was accepted");
    let view = judged(&message);
    assert_eq!(view, seen(&other, |object, key| object.get(key)));
    assert_eq!(view, seen(&other, find_folded));
    assert_eq!(message.document().text().as_bytes(), bytes);
    assert_eq!(other.get("id").is_some(), message.id_raw().is_some());
    fuzz_rewrite(&message, &other);
}

fn fuzz_rewrite(message: &Message, before: &Value) {
    assert_eq!(rewrite(message, &Edits::default()).unwrap(), message.document().text().as_bytes());
    let mut expected = before.clone();
    if message.id_raw().is_some() {
        expected["id"] = 4711.into();
    }
    if message.tool_name().is_some() {
        expected["params"]["name"] = "other\"tool".into();
    }
    if message.arguments().is_some() {
        expected["params"]["arguments"] = serde_json::json!({"new": [1]});
    }
    if message.progress_token().is_some() {
        expected["params"]["_meta"]["progressToken"] = "ours".into();
    }
    remove_capabilities(message, &mut expected);
    let edits = Edits {
        id: message.id_raw().map(|_| "4711"),
        progress_token: message.progress_token().map(|_| "\"ours\""),
        reported_token: None,
        cancelled_request: None,
        tool_name: message.tool_name().map(|_| "other\"tool"),
        arguments: message.arguments().map(|_| r#"{"new":[1]}"#),
        remove_capabilities: &ClientCapability::ALL,
        ..Edits::default()
    };
    let made = rewrite(message, &edits).unwrap();
    assert_eq!(serde_json::from_slice::<Value>(&made).unwrap(), expected);
    assert!(Message::parse(made, &Caps::default()).is_ok());
}

fn remove_capabilities(message: &Message, expected: &mut Value) {
    let meta = "/params/_meta/io.modelcontextprotocol~1clientCapabilities";
    let handshake = "/params/capabilities";
    for place in [meta, handshake] {
        if place == handshake && message.method() != Some("initialize") {
            continue;
        }
        let Some(Value::Object(capabilities)) = expected.pointer_mut(place) else { continue };
        for key in ["sampling", "elicitation", "roots", "tasks"] {
            capabilities.remove(key);
        }
        if let Some(Value::Object(extensions)) = capabilities.get_mut("extensions") {
            extensions.remove("io.modelcontextprotocol/tasks");
        }
    }
}

/// A server's message that is accepted is JSON to others too, with exactly one of result, error and method.
pub fn fuzz_reply(bytes: &[u8]) {
    let Ok(_) = parse_reply(bytes.to_vec(), &Caps::default()) else { return };
    let other: Value = serde_json::from_slice(bytes).expect("serde_json refuses what was accepted");
    let parts = ["result", "error", "method"].iter().filter(|key| other.get(**key).is_some()).count();
    assert_eq!(parts, 1);
}

/// Any cut of any bytes gives the same events.
pub fn fuzz_events(bytes: &[u8], cut: usize) {
    let collect = |chunks: &[&[u8]]| {
        let mut events = mcp::sse::Events::new(64);
        let mut found = Vec::new();
        for chunk in chunks {
            let mut rest = *chunk;
            loop {
                match events.next(&mut rest) {
                    Ok(Some(event)) => found.push(event),
                    Ok(None) => break,
                    Err(_) => return (found, true),
                }
            }
        }
        (found, false)
    };
    let (left, right) = bytes.split_at(cut.min(bytes.len()));
    assert_eq!(collect(&[bytes]), collect(&[left, right]));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn accepted_messages_mean_one_thing(number: u64) {
        let bytes = messages::mutant(number);
        fuzz_message(&bytes);
        fuzz_reply(&bytes);
    }

    #[test]
    fn events_do_not_depend_on_cuts(text in "(data|event|id|retry|:|: |x|\r|\n|\r\n|\u{feff}|[a-z]{0,40}){0,30}", cut in 0usize..400) {
        fuzz_events(text.as_bytes(), cut);
    }
}

#[test]
fn the_seeds_are_accepted() {
    for seed in messages::SEEDS {
        assert!(Message::parse(seed.as_bytes().to_vec(), &Caps::default()).is_ok(), "{seed}");
        fuzz_message(seed.as_bytes());
    }
}

#[test]
fn many_mutations_are_accepted() {
    // The property above would be empty if nearly everything were refused.
    let accepted =
        (0..2_000).filter(|number| Message::parse(messages::mutant(*number), &Caps::default()).is_ok());
    assert!(accepted.count() > 400);
}
