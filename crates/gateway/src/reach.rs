//! A grant's way to one server: the server, the stack of policies that binds there, and the tools bound to it.
//! Binding is done once per definition and kept; a call only looks it up.

use crate::definitions::{MAX_TOOLS, Tool};
use crate::upstream::Server;
use policy::{Bound, Channel, Policy, Stack};
use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

/// Bound tools that are kept: two whole lists. A server may invent names for ever.
const MAX_BOUND: usize = 2 * MAX_TOOLS;

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
    bound: RwLock<HashMap<Arc<str>, Binding>>,
}

#[derive(Debug)]
struct Binding {
    definition: [u8; 32],
    bound: Arc<Bound>,
}

impl Reach {
    /// Whether anything of a channel could be allowed now or later.
    #[must_use]
    pub fn may_open(&self, channel: Channel) -> bool {
        self.stack.may_open_from(channel, Some(self.server.now_ms()))
    }

    /// Whether a list that is made now shows an entry.
    #[must_use]
    pub fn lists(&self, channel: Channel, subject: &str) -> bool {
        self.stack.lists_from(channel, subject, Some(self.server.now_ms()))
    }

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
        if let Some(binding) = cached.get(&tool.name)
            && binding.definition == tool.hash
        {
            return Arc::clone(&binding.bound);
        }
        drop(cached);
        let bound = Arc::new(self.stack.bind(&tool.definition));
        let mut cache = self.bound.write().unwrap_or_else(PoisonError::into_inner);
        if cache.len() >= MAX_BOUND {
            cache.clear();
        }
        let binding = Binding { definition: tool.hash, bound: Arc::clone(&bound) };
        cache.insert(Arc::clone(&tool.name), binding);
        bound
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::declared::{ServerSpec, Transport};
    use crate::upstream::Setup;
    use mcp::http::Clock;
    use policy::Definition;

    fn reach() -> Reach {
        let transport = Transport::Http {
            url: String::from("http://127.0.0.1:1/"),
            headers: Default::default(),
            ca_file: None,
            insecure: false,
        };
        let spec = ServerSpec::new("s", transport);
        let setup = Setup { clock: Clock::new(|| 0), metrics: Arc::default() };
        let server = Server::new(spec, &setup).unwrap();
        Reach::new(Arc::new(server), Stack::new(Vec::new()), Vec::new())
    }

    fn tool(name: &str, about: &str) -> Arc<Tool> {
        let text =
            format!(r#"{{"name":"{name}","description":"{about}","inputSchema":{{"type":"object"}}}}"#);
        let document = json::Document::scan(text.into_bytes(), &json::Limits::default()).unwrap();
        Arc::new(Tool::read("s", document.root()).unwrap())
    }

    #[test]
    fn a_tool_is_bound_once_until_its_definition_changes() {
        let reach = reach();
        let first = reach.bind(&tool("a", "x"));
        assert!(Arc::ptr_eq(&first, &reach.bind(&tool("a", "x"))));
        assert!(!Arc::ptr_eq(&first, &reach.bind(&tool("a", "y"))));
    }

    #[test]
    fn names_that_a_server_invents_do_not_make_it_grow() {
        let (reach, sample) = (reach(), tool("a", ""));
        for n in 0..MAX_BOUND + 10 {
            let definition = Definition { name: n.to_string(), ..sample.definition.clone() };
            let (name, mirrored) = (n.to_string().into(), sample.mirrored.clone());
            let (hash_text, canonical) = (String::new(), String::new());
            let tool = Tool { name, hash: sample.hash, hash_text, mirrored, canonical, definition };
            drop(reach.bind(&Arc::new(tool)));
        }
        assert_eq!(reach.bound.read().unwrap().len(), 10);
    }
}
