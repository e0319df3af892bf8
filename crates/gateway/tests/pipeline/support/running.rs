//! A running gateway with everything around it.

use super::{Books, Legacy, LineClient, Puppets};
use gateway::{Declared, Gateway, World};
use serde_json::Value;
use std::net::SocketAddr;
use std::sync::Arc;
use store::clock::ManualClock;
use testkit::{Message, RawClient, Reply, Request, Upstream};
use tokio::sync::watch;

pub struct Running {
    pub gateway: Arc<Gateway>,
    /// The server, where it is reached over HTTP.
    pub upstream: Upstream,
    /// The server, where it is a process.
    pub puppets: Puppets,
    pub token: String,
    pub other_token: String,
    pub clock: Arc<ManualClock>,
    pub address: SocketAddr,
    pub folder: tempfile::TempDir,
    pub declared: Declared,
    pub stop: watch::Sender<bool>,
}

impl Running {
    pub const SERVER: &'static str = "imaging";
    pub const GRANT: &'static str = "radiology";
    pub const PATH: &'static str = "/mcp/imaging";

    pub async fn client(&self) -> RawClient {
        RawClient::connect(self.address).await
    }

    /// A modern request as the agent sends it.
    pub fn request(&self, message: Message) -> Request {
        Request::modern(Self::PATH, &message.modern()).bearer(&self.token)
    }

    /// A legacy session of the agent.
    pub async fn legacy(&self) -> Legacy<'_> {
        Legacy::open(self, &self.token).await
    }

    /// A client that speaks in lines.
    pub fn lines(&self) -> LineClient {
        let server = Arc::clone(self.gateway.world().server(Self::SERVER).unwrap());
        LineClient::start(Arc::clone(&self.gateway), Self::GRANT, server)
    }

    /// Sends a modern message on a connection of its own.
    pub async fn modern(&self, message: Message) -> Reply {
        self.send(&self.request(message)).await
    }

    /// Sends a request as it is, on a connection of its own.
    pub async fn send(&self, request: &Request) -> Reply {
        self.client().await.exchange(request).await
    }

    /// The answer to a modern `tools/call`.
    pub async fn call(&self, tool: &str, arguments: Value) -> Value {
        self.modern(Message::call(7, tool, arguments)).await.answer()
    }

    /// The names that a modern `tools/list` shows.
    pub async fn listed(&self) -> Vec<String> {
        let answer = self.modern(Message::request(1, "tools/list")).await.answer();
        let tools = answer["result"]["tools"].as_array().unwrap_or_else(|| panic!("no list in {answer}"));
        tools.iter().map(|tool| tool["name"].as_str().unwrap().to_owned()).collect()
    }

    /// Sends a request of which no byte may reach a server.
    pub async fn untouched(&self, request: &Request) -> Reply {
        let before = self.n_bytes().await;
        let reply = self.send(request).await;
        assert_eq!(
            self.n_bytes().await,
            before,
            "bytes reached the server; {}: {}",
            reply.status,
            reply.text()
        );
        reply
    }

    /// A modern `tools/call` of which no byte may reach a server.
    pub async fn denied(&self, tool: &str, arguments: Value) -> Value {
        self.untouched(&self.request(Message::call(7, tool, arguments))).await.answer()
    }

    /// All bytes that servers received from the gateway.
    pub async fn n_bytes(&self) -> u64 {
        // Whatever was sent before this exchange began is read before it ends: one event loop reads both.
        const FENCE: &str = "GET /fence HTTP/1.1\r\nHost: fence\r\n\r\n";
        let mut direct = RawClient::connect(self.upstream.address()).await;
        direct.send(FENCE).await;
        direct.reply().await;
        let n_fences = self.upstream.messages().iter().filter(|message| message.target == "/fence").count();
        self.upstream.n_bytes() - (n_fences * FENCE.len()) as u64 + self.puppets.n_bytes()
    }

    /// Puts changed declarations into force.
    pub fn change(&mut self, change: impl FnOnce(&mut Declared)) {
        change(&mut self.declared);
        self.install();
    }

    pub fn revoke(&mut self) {
        self.change(|declared| declared.grants[0].revoked = true);
    }

    /// Replaces the grant's first policy.
    pub fn reload(&mut self, policy: &str) {
        self.change(|declared| {
            declared.policies.insert("policy1".into(), policy.into());
        });
    }

    pub fn install(&self) {
        let world = World::build(self.declared.clone(), &self.gateway.world(), &self.gateway.setup());
        self.gateway.install(world.unwrap());
    }

    /// Everything that the audit holds, once all that was queued is written. No call is let through after it.
    pub fn books(&self) -> Books {
        self.gateway.store.close();
        Books::read(&self.folder.path().join("data"))
    }
}
