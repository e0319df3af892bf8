//! Rules of tools: predicates, conditions, limits, approvals and what is said of arguments.

use super::limit::{approval_tree, limit_tree};
use super::tree::{Tree, object, text};
use crate::condition::{Combinator, Combined, Comparison, Condition};
use crate::datum::Numbers;
use crate::policy::{ArgumentRules, Limit, Predicate, Rules};
use crate::terms::written;

/// The rules of a part that opens what it selects only where it says so.
pub(super) fn selected_tree(rules: &Rules) -> Tree {
    let mut members = rules_members(rules);
    if rules.says_allow {
        members.insert(0, ("action", text("allow")));
    }
    object(members)
}

/// The rules of one tool, or of all.
pub(super) fn rules_tree(rules: &Rules) -> Tree {
    object(rules_members(rules))
}

fn rules_members(rules: &Rules) -> Vec<(&'static str, Tree)> {
    let mut members = Vec::new();
    members.extend(rules.is_shadow.then(|| ("mode", text("shadow"))));
    let ends_ms = rules.relaxes_ms();
    match (&rules.shadow, rules.is_shadow) {
        // What stands in shadow as a whole says so once.
        (Some(shadow), true) => push_rules(&mut members, shadow, None, ends_ms),
        (shadow, _) => push_rules(&mut members, rules, shadow.as_deref(), ends_ms),
    }
    if let Some(expiry) = rules.expiry {
        members.push(("expires", text(&expiry.written())));
        members.extend(expiry.relaxes.then(|| ("on_expiry", text("relax"))));
    }
    members
}

/// One of the lists of predicates.
type Listed = fn(&Rules) -> &Vec<Predicate>;

fn push_rules(
    members: &mut Vec<(&'static str, Tree)>,
    rules: &Rules,
    shadow: Option<&Rules>,
    ends_ms: Option<u64>,
) {
    let terms =
        |is_shadow, own_ms: Option<u64>| Terms { is_shadow, ends_ms: own_ms.filter(|_| own_ms != ends_ms) };
    let lists: [(_, Listed); 2] = [("require", |rules| &rules.require), ("deny_if", |rules| &rules.deny_if)];
    for (key, list) in lists {
        let written = |is_shadow, predicate: &Predicate| {
            (predicate.offset, predicate_tree(predicate, terms(is_shadow, predicate.ends_ms)))
        };
        push_both(members, key, list(rules), shadow.map(list), written);
    }
    let written =
        |is_shadow, limit: &Limit| (limit.offset, limit_tree(limit, terms(is_shadow, limit.ends_ms)));
    push_both(members, "limits", &rules.limits, shadow.map(|shadow| &shadow.limits), written);
    members.extend(rules.release.map(|release| ("release", text(release.as_str()))));
    let approvals = [(false, &rules.approval), (true, shadow.map_or(&None, |shadow| &shadow.approval))];
    members.extend(approvals.into_iter().filter_map(|(is_shadow, approval)| {
        let approval = approval.as_ref()?;
        Some(("approval", approval_tree(approval, terms(is_shadow, approval.ends_ms))))
    }));
    push_arguments(members, rules.arguments);
    members.extend(rules.reveal.map(|reveal| ("reveal", text(reveal.as_str()))));
}

/// Adds a list of what is enforced and what is in shadow, in the order of the document.
fn push_both<T>(
    members: &mut Vec<(&'static str, Tree)>,
    key: &'static str,
    enforced: &[T],
    shadow: Option<&Vec<T>>,
    written: impl Fn(bool, &T) -> (usize, Tree),
) {
    let mut all: Vec<_> = enforced.iter().map(|part| written(false, part)).collect();
    if let Some(shadow) = shadow.filter(|shadow| !shadow.is_empty()) {
        all.extend(shadow.iter().map(|part| written(true, part)));
        all.sort_by_key(|(offset, _)| *offset);
    }
    if !all.is_empty() {
        members.push((key, Tree::Array(all.into_iter().map(|(_, tree)| tree).collect())));
    }
}

/// What a part says of itself besides its rule.
#[derive(Clone, Copy)]
pub(super) struct Terms {
    is_shadow: bool,
    /// Nothing where the whole ends then.
    ends_ms: Option<u64>,
}

impl Terms {
    pub(super) fn push(self, members: &mut Vec<(&'static str, Tree)>) {
        members.extend(self.is_shadow.then(|| ("mode", text("shadow"))));
        if let Some(ends_ms) = self.ends_ms {
            members.extend([("expires", text(&written(ends_ms))), ("on_expiry", text("relax"))]);
        }
    }
}

fn push_arguments(members: &mut Vec<(&'static str, Tree)>, stated: ArgumentRules) {
    let mut arguments = Vec::new();
    if let Some(check) = stated.check {
        arguments.push(("check", text(if check { "schema" } else { "off" })));
    }
    if let Some(deny) = stated.deny_unknown {
        arguments.push(("unknown", text(if deny { "deny" } else { "allow" })));
    }
    if !arguments.is_empty() {
        members.push(("arguments", object(arguments)));
    }
    if let Some(numbers) = stated.numbers {
        members.push(("numbers", text(if numbers == Numbers::Double { "double" } else { "arbitrary" })));
    }
    if let Some(repair) = stated.repair {
        members.push(("repair", Tree::Leaf(repair.to_string())));
    }
}

fn predicate_tree(predicate: &Predicate, terms: Terms) -> Tree {
    let conditions = predicate.conditions.iter().map(condition_tree).collect();
    let mut members = vec![("conditions", Tree::Array(conditions))];
    members.extend(predicate.on_deny.as_ref().map(|said| ("on_deny", text(said))));
    terms.push(&mut members);
    object(members)
}

pub(super) fn condition_tree(condition: &Condition) -> Tree {
    match condition {
        Condition::Compare(comparison) => {
            let Comparison { path, operator, value, .. } = &**comparison;
            let mut members = vec![("path", text(path.text()))];
            members.extend(path.zone().map(|zone| ("timezone", text(zone.name()))));
            members.extend([("op", text(operator)), ("value", Tree::Leaf(value.to_string()))]);
            object(members)
        }
        Condition::Expression(expression) => object(vec![("cel", text(&expression.text))]),
        Condition::Combined(Combined { by, conditions }) => {
            let mut trees: Vec<_> = conditions.iter().map(condition_tree).collect();
            let tree = match (by, trees.pop()) {
                (Combinator::Not, Some(tree)) => tree,
                (Combinator::All | Combinator::Any | Combinator::Not, last) => {
                    trees.extend(last);
                    Tree::Array(trees)
                }
            };
            object(vec![(by.as_str(), tree)])
        }
    }
}
