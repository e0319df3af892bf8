//! What one stack of policies makes of calls of one tool, as formulas: when it allows, and each way in which it denies.

use std::collections::HashSet;
use std::sync::Arc;

use super::ask::{Ask, Asked};
use super::formula::{Formula, Reading};
use super::view::View;
use super::want::Want;
use crate::bound::Bound;
use crate::condition::Condition;
use crate::cost::Cost;
use crate::decision::Denial;
use crate::operator::Sense;
use crate::policy::{Limit, Predicate};
use crate::rule::RuleId;

/// A rule that can deny, and the calls that it denies.
pub(crate) struct Way<'a> {
    pub(crate) rule: RuleId,
    pub(crate) pointer: String,
    pub(crate) policy: Option<Arc<str>>,
    pub(crate) formula: Formula<'a>,
    /// What the rule says; nothing where no other rule can say the same.
    pub(crate) saying: Option<String>,
}

/// The denial that no call of the tool escapes, if there is one.
pub(crate) fn closed(bound: &Bound) -> Option<Denial> {
    let explicit =
        || bound.explicit_denies().next().map(|(policy, predicate)| predicate.explicit_denial(policy));
    bound.gate.clone().or_else(explicit)
}

/// The calls that are allowed, perhaps after an approval. Nothing is asked where none can be.
pub(crate) fn allowed<'a>(bound: &'a Bound, view: &'a View<'a>) -> Formula<'a> {
    if closed(bound).is_some() {
        return Formula::FALSE;
    }
    let required =
        bound.requirements().map(|(_, predicate)| of_predicate(bound, view, predicate, Sense::Require));
    let denied =
        bound.conditional_denies().map(|(_, predicate)| of_predicate(bound, view, predicate, Sense::DenyIf));
    let counted = bound.limits().filter_map(|limit| counted(bound, view, limit, Want::True));
    Formula::all(required.chain(denied).chain(counted))
}

/// Each rule that denies some calls.
pub(crate) fn denied<'a>(bound: &'a Bound, view: &'a View<'a>) -> Vec<Way<'a>> {
    if let Some(Denial { rule, pointer, policy, .. }) = closed(bound) {
        return vec![Way { rule, pointer, policy, formula: Formula::TRUE, saying: None }];
    }
    let way = |policy: &Arc<str>, predicate: &'a Predicate, sense| Way {
        rule: predicate.rule.clone(),
        pointer: predicate.pointer.clone(),
        policy: Some(Arc::clone(policy)),
        formula: reading(bound, view, sense)
            .of_conditions(&predicate.conditions, Want::to_pass(sense).opposite()),
        saying: Some(saying(bound, sense, predicate)),
    };
    let required = bound.requirements().map(|(policy, predicate)| way(policy, predicate, Sense::Require));
    let denied = bound.conditional_denies().map(|(policy, predicate)| way(policy, predicate, Sense::DenyIf));
    let counted = bound.limits().filter_map(|limit| {
        Some(Way {
            rule: limit.spec.rule.clone(),
            pointer: limit.spec.pointer.clone(),
            policy: Some(Arc::clone(&limit.spec.policy)),
            formula: counted(bound, view, limit, Want::NotTrue)?,
            saying: Some(saying_of_limit(bound, limit)),
        })
    });
    required.chain(denied).chain(counted).collect()
}

/// What all rules that a call has to pass say.
pub(crate) fn sayings(bound: &Bound) -> HashSet<String> {
    let required = bound.requirements().map(|(_, predicate)| saying(bound, Sense::Require, predicate));
    let denied = bound.conditional_denies().map(|(_, predicate)| saying(bound, Sense::DenyIf, predicate));
    let counted = bound.limits().map(|limit| saying_of_limit(bound, limit));
    required.chain(denied).chain(counted).collect()
}

/// The calls that need an approval, or those that need none.
pub(crate) fn approval<'a>(bound: &'a Bound, view: &'a View<'a>, is_needed: bool) -> Formula<'a> {
    let reading = reading(bound, view, Sense::DenyIf);
    let want = if is_needed { Want::NotFalse } else { Want::False };
    let each = bound.approvals().map(|(_, approval)| reading.of_conditions(&approval.when, want));
    if is_needed { Formula::any(each) } else { Formula::all(each) }
}

/// What conditions say together, the zones in which they read the time included.
pub(crate) fn saying_of(conditions: &[Condition]) -> String {
    let zones = conditions.iter().flat_map(Condition::comparisons).filter_map(|one| one.path.zone());
    let zones: Vec<_> = zones.map(crate::zone::Zone::name).collect();
    let said: Vec<_> = conditions.iter().map(Condition::saying).collect();
    format!("{}\n{}", said.join("\n"), zones.join(" "))
}

fn saying(bound: &Bound, sense: Sense, predicate: &Predicate) -> String {
    format!("{sense:?} {:?} {}", bound.numbers(), saying_of(&predicate.conditions))
}

fn saying_of_limit(bound: &Bound, limit: &Limit) -> String {
    let path = limit.cost.path().map(|path| path.text());
    format!("counted {:?} {} {path:?}", bound.numbers(), matches!(limit.cost, Cost::Length(_)))
}

fn reading<'a>(bound: &Bound, view: &'a View<'a>, sense: Sense) -> Reading<'a> {
    Reading { view, sense, numbers: bound.numbers() }
}

fn of_predicate<'a>(
    bound: &'a Bound,
    view: &'a View<'a>,
    predicate: &'a Predicate,
    sense: Sense,
) -> Formula<'a> {
    reading(bound, view, sense).of_conditions(&predicate.conditions, Want::to_pass(sense))
}

/// Whether the amount of a limit can be counted; nothing where it always can.
fn counted<'a>(bound: &Bound, view: &'a View<'a>, limit: &'a Limit, want: Want) -> Option<Formula<'a>> {
    let path = limit.cost.path()?;
    let length = matches!(limit.cost, Cost::Length(_));
    let ask =
        Ask { asked: Asked::Countable { length }, sense: Sense::Require, numbers: bound.numbers(), want };
    let own = reading(bound, view, Sense::Require).at(path, ask);
    if want == Want::NotTrue && path.has_elements() && !length {
        return Some(Formula::any([own, Formula::Opaque("whether a sum has too many digits")]));
    }
    Some(own)
}
