//! A whole reply.
//!
//! Must never: drop a header or a byte of the body.

use crate::wire::Head;
use serde_json::Value;

/// A reply that has arrived completely.
#[derive(Clone, Debug)]
pub struct Reply {
    /// The HTTP status.
    pub status: u16,
    /// All headers in their order.
    pub headers: Vec<(String, String)>,
    /// The decoded body.
    pub body: Vec<u8>,
}

impl Reply {
    pub(crate) fn new(head: &Head<'_>, body: Vec<u8>) -> Reply {
        let owned = |(name, value): (&str, &str)| (name.to_owned(), value.to_owned());
        Reply { status: head.status(), headers: head.headers().map(owned).collect(), body }
    }

    /// The first header of that name, in any case.
    pub fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(key, _)| key.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_str())
    }

    /// The body as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The body as JSON; panics with the reply when it is none.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|error| panic!("{error} in {}: {}", self.status, self.text()))
    }

    /// The messages of an event stream, or the one message of a JSON body.
    pub fn messages(&self) -> Vec<Value> {
        let is_stream = self.header("content-type").is_some_and(|kind| kind.starts_with("text/event-stream"));
        if is_stream { events(&self.text()) } else { vec![self.json()] }
    }

    /// The message with a result or an error; panics with the reply when there is none.
    pub fn answer(&self) -> Value {
        let is_answer = |message: &Value| message.get("result").is_some() || message.get("error").is_some();
        let answer = self.messages().into_iter().find(is_answer);
        answer.unwrap_or_else(|| panic!("no answer in {}: {}", self.status, self.text()))
    }
}

/// The messages in the `data` lines of an event stream, comments and empty data left out.
fn events(text: &str) -> Vec<Value> {
    let blocks = text.split("\n\n").map(data);
    let parse =
        |data: String| serde_json::from_str(&data).unwrap_or_else(|error| panic!("{error} in event {data}"));
    blocks.filter(|data| !data.is_empty()).map(parse).collect()
}

/// The data of one event.
pub(crate) fn data(event: &str) -> String {
    let lines = event.lines().filter_map(|line| line.strip_prefix("data:"));
    lines.map(|line| line.strip_prefix(' ').unwrap_or(line)).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::events;
    use serde_json::json;

    #[test]
    fn reads_events() {
        let text = ": hello\n\nevent: message\ndata: {\"a\":\ndata: 1}\n\nid: 4\ndata:\n\ndata:2\n\n";
        assert_eq!(events(text), [json!({"a": 1}), json!(2)]);
    }
}
