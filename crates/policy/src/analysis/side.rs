//! What one stack of policies makes of calls of one tool, as formulas: when it allows, and each way in which it denies.

use std::collections::HashSet;
use std::sync::Arc;

use super::ask::{Ask, Asked};
use super::formula::{Formula, Reading};
use super::kind::Kinds;
use super::view::View;
use super::want::Want;
use crate::approval::Approval;
use crate::bound::Bound;
use crate::condition::Condition;
use crate::cost::Cost;
use crate::decision::Denial;
use crate::flow::Flow;
use crate::operator::Sense;
use crate::path::Path;
use crate::policy::{Limit, Predicate};
use crate::rule::RuleId;
use crate::terms::Moment;

/// A rule that can deny, and the calls that it denies.
pub(crate) struct Way<'a> {
    pub(crate) rule: RuleId,
    pub(crate) pointer: String,
    pub(crate) policy: Option<Arc<str>>,
    pub(crate) formula: Formula<'a>,
    /// What the rule says; nothing where no other rule can say the same.
    pub(crate) saying: Option<String>,
    /// How many rules are asked before it.
    pub(crate) n_before: usize,
}

/// All rules, also those that end.
const EVER: Moment = Moment::Call(None);

/// The denial that no call of the tool escapes at any time, if there is one.
pub(crate) fn closed(bound: &Bound) -> Option<Denial> {
    let always = Moment::List(None);
    let explicit =
        || bound.explicit_denies(always).next().map(|(policy, predicate)| predicate.explicit_denial(policy));
    bound.gate.denial(always).cloned().or_else(explicit)
}

/// The calls that are allowed, perhaps after an approval. Nothing is asked where none can be.
pub(crate) fn allowed<'a>(bound: &'a Bound, view: &'a View<'a>) -> Formula<'a> {
    if closed(bound).is_some() { Formula::FALSE } else { Formula::all(passed(bound, view)) }
}

/// The calls that each rule lets pass, in the order in which they are asked.
pub(crate) fn passed<'a>(bound: &'a Bound, view: &'a View<'a>) -> Vec<Formula<'a>> {
    let opened = bound.gate.ends().map(|(ends_ms, _)| Formula::Before(ends_ms));
    let explicit =
        bound.explicit_denies(EVER).map(|(_, predicate)| or_ended(Formula::FALSE, predicate.ends_ms));
    let required = bound.requirements(EVER).map(|(_, predicate)| (predicate, Sense::Require));
    let denied = bound.conditional_denies(EVER).map(|(_, predicate)| (predicate, Sense::DenyIf));
    let passed = required
        .chain(denied)
        .map(|(predicate, sense)| or_ended(of_predicate(bound, view, predicate, sense), predicate.ends_ms));
    let counted = bound
        .limits(EVER)
        .filter_map(|limit| Some(or_ended(counted(bound, view, limit, Want::True)?, limit.ends_ms)));
    let flows = bound.flows.asked().map(|(_, flow)| Formula::all(compared(bound, view, flow, Want::True)));
    opened.chain(explicit).chain(passed).chain(flows).chain(counted).collect()
}

