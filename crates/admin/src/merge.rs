//! Brings together what files declare and what the database holds.
//! A name must never live in both, and a reference that leads nowhere must never leave more open than before.

use crate::stored;
use gateway::declared::{Declared, GrantSpec};
use gateway::world::{LOCAL_GRANT, Problem};
use std::collections::BTreeSet;
use store::config::{Configuration, Grant};

/// Both together.
#[derive(Debug, Default)]
pub(crate) struct Merged {
    /// What is to be in force.
    pub(crate) declared: Declared,
    /// Names that live in both.
    pub(crate) problems: Vec<Problem>,
    /// What is in the database and has no effect.
    pub(crate) warnings: Vec<String>,
}

/// Merges; with any problem nothing of it may be put into force.
pub(crate) fn merge(files: &Declared, rows: &Configuration) -> Merged {
    let mut merged = Merged { declared: files.clone(), ..Merged::default() };
    merged.add_policies(files, rows);
    merged.add_servers(files, rows);
    merged.add_grants(files, rows);
    let known: BTreeSet<String> = files.baseline.iter().cloned().collect();
    let further = rows.baseline.iter().filter(|name| !known.contains(*name)).cloned();
    merged.declared.baseline.extend(further);
    merged
}

impl Merged {
    fn add_policies(&mut self, files: &Declared, rows: &Configuration) {
        for policy in &rows.policies {
            if files.policies.contains_key(&policy.name) {
                self.clash("policy", &policy.name, "remove or rename one of them");
            } else {
                self.declared.policies.insert(policy.name.clone(), policy.text.clone().into());
            }
        }
    }

    fn add_servers(&mut self, files: &Declared, rows: &Configuration) {
        for row in &rows.servers {
            if files.servers.iter().any(|spec| spec.id == row.id) {
                let advice = format!("remove it from the file, or run `toolgate server remove {}`", row.id);
                self.clash("server", &row.id, &advice);
                continue;
            }
            match stored::read(&row.id, &row.transport) {
                Some(spec) => self.declared.servers.push(spec),
                None => self.warnings.push(format!(
                    "server `{0}` was stored by another version in a form that is not known here, so it is not \
                     reachable; run that version again, or `toolgate server remove {0}`",
                    row.id
                )),
            }
        }
    }

    fn add_grants(&mut self, files: &Declared, rows: &Configuration) {
        for row in &rows.grants {
            if files.grants.iter().any(|spec| spec.id == row.id) {
                // A grant is never removed from the database, so only the file can give way.
                self.clash("grant", &row.id, "rename it in the file");
            } else {
                let spec = self.grant(row);
                self.declared.grants.push(spec);
            }
        }
    }

    fn clash(&mut self, what: &str, name: &str, advice: &str) {
        self.problems.push(Problem(format!(
            "the {what} `{name}` is declared in a file and was made by command as well; a name lives in one place \
             only: {advice}"
        )));
    }

