//! The present configuration as one immutable snapshot: grants, servers, policies and how they meet.
//! A snapshot is replaced as a whole; nothing in it is ever changed in place.

use crate::declared::{Declared, GrantSpec, PolicyText, ServerSpec};
use crate::hub::prefix;
use crate::reach::Reach;
use crate::upstream::{Server, Setup};
use policy::{Policy, Stack};
use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::sync::Arc;

/// An agent's access key as the pipeline sees it.
#[derive(Debug)]
pub struct Grant {
    /// Public id.
    pub id: Arc<str>,
    /// Free words for people.
    pub labels: Vec<String>,
    /// Milliseconds of Unix time after which the grant is refused.
    pub expires_ms: Option<u64>,
    /// A revoked grant authenticates nobody.
    pub revoked: bool,
    reaches: HashMap<Arc<str>, Arc<Reach>>,
    // Policies for servers that only a `wrap` client brings along.
    wrapped: HashMap<String, Vec<Arc<Policy>>>,
}

/// The grant of whoever runs `wrap` on this machine.
pub const LOCAL_GRANT: &str = "local";

impl Grant {
    fn undeclared(id: &str) -> Self {
        Self {
            id: id.into(),
            labels: Vec::new(),
            expires_ms: None,
            revoked: false,
            reaches: HashMap::new(),
            wrapped: HashMap::new(),
        }
    }

    /// The grant's way to `server`, if it has one.
    #[must_use]
    pub fn reach(&self, server: &str) -> Option<&Arc<Reach>> {
        self.reaches.get(server)
    }

    /// The grant's ways to all of its servers, in the order of their ids.
    #[must_use]
    pub fn reaches(&self) -> Vec<Arc<Reach>> {
        let mut reaches: Vec<_> = self.reaches.values().map(Arc::clone).collect();
        reaches.sort_by(|a, b| a.server.id.cmp(&b.server.id));
        reaches
    }

    /// Whether the grant may be used at `now_ms`.
    #[must_use]
    pub fn is_valid(&self, now_ms: u64) -> bool {
        !self.revoked && self.expires_ms.is_none_or(|end| now_ms < end)
    }

    /// Ids of the servers that the grant reaches.
    pub fn servers(&self) -> impl Iterator<Item = &Arc<str>> {
        self.reaches.keys()
    }
}

/// Why a set of declarations was refused; the old snapshot stays in force.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem(pub String);

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Problem {}

/// One snapshot.
#[derive(Debug, Default)]
pub struct World {
    by_token: HashMap<[u8; 32], Arc<Grant>>,
    grants: BTreeMap<Arc<str>, Arc<Grant>>,
    servers: BTreeMap<Arc<str>, Arc<Server>>,
    policies: BTreeMap<String, Arc<Policy>>,
    baseline: Vec<Arc<Policy>>,
}

impl World {
    /// Builds a snapshot, keeping the running servers of `previous` whose declaration is unchanged.
    ///
    /// # Errors
    /// Every [`Problem`] found, all at once.
    pub fn build(declared: Declared, previous: &World, setup: &Setup) -> Result<World, Vec<Problem>> {
        let mut problems = Vec::new();
        let policies = load_policies(declared.policies, previous, &mut problems);
        let baseline = find_policies(&declared.baseline, &policies, "the baseline", &mut problems);
        prefix::check(&declared.servers, &mut problems);
        let servers = build_servers(declared.servers, previous, setup, &mut problems);
        let mut world = World { policies, baseline, servers, ..World::default() };
        for spec in declared.grants {
            world.add_grant(spec, &mut problems);
        }
        if problems.is_empty() { Ok(world) } else { Err(problems) }
    }

