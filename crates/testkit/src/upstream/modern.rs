//! The 2026-07-28 era: stateless, each request complete in itself, headers that repeat the body.
//!
//! Must never: keep anything between two requests.

use crate::message::{CAPABILITIES_KEY, MODERN, Message, VERSION_KEY};
use crate::upstream::rpc::{INVALID_PARAMS, METHOD_NOT_FOUND, scripted, server_info, tools_call, tools_list};
use crate::upstream::{Answer, Received, Script, Step};
use serde_json::{Value, json};

const HEADER_MISMATCH: i64 = -32020;
const UNSUPPORTED_VERSION: i64 = -32022;

/// The revision that a request names in its body or header, when it is one of the modern era.
pub(crate) fn version(received: &Received) -> Option<&str> {
    let in_body = received.params()["_meta"][VERSION_KEY].as_str();
    in_body.or_else(|| received.header("mcp-protocol-version").filter(|version| *version >= MODERN))
}

/// The answer to a modern message.
pub(crate) fn answer(script: &Script, received: &Received, version: &str) -> Answer {
    if received.http_method != "POST" {
        return Answer::empty(405);
    }
    if received.id().is_null() {
        return Answer::empty(202);
    }
    if let Some(fault) = fault(received) {
        return Answer::refusal(400, HEADER_MISMATCH, &fault, None);
    }
    if !script.versions().contains(&version) {
        let data = json!({"supported": script.versions(), "requested": version});
        return Answer::refusal(400, UNSUPPORTED_VERSION, "unsupported protocol version", Some(data));
    }
    if !received.params()["_meta"][CAPABILITIES_KEY].is_object() {
        return Answer::refusal(400, INVALID_PARAMS, "no client capabilities in `_meta`", None);
    }
    dispatch(script, received)
}

/// What a strict server refuses with -32020, if anything.
fn fault(received: &Received) -> Option<String> {
    let message = &received.message;
    let subject = ["name", "uri", "taskId"].into_iter().find_map(|key| message["params"][key].as_str());
    let expected = [
        ("mcp-protocol-version", message["params"]["_meta"][VERSION_KEY].as_str()),
        ("mcp-method", message["method"].as_str()),
        ("mcp-name", subject),
    ];
    let differs = |(header, value): &(&str, Option<&str>)| received.header(header) != *value;
    let differing = expected.into_iter().find(differs);
    differing.map(|(header, _)| format!("header `{header}` differs from the body"))
}

fn dispatch(script: &Script, received: &Received) -> Answer {
    if let Some(answer) = scripted(script, received) {
        return complete(answer);
    }
    complete(match received.method() {
        "server/discover" => {
            let known = json!({"supportedVersions": script.versions(), "capabilities": script.capabilities});
            cacheable(Answer::result(known))
        }
        "tools/list" => cacheable(tools_list(script, received)),
        "tools/call" => tools_call(script, received),
        "subscriptions/listen" => listen(received),
        _ => Answer::refusal(404, METHOD_NOT_FOUND, "method not found", None),
    })
}

fn listen(received: &Received) -> Answer {
    let id = received.id().clone();
    let acknowledged = Message::notification("notifications/subscriptions/acknowledged")
        .meta("io.modelcontextprotocol/subscriptionId", id.clone())
        .param("notifications", received.params()["notifications"].clone());
    Answer::empty(200).sse().then(Step::Message(acknowledged.value().clone())).then(Step::Listen(Some(id)))
}

/// Adds what every modern result carries, where the script says nothing else.
fn complete(answer: Answer) -> Answer {
    with_members(answer, &[("resultType", json!("complete"))])
}

fn cacheable(answer: Answer) -> Answer {
    let info = json!({"io.modelcontextprotocol/serverInfo": server_info()});
    with_members(answer, &[("ttlMs", json!(0)), ("cacheScope", json!("private")), ("_meta", info)])
}

fn with_members(mut answer: Answer, members: &[(&str, Value)]) -> Answer {
    for step in &mut answer.steps {
        let Step::Result(Value::Object(result)) = step else { continue };
        for (key, value) in members {
            result.entry(*key).or_insert_with(|| value.clone());
        }
    }
    answer
}