    /// The grant without what leads nowhere: an unknown server cannot be reached, and where a policy is missing
    /// everything is denied.
    fn grant(&mut self, row: &Grant) -> GrantSpec {
        let mut spec = GrantSpec {
            id: row.id.clone(),
            token_sha256: row.token.as_ref().map(|token| *token.as_bytes()),
            labels: row.labels.clone(),
            expires_ms: row.expires.map(|at| at.as_ms()),
            revoked: row.revoked.is_some(),
            servers: row.servers.clone(),
        };
        let Declared { servers, policies, .. } = &self.declared;
        let warnings = if spec.revoked { &mut Vec::new() } else { &mut self.warnings };
        spec.servers.retain(|server, _| {
            // The local grant may name what only `wrap` brings along.
            let is_known = row.id == LOCAL_GRANT || servers.iter().any(|known| known.id == *server);
            if !is_known {
                warnings.push(format!("grant `{}` names the server `{server}`, which is not there", row.id));
            }
            is_known
        });
        for (server, names) in &mut spec.servers {
            if let Some(missing) = names.iter().find(|name| !policies.contains_key(*name)) {
                warnings.push(format!(
                    "grant `{}` names the policy `{missing}` for the server `{server}`, which is not there, so every \
                     call is denied; add policies/{missing}.json",
                    row.id
                ));
                names.clear();
            }
        }
        spec
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use gateway::declared::{ServerSpec, Transport};
    use std::collections::BTreeMap;
    use store::Timestamp;
    use store::config::{Server, StoredPolicy};

    fn server(id: &str) -> ServerSpec {
        let transport = Transport::Stdio { command: vec!["x".to_owned()], env: BTreeMap::new(), cwd: None };
        ServerSpec::new(id, transport)
    }

    fn files(servers: &[&str], grants: &[&str], policies: &[&str]) -> Declared {
        let grant = |id: &&str| GrantSpec {
            id: (*id).to_owned(),
            token_sha256: None,
            labels: Vec::new(),
            expires_ms: None,
            revoked: false,
            servers: BTreeMap::new(),
        };
        Declared {
            servers: servers.iter().map(|id| server(id)).collect(),
            grants: grants.iter().map(grant).collect(),
            policies: policies.iter().map(|name| ((*name).to_owned(), "{}".into())).collect(),
            baseline: Vec::new(),
        }
    }

    fn row(id: &str) -> Server {
        let at = Timestamp::from_ms(1);
        let transport = stored::write(&server(id)).unwrap();
        Server { id: id.to_owned(), transport, origin: "command".to_owned(), created: at, updated: at }
    }

    fn grant_row(id: &str, servers: &[(&str, &[&str])]) -> Grant {
        let list = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        Grant {
            id: id.to_owned(),
            token: None,
            labels: Vec::new(),
            origin: "command".to_owned(),
            created: Timestamp::from_ms(1),
            expires: None,
            revoked: None,
            servers: servers.iter().map(|(server, names)| ((*server).to_owned(), list(names))).collect(),
        }
    }

    #[test]
    fn both_sources_add_up() {
        let rows = Configuration {
            servers: vec![row("b")],
            grants: vec![grant_row("h", &[("a", &["p"]), ("b", &[])])],
            ..Configuration::default()
        };
        let merged = merge(&files(&["a"], &["g"], &["p"]), &rows);
        let servers: Vec<&str> = merged.declared.servers.iter().map(|spec| spec.id.as_str()).collect();
        assert_eq!((servers, merged.problems.len(), merged.warnings.len()), (vec!["a", "b"], 0, 0));
        let own = &merged.declared.grants[1].servers;
        assert_eq!((own["a"].len(), own["b"].len()), (1, 0));
    }

    #[test]
    fn a_name_in_both_is_a_problem_that_names_both_places() {
        let policy = StoredPolicy {
            name: "p".to_owned(),
            revision: 1,
            hash: String::new(),
            text: "{}".into(),
            author: "local".to_owned(),
            created: Timestamp::from_ms(1),
        };
        let rows = Configuration {
            servers: vec![row("a")],
            grants: vec![grant_row("g", &[])],
            policies: vec![policy],
            baseline: Vec::new(),
        };
        let problems = merge(&files(&["a"], &["g"], &["p"]), &rows).problems;
        assert_eq!(problems.len(), 3);
        for problem in problems {
            assert!(problem.0.contains("in a file") && problem.0.contains("by command"), "{problem}");
        }
    }

    #[test]
    fn what_leads_nowhere_opens_nothing() {
        let rows = Configuration {
            grants: vec![grant_row("g", &[("a", &["p", "gone"]), ("gone", &["p"])])],
            ..Configuration::default()
        };
        let merged = merge(&files(&["a"], &[], &["p"]), &rows);
        assert_eq!((merged.problems.len(), merged.warnings.len()), (0, 2));
        // Not `["p"]`: a stack without its missing part would allow more.
        assert_eq!(merged.declared.grants[0].servers, BTreeMap::from([("a".to_owned(), Vec::new())]));
    }

    #[test]
    fn a_server_of_another_version_is_left_out() {
        let unknown = Server { transport: "{\"format\":9}".to_owned(), ..row("b") };
        let merged =
            merge(&files(&[], &[], &[]), &Configuration { servers: vec![unknown], ..Default::default() });
        assert_eq!((merged.declared.servers.len(), merged.warnings.len()), (0, 1));
    }
}
