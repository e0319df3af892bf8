//! A gateway between a raw client and several recording servers, all of them reached on `/mcp`.

use super::{ALLOW, Books, NOW_MS, Puppets, http, listen};
use gateway::declared::{GrantSpec, ServerSpec, Transport};
use gateway::{Bounds, Declared, Gateway, World};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use store::clock::{Clock, ManualClock};
use store::{Options, Store, Token, TokenHash};
use testkit::{Message, RawClient, Reply, Request, Script, Tool, Upstream};
use tokio::sync::watch;

pub const PATH: &str = "/mcp";
const FENCE: &str = "GET /fence HTTP/1.1\r\nHost: fence\r\n\r\n";

enum Plan {
    Http(Box<Script>),
    Process(Vec<Value>),
    /// Nobody listens there.
    Dead,
}

/// Several servers under construction. Each has a policy of its own; everything is allowed where none is given.
#[derive(Default)]
pub struct Several {
    servers: Vec<(String, Option<String>, Plan)>,
    policies: BTreeMap<String, String>,
    bounds: Bounds,
}

impl Several {
    pub fn new() -> Self {
        Self::default()
    }

    /// A server over HTTP.
    pub fn http(self, id: &str, script: Script) -> Self {
        self.server(id, Plan::Http(Box::new(script)))
    }

    /// A server over HTTP with these tools.
    pub fn tools(self, id: &str, names: &[&str]) -> Self {
        self.http(id, script(names))
    }

    /// A process whose mind is the test's.
    pub fn process(self, id: &str, names: &[&str]) -> Self {
        let tools = names.iter().map(|name| Tool::new(name).definition().clone()).collect();
        self.server(id, Plan::Process(tools))
    }

    /// A server at an address where nobody listens.
    pub fn dead(self, id: &str) -> Self {
        self.server(id, Plan::Dead)
    }

    fn server(mut self, id: &str, plan: Plan) -> Self {
        self.servers.push((id.to_owned(), None, plan));
        self
    }

    /// The alias of the server that was added last.
    pub fn alias(mut self, alias: &str) -> Self {
        self.servers.last_mut().unwrap().1 = Some(alias.to_owned());
        self
    }

    /// The policy of a server.
    pub fn policy(mut self, server: &str, text: &str) -> Self {
        self.policies.insert(server.to_owned(), text.to_owned());
        self
    }

    pub fn bounds(mut self, change: impl FnOnce(&mut Bounds)) -> Self {
        change(&mut self.bounds);
        self
    }

    pub async fn start(self) -> Hub {
        let (mut upstreams, mut puppets, mut specs) = (BTreeMap::new(), BTreeMap::new(), Vec::new());
        for (id, alias, plan) in self.servers {
            let transport = match plan {
                Plan::Http(script) => {
                    let upstream = Upstream::start(*script).await;
                    let transport = http(upstream.url());
                    upstreams.insert(id.clone(), upstream);
                    transport
                }
                Plan::Process(tools) => {
                    let process = Puppets::start(tools).await;
                    let command = process.command();
                    puppets.insert(id.clone(), process);
                    Transport::Stdio { command, env: BTreeMap::new(), cwd: None }
                }
                Plan::Dead => http(String::from("http://127.0.0.1:1/")),
            };
            specs.push(ServerSpec { alias, ..ServerSpec::new(id, transport) });
        }
        let policy = |id: &str| self.policies.get(id).cloned().unwrap_or_else(|| ALLOW.to_owned());
        let policies = specs.iter().map(|spec| (spec.id.clone(), policy(&spec.id).into())).collect();
        let tokens = [Token::mint().unwrap(), Token::mint().unwrap()];
        let servers: BTreeMap<_, _> =
            specs.iter().map(|spec| (spec.id.clone(), vec![spec.id.clone()])).collect();
        let grants = ["agent", "other"].into_iter().zip(&tokens).map(|(id, token)| GrantSpec {
            id: id.into(),
            token_sha256: TokenHash::of(token.expose()).map(|hash| *hash.as_bytes()),
            labels: vec![],
            expires_ms: None,
            revoked: false,
            servers: servers.clone(),
        });
        let declared = Declared { servers: specs, grants: grants.collect(), policies, baseline: vec![] };
        let folder = tempfile::tempdir().unwrap();
        let clock = ManualClock::new(NOW_MS);
        let store = Store::open(&Options::new(folder.path().join("data")), Clock::Manual(Arc::clone(&clock)))
            .unwrap();
        let gateway = Arc::new(Gateway::new(store, self.bounds));
        let (address, stop) = listen(&gateway).await;
        let [token, other_token] = tokens.map(|token| token.expose().to_owned());
        let hub =
            Hub { gateway, upstreams, puppets, token, other_token, clock, address, folder, declared, stop };
        hub.install();
        hub
    }
}

/// A server with these tools.
pub fn script(names: &[&str]) -> Script {
    names.iter().fold(Script::new(), |script, name| script.tool(Tool::new(name)))
}

