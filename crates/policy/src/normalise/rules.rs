//! Rules of tools: predicates, conditions, limits, approvals and what is said of arguments.

use super::limit::{approval_tree, limit_tree};
use super::tree::{Tree, object, text};
use crate::condition::{Combinator, Combined, Comparison, Condition};
use crate::datum::Numbers;
use crate::policy::{ArgumentRules, Predicate, Rules};

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
    let lists = [("require", &rules.require), ("deny_if", &rules.deny_if)];
    for (key, predicates) in lists {
        if !predicates.is_empty() {
            members.push((key, Tree::Array(predicates.iter().map(predicate_tree).collect())));
        }
    }
    if !rules.limits.is_empty() {
        members.push(("limits", Tree::Array(rules.limits.iter().map(limit_tree).collect())));
    }
    members.extend(rules.release.map(|release| ("release", text(release.as_str()))));
    members.extend(rules.approval.as_ref().map(|approval| ("approval", approval_tree(approval))));
    push_arguments(&mut members, rules.arguments);
    members
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

fn predicate_tree(predicate: &Predicate) -> Tree {
    let conditions = predicate.conditions.iter().map(condition_tree).collect();
    let mut members = vec![("conditions", Tree::Array(conditions))];
    members.extend(predicate.on_deny.as_ref().map(|said| ("on_deny", text(said))));
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
