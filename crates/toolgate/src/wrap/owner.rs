//! Finds the owner of the data folder, or starts one that outlives this process.

use crate::owner::place::Place;
use anyhow::{Context as _, bail};
use std::os::unix::fs::OpenOptionsExt as _;
use std::os::unix::process::CommandExt as _;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::Duration;
use tokio::net::UnixStream;

/// Between two looks for the owner's socket.
const LOOK: Duration = Duration::from_millis(20);
/// Longest wait for an owner that was started: recovery of a large journal takes a while.
const MAX_LOOKS: u32 = 1_500;

/// How an owner is started.
#[derive(Debug, Clone)]
pub struct Launch {
    /// This program.
    pub program: PathBuf,
    /// The configuration file, if one is used.
    pub config: Option<PathBuf>,
    /// The data folder, for the owner's log.
    pub data: PathBuf,
}

/// A connection to the owner's socket for `wrap` clients.
///
/// # Errors
/// Where no owner answers.
pub async fn connect(place: &Place, launch: &Launch) -> anyhow::Result<UnixStream> {
    let path = place.wrap();
    if let Some(stream) = Place::connect(&path).await? {
        return Ok(stream);
    }
    let mut owner = start(launch)?;
    for _ in 0..MAX_LOOKS {
        tokio::time::sleep(LOOK).await;
        if let Some(stream) = Place::connect(&path).await? {
            return Ok(stream);
        }
        // Where several start one at the same moment, one becomes the owner and the others end.
        let ended = owner.try_wait().context("watching the gateway that was started")?;
        if ended.is_some_and(|status| !status.success()) && Place::connect(&place.admin()).await?.is_none() {
            bail!(
                "no gateway could be started for `{}`; its log is {}",
                launch.data.display(),
                log(launch).display()
            );
        }
    }
    bail!("the gateway that was started does not answer; its log is {}", log(launch).display())
}

fn start(launch: &Launch) -> anyhow::Result<std::process::Child> {
    if let Some(parent) = launch.data.parent() {
        std::fs::create_dir_all(parent).with_context(|| format!("creating `{}`", parent.display()))?;
    }
    let log = std::fs::File::options()
        .create(true)
        .append(true)
        .mode(0o600)
        .open(log(launch))
        .with_context(|| format!("opening the log `{}`", log(launch).display()))?;
    let mut command = Command::new(&launch.program);
    if let Some(config) = &launch.config {
        command.arg("--config").arg(config);
    }
    // A group of its own: what ends the client must not end the owner of what others use.
    command.args(["up", "--for-wrap"]).process_group(0);
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(log);
    command.spawn().context("starting the gateway")
}

/// Beside the data folder, which the owner itself makes.
pub(super) fn log(launch: &Launch) -> PathBuf {
    let mut name = launch.data.file_name().unwrap_or_default().to_owned();
    name.push(".log");
    launch.data.with_file_name(name)
}
