//! A grant's way to one server: the server, the stack of policies that binds there, and the tools bound to it.
//! Binding is done once per definition and kept; a call only looks it up.

use crate::definitions::Tool;
use crate::upstream::Server;
use policy::{Bound, Policy, Stack};
use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

/// A grant's way to one server.
#[derive(Debug)]
pub struct Reach {
    /// The upstream.
    pub server: Arc<Server>,
    /// The policies that must all allow, baseline first.
    pub stack: Stack,
    /// Those of them that are the grant's own.
    pub own: Vec<Arc<Policy>>,
    /// Name and revision of each policy of the stack, as records hold them.
    pub revisions: Vec<(Arc<str>, String)>,
    bound: RwLock<HashMap<Arc<str>, (Arc<Tool>, Arc<Bound>)>>,
}

impl Reach {
    /// A way to `server` under `stack`.
    #[must_use]
    pub fn new(server: Arc<Server>, stack: Stack, own: Vec<Arc<Policy>>) -> Self {
        let revision = |policy: &Arc<Policy>| (Arc::clone(policy.name()), policy.revision_hash().to_string());
        let revisions = stack.policies().iter().map(revision).collect();
        Self { server, stack, own, revisions, bound: RwLock::default() }
    }

    /// The stack bound to `tool`, from the cache where the definition is still the same.
    #[must_use]
    pub fn bind(&self, tool: &Arc<Tool>) -> Arc<Bound> {
        let cached = self.bound.read().unwrap_or_else(PoisonError::into_inner);
        if let Some((definition, bound)) = cached.get(&tool.name)
            && definition.hash == tool.hash
        {
            return Arc::clone(bound);
        }
        drop(cached);
        let bound = Arc::new(self.stack.bind(&tool.definition));
        let mut cache = self.bound.write().unwrap_or_else(PoisonError::into_inner);
        cache.insert(Arc::clone(&tool.name), (Arc::clone(tool), Arc::clone(&bound)));
        bound
    }
}
