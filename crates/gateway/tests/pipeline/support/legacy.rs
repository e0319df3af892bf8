//! A session of the handshake era.

use super::Running;
use serde_json::Value;
use testkit::{Message, RawClient, Reply, Request};

pub struct Legacy<'a> {
    test: &'a Running,
    token: String,
    pub id: String,
    /// The answer to `initialize`.
    pub greeting: Value,
}

impl<'a> Legacy<'a> {
    /// Initializes a session.
    pub async fn open(test: &'a Running, token: &str) -> Self {
        Self::open_with(test, token, Message::initialize(0)).await
    }

    /// Initializes a session with this message.
    pub async fn open_with(test: &'a Running, token: &str, initialize: Message) -> Self {
        let request = Request::legacy(Running::PATH, &initialize, None).bearer(token);
        let reply = test.send(&request).await;
        let id = reply.header("mcp-session-id").unwrap_or_else(|| panic!("no session in {}", reply.text()));
        let session = Self { test, token: token.to_owned(), id: id.to_owned(), greeting: reply.answer() };
        let accepted = session.send(Message::notification("notifications/initialized")).await;
        assert_eq!(accepted.status, 202);
        session
    }

    /// A request within the session.
    pub fn request(&self, message: Message) -> Request {
        Request::legacy(Running::PATH, &message, Some(&self.id))
            .bearer(&self.token)
            .with("MCP-Protocol-Version", self.version())
    }

    /// The revision that was agreed on.
    fn version(&self) -> &str {
        self.greeting["result"]["protocolVersion"].as_str().unwrap()
    }

    pub async fn send(&self, message: Message) -> Reply {
        self.test.send(&self.request(message)).await
    }

    pub async fn ask(&self, message: Message) -> Value {
        self.send(message).await.answer()
    }

    pub async fn call(&self, tool: &str, arguments: Value) -> Value {
        self.ask(Message::call(7, tool, arguments)).await
    }

    /// A GET or DELETE of the session.
    pub fn bare(&self, method: &str) -> Request {
        Request::new(method, Running::PATH)
            .header("Accept", "text/event-stream")
            .header("Mcp-Session-Id", &self.id)
            .header("MCP-Protocol-Version", self.version())
            .bearer(&self.token)
    }

    /// A connection for the session's stream.
    pub async fn connect(&self) -> RawClient {
        self.test.client().await
    }
}
