//! Sets the demonstration up: a folder of its own with a real configuration, the sample server, the gateway.
//! Everything runs on loopback and is gone when it ends.

use super::server::SampleServer;
use crate::config::source::Source;
use crate::owner::{self, Owner, Serves};
use anyhow::Context as _;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use store::{Token, TokenHash};

/// Where the demonstration's policy applies.
pub const SERVER: &str = "imaging";
const POLICY: &str = include_str!("policy.json");

/// What the demonstration plays on.
#[derive(Debug)]
pub struct Stage {
    /// The gateway.
    pub owner: Owner,
    /// The sample server behind it.
    pub sample: SampleServer,
    /// The agent's token.
    pub token: String,
    /// Where the agent connects.
    pub url: String,
    /// The data folder.
    pub data: PathBuf,
    folder: tempfile::TempDir,
}

impl Stage {
    /// Builds it up.
    ///
    /// # Errors
    /// Where a folder cannot be made or a port is taken.
    pub async fn set(port: u16) -> anyhow::Result<Self> {
        let folder = tempfile::Builder::new().prefix("toolgate-demo-").tempdir();
        let folder = folder.context("making a folder for the demonstration")?;
        let sample = SampleServer::start(SocketAddr::from((Ipv4Addr::LOCALHOST, 0))).await?;
        let token = Token::mint().context("minting a token")?.expose().to_owned();
        write(folder.path(), port, &sample.url(), &token)?;
        let source = Source {
            file: Some(folder.path().join("toolgate.toml")),
            folder: folder.path().to_path_buf(),
            default_data: None,
        };
        let loaded = owner::load(&source)?;
        let owner = Owner::start(loaded, Serves::Everybody).await;
        let owner = owner.with_context(|| format!("starting the gateway with `--port {port}`"))?;
        let mcp = owner.endpoints.mcp.as_ref().context("the demonstration listens on a port")?;
        let url = format!("{mcp}/{SERVER}");
        let data = folder.path().join("data");
        Ok(Self { owner, sample, token, url, data, folder })
    }

    /// The folder with the configuration.
    #[must_use]
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }
}

fn write(folder: &Path, port: u16, sample_url: &str, token: &str) -> anyhow::Result<()> {
    let hash = TokenHash::of(token).context("hashing the token")?;
    let toml = format!(
        "listen = \"127.0.0.1:{port}\"\nadmin_listen = \"127.0.0.1:0\"\ndata = \"data\"\n\n\
         [servers.{SERVER}]\nurl = \"{sample_url}\"\n\n\
         [grants.agent]\ntoken_hash = \"sha256:{hash}\"\n\n\
         [grants.agent.servers]\n{SERVER} = [\"{SERVER}\"]\n"
    );
    let policies = folder.join("policies");
    std::fs::create_dir(&policies).context("making the policies folder")?;
    std::fs::write(policies.join(format!("{SERVER}.json")), POLICY).context("writing the policy")?;
    std::fs::write(folder.join("toolgate.toml"), toml).context("writing the configuration")
}

/// The policy that the demonstration applies.
#[must_use]
pub fn policy() -> &'static str {
    POLICY
}