/// A gateway with several servers behind it.
pub struct Hub {
    pub gateway: Arc<Gateway>,
    upstreams: BTreeMap<String, Upstream>,
    puppets: BTreeMap<String, Puppets>,
    pub token: String,
    pub other_token: String,
    pub clock: Arc<ManualClock>,
    address: SocketAddr,
    folder: tempfile::TempDir,
    pub declared: Declared,
    #[expect(dead_code, reason = "the listener ends with it")]
    stop: watch::Sender<bool>,
}

impl Hub {
    /// A server over HTTP.
    pub fn at(&self, server: &str) -> &Upstream {
        &self.upstreams[server]
    }

    /// A server that is a process.
    pub fn process(&self, server: &str) -> &Puppets {
        &self.puppets[server]
    }

    pub async fn client(&self) -> RawClient {
        RawClient::connect(self.address).await
    }

    /// A modern request as the agent sends it.
    pub fn request(&self, message: Message) -> Request {
        Request::modern(PATH, &message.modern()).bearer(&self.token)
    }

    pub async fn send(&self, request: &Request) -> Reply {
        self.client().await.exchange(request).await
    }

    pub async fn modern(&self, message: Message) -> Value {
        self.send(&self.request(message)).await.answer()
    }

    /// A session of the agent.
    pub async fn legacy(&self) -> HubClient<'_> {
        HubClient::open(self, Message::initialize(0)).await
    }

    /// All bytes that servers received from the gateway.
    pub async fn n_bytes(&self) -> u64 {
        let mut n_bytes = self.puppets.values().map(Puppets::n_bytes).sum();
        for upstream in self.upstreams.values() {
            // Whatever was sent before this exchange began is read before it ends: one event loop reads both.
            let mut direct = RawClient::connect(upstream.address()).await;
            direct.send(FENCE).await;
            direct.reply().await;
            let n_fences = upstream.messages().iter().filter(|message| message.target == "/fence").count();
            n_bytes += upstream.n_bytes() - (n_fences * FENCE.len()) as u64;
        }
        n_bytes
    }

    /// Sends a request of which no byte may reach any server.
    pub async fn untouched(&self, request: &Request) -> Reply {
        let before = self.n_bytes().await;
        let reply = self.send(request).await;
        assert_eq!(
            self.n_bytes().await,
            before,
            "bytes reached a server; {}: {}",
            reply.status,
            reply.text()
        );
        reply
    }

    /// Puts changed declarations into force.
    pub fn change(&mut self, change: impl FnOnce(&mut Declared)) {
        change(&mut self.declared);
        self.install();
    }

    fn install(&self) {
        let world = World::build(self.declared.clone(), &self.gateway.world(), &self.gateway.setup());
        self.gateway.install(world.unwrap());
    }

    pub fn books(&self) -> Books {
        self.gateway.store.close();
        Books::read(&self.folder.path().join("data"))
    }
}

/// A session over several servers.
pub struct HubClient<'a> {
    hub: &'a Hub,
    pub id: String,
    /// The answer to `initialize`.
    pub greeting: Value,
}

impl<'a> HubClient<'a> {
    pub async fn open(hub: &'a Hub, initialize: Message) -> Self {
        let request = Request::legacy(PATH, &initialize, None).bearer(&hub.token);
        let reply = hub.send(&request).await;
        let id = reply.header("mcp-session-id").unwrap_or_else(|| panic!("no session in {}", reply.text()));
        let client = Self { hub, id: id.to_owned(), greeting: reply.answer() };
        let accepted = client.send(Message::notification("notifications/initialized")).await;
        assert_eq!(accepted.status, 202);
        client
    }

    /// A request within the session, at the revision that it settled on.
    pub fn request(&self, message: Message) -> Request {
        let version = self.greeting["result"]["protocolVersion"].as_str().unwrap();
        Request::legacy(PATH, &message, Some(&self.id))
            .with("MCP-Protocol-Version", version)
            .bearer(&self.hub.token)
    }

    pub async fn send(&self, message: Message) -> Reply {
        self.hub.send(&self.request(message)).await
    }

    pub async fn ask(&self, message: Message) -> Value {
        self.send(message).await.answer()
    }

    pub async fn call(&self, tool: &str, arguments: Value) -> Value {
        self.ask(Message::call(7, tool, arguments)).await
    }

    /// A GET or DELETE of the session.
    pub fn bare(&self, method: &str) -> Request {
        Request::new(method, PATH)
            .header("Accept", "text/event-stream")
            .header("Mcp-Session-Id", &self.id)
            .bearer(&self.hub.token)
    }
}

/// The names in a list.
pub fn names(answer: &Value) -> Vec<String> {
    let lists = ["tools", "prompts"].map(|key| answer["result"][key].as_array());
    let list = lists.into_iter().flatten().next().unwrap_or_else(|| panic!("no list in {answer}"));
    list.iter().map(|entry| entry["name"].as_str().unwrap().to_owned()).collect()
}

/// A request for a list.
pub fn list(method: &str) -> Message {
    Message::request(json!("l"), method)
}
