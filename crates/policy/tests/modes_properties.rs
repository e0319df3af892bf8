//! What holds of shadow and of ends, for every document and every call.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a helper of tests may fail them")]

#[cfg(test)]
mod common;
#[cfg(test)]
#[expect(dead_code, reason = "each test file uses its own part")]
mod generate;

use std::sync::Arc;

use common::{FACTS, definition, document};
use generate::{
    HISTORY_MS, approval, arguments, end, expire, labels, limit, moment, policy_document, predicate, relax,
    restricting, rules, schema, select, selector,
};
use policy::{Arguments, Bound, Decision, Facts, History, LabelSet, Policy, Stack};
use proptest::prelude::*;
use serde_json::{Value, json};

/// Many more where a long run is asked for.
fn n_cases() -> u32 {
    if std::env::var_os("TOOLGATE_LONG").is_some() { 100_000 } else { 400 }
}

fn load(document: &Value) -> Arc<Policy> {
    Arc::new(policy::load("p", document.to_string().into_bytes()).unwrap())
}

fn bind(policies: &[&Value], schema: &Value) -> Bound {
    let policies = policies.iter().map(|document| load(document)).collect();
    Stack::new(policies).bind(&definition("x", Some(&schema.to_string())))
}

/// A call, when it is made, and what was done before.
#[derive(Debug)]
struct Call {
    arguments: Value,
    now_ms: Option<u64>,
    labels: Vec<LabelSet>,
}

fn call() -> impl Strategy<Value = Call> {
    (arguments(), moment(), labels()).prop_map(|(arguments, now_ms, labels)| Call {
        arguments,
        now_ms,
        labels,
    })
}

impl Call {
    fn decided(&self, bound: &Bound) -> Decision {
        let history = History { now_ms: HISTORY_MS, labels: &self.labels, steps: &[] };
        let facts = Facts { now_ms: self.now_ms, ..FACTS.labelled(&[]).after(Some(&history)) };
        let arguments = document(&self.arguments.to_string());
        bound.decide(&facts, Arguments::Known(arguments.root()))
    }

    /// All that is enforced of the decision, and what lists show at its time.
    fn enforced(&self, bound: &Bound) -> String {
        let decision = match self.decided(bound) {
            Decision::Deny(denial) => format!("{denial:?}"),
            Decision::Allow(mut allowed) => {
                allowed.shadowed = None;
                format!("{allowed:?}")
            }
        };
        format!("{decision} {:?} {:?}", bound.listed_reason_from(self.now_ms), bound.reveal())
    }
}

/// A part that restricts, with the list that it stands in.
fn part() -> impl Strategy<Value = (&'static str, Value)> {
    prop_oneof![
        predicate().prop_map(|predicate| ("require", predicate)),
        predicate().prop_map(|predicate| ("deny_if", predicate)),
        limit().prop_map(|limit| ("limits", limit)),
        approval().prop_map(|approval| ("approval", approval)),
    ]
}

/// Where a part may be added without naming the tool.
fn place() -> impl Strategy<Value = &'static [&'static str]> {
    prop_oneof![Just(&["tools", "x"][..]), Just(&["all_tools"][..]), selector()]
}

fn at<'a>(document: &'a Value, keys: &[&str]) -> Option<&'a Value> {
    keys.iter().try_fold(document, |place, key| place.get(*key))
}

/// The document with a part added; nothing where it cannot stand there, or would name a tool.
fn with(document: &Value, keys: &[&str], key: &str, part: &Value) -> Option<Value> {
    let own = at(document, keys);
    if own.is_none() && matches!(keys, [.., "tools", name] if !name.contains('*')) {
        return None;
    }
    let mut rules = own.cloned().unwrap_or_else(|| json!({}));
    if key == "approval" {
        if rules.get("action").is_some() || rules.get("approval").is_some() {
            return None;
        }
        rules[key] = part.clone();
    } else if let Some(list) = rules.get_mut(key) {
        list.as_array_mut().unwrap().push(part.clone());
    } else {
        rules[key] = json!([part]);
    }
    let mut changed = document.clone();
    select(&mut changed, keys, rules);
    Some(changed)
}

