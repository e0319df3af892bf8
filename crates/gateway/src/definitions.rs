//! The tools that a server lists: the stored list that names are resolved against.
//! A name that is not here is unknown, whatever the server would do with it.

use json::Value;
use mcp::headers::mirrored::MirroredParams;
use policy::{Definition, Hash, Schema};
use std::collections::{HashMap, HashSet};
use std::sync::{Arc, PoisonError, RwLock};

/// Most tools that one server may list; beyond it the list is refused.
pub const MAX_TOOLS: usize = 20_000;

/// Bytes of definitions that are kept of one server, when pages of its list are seen in passing.
const MAX_BYTES: usize = 64 << 20;
/// A list is fresh for so long, whatever the server says: else one that keeps nothing fresh is asked for every call.
const MIN_AGE_MS: u64 = 1_000;

/// One accepted definition.
#[derive(Debug)]
pub struct Tool {
    /// Exact name as listed.
    pub name: Arc<str>,
    /// Hash of the definition.
    pub hash: [u8; 32],
    /// The hash in hexadecimal, as records hold it.
    pub hash_text: String,
    /// Arguments that the transport mirrors into headers (2026-07-28).
    pub mirrored: MirroredParams,
    /// Canonical JSON.
    pub canonical: String,
    /// What policies bind to.
    pub definition: Definition,
}

impl Tool {
    /// Reads one entry of a tool list of `server`.
    ///
    /// # Errors
    /// Where the entry has no usable name.
    pub fn read(server: &str, entry: Value<'_>) -> Result<Self, catalog::DefinitionError> {
        Ok(Self::compile(server, catalog::read_tool(entry)?, entry))
    }

    fn compile(server: &str, listed: catalog::Listed, entry: Value<'_>) -> Self {
        let schema = entry.get("inputSchema");
        let (input_schema, mirrored) = match schema.map(usable) {
            Some(Ok((schema, mirrored))) => (Some(schema), mirrored),
            Some(Err(why)) => {
                tracing::warn!(
                    server.id = server,
                    why,
                    "a tool is quarantined: its input schema cannot be used"
                );
                (None, MirroredParams::none())
            }
            None => (None, MirroredParams::none()),
        };
        let hash = Hash::from_bytes(listed.hash);
        Self {
            name: listed.name.as_str().into(),
            hash: listed.hash,
            hash_text: hash.to_string(),
            canonical: String::from_utf8_lossy(&listed.canonical).into_owned(),
            mirrored,
            definition: Definition::new(server.to_owned(), listed.name, hash, input_schema)
                .annotated(entry.get("annotations").filter(Value::is_object)),
        }
    }
}

/// A schema that calls can be checked against. The reason for refusing one names keywords, never text of the server.
fn usable(schema: Value<'_>) -> Result<(Schema, MirroredParams), String> {
    let compiled = Schema::compile(schema).map_err(|error| error.to_string())?;
    let mirrored = MirroredParams::from_schema(schema).map_err(|error| error.to_string())?;
    Ok((compiled, mirrored))
}

/// How much is known of a server's list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Freshness {
    /// Nothing was ever listed.
    Never,
    /// Listed, but the server said that it changed, or too long ago.
    Stale,
    /// Listed by this process and not since said to have changed.
    Fresh,
}

#[derive(Debug, Default)]
struct State {
    tools: HashMap<Arc<str>, Arc<Tool>>,
    listed_at_ms: Option<u64>,
    max_age_ms: u64,
    changed: bool,
}

/// The stored list of one server.
#[derive(Debug, Default)]
pub struct Definitions {
    state: RwLock<State>,
}

