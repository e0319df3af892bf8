//! Keeps denied what was denied: values that no allowed call had, where a document would let them through.
//! Must never deny a value that an allowed call had.

use std::collections::{BTreeMap, BTreeSet};

use json::{Document, Limits, Value};

use super::leaf::scalar;
use super::seen::Seen;
use super::suggest::is_readable;
use super::write::{condition, predicate};
use crate::bound::Bound;
use crate::decision::{Arguments, Facts};

/// What has to be denied besides.
#[derive(Debug, Default)]
pub(super) struct Kept {
    /// For each argument the values that only denied calls had; none means that only denied calls had the argument.
    pub(super) by_path: BTreeMap<String, BTreeSet<String>>,
    /// Denied calls that nothing tells from allowed ones.
    pub(super) n_open: u64,
}

impl Kept {
    /// The rules: each with its path and what was seen.
    pub(super) fn rules(&self) -> impl Iterator<Item = (String, String, String)> {
        self.by_path.iter().map(|(path, values)| {
            let list: Vec<&str> = values.iter().map(String::as_str).collect();
            let (comparison, reason) = if list.is_empty() {
                ("\"op\": \"exists\", \"value\": true".to_owned(), "only denied calls had it".to_owned())
            } else {
                let list = list.join(", ");
                (format!("\"op\": \"in\", \"value\": [{list}]"), format!("only denied calls had {list}"))
            };
            (path.clone(), predicate(&condition(path, &comparison)), reason)
        })
    }
}

impl Seen {
    /// What tells the denied calls from the allowed ones, as far as this document would allow them.
    pub(super) fn keep_denied(&self, bound: &Bound, facts: &Facts<'_>) -> Kept {
        let mut kept = Kept::default();
        for text in &self.denied {
            let Ok(call) = Document::scan(text.as_bytes().to_vec(), &Limits::default()) else { continue };
            if !bound.decide(facts, Arguments::Known(call.root())).is_allow() {
                continue;
            }
            match self.telling(call.root()) {
                Some((path, value)) => {
                    kept.by_path.entry(path).or_default().extend(value);
                }
                None => kept.n_open += 1,
            }
        }
        // Where having the argument at all is denied, its values need no list.
        for (path, values) in &mut kept.by_path {
            if !self.leaves.contains_key(path) {
                values.clear();
            }
        }
        kept
    }

    /// An argument that no allowed call had, or a value of it that none had.
    fn telling(&self, arguments: Value<'_>) -> Option<(String, Option<String>)> {
        let members = || {
            let named = arguments.members().filter(|member| !member.value.is_null());
            named.map(|member| (member.key.as_cow().into_owned(), member.value))
        };
        let fresh = members().find(|(name, _)| !self.leaves.contains_key(name) && self.is_plain(name));
        if let Some((name, _)) = fresh {
            return Some((name, None));
        }
        members().find_map(|(name, value)| {
            let leaf = self.leaves.get(&name)?;
            let is_telling = is_readable(self, &name) && leaf.never_had(value);
            is_telling.then(|| Some((name, Some(scalar(value)?))))?
        })
    }

    /// Whether a name is a path of its own, and nothing like it was seen.
    fn is_plain(&self, name: &str) -> bool {
        let is_like = |other: &String| other.to_lowercase() == name.to_lowercase();
        !name.is_empty()
            && !name.contains(['.', '[', ']'])
            && !self.leaves.keys().any(is_like)
            && self.is_whole()
    }
}
