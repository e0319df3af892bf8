//! What limits of one document owe each other: equal counter names share their history, so they count the same thing,
//! and a call adds to a counter once; a session is something that an agent renews at will, so a limit on it stands beside
//! one on the access key.

use std::collections::HashMap;
use std::sync::Arc;

use super::reader::{Problem, Reader};
use crate::cost::Cost;
use crate::diagnostic::code;
use crate::limit::{Scope, ScopeWord};
use crate::policy::{Limit, Policy, Rules};

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

/// Reports each limit that lets a call cost something else than another of its counter that applies to the same call.
pub(super) fn check_costs(reader: &mut Reader, policy: &Policy) {
    for (start, section) in policy.all_sections() {
        let for_all = || [&policy.top, section].into_iter().filter_map(|section| section.all_tools.as_ref());
        for (_, _, rules) in section.all_rules(&start) {
            for of in [enforced, in_shadow] {
                let mut before: Vec<&Limit> =
                    for_all().filter(|all| !Arc::ptr_eq(all, rules)).flat_map(|all| of(all)).collect();
                for limit in of(rules) {
                    match before.iter().find(|other| limit.costs_otherwise(other)) {
                        Some(other) => report_cost(reader, limit, other),
                        None => before.push(limit),
                    }
                }
            }
        }
    }
}

fn report_cost(reader: &mut Reader, limit: &Limit, other: &Limit) {
    let message = format!(
        "a call adds to the counter `{}` once, and costs something else at {}; write the same `cost`, or give one of \
         them another name",
        limit.spec.counter, other.spec.pointer,
    );
    reader.report_at(limit.offset, limit.spec.pointer.clone(), Problem::new(code::CONFLICT, message));
}

/// Reports each limit on sessions that no limit on the access key stands beside. One in shadow holds nothing, so it
/// stands beside others in shadow only.
pub(super) fn check_sessions(reader: &mut Reader, policy: &Policy) {
    for (_, _, rules) in policy.all_rules() {
        let (enforced, in_shadow) = (enforced(rules), in_shadow(rules));
        let bounded = enforced.iter().map(|limit| (limit, &[][..]));
        for (limit, more) in bounded.chain(in_shadow.iter().map(|limit| (limit, in_shadow))) {
            let mut beside = enforced.iter().chain(more);
            if limit.spec.scope.has(ScopeWord::Session) && !beside.any(|other| other.bounds(limit)) {
                report_session(reader, limit);
            }
        }
    }
}

fn report_session(reader: &mut Reader, limit: &Limit) {
    let message = format!(
        "an agent begins a new session at will; add a limit with the scope `grant` that counts {} beside this one",
        limit.spec.unit
    );
    let pointer = format!("{}/scope", limit.spec.pointer);
    reader.report_at(limit.offset, pointer, Problem::new(code::CONFLICT, message));
}

impl Limit {
    /// Whether it limits on the access key what another one limits in each session.
    fn bounds(&self, other: &Self) -> bool {
        self.spec.scope == Scope::grant() && self.spec.unit == other.spec.unit && self.outlasts(other)
    }

    /// Whether a call costs something else under it than under another limit of the same counter.
    fn costs_otherwise(&self, other: &Self) -> bool {
        let (own, others) = (&self.spec, &other.spec);
        let is_same = own.counter == others.counter && own.scope == others.scope;
        match (&self.cost, &other.cost) {
            (Cost::Fixed(cost), Cost::Fixed(other)) => is_same && cost != other,
            (Cost::Calls | Cost::Fixed(_) | Cost::Sum(_) | Cost::Length(_), _) => false,
        }
    }

    /// Whether it holds as long as another one does.
    fn outlasts(&self, other: &Self) -> bool {
        self.ends_ms.is_none_or(|ends_ms| other.ends_ms.is_some_and(|other_ms| other_ms <= ends_ms))
    }
}

/// All limits of tools, also those in shadow, which are to hold one day.
fn limits(policy: &Policy) -> impl Iterator<Item = &Limit> {
    policy.all_rules().flat_map(|(_, _, rules)| enforced(rules).iter().chain(in_shadow(rules)))
}

fn enforced(rules: &Rules) -> &[Limit] {
    &rules.limits
}

fn in_shadow(rules: &Rules) -> &[Limit] {
    rules.shadow.as_ref().map_or(&[], |shadow| &shadow.limits)
}