impl Definitions {
    /// The definition of `name`.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<Arc<Tool>> {
        self.read().tools.get(name).map(Arc::clone)
    }

    /// Reads one entry of a tool list of `server`. An unchanged one is not compiled again: a client may ask for the
    /// list as often as it likes.
    ///
    /// # Errors
    /// Where the entry has no usable name.
    pub fn known_or_read(
        &self,
        server: &str,
        entry: Value<'_>,
    ) -> Result<Arc<Tool>, catalog::DefinitionError> {
        let listed = catalog::read_tool(entry)?;
        match self.get(&listed.name).filter(|known| known.hash == listed.hash) {
            Some(known) => Ok(known),
            None => Ok(Arc::new(Tool::compile(server, listed, entry))),
        }
    }

    /// All definitions in the order of their names.
    #[must_use]
    pub fn all(&self) -> Vec<Arc<Tool>> {
        let mut all: Vec<_> = self.read().tools.values().map(Arc::clone).collect();
        all.sort_by(|a, b| a.name.cmp(&b.name));
        all
    }

    /// Whether a whole list is what is known already.
    #[must_use]
    pub fn is_same(&self, tools: &[Arc<Tool>]) -> bool {
        let state = self.read();
        let known =
            |tool: &Arc<Tool>| state.tools.get(&tool.name).is_some_and(|known| Arc::ptr_eq(known, tool));
        state.tools.len() == tools.len() && tools.iter().all(known)
    }

    /// Whether no known name is missing among these tools.
    #[must_use]
    pub fn are_all_in(&self, tools: &[Arc<Tool>]) -> bool {
        let names: HashSet<&str> = tools.iter().map(|tool| &*tool.name).collect();
        self.read().tools.keys().all(|name| names.contains(&**name))
    }

    /// Takes what an earlier run recorded: good for refusing, to be asked for anew before anything is allowed.
    pub fn restore(&self, tools: Vec<Arc<Tool>>) {
        let mut state = self.state.write().unwrap_or_else(PoisonError::into_inner);
        if state.listed_at_ms.is_none() {
            state.tools = tools.into_iter().map(|tool| (Arc::clone(&tool.name), tool)).collect();
            state.listed_at_ms = Some(0);
            state.changed = true;
        }
    }

    /// Whether the list can be relied on at `now_ms`.
    #[must_use]
    pub fn freshness(&self, now_ms: u64) -> Freshness {
        let state = self.read();
        match state.listed_at_ms {
            None => Freshness::Never,
            Some(at) if state.changed || now_ms.saturating_sub(at) > state.max_age_ms.max(MIN_AGE_MS) => {
                Freshness::Stale
            }
            Some(_) => Freshness::Fresh,
        }
    }

    /// Takes a complete list; tools that are not in it are gone.
    pub fn replace(&self, tools: Vec<Arc<Tool>>, now_ms: u64, max_age_ms: u64) {
        let mut state = self.state.write().unwrap_or_else(PoisonError::into_inner);
        state.tools = tools.into_iter().map(|tool| (Arc::clone(&tool.name), tool)).collect();
        state.listed_at_ms = Some(now_ms);
        state.max_age_ms = max_age_ms;
        state.changed = false;
    }

    /// Takes one page of a list that is seen in passing; a changed definition replaces the old one.
    pub fn merge(&self, tools: &[Arc<Tool>]) {
        let mut state = self.state.write().unwrap_or_else(PoisonError::into_inner);
        let mut n_bytes: usize = state.tools.values().map(|tool| tool.canonical.len()).sum();
        for tool in tools {
            let old = state.tools.get(&tool.name);
            n_bytes = n_bytes.saturating_sub(old.map_or(0, |old| old.canonical.len()));
            n_bytes = n_bytes.saturating_add(tool.canonical.len());
            if (old.is_none() && state.tools.len() >= MAX_TOOLS) || n_bytes > MAX_BYTES {
                // What is not kept is unknown until the whole list is asked for, which has bounds of its own.
                state.tools.remove(&tool.name);
                n_bytes = n_bytes.saturating_sub(tool.canonical.len());
                continue;
            }
            state.tools.insert(Arc::clone(&tool.name), Arc::clone(tool));
        }
    }

    /// The server said that its list changed.
    pub fn mark_changed(&self) {
        self.state.write().unwrap_or_else(PoisonError::into_inner).changed = true;
    }

    fn read(&self) -> std::sync::RwLockReadGuard<'_, State> {
        self.state.read().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tool(name: &str, n_bytes: usize) -> Arc<Tool> {
        let definition = Definition::new(String::from("s"), name.to_owned(), Hash::from_bytes([0; 32]), None);
        let (hash_text, mirrored) = (String::new(), MirroredParams::none());
        let canonical = "x".repeat(n_bytes);
        Arc::new(Tool { name: name.into(), hash: [0; 32], hash_text, mirrored, canonical, definition })
    }

    #[test]
    fn pages_seen_in_passing_are_bounded() {
        let definitions = Definitions::default();
        for n in 0..100 {
            definitions.merge(&[tool(&n.to_string(), MAX_BYTES / 10)]);
        }
        assert_eq!(definitions.all().len(), 10);
        definitions.merge(&[tool("0", 1), tool("new", MAX_BYTES / 10)]);
        assert_eq!(definitions.get("0").unwrap().canonical.len(), 1);
        assert!(definitions.get("new").is_some(), "what became shorter makes room");
        // One that grew too long is not kept as it was before.
        definitions.merge(&[tool("0", MAX_BYTES)]);
        assert!(definitions.get("0").is_none());
    }

    #[test]
    fn an_unchanged_entry_is_not_compiled_again() {
        let definitions = Definitions::default();
        let entry = |about: &str| {
            let text =
                format!(r#"{{"name": "a", "description": "{about}", "inputSchema": {{"type": "object"}}}}"#);
            json::Document::scan(text.into_bytes(), &json::Limits::default()).unwrap()
        };
        let first = definitions.known_or_read("s", entry("x").root()).unwrap();
        definitions.replace(vec![Arc::clone(&first)], 0, 60_000);
        assert!(Arc::ptr_eq(&first, &definitions.known_or_read("s", entry("x").root()).unwrap()));
        assert!(!Arc::ptr_eq(&first, &definitions.known_or_read("s", entry("y").root()).unwrap()));
    }

    #[test]
    fn a_list_ages_and_a_change_is_noticed_at_once() {
        let definitions = Definitions::default();
        assert_eq!(definitions.freshness(0), Freshness::Never);
        definitions.mark_changed();
        assert_eq!(definitions.freshness(0), Freshness::Never);
        definitions.replace(vec![tool("a", 1)], 5_000, 60_000);
        assert_eq!(definitions.freshness(65_000), Freshness::Fresh);
        assert_eq!(definitions.freshness(65_001), Freshness::Stale);
        definitions.replace(vec![tool("a", 1)], 5_000, 0);
        assert_eq!(definitions.freshness(5_000 + MIN_AGE_MS), Freshness::Fresh);
        definitions.mark_changed();
        assert_eq!(definitions.freshness(5_000), Freshness::Stale);
    }

    #[test]
    fn what_an_earlier_run_knew_is_only_good_for_refusing() {
        let definitions = Definitions::default();
        definitions.restore(vec![tool("a", 1)]);
        assert_eq!(definitions.freshness(0), Freshness::Stale);
        definitions.replace(vec![tool("b", 1)], 0, 60_000);
        definitions.restore(vec![tool("a", 1)]);
        assert!(definitions.get("a").is_none(), "and never instead of what is known");
    }
}
