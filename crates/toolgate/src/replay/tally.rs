//! Counts calls by what changes for them, with an example of each kind.
//! Must never count a call twice.

use std::collections::HashMap;
use std::sync::Arc;

use super::outcome::{Judged, Outcome};
use crate::traffic::Skipped;

/// What changes for a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Change {
    /// It was allowed and would not be.
    NewlyDenied,
    /// It was denied and would not be.
    NewlyAllowed,
    /// What would become of it is not known.
    Unknown,
    /// It is denied as before, by another rule.
    OtherRule,
    /// What was decided is not known.
    NotCompared,
    /// Nothing.
    None,
}

impl Change {
    /// Of two outcomes.
    #[must_use]
    pub fn of(was: &Outcome, now: &Outcome) -> Self {
        match (was, now) {
            (_, Outcome::Unknown(_)) => Self::Unknown,
            (Outcome::NotKept | Outcome::Unknown(_), _) => Self::NotCompared,
            (Outcome::Allowed, now) if now.is_denial() => Self::NewlyDenied,
            (was, Outcome::Allowed) if was.is_denial() => Self::NewlyAllowed,
            (was, now) if was.is_denial() && was.rule() != now.rule() => Self::OtherRule,
            (_, _) => Self::None,
        }
    }

    /// Its name in JSON and for `--fail-on`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::NewlyDenied => "newly-denied",
            Self::NewlyAllowed => "newly-allowed",
            Self::Unknown => "unknown",
            Self::OtherRule => "other-rule",
            Self::NotCompared => "not-compared",
            Self::None => "same",
        }
    }
}

/// Calls of one tool that were answered alike and would be.
#[derive(Debug, Clone)]
pub struct Group {
    /// What changes.
    pub change: Change,
    /// What they were answered.
    pub was: Outcome,
    /// What they would be.
    pub now: Outcome,
    /// The server.
    pub server: Arc<str>,
    /// The tool.
    pub tool: Arc<str>,
    /// How many.
    pub n_calls: u64,
    /// The first of them.
    pub example: Judged,
}

type Key = (Outcome, Outcome, Arc<str>, Arc<str>);

/// Groups of calls.
#[derive(Debug, Default)]
pub(super) struct Tally {
    groups: HashMap<Key, (u64, Judged)>,
}

impl Tally {
    pub(super) fn add(&mut self, call: Judged) {
        let outcomes = (call.was.outcome.clone(), call.now.outcome.clone());
        let key = (outcomes.0, outcomes.1, Arc::clone(&call.server), Arc::clone(&call.tool));
        match self.groups.get_mut(&key) {
            Some((n_calls, example)) => {
                *n_calls += 1;
                if call.number < example.number {
                    *example = call;
                }
            }
            None => {
                self.groups.insert(key, (1, call));
            }
        }
    }

    /// The groups: first what changes, then by server and tool.
    pub(super) fn into_groups(self) -> Vec<Group> {
        let group = |((was, now, server, tool), (n_calls, example))| {
            let change = Change::of(&was, &now);
            Group { change, was, now, server, tool, n_calls, example }
        };
        let mut groups: Vec<Group> = self.groups.into_iter().map(group).collect();
        groups.sort_by(|a, b| {
            let key = |group: &Group| (group.change, Arc::clone(&group.server), Arc::clone(&group.tool));
            key(a).cmp(&key(b)).then(b.n_calls.cmp(&a.n_calls)).then((&a.was, &a.now).cmp(&(&b.was, &b.now)))
        });
        groups
    }
}

/// What has to be known beside the counts.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Notes {
    /// Calls that were judged by a definition other than their own.
    pub n_other_definition: u64,
    /// Calls of tools of which no definition is known, so that any object fitted.
    pub n_no_definition: u64,
    /// Calls that were taken to fit their schema because they were allowed once.
    pub n_taken_to_fit: u64,
    /// Allowed calls without a time, which limits could not count.
    pub n_without_time: u64,
    /// What was not judged.
    pub skipped: Skipped,
}

impl Notes {
    pub(super) fn and(self, other: Self) -> Self {
        Self {
            n_other_definition: self.n_other_definition + other.n_other_definition,
            n_no_definition: self.n_no_definition + other.n_no_definition,
            n_taken_to_fit: self.n_taken_to_fit + other.n_taken_to_fit,
            n_without_time: self.n_without_time + other.n_without_time,
            skipped: self.skipped.and(other.skipped),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changes_have_their_names() {
        let rule = |name: &str| -> Arc<str> { name.into() };
        let (denied, other) = (Outcome::Denied(rule("a")), Outcome::Denied(rule("b")));
        let (full, approval) = (Outcome::Full(rule("l")), Outcome::Approval(rule("(approval)")));
        let unknown = Outcome::Unknown(rule("a"));
        for (was, now, expected) in [
            (&Outcome::Allowed, &Outcome::Allowed, Change::None),
            (&Outcome::Allowed, &denied, Change::NewlyDenied),
            (&Outcome::Allowed, &full, Change::NewlyDenied),
            (&Outcome::Allowed, &approval, Change::NewlyDenied),
            (&denied, &Outcome::Allowed, Change::NewlyAllowed),
            (&approval, &Outcome::Allowed, Change::NewlyAllowed),
            (&denied, &denied, Change::None),
            (&denied, &other, Change::OtherRule),
            (&Outcome::Allowed, &unknown, Change::Unknown),
            (&denied, &unknown, Change::Unknown),
            (&Outcome::NotKept, &denied, Change::NotCompared),
            (&unknown, &Outcome::Allowed, Change::NotCompared),
        ] {
            assert_eq!(Change::of(was, now), expected, "{was:?} {now:?}");
        }
    }
}