/// Each rule that denies some calls.
pub(crate) fn denied<'a>(bound: &'a Bound, view: &'a View<'a>) -> Vec<Way<'a>> {
    if let Some(Denial { rule, pointer, policy, .. }) = closed(bound) {
        return vec![Way { rule, pointer, policy, formula: Formula::TRUE, saying: None, n_before: 0 }];
    }
    let opened = bound.gate.ends().map(|(ends_ms, denial)| Way {
        rule: denial.rule.clone(),
        pointer: denial.pointer.clone(),
        policy: denial.policy.clone(),
        formula: Formula::From(ends_ms),
        saying: None,
        n_before: 0,
    });
    let way = |policy: &Arc<str>, predicate: &'a Predicate, formula, saying| Way {
        rule: predicate.rule.clone(),
        pointer: predicate.pointer.clone(),
        policy: Some(Arc::clone(policy)),
        formula: unless_ended(formula, predicate.ends_ms),
        saying,
        n_before: 0,
    };
    let explicit =
        bound.explicit_denies(EVER).map(|(policy, predicate)| way(policy, predicate, Formula::TRUE, None));
    let conditional = |policy: &Arc<str>, predicate: &'a Predicate, sense| {
        let want = Want::to_pass(sense).opposite();
        let formula = reading(bound, view, sense).of_conditions(&predicate.conditions, want);
        way(policy, predicate, formula, Some(saying(bound, sense, predicate)))
    };
    let required =
        bound.requirements(EVER).map(|(policy, predicate)| conditional(policy, predicate, Sense::Require));
    let denied = bound
        .conditional_denies(EVER)
        .map(|(policy, predicate)| conditional(policy, predicate, Sense::DenyIf));
    let counted = bound.limits(EVER).filter_map(|limit| {
        Some(Way {
            rule: limit.spec.rule.clone(),
            pointer: limit.spec.pointer.clone(),
            policy: Some(Arc::clone(&limit.spec.policy)),
            formula: unless_ended(counted(bound, view, limit, Want::NotTrue)?, limit.ends_ms),
            saying: Some(saying_of_limit(bound, limit)),
            n_before: 0,
        })
    });
    let ways = opened.chain(explicit).chain(required).chain(denied).chain(flows(bound, view)).chain(counted);
    ways.enumerate().map(|(n_before, way)| Way { n_before, ..way }).collect()
}

/// The flows that deny calls whose values they cannot compare.
fn flows<'a>(bound: &'a Bound, view: &'a View<'a>) -> impl Iterator<Item = Way<'a>> {
    bound.flows.asked().map(|(policy, flow)| Way {
        rule: flow.rule.clone(),
        pointer: flow.pointer.clone(),
        policy: Some(Arc::clone(policy)),
        formula: Formula::any(compared(bound, view, flow, Want::NotTrue)),
        saying: Some(saying_of_flow(bound, flow)),
        n_before: 0,
    })
}

/// What holds of a call that a rule lets through, or that is made after the rule ended.
fn or_ended(formula: Formula<'_>, ends_ms: Option<u64>) -> Formula<'_> {
    match ends_ms {
        None => formula,
        Some(ends_ms) => Formula::any([Formula::From(ends_ms), formula]),
    }
}

/// What holds of a call that a rule denies, as long as it holds.
fn unless_ended(formula: Formula<'_>, ends_ms: Option<u64>) -> Formula<'_> {
    match ends_ms {
        None => formula,
        Some(ends_ms) => Formula::all([Formula::Before(ends_ms), formula]),
    }
}

/// What all rules that a call has to pass say.
pub(crate) fn sayings(bound: &Bound) -> HashSet<String> {
    let required = bound.requirements(EVER).map(|(_, predicate)| saying(bound, Sense::Require, predicate));
    let denied = bound.conditional_denies(EVER).map(|(_, predicate)| saying(bound, Sense::DenyIf, predicate));
    let flows = bound.flows.asked().map(|(_, flow)| saying_of_flow(bound, flow));
    let counted = bound.limits(EVER).map(|limit| saying_of_limit(bound, limit));
    required.chain(denied).chain(flows).chain(counted).collect()
}

/// The calls that need an approval, or those that need none.
pub(crate) fn approval<'a>(bound: &'a Bound, view: &'a View<'a>, is_needed: bool) -> Formula<'a> {
    let reading = reading(bound, view, Sense::DenyIf);
    let want = if is_needed { Want::NotFalse } else { Want::False };
    let each = bound.approvals(EVER).map(|(_, approval)| {
        let asked = reading.of_conditions(&approval.when, want);
        if is_needed { unless_ended(asked, approval.ends_ms) } else { or_ended(asked, approval.ends_ms) }
    });
    if is_needed { Formula::any(each) } else { Formula::all(each) }
}

