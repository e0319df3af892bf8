//! What the audit says of a change.
//! It must never hold a token, or the value of a variable or header.

use gateway::declared::{Declared, ServerSpec, Transport};
use std::collections::BTreeMap;
use store::audit::{Change, ChangeKind};
use store::{Store, StoreError};

/// Who changes something over the local socket: whoever opens it is the operator.
pub(crate) const LOCAL: &str = "local";
/// Who changes something by editing a file.
pub(crate) const FILE: &str = "file";

/// One change, before it is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Record {
    kind: ChangeKind,
    actor: &'static str,
    action: &'static str,
    target: String,
    details: Vec<(String, String)>,
}

impl Record {
    /// Hands it to the store; it is on the disk when this returns.
    ///
    /// # Errors
    /// Where it could not be recorded.
    pub(crate) async fn write(&self, store: &Store) -> Result<(), StoreError> {
        let details: Vec<(&str, &str)> =
            self.details.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let (kind, actor, action) = (self.kind, self.actor, self.action);
        store.record(&Change { kind, actor, action, target: &self.target, details: &details }).await
    }

    fn admin(action: &'static str, target: &str, details: Vec<(String, String)>) -> Self {
        Self { kind: ChangeKind::Admin, actor: LOCAL, action, target: target.to_owned(), details }
    }

    /// A server was added. Of its command only the program is told, of its URL only the host: the rest may hold
    /// secrets.
    pub(crate) fn server_added(spec: &ServerSpec) -> Self {
        let detail = match &spec.transport {
            Transport::Stdio { command, .. } => ("program", command.first().cloned().unwrap_or_default()),
            Transport::Http { url, .. } | Transport::Sse { url, .. } => ("host", host_of(url).to_owned()),
        };
        Self::admin("server.add", &spec.id, vec![(detail.0.to_owned(), detail.1)])
    }

    /// A server was removed.
    pub(crate) fn server_removed(id: &str) -> Self {
        Self::admin("server.remove", id, Vec::new())
    }

    /// A grant was made.
    pub(crate) fn grant_created(
        id: &str,
        labels: &[String],
        expires: Option<&str>,
        servers: &BTreeMap<String, Vec<String>>,
    ) -> Self {
        let mut details = Vec::new();
        let mut add = |name: &str, value: String| details.push((name.to_owned(), value));
        if !labels.is_empty() {
            add("labels", labels.join(", "));
        }
        if let Some(expires) = expires {
            add("expires", expires.to_owned());
        }
        for (server, policies) in servers {
            add(&format!("server {server}"), policies.join(", "));
        }
        Self::admin("grant.create", id, details)
    }

    /// A grant was revoked.
    pub(crate) fn grant_revoked(id: &str) -> Self {
        Self::admin("grant.revoke", id, Vec::new())
    }

    /// The values of a recording were shown.
    pub(crate) fn recording_shown(call: &str) -> Self {
        Self::admin("recordings.show", call, Vec::new())
    }

    /// Recordings were removed; `which` is empty for all of them.
    pub(crate) fn recordings_purged(which: Vec<(String, String)>) -> Self {
        let target = if which.is_empty() { "all" } else { "some" };
        Self::admin("recordings.purge", target, which)
    }

    /// A change that was announced did not come about.
    pub(crate) fn failed(&self) -> Self {
        let mut details = self.details.clone();
        details.push(("failed".to_owned(), self.action.to_owned()));
        Self { action: "change.failed", details, ..self.clone() }
    }

    /// A set of files is in force; `policies` are names and revision hashes.
    pub(crate) fn files_applied(declared: &Declared, policies: &[(String, String)]) -> Self {
        let mut details = vec![
            ("servers".to_owned(), declared.servers.len().to_string()),
            ("grants".to_owned(), declared.grants.len().to_string()),
            ("policies".to_owned(), policies.len().to_string()),
        ];
        details.extend(policies.iter().map(|(name, hash)| (format!("policy {name}"), hash.clone())));
        let target = "files".to_owned();
        Self { kind: ChangeKind::Config, actor: FILE, action: "config.apply", target, details }
    }

    /// A set of files was refused and the old one stays.
    pub(crate) fn files_refused(n_problems: usize) -> Self {
        let details = vec![("problems".to_owned(), n_problems.to_string())];
        let target = "files".to_owned();
        Self { kind: ChangeKind::Config, actor: FILE, action: "config.refuse", target, details }
    }
}

/// A URL's host; everything else of it may hold a secret.
fn host_of(url: &str) -> &str {
    let rest = url.split_once("://").map_or("", |(_, rest)| rest);
    let authority = rest.split(['/', '?', '#']).next().unwrap_or("");
    authority.rsplit('@').next().unwrap_or("")
}

#[cfg(test)]
mod tests {
    use super::*;
    use gateway::declared::Setting;
    use std::collections::BTreeMap;

    #[test]
    fn secrets_stay_out() {
        let secret = || BTreeMap::from([("X".to_owned(), Setting::Literal("very-secret".to_owned()))]);
        let stdio = Transport::Stdio {
            command: vec!["npx".to_owned(), "--key=very-secret".to_owned()],
            env: secret(),
            cwd: None,
        };
        let http = Transport::Http {
            url: "https://user:very-secret@mcp.example:8443/very-secret?key=very-secret".to_owned(),
            headers: secret(),
            ca_file: None,
            insecure: false,
        };
        for (transport, shown) in [(stdio, "npx"), (http, "mcp.example:8443")] {
            let spec = ServerSpec::new("a", transport);
            let text = format!("{:?}", Record::server_added(&spec));
            assert!(text.contains(shown) && !text.contains("very-secret"), "{text}");
        }
    }
}
