//! What is being learned, kept in `learning/POLICY.json` beside the configuration.
//! Must never hold anything that a gateway reads.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use serde::{Deserialize, Serialize};

use crate::init::file::write_in_one_step;

/// Only the operator reads these.
const MODE: u32 = 0o600;

/// One policy that is being learned, or was.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct State {
    /// The policy.
    pub policy: String,
    /// Since when, in milliseconds of Unix time.
    pub since_ms: u64,
    /// Until when it is meant to last.
    pub until_ms: u64,
    /// The grants and servers that it binds.
    pub bindings: Vec<(String, String)>,
    /// The policy as it was.
    pub before: String,
    /// The policy that was written in its place.
    pub after: Option<String>,
}

/// Where the state of a policy is.
#[must_use]
pub fn path(folder: &Path, policy: &str) -> PathBuf {
    folder.join("learning").join(format!("{policy}.json"))
}

impl State {
    /// The state of a policy; nothing where it is not learned.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn read(folder: &Path, policy: &str) -> anyhow::Result<Option<Self>> {
        let path = path(folder, policy);
        let text = match std::fs::read(&path) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            text => text.with_context(|| format!("cannot read `{}`", path.display()))?,
        };
        let state = serde_json::from_slice(&text);
        state
            .map(Some)
            .with_context(|| format!("`{}` is not what was written there; remove it", path.display()))
    }

    /// All states of a folder, by policy.
    ///
    /// # Errors
    /// When one cannot be read.
    pub fn all(folder: &Path) -> anyhow::Result<Vec<Self>> {
        let entries = match std::fs::read_dir(folder.join("learning")) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
            entries => entries.context("cannot list what is being learned")?,
        };
        let mut states = Vec::new();
        for entry in entries {
            let path = entry?.path();
            let is_ours = path.extension().is_some_and(|end| end == "json");
            if let Some(name) = path.file_stem().and_then(|stem| stem.to_str()).filter(|_| is_ours) {
                states.extend(Self::read(folder, name)?);
            }
        }
        states.sort_by(|one, other| one.policy.cmp(&other.policy));
        Ok(states)
    }

    /// The state of the named policy, or the only one.
    ///
    /// # Errors
    /// When there is none, or several and none is named.
    pub fn one(folder: &Path, policy: Option<&str>) -> anyhow::Result<Self> {
        if let Some(policy) = policy {
            let state = Self::read(folder, policy)?;
            return state
                .with_context(|| format!("`{policy}` is not learned; `toolgate learn start` begins it"));
        }
        let mut states = Self::all(folder)?;
        match (states.pop(), states.is_empty()) {
            (Some(state), true) => Ok(state),
            (Some(_), false) => {
                bail!("several policies are learned; name one of those that `toolgate learn status` lists")
            }
            (None, _) => bail!("nothing is learned; `toolgate learn start` begins it"),
        }
    }

    /// Keeps it.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn write(&self, folder: &Path) -> anyhow::Result<()> {
        let path = path(folder, &self.policy);
        let doing = || format!("cannot write `{}`", path.display());
        std::fs::create_dir_all(folder.join("learning")).with_context(doing)?;
        let text = serde_json::to_vec_pretty(self)?;
        write_in_one_step(&path, MODE, &text).with_context(doing)
    }

    /// Forgets it.
    ///
    /// # Errors
    /// When it cannot be removed.
    pub fn remove(&self, folder: &Path) -> anyhow::Result<()> {
        let path = path(folder, &self.policy);
        std::fs::remove_file(&path).with_context(|| format!("cannot remove `{}`", path.display()))
    }
}