/// The calls that a limit counts, by this counter or by any, or those that none does.
pub(crate) fn limited<'a>(bound: &Bound, counter: Option<&str>, is_counted: bool) -> Formula<'a> {
    let limits =
        bound.limits(EVER).filter(|limit| counter.is_none_or(|counter| *limit.spec.counter == *counter));
    if is_counted {
        Formula::any(limits.map(|limit| unless_ended(Formula::TRUE, limit.ends_ms)))
    } else {
        Formula::all(limits.map(|limit| or_ended(Formula::FALSE, limit.ends_ms)))
    }
}

/// What approvals say, with their ends.
pub(crate) fn approvals(bound: &Bound) -> impl Iterator<Item = (&Arc<str>, &Approval, String)> {
    bound.approvals(EVER).map(|(policy, approval)| {
        let saying = format!("{} {:?}", saying_of(&approval.when), approval.ends_ms);
        (policy, approval, saying)
    })
}

/// What conditions say together, the zones in which they read the time included.
fn saying_of(conditions: &[Condition]) -> String {
    let zones = conditions.iter().flat_map(Condition::comparisons).filter_map(|one| one.path.zone());
    let zones: Vec<_> = zones.map(crate::zone::Zone::name).collect();
    let said: Vec<_> = conditions.iter().map(Condition::saying).collect();
    format!("{}\n{}", said.join("\n"), zones.join(" "))
}

fn saying(bound: &Bound, sense: Sense, predicate: &Predicate) -> String {
    let said = saying_of(&predicate.conditions);
    format!("{sense:?} {:?} {:?} {said}", bound.numbers(), predicate.ends_ms)
}

fn saying_of_limit(bound: &Bound, limit: &Limit) -> String {
    let path = limit.cost.path().map(|path| path.text());
    let length = matches!(limit.cost, Cost::Length(_));
    let keys: Vec<_> = limit.keyed_by.iter().map(|path| path.text()).collect();
    format!("counted {:?} {length} {path:?} {:?} {keys:?}", bound.numbers(), limit.ends_ms)
}

/// Whether the values can be compared that a flow wants to be the same, each on its own.
fn compared<'a>(bound: &Bound, view: &'a View<'a>, flow: &'a Flow, want: Want) -> Vec<Formula<'a>> {
    // What can be compared is for the evaluator to say; here a text, a number or a boolean surely can.
    flow.same().iter().map(|path| valued(bound, view, path, want)).collect()
}

fn saying_of_flow(bound: &Bound, flow: &Flow) -> String {
    format!("flow {:?} {:?} {:?}", bound.numbers(), flow.within_ms, flow.demand)
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
    let keyed = limit.keyed_by.iter().map(|path| valued(bound, view, path, want));
    let amount = amount(bound, view, limit, want);
    let all: Vec<_> = keyed.chain(amount).collect();
    let is_any = !all.is_empty();
    is_any.then(|| match want {
        Want::True | Want::NotFalse => Formula::all(all),
        Want::False | Want::NotTrue => Formula::any(all),
    })
}

/// Whether there is a value that a limit can count apart.
fn valued<'a>(bound: &Bound, view: &'a View<'a>, path: &'a Path, want: Want) -> Formula<'a> {
    let kinds = match want {
        Want::True | Want::NotFalse => Kinds::VALUES,
        Want::False | Want::NotTrue => Kinds::TEXT.or(Kinds::EXACT).or(Kinds::BOOL),
    };
    let ask = Ask { asked: Asked::OneOf(kinds), sense: Sense::Require, numbers: bound.numbers(), want };
    reading(bound, view, Sense::Require).at(path, ask)
}

/// Whether there is an amount; nothing where there always is.
fn amount<'a>(bound: &Bound, view: &'a View<'a>, limit: &'a Limit, want: Want) -> Option<Formula<'a>> {
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
