//! Counters that differ only in values of arguments: how many of them there are.
//! Must never lose one that is kept: the cap on them bounds the memory that an agent can fill.

use crate::counters::key::family;
use crate::time::Timestamp;
use std::collections::{HashMap, HashSet};

/// A full family is searched for idle counters at most this often, so that calls with ever new values cost little.
const SEARCH_EVERY_MS: u64 = 1000;

/// The families of counters, by what their keys have in common.
#[derive(Debug, Default)]
pub(crate) struct Families {
    known: HashMap<Box<str>, Family>,
}

#[derive(Debug, Default)]
struct Family {
    slots: HashSet<usize>,
    searched_at: Option<Timestamp>,
}

impl Families {
    /// Notes a counter that is kept now.
    pub(crate) fn add(&mut self, key: &str, slot: usize) {
        let Some(name) = family(key) else { return };
        match self.known.get_mut(name) {
            Some(known) => {
                known.slots.insert(slot);
            }
            None => {
                let known = Family { slots: HashSet::from([slot]), searched_at: None };
                self.known.insert(Box::from(name), known);
            }
        }
    }

    /// Notes a counter that was forgotten.
    pub(crate) fn remove(&mut self, key: &str, slot: usize) {
        let Some(name) = family(key) else { return };
        let Some(known) = self.known.get_mut(name) else { return };
        known.slots.remove(&slot);
        if known.slots.is_empty() {
            self.known.remove(name);
        }
    }

    /// Counters in the family of a key.
    pub(crate) fn n_keys(&self, key: &str) -> usize {
        family(key).and_then(|name| self.known.get(name)).map_or(0, |known| known.slots.len())
    }

    /// The counters of a full family, of which some may be idle by now; none of them where it was searched lately.
    /// Nothing where there is room.
    pub(crate) fn search_list(&mut self, key: &str, max_keys: usize, now: Timestamp) -> Option<Vec<usize>> {
        let known = family(key).and_then(|name| self.known.get_mut(name))?;
        if known.slots.len() < max_keys {
            return None;
        }
        if known.searched_at.is_some_and(|last| now.ms_since(last) < SEARCH_EVERY_MS) {
            return Some(Vec::new());
        }
        known.searched_at = Some(now);
        Some(known.slots.iter().copied().collect())
    }
}
