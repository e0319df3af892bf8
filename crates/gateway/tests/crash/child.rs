//! The gateway that dies: this test started again, told by its environment what to be.

use gateway::declared::{GrantSpec, ServerSpec, Transport};
use gateway::front::http::HttpFront;
use gateway::front::listener;
use gateway::{Bounds, Declared, Gateway, World};
use mcp::headers::hosts::AllowList;
use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use store::clock::Clock;
use store::{Durability, Options, Store, TokenHash};
use tokio::sync::watch;

const FOLDER: &str = "GATEWAY_CRASH_FOLDER";
const UPSTREAM: &str = "GATEWAY_CRASH_UPSTREAM";
const DURABILITY: &str = "GATEWAY_CRASH_DURABILITY";

/// The one client's token; nothing but these tests takes it.
pub const TOKEN: &str = "tg_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

/// A running gateway.
pub struct Child {
    process: std::process::Child,
    pub address: SocketAddr,
}

impl Child {
    pub fn start(folder: &Path, upstream: &str, durability: &str, fault: Option<&str>) -> Self {
        let mut command = Command::new(std::env::current_exe().expect("this test"));
        command.env(FOLDER, folder).env(UPSTREAM, upstream).env(DURABILITY, durability);
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        if let Some(fault) = fault {
            command.env("TOOLGATE_FAULT", fault);
        }
        let mut process = command.spawn().expect("a child");
        let mut line = String::new();
        let output = process.stdout.take().expect("its output");
        BufReader::new(output).read_line(&mut line).expect("its address");
        Self { process, address: line.trim().parse().expect("an address") }
    }

    /// Ends it in good order, unless it is dead; the signal that ended it.
    pub fn end(mut self) -> Option<i32> {
        drop(self.process.stdin.take());
        let status = self.process.wait().expect("a child that ends");
        assert!(status.success() || status.signal().is_some(), "{status}");
        status.signal()
    }

    /// Ends it by `kill -9`.
    pub fn kill(mut self) {
        self.process.kill().expect("a child to kill");
        self.process.wait().expect("a child that ends");
    }
}

/// Serves until standard input ends, where this process is a child.
pub async fn serve_if_asked() -> bool {
    let Some(folder) = std::env::var_os(FOLDER) else { return false };
    let mut options = Options::new(Path::new(&folder).join("data"));
    if std::env::var(DURABILITY).as_deref() == Ok("power") {
        options.durability = Durability::Power;
    }
    let store = Store::open(&options, Clock::System).expect("a store");
    let gateway = Arc::new(Gateway::new(store, Bounds::default()));
    let world = World::build(declared(), &World::default(), &gateway.setup()).expect("a world");
    gateway.install(world);
    let socket = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    println!("{}", socket.local_addr().expect("an address"));
    let front = HttpFront { gateway: Arc::clone(&gateway), allowed: AllowList::loopback() };
    let stop = watch::Sender::new(false);
    let serving = tokio::spawn(listener::serve(Arc::new(front), socket, None, stop.subscribe()));
    let until = tokio::task::spawn_blocking(|| std::io::stdin().lines().count());
    until.await.expect("the end of the input");
    stop.send_replace(true);
    serving.await.expect("a listener that ends");
    gateway.store.close();
    true
}

fn declared() -> Declared {
    let url = std::env::var(UPSTREAM).expect("an upstream");
    let transport = Transport::Http { url, headers: BTreeMap::new(), ca_file: None, insecure: false };
    let server = ServerSpec { timeout_s: 60, idle_stop_s: 60, ..ServerSpec::new("imaging", transport) };
    let grant = GrantSpec {
        id: "radiology".into(),
        token_sha256: TokenHash::of(TOKEN).map(|hash| *hash.as_bytes()),
        labels: vec![],
        expires_ms: None,
        revoked: false,
        servers: BTreeMap::from([("imaging".into(), vec!["hundred".into()])]),
    };
    let policy = r#"{"version": "1", "default": "deny", "tools": {"copy": {
        "limits": [{"counter": "c", "window": "day", "max": 100, "scope": "grant"}]}}}"#;
    Declared {
        servers: vec![server],
        grants: vec![grant],
        policies: BTreeMap::from([("hundred".into(), policy.into())]),
        baseline: vec![],
    }
}
