//! A call that serves as an example, as people and programs read it. Its values were made up, so they are shown.

use ::policy::Call;
use json::Document;
use serde_json::{Value, json};
use store::Timestamp;

use crate::output::plain;

/// For people: `pay {"amount":101}`, and what else of the call matters.
pub fn to_line(call: &Call) -> String {
    let mut line = format!("`{}` {}", plain(&call.tool), plain(call.arguments.text()));
    if call.server != DEFAULT_SERVER {
        line.push_str(&format!(" on server `{}`", plain(&call.server)));
    }
    if call.grant != DEFAULT_GRANT {
        line.push_str(&format!(" by grant `{}`", plain(&call.grant)));
    }
    if !call.labels.is_empty() {
        line.push_str(&format!(" with the labels {}", plain(&call.labels.join(", "))));
    }
    if call.is_timed {
        line.push_str(&format!(" at {}", Timestamp::from_ms(call.now_ms)));
    }
    if let Some(input) = &call.input {
        line.push_str(&format!(" with the answers {}", plain(input.text())));
    }
    if let Some(annotations) = &call.annotations {
        line.push_str(&format!(" of a tool with the annotations {}", plain(annotations.text())));
    }
    line
}

/// For programs.
pub fn to_json(call: &Call) -> Value {
    let value = |document: &Document| serde_json::from_str::<Value>(document.text()).unwrap_or_default();
    let mut shown = json!({
        "server": call.server,
        "tool": call.tool,
        "arguments": value(&call.arguments),
        "grant": call.grant,
        "labels": call.labels,
        "time": Timestamp::from_ms(call.now_ms).to_string(),
    });
    if let Some(members) = shown.as_object_mut() {
        members.extend(call.input.as_ref().map(|input| ("input".to_owned(), value(input))));
        let annotations = call.annotations.as_ref().map(value);
        members.extend(annotations.map(|annotations| ("annotations".to_owned(), annotations)));
    }
    shown
}

/// The server and the grant of examples where they do not matter.
const DEFAULT_SERVER: &str = super::definitions::DEFAULT_SERVER;
const DEFAULT_GRANT: &str = "local";
