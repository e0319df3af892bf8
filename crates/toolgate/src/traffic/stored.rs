//! The definitions by which calls are judged again: the one of the call where it is known, else what the server lists
//! now, else none, so that any object fits.
//! Must never keep silent about which of these it was.

use std::collections::HashMap;

use json::{Document, Limits};
use policy::{Definition, Hash, Schema};

use crate::command::policy::definitions::{Known, Listed};

/// Definitions by server and name.
#[derive(Debug, Clone, Default)]
pub struct Tools {
    by_server: HashMap<String, HashMap<String, Vec<Listed>>>,
}

/// How the definition of a call was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Match {
    /// It is the one that the call was judged by.
    Exact,
    /// It is the one that the server lists now.
    Current,
    /// None is known.
    Assumed,
}

impl Tools {
    /// An index of known tools.
    #[must_use]
    pub fn of(known: Option<Known>) -> Self {
        let mut by_server: HashMap<String, HashMap<String, Vec<Listed>>> = HashMap::new();
        for listed in known.into_iter().flat_map(|known| known.tools) {
            let tools = by_server.entry(listed.definition.server.clone()).or_default();
            tools.entry(listed.definition.name.clone()).or_default().push(listed);
        }
        Self { by_server }
    }

    /// The servers and the tools that they list now.
    pub fn current(&self) -> impl Iterator<Item = (&str, &str)> {
        self.by_server.iter().flat_map(|(server, tools)| {
            let listed = tools.iter().filter(|(_, versions)| versions.iter().any(|tool| tool.is_current));
            listed.map(move |(tool, _)| (server.as_str(), tool.as_str()))
        })
    }

    /// The definition for a call of a tool that was judged by the one of this hash.
    #[must_use]
    pub fn find(&self, server: &str, tool: &str, hash: &str) -> (Definition, Match) {
        let versions = self.by_server.get(server).and_then(|tools| tools.get(tool));
        let versions = versions.map_or(&[][..], Vec::as_slice);
        let exact = versions.iter().find(|listed| listed.definition.hash.to_string() == hash);
        if let Some(listed) = exact {
            return (listed.definition.clone(), Match::Exact);
        }
        let current = versions.iter().find(|listed| listed.is_current).or(versions.last());
        match current {
            Some(listed) => (listed.definition.clone(), Match::Current),
            None => (assumed(server, tool), Match::Assumed),
        }
    }
}

/// A tool that takes any object.
fn assumed(server: &str, tool: &str) -> Definition {
    let open = Document::scan(b"{\"type\":\"object\"}".to_vec(), &Limits::default());
    let schema = open.ok().and_then(|document| Schema::compile(document.root()).ok());
    Definition::new(server.to_owned(), tool.to_owned(), Hash::of(b"assumed"), schema)
}
