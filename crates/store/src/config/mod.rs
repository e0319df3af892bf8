//! The configuration database, `toolgate.db`: what command line, API or pages made.
//! Must never hold a token, only its hash; every change is on disk before it is answered for.

mod definitions;
mod error;
mod grants;
mod handle;
mod policies;
mod schema;
mod servers;

pub use definitions::{Definition, SeenDefinition};
pub use error::ConfigError;
pub use grants::Grant;
pub use handle::ConfigStore;
pub use policies::StoredPolicy;
pub use servers::Server;

/// All that is in force, read in one step.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Configuration {
    /// Servers, by id.
    pub servers: Vec<Server>,
    /// Grants, by id; revoked and expired ones too, so that a refusal can be explained in the audit.
    pub grants: Vec<Grant>,
    /// The present revision of each policy, by name.
    pub policies: Vec<StoredPolicy>,
    /// Policies that bind every grant, before its own.
    pub baseline: Vec<String>,
}
