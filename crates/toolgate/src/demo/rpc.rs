//! JSON-RPC as the sample server reads and writes it. It uses a decoder of its own, unlike the gateway,
//! so that both are judged by each other's view of the same bytes.

use serde_json::{Map, Value, json};

/// Not one JSON value.
pub const PARSE_ERROR: i64 = -32700;
/// Not one request or notification.
pub const INVALID_REQUEST: i64 = -32600;
/// A method that is not served.
pub const METHOD_NOT_FOUND: i64 = -32601;
/// Parameters that the method cannot take.
pub const INVALID_PARAMS: i64 = -32602;
/// Headers that contradict the body.
pub const HEADER_MISMATCH: i64 = -32020;
/// A revision that is not served.
pub const UNSUPPORTED_VERSION: i64 = -32022;

/// An error of the protocol, not of a tool.
#[derive(Debug, Clone, PartialEq)]
pub struct Failure {
    /// The code.
    pub code: i64,
    /// In words.
    pub message: String,
    /// For programs.
    pub data: Option<Value>,
}

impl Failure {
    /// A failure without data.
    pub fn new(code: i64, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), data: None }
    }
}

/// One message from a client.
#[derive(Debug, Clone, PartialEq)]
pub enum Message {
    /// Expects an answer.
    Request {
        /// Comes back unchanged.
        id: Value,
        /// What to do.
        method: String,
        /// With what.
        params: Map<String, Value>,
    },
    /// Expects nothing.
    Notification,
    /// An answer to a request that this server never sends.
    Response,
}

impl Message {
    /// Reads one message.
    ///
    /// # Errors
    /// The failure to answer with, and the id when it could be read.
    pub fn parse(bytes: &[u8]) -> Result<Self, (Failure, Value)> {
        let parsed: Value = serde_json::from_slice(bytes)
            .map_err(|_| (Failure::new(PARSE_ERROR, "not one JSON value"), Value::Null))?;
        let invalid = || (Failure::new(INVALID_REQUEST, "not one request or notification"), Value::Null);
        let Value::Object(mut members) = parsed else { return Err(invalid()) };
        if members.get("jsonrpc") != Some(&Value::from("2.0")) {
            return Err(invalid());
        }
        let Some(method) = members.remove("method") else {
            let is_response =
                members.contains_key("id") && members.contains_key("result") != members.contains_key("error");
            return if is_response { Ok(Self::Response) } else { Err(invalid()) };
        };
        let Value::String(method) = method else { return Err(invalid()) };
        let Some(id) = members.remove("id") else { return Ok(Self::Notification) };
        if !(id.is_string() || id.is_i64() || id.is_u64()) {
            return Err(invalid());
        }
        match members.remove("params").unwrap_or_else(|| Value::Object(Map::new())) {
            Value::Object(params) => Ok(Self::Request { id, method, params }),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => {
                Err((Failure::new(INVALID_PARAMS, "params must be an object"), id))
            }
        }
    }
}

/// The answer to a request.
#[must_use]
pub fn answer(id: &Value, outcome: &Result<Value, Failure>) -> Value {
    match outcome {
        Ok(result) => json!({ "jsonrpc": "2.0", "id": id, "result": result }),
        Err(failure) => {
            let mut error = json!({ "code": failure.code, "message": failure.message });
            if let Some(data) = &failure.data {
                put(&mut error, "data", data.clone());
            }
            json!({ "jsonrpc": "2.0", "id": id, "error": error })
        }
    }
}

/// Adds a member to an object.
pub fn put(object: &mut Value, key: &str, value: impl Into<Value>) {
    if let Some(members) = object.as_object_mut() {
        members.insert(key.to_owned(), value.into());
    }
}

#[cfg(test)]
mod tests {
    use super::{INVALID_PARAMS, INVALID_REQUEST, Message, PARSE_ERROR};

    #[test]
    fn only_requests_and_notifications_are_messages() {
        for (text, expected) in [
            ("{", Err(PARSE_ERROR)),
            ("[]", Err(INVALID_REQUEST)),
            ("1", Err(INVALID_REQUEST)),
            (r#"{"id":1,"method":"ping"}"#, Err(INVALID_REQUEST)),
            (r#"{"jsonrpc":"2.0","id":null,"method":"ping"}"#, Err(INVALID_REQUEST)),
            (r#"{"jsonrpc":"2.0","id":1.5,"method":"ping"}"#, Err(INVALID_REQUEST)),
            (r#"{"jsonrpc":"2.0","id":1,"method":7}"#, Err(INVALID_REQUEST)),
            (r#"{"jsonrpc":"2.0","id":1}"#, Err(INVALID_REQUEST)),
            (r#"{"jsonrpc":"2.0","id":1,"method":"ping","params":[1]}"#, Err(INVALID_PARAMS)),
            (r#"{"jsonrpc":"2.0","id":1,"result":{}}"#, Ok("response")),
            (r#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#, Ok("notification")),
            (r#"{"jsonrpc":"2.0","id":"a","method":"ping"}"#, Ok("request")),
        ] {
            let found = match Message::parse(text.as_bytes()) {
                Ok(Message::Request { .. }) => Ok("request"),
                Ok(Message::Notification) => Ok("notification"),
                Ok(Message::Response) => Ok("response"),
                Err((failure, _)) => Err(failure.code),
            };
            assert_eq!(found, expected, "{text}");
        }
    }
}
