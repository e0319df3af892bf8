//! A gateway between a raw client and recording upstreams, built fluently.
//! Must never reach into the gateway: what a test sees is what a client and a server see, and the audit.

mod books;
mod legacy;
mod lines;
mod puppet;
mod running;
pub mod several;

pub use books::{Books, text};
pub use legacy::Legacy;
pub use lines::LineClient;
pub use puppet::Puppets;
pub use running::Running;

use gateway::declared::{DEFAULT_TIMEOUT_S, GrantSpec, ServerSpec, Transport};
use gateway::front::http::HttpFront;
use gateway::front::listener;
use gateway::{Bounds, Declared, Gateway};
use mcp::headers::hosts::AllowList;
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::Arc;
use store::clock::{Clock, ManualClock};
use store::{Options, Store, Token, TokenHash};
use testkit::client::ReplyStream;
use testkit::wait::within;
use testkit::{Script, Tool, Upstream};
use tokio::sync::watch;

/// Any moment will do: 2026-11-20.
pub const NOW_MS: u64 = 1_795_132_800_000;
/// Everything is allowed, other channels too.
pub const ALLOW: &str = r#"{"version": "1", "default": "allow"}"#;

/// A gateway under construction. Time stands still unless the test moves it.
pub struct Test {
    policies: Vec<(String, String)>,
    script: Script,
    tools: Vec<Value>,
    bounds: Bounds,
    is_process: bool,
    is_sse: bool,
    timeout_s: u64,
    options: Box<dyn FnOnce(&mut Options)>,
    gateway: Box<dyn FnOnce(&mut Gateway)>,
}

impl Test {
    pub fn new() -> Self {
        Self {
            policies: Vec::new(),
            script: Script::new(),
            tools: Vec::new(),
            bounds: Bounds::default(),
            is_process: false,
            is_sse: false,
            timeout_s: DEFAULT_TIMEOUT_S,
            options: Box::new(|_| {}),
            gateway: Box::new(|_| {}),
        }
    }

    /// One more policy of the grant.
    pub fn policy(mut self, text: impl Into<String>) -> Self {
        self.policies.push((format!("policy{}", self.policies.len() + 1), text.into()));
        self
    }

    pub fn tool(mut self, tool: Tool) -> Self {
        self.tools.push(tool.definition().clone());
        self.script = self.script.tool(tool);
        self
    }

    pub fn script(mut self, change: impl FnOnce(Script) -> Script) -> Self {
        self.script = change(self.script);
        self
    }

    pub fn bounds(mut self, change: impl FnOnce(&mut Bounds)) -> Self {
        change(&mut self.bounds);
        self
    }

    pub fn store(mut self, change: impl FnOnce(&mut Options) + 'static) -> Self {
        self.options = Box::new(change);
        self
    }

    /// Changes the gateway before it serves anybody.
    pub fn gateway(mut self, change: impl FnOnce(&mut Gateway) + 'static) -> Self {
        self.gateway = Box::new(change);
        self
    }

    /// The server is a process whose mind is the test's ([`Puppets`]).
    pub fn process(mut self) -> Self {
        self.is_process = true;
        self
    }

    /// The server speaks the first HTTP transport.
    pub fn sse(mut self) -> Self {
        self.is_sse = true;
        self
    }

    /// Longest wait for a reply.
    pub fn timeout_s(mut self, timeout_s: u64) -> Self {
        self.timeout_s = timeout_s;
        self
    }

    pub async fn start(self) -> Running {
        let puppets = Puppets::start(self.tools).await;
        let upstream = Upstream::start(self.script).await;
        let folder = tempfile::tempdir().unwrap();
        let transport = if self.is_process {
            Transport::Stdio { command: puppets.command(), env: BTreeMap::new(), cwd: None }
        } else if self.is_sse {
            let url = upstream.sse_url();
            Transport::Sse { url, headers: BTreeMap::new(), ca_file: None, insecure: false }
        } else {
            http(upstream.url())
        };
        let names: Vec<String> = self.policies.iter().map(|(name, _)| name.clone()).collect();
        let tokens = [Token::mint().unwrap(), Token::mint().unwrap()];
        let grant = |id: &str, token: &Token| GrantSpec {
            id: id.into(),
            token_sha256: TokenHash::of(token.expose()).map(|hash| *hash.as_bytes()),
            labels: vec![],
            expires_ms: None,
            revoked: false,
            servers: BTreeMap::from([(Running::SERVER.into(), names.clone())]),
        };
        let spec =
            |id: &str, transport| ServerSpec { timeout_s: self.timeout_s, ..ServerSpec::new(id, transport) };
        let declared = Declared {
            servers: vec![spec(Running::SERVER, transport), spec("unreached", http(upstream.url()))],
            grants: vec![grant(Running::GRANT, &tokens[0]), grant("other", &tokens[1])],
            policies: self.policies.into_iter().map(|(name, text)| (name, text.into())).collect(),
            baseline: vec![],
        };
        let clock = ManualClock::new(NOW_MS);
        let mut options = Options::new(folder.path().join("data"));
        (self.options)(&mut options);
        let store = Store::open(&options, Clock::Manual(Arc::clone(&clock))).unwrap();
        let mut gateway = Gateway::new(store, self.bounds);
        (self.gateway)(&mut gateway);
        let gateway = Arc::new(gateway);
        let (address, stop) = listen(&gateway).await;
        let [token, other_token] = tokens.map(|token| token.expose().to_owned());
        let running = Running {
            gateway,
            upstream,
            puppets,
            token,
            other_token,
            clock,
            address,
            folder,
            declared,
            stop,
        };
        running.install();
        running
    }
}

/// Whether a stream ends as its framing says; it has to end, one way or the other.
pub async fn ends_cleanly(stream: &mut ReplyStream<'_>) -> bool {
    // Signs of life must not keep the test waiting.
    within("a stream to end", stream.ended_cleanly()).await
}

fn http(url: String) -> Transport {
    Transport::Http { url, headers: BTreeMap::new(), ca_file: None, insecure: false }
}

async fn listen(gateway: &Arc<Gateway>) -> (std::net::SocketAddr, watch::Sender<bool>) {
    let socket = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = socket.local_addr().unwrap();
    let front = HttpFront { gateway: Arc::clone(gateway), allowed: AllowList::loopback() };
    let stop = watch::Sender::new(false);
    tokio::spawn(listener::serve(Arc::new(front), socket, None, stop.subscribe()));
    (address, stop)
}