fn in_shadow(part: &Value) -> Value {
    let mut part = part.clone();
    part["mode"] = json!("shadow");
    part
}

proptest! {
    #![proptest_config(ProptestConfig { cases: n_cases(), failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_part_in_shadow_changes_nothing(
        policy in policy_document(), place in place(), (key, part) in part(), schema in schema(),
        calls in prop::collection::vec(call(), 1..6),
    ) {
        let Some(more) = with(&policy, place, key, &in_shadow(&part)) else { return Ok(()) };
        let (without, with) = (bind(&[&policy], &schema), bind(&[&more], &schema));
        prop_assert_eq!(without.listed(), with.listed());
        for call in &calls {
            prop_assert_eq!(call.enforced(&without), call.enforced(&with), "{} {}", policy, more);
        }
    }

    #[test]
    fn whole_rules_in_shadow_change_nothing(
        policy in policy_document(), place in place(), rules in rules(), schema in schema(),
        calls in prop::collection::vec(call(), 1..6),
    ) {
        if at(&policy, place).is_some() {
            return Ok(());
        }
        let mut more = policy.clone();
        select(&mut more, place, in_shadow(&restricting(rules)));
        let (without, with) = (bind(&[&policy], &schema), bind(&[&more], &schema));
        prop_assert_eq!(without.listed(), with.listed());
        for call in &calls {
            prop_assert_eq!(call.enforced(&without), call.enforced(&with), "{} {}", policy, more);
        }
    }

    #[test]
    fn a_policy_in_shadow_changes_nothing(
        policy in policy_document(), further in policy_document(), schema in schema(),
        calls in prop::collection::vec(call(), 1..6),
    ) {
        let shadow = in_shadow(&further);
        let without = bind(&[&policy], &schema);
        for with in [bind(&[&policy, &shadow], &schema), bind(&[&shadow, &policy], &schema)] {
            prop_assert_eq!(without.listed(), with.listed());
            for call in &calls {
                prop_assert_eq!(call.enforced(&without), call.enforced(&with), "{} {}", policy, shadow);
            }
        }
        let alone = bind(&[&shadow], &schema);
        prop_assert!(calls.iter().all(|call| !call.decided(&alone).is_allow()));
    }

    #[test]
    fn an_allow_that_ends_never_allows_more(
        policy in policy_document(), place in place(), (_, end) in end(), schema in schema(),
        calls in prop::collection::vec(call(), 1..6),
    ) {
        let mut ending = policy.clone();
        if !expire(&mut ending, place, end) {
            return Ok(());
        }
        let (lasting, ending) = (bind(&[&policy], &schema), bind(&[&ending], &schema));
        for call in &calls {
            let is_less = call.decided(&lasting).is_allow() || !call.decided(&ending).is_allow();
            prop_assert!(is_less, "{policy} {place:?} {end} {call:?}");
            let is_less = lasting.listed_from(call.now_ms) || !ending.listed_from(call.now_ms);
            prop_assert!(is_less, "{policy} {place:?} {end} {call:?}");
        }
    }

    #[test]
    fn a_restriction_that_relaxes_holds_before_its_end(
        policy in policy_document(), place in place(), (key, mut part) in part(), (end_ms, end) in end(),
        schema in schema(), calls in prop::collection::vec(call(), 1..6),
    ) {
        part.as_object_mut().unwrap().retain(|key, _| key != "expires" && key != "on_expiry");
        let mut relaxing = part.clone();
        relax(&mut relaxing, end);
        let Some(lasting) = with(&policy, place, key, &part) else { return Ok(()) };
        let relaxing = with(&policy, place, key, &relaxing).unwrap();
        let (without, lasting) = (bind(&[&policy], &schema), bind(&[&lasting], &schema));
        let relaxing = bind(&[&relaxing], &schema);
        for call in &calls {
            let is_held = call.now_ms.is_none_or(|now_ms| now_ms < end_ms);
            let is_allowed = call.decided(&relaxing).is_allow();
            let as_if = if is_held { &lasting } else { &without };
            prop_assert_eq!(is_allowed, call.decided(as_if).is_allow(), "{} {:?}", policy, call);
        }
    }
}
