//! What limits of one document owe each other: equal counter names share their history, so they count the same thing;
//! a session is something that an agent renews at will, so a limit on it stands beside one on the access key.

use std::collections::HashMap;

use super::reader::{Problem, Reader};
use crate::diagnostic::code;
use crate::limit::{Scope, ScopeWord};
use crate::policy::{Limit, Policy};

/// Reports each limit that counts something else than the first of its name.
pub(super) fn check(reader: &mut Reader, policy: &Policy) {
    let mut first: HashMap<&str, &Limit> = HashMap::new();
    for limit in limits(policy) {
        let earlier = first.entry(&limit.spec.counter).or_insert(limit);
        if earlier.spec.unit == limit.spec.unit {
            continue;
        }
        let message = format!(
            "the counter `{}` counts {} here and {} at {}; give one of them another name",
            limit.spec.counter, limit.spec.unit, earlier.spec.unit, earlier.spec.pointer,
        );
        reader.report_at(limit.offset, limit.spec.pointer.clone(), Problem::new(code::CONFLICT, message));
    }
}

/// Reports each limit on sessions that no limit on the access key stands beside.
pub(super) fn check_sessions(reader: &mut Reader, policy: &Policy) {
    for (_, _, rules) in policy.all_rules() {
        let is_bounded = |limit: &Limit| {
            rules.limits.iter().any(|other| {
                other.spec.scope == Scope::grant()
                    && other.spec.unit == limit.spec.unit
                    && other.outlasts(limit)
            })
        };
        let of_sessions = rules.limits.iter().filter(|limit| limit.spec.scope.has(ScopeWord::Session));
        for limit in of_sessions.filter(|limit| !is_bounded(limit)) {
            let message = format!(
                "an agent begins a new session at will; add a limit with the scope `grant` that counts {} beside this one",
                limit.spec.unit
            );
            let pointer = format!("{}/scope", limit.spec.pointer);
            reader.report_at(limit.offset, pointer, Problem::new(code::CONFLICT, message));
        }
    }
}

impl Limit {
    /// Whether it holds as long as another one does.
    fn outlasts(&self, other: &Self) -> bool {
        self.ends_ms.is_none_or(|ends_ms| other.ends_ms.is_some_and(|other_ms| other_ms <= ends_ms))
    }
}

/// All limits of tools.
fn limits(policy: &Policy) -> impl Iterator<Item = &Limit> {
    policy.all_rules().flat_map(|(_, _, rules)| &rules.limits)
}
