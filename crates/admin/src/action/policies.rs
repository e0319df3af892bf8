//! Policies: list and show what is in force.
//! They are read here and changed nowhere but in their files.

use super::{COMMAND, FILE};
use crate::failure::{Failure, FailureKind};
use crate::merge::merge;
use crate::registry::{Present, Registry};
use gateway::declared::PolicyText;
use serde::{Deserialize, Serialize};
use store::config::Configuration;

/// A policy as it is shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Policy {
    /// Its name.
    pub name: String,
    /// `file` or `command`.
    pub origin: String,
    /// The hash of its normalised content; nothing where it does not load.
    pub revision: Option<String>,
    /// What happens to a tool that nothing names.
    pub default: Option<String>,
    /// Tools that it names.
    pub n_tools: u64,
    /// Whether it binds every grant.
    pub is_baseline: bool,
    /// What is probably not meant, and why it does not load.
    pub warnings: Vec<String>,
}

/// A policy with its text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Detail {
    /// The policy.
    #[serde(flatten)]
    pub policy: Policy,
    /// Grants that it binds, with the server.
    pub bindings: Vec<Binding>,
    /// The document as it was written.
    pub text: String,
    /// How it is written: `json`, `yaml` or `toml`.
    pub format: String,
}

/// Where a policy binds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Binding {
    /// The grant.
    pub grant: String,
    /// The server.
    pub server: String,
}

/// All policies.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Policies {
    /// By name.
    pub policies: Vec<Policy>,
}

impl Registry {
    /// All policies.
    ///
    /// # Errors
    /// Where the database cannot be read.
    pub async fn policies(&self) -> Result<Policies, Failure> {
        let present = self.present().await;
        let rows = self.rows().await?;
        Ok(Policies { policies: all(&present, &rows).into_iter().map(|(policy, _)| policy).collect() })
    }

    /// One policy.
    ///
    /// # Errors
    /// Where there is none of that name, or the database cannot be read.
    pub async fn policy(&self, name: &str) -> Result<Detail, Failure> {
        let present = self.present().await;
        let rows = self.rows().await?;
        let found = all(&present, &rows).into_iter().find(|(policy, _)| policy.name == name);
        let (policy, text) = found.ok_or_else(|| {
            let message = format!("there is no policy `{name}`; it would be the file policies/{name}.json");
            Failure::new(FailureKind::NotThere, message)
        })?;
        let mut bindings = Vec::new();
        for grant in self.all_grants(&present.files, &rows) {
            for (server, names) in &grant.servers {
                if names.iter().any(|bound| bound == name) {
                    bindings.push(Binding { grant: grant.id.clone(), server: server.clone() });
                }
            }
        }
        Ok(Detail { policy, bindings, text: text.text, format: text.format.as_str().to_owned() })
    }
}

fn all(present: &Present, rows: &Configuration) -> Vec<(Policy, PolicyText)> {
    let declared = merge(&present.files, rows).declared;
    let shown = |(name, text): (String, PolicyText)| {
        let is_baseline = declared.baseline.contains(&name);
        let is_file = present.files.policies.contains_key(&name);
        (shown(name, &text, is_file, is_baseline), text)
    };
    declared.policies.clone().into_iter().map(shown).collect()
}

fn shown(name: String, text: &PolicyText, is_file: bool, is_baseline: bool) -> Policy {
    let origin = if is_file { FILE } else { COMMAND }.to_owned();
    let loaded = policy::load_as(text.format, &name, text.text.as_bytes().to_vec());
    match loaded {
        Ok(loaded) => Policy {
            name,
            origin,
            revision: Some(loaded.revision_hash().to_string()),
            default: Some(effect(loaded.default()).to_owned()),
            n_tools: loaded.tool_names().count() as u64,
            is_baseline,
            warnings: loaded.warnings().iter().map(ToString::to_string).collect(),
        },
        Err(problems) => Policy {
            name,
            origin,
            revision: None,
            default: None,
            n_tools: 0,
            is_baseline,
            warnings: problems.iter().map(ToString::to_string).collect(),
        },
    }
}

fn effect(effect: policy::Effect) -> &'static str {
    match effect {
        policy::Effect::Allow => "allow",
        policy::Effect::Deny => "deny",
    }
}
