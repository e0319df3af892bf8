//! The agent of the demonstration: a plain MCP client of the current revision that calls through the gateway.
//! It knows nothing of the gateway but its URL and token.

use anyhow::{Context as _, bail};
use mcp::era::Version;
use mcp::http::{
    Clock, HeaderName, HeaderValue, Outgoing, Plaintext, Progress, Settings, Target, Tls, Upstream,
};
use mcp::requests::{self, Speaker};
use serde_json::Value;

/// Largest answer that the agent reads.
const MAX_ANSWER_BYTES: usize = 1 << 20;

/// A client with one connection.
#[derive(Debug)]
pub struct Agent {
    connection: Upstream,
    next_id: u64,
}

impl Agent {
    /// An agent for a URL, with its bearer token.
    ///
    /// # Errors
    /// Where the URL or token cannot be used.
    pub fn new(url: &str, token: &str) -> anyhow::Result<Self> {
        let target = Target::parse(url, Plaintext::LoopbackOnly)?;
        let mut settings = Settings::default();
        let bearer = HeaderValue::from_str(&format!("Bearer {token}"))?;
        settings.headers.insert(HeaderName::from_static("authorization"), bearer);
        // The agent measures nothing, so its clock may stand still.
        let connection = Upstream::new(target, settings, Tls::new(None), Clock::new(|| 0))?;
        Ok(Self { connection, next_id: 1 })
    }

    /// Sends a request; its result or error.
    ///
    /// # Errors
    /// Where no JSON answer comes.
    pub async fn request(
        &mut self,
        method: &str,
        name: Option<&str>,
        members: &[(&str, &str)],
    ) -> anyhow::Result<Value> {
        let id = self.next_id.to_string();
        self.next_id += 1;
        let speaker = Speaker { name: "demo-agent", version: env!("CARGO_PKG_VERSION"), capabilities: "{}" };
        let message = requests::modern_request(&id, method, Version::NEWEST, &speaker, members);
        let mut outgoing = Outgoing::post(message);
        for (header, value) in mcp::headers::for_request(Version::NEWEST, method, name) {
            outgoing = outgoing.header(HeaderName::from_static(header), HeaderValue::from_str(&value)?);
        }
        let reply = self.connection.send(&outgoing, &Progress::new()).await.context("calling the gateway")?;
        let status = reply.status;
        let body = reply.body.collect(MAX_ANSWER_BYTES).await.context("reading the gateway's answer")?;
        let answer: Value =
            serde_json::from_slice(&body).with_context(|| format!("the answer (status {status})"))?;
        if answer.get("result").is_none() && answer.get("error").is_none() {
            bail!("the gateway answered with status {status} and neither result nor error");
        }
        Ok(answer)
    }

    /// Calls a tool.
    ///
    /// # Errors
    /// As [`Agent::request`].
    pub async fn call(&mut self, tool: &str, arguments: &Value) -> anyhow::Result<Value> {
        let name = serde_json::to_string(tool)?;
        let arguments = serde_json::to_string(arguments)?;
        self.request("tools/call", Some(tool), &[("name", &name), ("arguments", &arguments)]).await
    }
}
