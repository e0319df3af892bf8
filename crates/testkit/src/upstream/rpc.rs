//! Builds JSON-RPC answers, and the answers that both eras share.
//!
//! Must never: depend on the era; results differ only in what `modern` adds.

use crate::upstream::{Answer, Received, Script};
use serde_json::{Value, json};

pub(crate) const METHOD_NOT_FOUND: i64 = -32601;
pub(crate) const INVALID_PARAMS: i64 = -32602;

/// The answer message to a request.
pub(crate) fn answer(id: &Value, key: &str, value: &Value) -> Value {
    json!({"jsonrpc": "2.0", "id": id, key: value})
}

/// Who the fake upstream says it is.
pub(crate) fn server_info() -> Value {
    json!({"name": "testkit", "version": "1"})
}

/// One page of the tools.
pub(crate) fn tools_list(script: &Script, received: &Received) -> Answer {
    let cursor = received.params()["cursor"].as_str();
    let Ok(start) = cursor.unwrap_or("0").parse::<usize>() else {
        return Answer::error(INVALID_PARAMS, "invalid cursor");
    };
    let end = start.saturating_add(script.page_size).min(script.tools.len());
    let page = script.tools.get(start..end).unwrap_or_default();
    let tools: Vec<&Value> = page.iter().map(|tool| tool.definition()).collect();
    let mut result = json!({"tools": tools});
    if end < script.tools.len() {
        result["nextCursor"] = json!(end.to_string());
    }
    Answer::result(result)
}

/// The answer of the called tool.
pub(crate) fn tools_call(script: &Script, received: &Received) -> Answer {
    let tool = script.tools.iter().find(|tool| tool.name() == received.tool());
    match tool {
        Some(tool) => tool.reply().clone(),
        None => Answer::error(INVALID_PARAMS, &format!("Unknown tool: {}", received.tool())),
    }
}

/// The answer that the script gives to a method by name.
pub(crate) fn scripted(script: &Script, received: &Received) -> Option<Answer> {
    let found = script.methods.iter().find(|(method, _)| method == received.method());
    found.map(|(_, answer)| answer.clone())
}
