//! Servers that an answer of several had to leave out, and why: for the log, the status and the metrics.
//! It must never hold more than the latest of each server, nor a value of a message.

use crate::upstream::Server;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

/// Why a server is left out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trouble {
    /// What happened, in words.
    pub why: String,
    /// Since when, in milliseconds of the trusted timeline.
    pub since_ms: u64,
}

/// The present troubles.
#[derive(Debug, Default)]
pub struct Troubles(Mutex<BTreeMap<Arc<str>, Trouble>>);

impl Troubles {
    /// A server was left out.
    pub fn note(&self, server: &Server, why: &str, now_ms: u64) {
        server.metrics.left_out();
        let mut troubles = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let since_ms = troubles.get(&server.id).map_or(now_ms, |trouble| trouble.since_ms);
        let trouble = Trouble { why: why.to_owned(), since_ms };
        let old = troubles.insert(Arc::clone(&server.id), trouble);
        drop(troubles);
        // Once for each reason, or a client that asks often fills the log.
        if old.is_none_or(|old| old.why != why) {
            tracing::warn!(server.id = %server.id, why, "a server is left out of `/mcp`");
        }
    }

    /// A server answered.
    pub fn clear(&self, server: &Arc<str>) {
        if self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(server).is_some() {
            tracing::info!(server.id = %server, "a server is part of `/mcp` again");
        }
    }

    /// Whether a server is left out at present.
    #[must_use]
    pub fn has(&self, server: &str) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).contains_key(server)
    }

    /// All of them by server.
    #[must_use]
    pub fn all(&self) -> Vec<(Arc<str>, Trouble)> {
        let troubles = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        troubles.iter().map(|(server, trouble)| (Arc::clone(server), trouble.clone())).collect()
    }

    /// Forgets servers that are gone.
    pub(super) fn retain(&self, keep: impl Fn(&str) -> bool) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).retain(|server, _| keep(server));
    }
}
