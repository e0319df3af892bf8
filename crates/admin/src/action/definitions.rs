//! Tool definitions: what servers listed, as its text.
//! Only for reading; a definition is never written here, and what a server said is never more than evidence.

use crate::failure::Failure;
use crate::registry::Registry;
use serde::{Deserialize, Serialize};

/// The servers that ever listed a tool.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Servers {
    /// Their ids, those of wrapped and of removed servers among them.
    pub servers: Vec<String>,
}

/// What one server lists, and what it once listed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Definitions {
    /// By name, and by when they were first seen.
    pub definitions: Vec<Definition>,
}

/// One definition.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Definition {
    /// The tool's name.
    pub name: String,
    /// The hash of the definition.
    pub hash: String,
    /// Whether the last list holds it.
    pub is_listed: bool,
    /// Canonical JSON.
    pub canonical: String,
}

impl Registry {
    /// The servers that ever listed a tool.
    ///
    /// # Errors
    /// Where the database cannot be read.
    pub async fn listed_servers(&self) -> Result<Servers, Failure> {
        Ok(Servers { servers: self.config().listed_servers().await? })
    }

    /// The definitions of one server, which may be gone.
    ///
    /// # Errors
    /// Where the database cannot be read.
    pub async fn definitions(&self, server: &str) -> Result<Definitions, Failure> {
        let stored = self.config().definitions(server).await?.into_iter();
        let definitions = stored.map(|stored| Definition {
            name: stored.name,
            hash: stored.hash,
            is_listed: stored.is_current,
            canonical: stored.canonical,
        });
        Ok(Definitions { definitions: definitions.collect() })
    }
}