    fn add_grant(&mut self, spec: GrantSpec, problems: &mut Vec<Problem>) {
        let mut reaches = HashMap::new();
        let mut wrapped = HashMap::new();
        for (server, names) in &spec.servers {
            let owner = format!("grant `{}`", spec.id);
            let own = find_policies(names, &self.policies, &owner, problems);
            match self.servers.get(server.as_str()) {
                Some(found) => {
                    reaches.insert(Arc::clone(&found.id), Arc::new(self.connect(found, own)));
                }
                // The local grant may name what is only wrapped, and so declared nowhere.
                None if spec.id == LOCAL_GRANT => {
                    wrapped.insert(server.clone(), own);
                }
                None => problems.push(Problem(format!(
                    "grant `{}` names the server `{server}`, which is not declared; add it or remove it from the grant",
                    spec.id
                ))),
            }
        }
        let grant = Arc::new(Grant {
            id: spec.id.as_str().into(),
            labels: spec.labels,
            expires_ms: spec.expires_ms,
            revoked: spec.revoked,
            reaches,
            wrapped,
        });
        if self.grants.insert(Arc::clone(&grant.id), Arc::clone(&grant)).is_some() {
            problems.push(Problem(format!(
                "grant `{}` is declared twice; a name lives in one place only",
                spec.id
            )));
        }
        if let Some(hash) = spec.token_sha256
            && self.by_token.insert(hash, grant).is_some()
        {
            problems.push(Problem(format!(
                "grant `{}` has the same token as another grant; give each its own",
                spec.id
            )));
        }
    }

    /// A way from a grant to `server` under the baseline and then `own` policies.
    /// A grant without enforced policies of its own there is denied everything, whatever the baseline says.
    #[must_use]
    pub fn connect(&self, server: &Arc<Server>, own: Vec<Arc<Policy>>) -> Reach {
        let has_own = own.iter().any(|policy| !policy.is_shadow());
        let baseline = self.baseline.iter().filter(|_| has_own);
        let stack = baseline.chain(&own).cloned().collect();
        Reach::new(Arc::clone(server), Stack::new(stack), own)
    }

    /// The way of the grant `id` to a server that a `wrap` client brought along: under the policies that the grant
    /// has for a server of this id, and `policy`. The grant `local` is there without being declared.
    #[must_use]
    pub fn wrap(
        &self,
        id: &str,
        server: &Arc<Server>,
        policy: Option<&str>,
    ) -> Option<(Arc<Grant>, Arc<Reach>)> {
        let grant = match self.grant(id) {
            Some(grant) => Arc::clone(grant),
            None if id == LOCAL_GRANT => Arc::new(Grant::undeclared(id)),
            None => return None,
        };
        let declared = grant.reach(&server.id).map(|reach| &reach.own);
        let mut own = declared.or_else(|| grant.wrapped.get(&*server.id)).cloned().unwrap_or_default();
        if let Some(name) = policy {
            // A policy that is named but not there denies everything rather than being left out.
            let Some(policy) = self.policy(name) else {
                return Some((grant, Arc::new(self.connect(server, vec![]))));
            };
            if !own.iter().any(|known| Arc::ptr_eq(known, policy)) {
                own.push(Arc::clone(policy));
            }
        }
        Some((grant, Arc::new(self.connect(server, own))))
    }

    /// The grant whose token has this SHA-256.
    #[must_use]
    pub fn grant_by_token(&self, sha256: &[u8; 32]) -> Option<&Arc<Grant>> {
        self.by_token.get(sha256)
    }

    /// The grant of this public id.
    #[must_use]
    pub fn grant(&self, id: &str) -> Option<&Arc<Grant>> {
        self.grants.get(id)
    }

    /// All grants by id.
    pub fn grants(&self) -> impl Iterator<Item = &Arc<Grant>> {
        self.grants.values()
    }

    /// All servers by id.
    pub fn servers(&self) -> impl Iterator<Item = &Arc<Server>> {
        self.servers.values()
    }

    /// The server of this id.
    #[must_use]
    pub fn server(&self, id: &str) -> Option<&Arc<Server>> {
        self.servers.get(id)
    }

    /// The policy of this name.
    #[must_use]
    pub fn policy(&self, name: &str) -> Option<&Arc<Policy>> {
        self.policies.get(name)
    }

    /// All policies by name.
    pub fn policies(&self) -> impl Iterator<Item = &Arc<Policy>> {
        self.policies.values()
    }
}

