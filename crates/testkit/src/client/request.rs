//! Builds the bytes of a request; every header can be left out, repeated or wrong.
//!
//! Must never: add a header that the test did not ask for, but for those of the constructor.

use crate::message::{LEGACY, MODERN, Message};

/// A request under construction.
#[derive(Clone, Debug)]
pub struct Request {
    start: String,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

impl Request {
    /// A request with `Host` only.
    pub fn new(method: &str, path: &str) -> Request {
        let start = format!("{method} {path} HTTP/1.1");
        Request { start, headers: Vec::new(), body: Vec::new() }.header("Host", "127.0.0.1")
    }

    /// A POST of these bytes as JSON, with `Accept` and `Content-Length`.
    pub fn post(path: &str, body: impl Into<Vec<u8>>) -> Request {
        Request::new("POST", path)
            .header("Content-Type", "application/json")
            .header("Accept", "application/json, text/event-stream")
            .body(body)
    }

    /// A POST of a modern message, with the headers that repeat the body.
    pub fn modern(path: &str, message: &Message) -> Request {
        let request = Request::post(path, message.bytes())
            .header("MCP-Protocol-Version", MODERN)
            .header("Mcp-Method", message.method());
        match message.subject() {
            Some(subject) => request.header("Mcp-Name", subject),
            None => request,
        }
    }

    /// A POST of a legacy message within a session; none for `initialize`.
    pub fn legacy(path: &str, message: &Message, session: Option<&str>) -> Request {
        let request = Request::post(path, message.bytes());
        match session {
            Some(session) => request.header("Mcp-Session-Id", session).header("MCP-Protocol-Version", LEGACY),
            None => request,
        }
    }

    /// Adds a header, also when there is one of that name.
    pub fn header(mut self, name: &str, value: &str) -> Request {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Replaces every header of that name.
    pub fn with(self, name: &str, value: &str) -> Request {
        self.without(name).header(name, value)
    }

    /// Removes every header of that name.
    pub fn without(mut self, name: &str) -> Request {
        self.headers.retain(|(key, _)| !key.eq_ignore_ascii_case(name));
        self
    }

    /// Adds a bearer token.
    pub fn bearer(self, token: &str) -> Request {
        self.with("Authorization", &format!("Bearer {token}"))
    }

    /// Sets the body and `Content-Length`.
    pub fn body(mut self, body: impl Into<Vec<u8>>) -> Request {
        self.body = body.into();
        let length = self.body.len().to_string();
        self.with("Content-Length", &length)
    }

    /// The bytes to send.
    pub fn bytes(&self) -> Vec<u8> {
        let lines: String = self.headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
        [format!("{}\r\n{lines}\r\n", self.start).as_bytes(), &self.body].concat()
    }
}

#[cfg(test)]
mod tests {
    use super::Request;
    use crate::message::Message;

    #[test]
    fn builds_what_it_is_told() {
        let request = Request::modern("/mcp/a", &Message::request("x", "tools/list").modern())
            .bearer("t")
            .header("Accept", "b")
            .without("host")
            .body("{}");
        let expected = "POST /mcp/a HTTP/1.1\r\nContent-Type: application/json\r\n\
                        Accept: application/json, text/event-stream\r\nMCP-Protocol-Version: 2026-07-28\r\n\
                        Mcp-Method: tools/list\r\nAuthorization: Bearer t\r\nAccept: b\r\nContent-Length: 2\r\n\r\n{}";
        assert_eq!(String::from_utf8_lossy(&request.bytes()), expected);
    }
}
