//! Status: what runs, what it has, and whether it can record calls.

use super::grants::State;
use super::recordings;
use crate::failure::Failure;
use crate::merge::merge;
use crate::registry::Registry;
use gateway::hub::Trouble;
use gateway::upstream::{EarlyEnd, Server};
use serde::{Deserialize, Serialize};
use std::path::PathBuf;
use std::sync::Arc;
use store::Timestamp;

/// Where a gateway is reached; nothing of it where it serves `wrap` clients alone.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Endpoints {
    /// The URL that stands before `/SERVER` for agents.
    pub mcp: Option<String>,
    /// The URL that health and metrics are under.
    pub admin: Option<String>,
}

/// The state of a gateway.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Status {
    /// The program's version.
    pub version: String,
    /// The process.
    pub pid: u32,
    /// How long it has run, in seconds.
    pub uptime_s: u64,
    /// Whether it serves anybody; a subcommand without a gateway looks at the data folder by itself.
    pub is_serving: bool,
    /// Where agents, health and metrics are.
    #[serde(flatten)]
    pub endpoints: Endpoints,
    /// Whether it is shutting down.
    pub is_draining: bool,
    /// The data folder.
    pub data: PathBuf,
    /// Registered servers.
    pub n_servers: u64,
    /// Grants by their state.
    pub grants: GrantCounts,
    /// Policies.
    pub n_policies: u64,
    /// Live sessions of handshake-era clients.
    pub n_sessions: u64,
    /// Servers that answers on `/mcp` had to leave out lately.
    #[serde(default)]
    pub left_out: Vec<LeftOut>,
    /// Servers whose process ended right after its last start.
    #[serde(default)]
    pub not_started: Vec<NotStarted>,
    /// Recordings of values; nothing where there are none and none are made.
    #[serde(default)]
    pub recordings: Option<recordings::State>,
    /// Why no call can be recorded; nothing while all is well.
    pub store_problem: Option<String>,
    /// What is declared and has no effect.
    pub warnings: Vec<String>,
}

/// A server that is missing from what clients of several servers see.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LeftOut {
    /// Its id.
    pub server: String,
    /// What happened.
    pub why: String,
    /// Since when.
    pub since: String,
}

/// A server whose process ended right after its start.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NotStarted {
    /// Its id.
    pub server: String,
    /// How it ended.
    pub how: String,
    /// When.
    pub at: String,
    /// The last lines of its standard error, oldest first. They may hold anything.
    pub last_lines: Vec<String>,
}

/// Grants by their state.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct GrantCounts {
    /// That can be used.
    pub valid: u64,
    /// That are over.
    pub expired: u64,
    /// That were revoked.
    pub revoked: u64,
}

fn not_started(server: &Arc<Server>) -> Option<NotStarted> {
    let EarlyEnd { at_ms, how, last_lines } = server.starts.failed()?;
    let at = Timestamp::from_ms(at_ms).to_string();
    Some(NotStarted { server: server.id.to_string(), how, at, last_lines })
}

fn left_out((server, trouble): (Arc<str>, Trouble)) -> LeftOut {
    let since = Timestamp::from_ms(trouble.since_ms).to_string();
    LeftOut { server: server.to_string(), why: trouble.why, since }
}

impl Registry {
    /// The state of the gateway.
    ///
    /// # Errors
    /// Where the database cannot be read.
    pub async fn status(&self) -> Result<Status, Failure> {
        let present = self.present().await;
        let rows = self.rows().await?;
        let mut grants = GrantCounts::default();
        for grant in self.all_grants(&present.files, &rows) {
            match grant.state {
                State::Valid => grants.valid += 1,
                State::Expired => grants.expired += 1,
                State::Revoked => grants.revoked += 1,
            }
        }
        let merged = merge(&present.files, &rows);
        let problems = merged.problems.iter().map(ToString::to_string);
        let refused = present
            .refusal
            .as_ref()
            .map(|why| format!("the configuration files were refused, so an older set is in force: {why}"));
        let gateway = self.gateway();
        Ok(Status {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            pid: std::process::id(),
            uptime_s: gateway.now_ms().saturating_sub(self.started_ms) / 1_000,
            is_serving: present.is_in_force,
            endpoints: self.endpoints.clone(),
            is_draining: gateway.is_draining(),
            data: gateway.store.folder().to_path_buf(),
            n_servers: merged.declared.servers.len() as u64,
            grants,
            n_policies: merged.declared.policies.len() as u64,
            n_sessions: gateway.sessions.len() as u64,
            left_out: gateway.hub.troubles.all().into_iter().map(left_out).collect(),
            not_started: gateway.world().servers().filter_map(not_started).collect(),
            recordings: self.recordings_state().await,
            store_problem: gateway.store.check().err().map(|error| error.to_string()),
            warnings: refused.into_iter().chain(problems).chain(merged.warnings).collect(),
        })
    }
}