fn load_policies(
    texts: BTreeMap<String, PolicyText>,
    previous: &World,
    problems: &mut Vec<Problem>,
) -> BTreeMap<String, Arc<Policy>> {
    let mut policies = BTreeMap::new();
    for (name, PolicyText { format, text }) in texts {
        match policy::load_as(format, &name, text.into_bytes()) {
            Ok(loaded) => {
                let kept =
                    previous.policies.get(&name).filter(|old| old.revision_hash() == loaded.revision_hash());
                let policy = kept.map_or_else(|| Arc::new(loaded), Arc::clone);
                policies.insert(name, policy);
            }
            Err(diagnostics) => problems
                .extend(diagnostics.iter().map(|problem| Problem(format!("policy `{name}`: {problem}")))),
        }
    }
    policies
}

fn find_policies(
    names: &[String],
    policies: &BTreeMap<String, Arc<Policy>>,
    owner: &str,
    problems: &mut Vec<Problem>,
) -> Vec<Arc<Policy>> {
    let mut found = Vec::with_capacity(names.len());
    for name in names {
        match policies.get(name) {
            Some(policy) => found.push(Arc::clone(policy)),
            None => problems.push(Problem(format!(
                "{owner} names the policy `{name}`, which does not exist; add policies/{name}.json or correct the name"
            ))),
        }
    }
    found
}

fn build_servers(
    specs: Vec<ServerSpec>,
    previous: &World,
    setup: &Setup,
    problems: &mut Vec<Problem>,
) -> BTreeMap<Arc<str>, Arc<Server>> {
    let mut servers = BTreeMap::new();
    for spec in specs {
        let kept = previous.servers.get(spec.id.as_str()).filter(|old| old.spec == spec);
        let server = match kept {
            Some(server) => Arc::clone(server),
            None => match Server::new(spec, setup) {
                Ok(server) => Arc::new(server),
                Err(problem) => {
                    problems.push(Problem(problem.to_string()));
                    continue;
                }
            },
        };
        if let Some(old) = servers.insert(Arc::clone(&server.id), server) {
            problems.push(Problem(format!(
                "server `{}` is declared twice; a name lives in one place only",
                old.id
            )));
        }
    }
    servers
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::declared::Transport;
    use crate::upstream::Command;
    use mcp::http::Clock;

    fn setup() -> Setup {
        Setup { clock: Clock::new(|| 0), metrics: Arc::default() }
    }

    fn declared(grant: &str) -> Declared {
        Declared {
            grants: vec![GrantSpec {
                id: grant.into(),
                token_sha256: None,
                labels: vec![],
                expires_ms: None,
                revoked: false,
                servers: BTreeMap::from([("git".into(), vec!["read".into()])]),
            }],
            policies: BTreeMap::from([("read".into(), r#"{"version":"1","default":"deny"}"#.into())]),
            ..Declared::default()
        }
    }

    fn wrapped(id: &str) -> Arc<Server> {
        let transport = Transport::Stdio { command: vec!["x".into()], env: BTreeMap::new(), cwd: None };
        let spec = ServerSpec::new(id, transport);
        let command = Command::exact("x".into(), vec![], vec![], "/".into());
        Arc::new(Server::wrapped(spec, command, None, &setup()))
    }

    #[test]
    fn only_the_local_grant_may_name_a_server_that_is_declared_nowhere() {
        let world = World::build(declared(LOCAL_GRANT), &World::default(), &setup()).unwrap();
        let n_policies =
            |id: &str| world.wrap(LOCAL_GRANT, &wrapped(id), None).map(|(_, reach)| reach.own.len());
        assert_eq!(n_policies("git"), Some(1));
        assert_eq!(n_policies("other"), Some(0), "without a policy everything is denied");
        assert!(World::build(declared("agent"), &World::default(), &setup()).is_err());
    }

    #[test]
    fn a_policy_that_is_named_but_not_there_leaves_nothing_open() {
        let world = World::build(declared(LOCAL_GRANT), &World::default(), &setup()).unwrap();
        let reach = world.wrap(LOCAL_GRANT, &wrapped("git"), Some("missing")).map(|(_, reach)| reach);
        assert!(reach.is_some_and(|reach| reach.stack.policies().is_empty()));
    }
}
