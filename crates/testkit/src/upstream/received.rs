//! One message as the fake upstream received it.
//!
//! Must never: lose a header or a byte of the body.

use serde_json::Value;

/// A recorded HTTP request.
#[derive(Clone, Debug)]
pub struct Received {
    /// Which connection it came on, counted from 1.
    pub connection: u64,
    /// `POST`, `GET` or `DELETE`.
    pub http_method: String,
    /// Path and query.
    pub target: String,
    /// All headers in their order, names in lower case.
    pub headers: Vec<(String, String)>,
    /// The body, byte for byte.
    pub body: Vec<u8>,
    /// The body as JSON, with the last of two equal keys; null when it is none.
    pub message: Value,
}

impl Received {
    /// The first header of that name.
    pub fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(key, _)| key.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_str())
    }

    /// The JSON-RPC method, empty when there is none.
    pub fn method(&self) -> &str {
        self.message["method"].as_str().unwrap_or_default()
    }

    /// The JSON-RPC id, null when there is none.
    pub fn id(&self) -> &Value {
        &self.message["id"]
    }

    /// The parameters, null when there are none.
    pub fn params(&self) -> &Value {
        &self.message["params"]
    }

    /// The tool of a call, empty when there is none.
    pub fn tool(&self) -> &str {
        self.params()["name"].as_str().unwrap_or_default()
    }

    /// The arguments of a call, null when there are none.
    pub fn arguments(&self) -> &Value {
        &self.params()["arguments"]
    }

    /// The body as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// True for a `tools/call`.
    pub fn is_call(&self) -> bool {
        self.method() == "tools/call"
    }
}
