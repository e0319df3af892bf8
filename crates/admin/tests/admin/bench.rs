//! A gateway with a registry on a data folder of its own.
//!
//! Must never: share a folder between two tests.

use admin::Registry;
use admin::action::grants::NewGrant;
use admin::action::servers::NewServer;
use gateway::declared::{Declared, GrantSpec, ServerSpec, Transport};
use gateway::{Bounds, Gateway};
use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use store::audit::{Filter, query};
use store::clock::{Clock, ManualClock};
use store::{Options, Store};

/// 2026-11-20T13:14:15Z.
pub const NOW_MS: u64 = 1_795_180_455_000;

pub const POLICY: &str = r#"{"version": "1", "default": "deny", "tools": {"read": {}}}"#;

pub struct Bench {
    temporary: tempfile::TempDir,
    pub clock: Arc<ManualClock>,
    pub gateway: Arc<Gateway>,
    pub registry: Arc<Registry>,
}

impl Bench {
    /// With nothing applied.
    pub fn bare() -> Self {
        let (temporary, clock) = (tempfile::tempdir().unwrap(), ManualClock::new(NOW_MS));
        Self::open(temporary, clock)
    }

    /// With these files in force.
    pub async fn with(files: Declared) -> Self {
        let bench = Self::bare();
        bench.registry.apply_files(files).await.unwrap();
        bench
    }

    fn open(temporary: tempfile::TempDir, clock: Arc<ManualClock>) -> Self {
        let options = Options { free_space_reserve_bytes: 0, ..Options::new(temporary.path().join("data")) };
        let store = Store::open(&options, Clock::Manual(Arc::clone(&clock))).unwrap();
        let gateway = Arc::new(Gateway::new(store, Bounds::default()));
        let registry = Arc::new(Registry::new(Arc::clone(&gateway)));
        Self { temporary, clock, gateway, registry }
    }

    /// The process ends and another one takes over.
    pub async fn restarted(self, files: Declared) -> Self {
        let Self { temporary, clock, gateway, registry } = self;
        gateway.store.close();
        drop((gateway, registry));
        let bench = Self::open(temporary, clock);
        bench.registry.apply_files(files).await.unwrap();
        bench
    }

    pub fn data(&self) -> PathBuf {
        self.temporary.path().join("data")
    }

    /// Actions and targets of the audit's changes, in order.
    pub fn changes(&self) -> Vec<String> {
        let mut found = Vec::new();
        let mut each = |line: &str| {
            let record: serde_json::Value = serde_json::from_str(line).unwrap();
            if let Some(action) = record["action"].as_str() {
                found.push(format!(
                    "{action} {} by {}",
                    record["target"].as_str().unwrap(),
                    record["actor"].as_str().unwrap()
                ));
            }
            ControlFlow::Continue(())
        };
        query(&self.data(), &Filter::default(), &mut each).unwrap();
        found
    }

    /// Whether any file of the data folder holds this text.
    pub fn is_on_disk(&self, text: &str) -> bool {
        fn holds(folder: &Path, text: &[u8]) -> bool {
            std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).any(|path| {
                if path.is_dir() {
                    return holds(&path, text);
                }
                path.is_file()
                    && std::fs::read(&path).unwrap().windows(text.len()).any(|window| window == text)
            })
        }
        holds(&self.data(), text.as_bytes())
    }
}

fn texts(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|text| (*text).to_owned()).collect()
}

/// Files with one server `imaging`, one grant `radiology` that reaches it, and one policy `imaging`.
pub fn files() -> Declared {
    Declared {
        servers: vec![server("imaging")],
        grants: vec![GrantSpec {
            id: "radiology".to_owned(),
            token_sha256: Some([7; 32]),
            labels: Vec::new(),
            expires_ms: None,
            revoked: false,
            servers: BTreeMap::from([("imaging".to_owned(), texts(&["imaging"]))]),
        }],
        policies: BTreeMap::from([("imaging".to_owned(), POLICY.into())]),
        baseline: Vec::new(),
    }
}

pub fn server(id: &str) -> ServerSpec {
    let transport = Transport::Stdio { command: texts(&["true"]), env: BTreeMap::new(), cwd: None };
    ServerSpec::new(id, transport)
}

pub fn new_server(id: &str) -> NewServer {
    NewServer { id: id.to_owned(), command: texts(&["true", "--flag"]), ..NewServer::default() }
}

pub fn new_grant(id: &str, servers: &[(&str, &[&str])]) -> NewGrant {
    let servers = servers.iter().map(|(server, policies)| ((*server).to_owned(), texts(policies))).collect();
    NewGrant { id: id.to_owned(), servers, ..NewGrant::default() }
}
