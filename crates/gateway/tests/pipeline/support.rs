//! A gateway between a raw client and a recording upstream, built fluently.
//! Must never reach into the gateway: what a test sees is what a client and a server see, and the audit.

use gateway::declared::{DEFAULT_IDLE_STOP_S, DEFAULT_TIMEOUT_S, GrantSpec, ServerSpec, Transport};
use gateway::front::http::HttpFront;
use gateway::front::listener;
use gateway::{Bounds, Declared, Gateway, World};
use mcp::headers::hosts::AllowList;
use serde_json::Value;
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::ops::ControlFlow;
use std::sync::Arc;
use store::audit::{self, Filter};
use store::clock::{Clock, ManualClock};
use store::{Options, Store, Token, TokenHash};
use testkit::{Message, RawClient, Reply, Request, Script, Tool, Upstream};
use tokio::sync::watch;

/// Any moment will do: 2026-11-20.
const NOW_MS: u64 = 1_795_132_800_000;

/// A gateway under construction.
pub struct Test {
    policies: Vec<(String, String)>,
    script: Script,
    clock: Option<Arc<ManualClock>>,
    bounds: Bounds,
}

/// A running gateway with everything around it.
pub struct Running {
    pub gateway: Arc<Gateway>,
    pub upstream: Upstream,
    pub token: String,
    pub clock: Option<Arc<ManualClock>>,
    address: SocketAddr,
    folder: tempfile::TempDir,
    declared: Declared,
    _stop: watch::Sender<bool>,
}

impl Test {
    pub fn new() -> Self {
        Self { policies: Vec::new(), script: Script::new(), clock: None, bounds: Bounds::default() }
    }

    /// One more policy of the grant.
    pub fn policy(mut self, text: impl Into<String>) -> Self {
        self.policies.push((format!("policy{}", self.policies.len() + 1), text.into()));
        self
    }

    pub fn tool(mut self, tool: Tool) -> Self {
        self.script = self.script.tool(tool);
        self
    }

    pub fn script(mut self, change: impl FnOnce(Script) -> Script) -> Self {
        self.script = change(self.script);
        self
    }

    /// Time stands still unless the test moves it.
    pub fn manual_time(mut self) -> Self {
        self.clock = Some(ManualClock::new(NOW_MS));
        self
    }

    pub async fn start(self) -> Running {
        let upstream = Upstream::start(self.script).await;
        let folder = tempfile::tempdir().unwrap();
        let token = Token::mint().unwrap();
        let names: Vec<String> = self.policies.iter().map(|(name, _)| name.clone()).collect();
        let declared = Declared {
            servers: vec![ServerSpec {
                id: "imaging".into(),
                transport: Transport::Http {
                    url: upstream.url(),
                    headers: BTreeMap::new(),
                    ca_file: None,
                    insecure: false,
                },
                timeout_s: DEFAULT_TIMEOUT_S,
                idle_stop_s: DEFAULT_IDLE_STOP_S,
            }],
            grants: vec![GrantSpec {
                id: "radiology".into(),
                token_sha256: TokenHash::of(token.expose()).map(|hash| *hash.as_bytes()),
                labels: vec![],
                expires_ms: None,
                revoked: false,
                servers: BTreeMap::from([("imaging".into(), names)]),
            }],
            policies: self.policies.into_iter().collect(),
            baseline: vec![],
        };
        let clock = self.clock.clone().map_or(Clock::System, Clock::Manual);
        let store = Store::open(&Options::new(folder.path().join("data")), clock).unwrap();
        let gateway = Arc::new(Gateway::new(store, self.bounds));
        install(&gateway, &declared);
        let socket = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = socket.local_addr().unwrap();
        let front = HttpFront { gateway: Arc::clone(&gateway), allowed: AllowList::loopback() };
        let stop = watch::Sender::new(false);
        tokio::spawn(listener::serve(Arc::new(front), socket, None, stop.subscribe()));
        let token = token.expose().to_owned();
        Running { gateway, upstream, token, clock: self.clock, address, folder, declared, _stop: stop }
    }
}

fn install(gateway: &Gateway, declared: &Declared) {
    let world = World::build(declared.clone(), &gateway.world(), &gateway.setup()).unwrap();
    gateway.install(world);
}

impl Running {
    pub const PATH: &'static str = "/mcp/imaging";

    pub async fn client(&self) -> RawClient {
        RawClient::connect(self.address).await
    }

    /// Sends a modern message on a connection of its own.
    pub async fn modern(&self, message: Message) -> Reply {
        let request = Request::modern(Self::PATH, &message.modern()).bearer(&self.token);
        self.send(&request).await
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
        let tools = answer["result"]["tools"].as_array().unwrap();
        tools.iter().map(|tool| tool["name"].as_str().unwrap().to_owned()).collect()
    }

    /// Puts changed declarations into force.
    pub fn change(&mut self, change: impl FnOnce(&mut Declared)) {
        change(&mut self.declared);
        install(&self.gateway, &self.declared);
    }

    /// Everything that the audit holds, once all that was queued is written.
    pub fn audit(&self) -> Vec<Value> {
        self.gateway.store.close();
        let mut records = Vec::new();
        let data = self.folder.path().join("data");
        audit::query(&data, &Filter::default(), &mut |line| {
            records.push(serde_json::from_str(line).unwrap());
            ControlFlow::Continue(())
        })
        .unwrap();
        let report = audit::verify(&data, None).unwrap();
        assert!(report.is_ok(), "{:?}", report.problems);
        records
    }
}

/// The text of a tool's result.
pub fn text(answer: &Value) -> &str {
    answer["result"]["content"][0]["text"].as_str().unwrap_or_else(|| panic!("no text in {answer}"))
}
