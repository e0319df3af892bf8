//! Builds JSON-RPC messages of both eras.
//!
//! Must never: refuse to build a message that a hostile client could send.

use serde_json::{Map, Value, json};

/// The revision of the modern era.
pub const MODERN: &str = "2026-07-28";

/// The newest revision of the legacy era.
pub const LEGACY: &str = "2025-11-25";

/// The `_meta` key that names a modern message's revision.
pub const VERSION_KEY: &str = "io.modelcontextprotocol/protocolVersion";

/// The `_meta` key that names what a modern client can do.
pub const CAPABILITIES_KEY: &str = "io.modelcontextprotocol/clientCapabilities";

/// One message under construction.
#[derive(Clone, Debug)]
pub struct Message(Value);

impl Message {
    /// A request.
    pub fn request(id: impl Into<Value>, method: &str) -> Message {
        Message(json!({"jsonrpc": "2.0", "id": id.into(), "method": method}))
    }

    /// A notification.
    pub fn notification(method: &str) -> Message {
        Message(json!({"jsonrpc": "2.0", "method": method}))
    }

    /// A `tools/call` request.
    pub fn call(id: impl Into<Value>, tool: &str, arguments: Value) -> Message {
        Message::request(id, "tools/call").param("name", tool).param("arguments", arguments)
    }

    /// A legacy `initialize` request.
    pub fn initialize(id: impl Into<Value>) -> Message {
        Message::request(id, "initialize")
            .param("protocolVersion", LEGACY)
            .param("capabilities", json!({}))
            .param("clientInfo", json!({"name": "testkit", "version": "1"}))
    }

    /// Sets a member of `params`.
    pub fn param(mut self, key: &str, value: impl Into<Value>) -> Message {
        object(&mut self.0, "params").insert(key.to_owned(), value.into());
        self
    }

    /// Sets a member of `params._meta`.
    pub fn meta(mut self, key: &str, value: impl Into<Value>) -> Message {
        let params = object(&mut self.0, "params");
        let meta = params.entry("_meta").or_insert_with(|| json!({}));
        meta.as_object_mut().expect("`_meta` is built as an object").insert(key.to_owned(), value.into());
        self
    }

    /// Adds what every message of the modern era carries.
    pub fn modern(self) -> Message {
        self.meta(VERSION_KEY, MODERN).meta(CAPABILITIES_KEY, json!({}))
    }

    /// The message as a value.
    pub fn value(&self) -> &Value {
        &self.0
    }

    /// The message as bytes.
    pub fn bytes(&self) -> Vec<u8> {
        self.0.to_string().into_bytes()
    }

    /// The method, empty when there is none.
    pub fn method(&self) -> &str {
        self.0.get("method").and_then(Value::as_str).unwrap_or_default()
    }

    /// What a modern client repeats in `Mcp-Name`: a tool's or prompt's name, a resource's URI, a task's id.
    pub fn subject(&self) -> Option<&str> {
        let params = self.0.get("params")?;
        ["name", "uri", "taskId"].into_iter().find_map(|key| params.get(key)?.as_str())
    }
}

fn object<'a>(value: &'a mut Value, key: &str) -> &'a mut Map<String, Value> {
    let members = value.as_object_mut().expect("a message is built as an object");
    let member = members.entry(key.to_owned()).or_insert_with(|| json!({}));
    member.as_object_mut().expect("`params` is built as an object")
}

#[cfg(test)]
mod tests {
    use super::Message;
    use serde_json::json;

    #[test]
    fn builds_a_modern_call() {
        let message = Message::call(7, "copy", json!({"to": "b"})).modern().meta("progressToken", "p");
        let expected = json!({"jsonrpc": "2.0", "id": 7, "method": "tools/call", "params": {
            "name": "copy", "arguments": {"to": "b"}, "_meta": {
                "io.modelcontextprotocol/protocolVersion": "2026-07-28",
                "io.modelcontextprotocol/clientCapabilities": {}, "progressToken": "p"}}});
        assert_eq!(*message.value(), expected);
        assert_eq!((message.method(), message.subject()), ("tools/call", Some("copy")));
    }
}
