//! What holds for every document and every call.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a helper of tests may fail them")]

#[cfg(test)]
mod common;
#[cfg(test)]
mod generate;

use std::sync::Arc;

use common::{FACTS, definition, document};
use generate::{
    HISTORY_MS, NAMES, approval, argument, arguments, end, expire, flow, labels, limit, mendable,
    mending_document, moment, policy_document, predicate, rules, schema, select, selector,
};
use policy::{
    Arguments, Bound, Category, Classes, Decision, Denial, Facts, Foreseen, Foresight, History, Policy, Risk,
    Schema, Stack, normalise,
};
use proptest::prelude::*;
use serde_json::{Value, json};

fn load(document: &Value) -> Arc<Policy> {
    Arc::new(policy::load("p", document.to_string().into_bytes()).unwrap())
}

fn bind(policies: &[Arc<Policy>], schema: &Value) -> Bound {
    Stack::new(policies.to_vec()).bind(&definition("x", Some(&schema.to_string())))
}

/// The effect, the step, the policy, the reason, the amounts: all but the ids, which point into the text.
fn outcome(bound: &Bound, facts: &Facts<'_>, arguments: &Value) -> String {
    let arguments = document(&arguments.to_string());
    match bound.decide(facts, Arguments::Known(arguments.root())) {
        Decision::Deny(denial) => {
            let Denial { kind, policy, reason, operands, reveal, .. } = denial;
            format!("{kind:?} {policy:?} {reason:?} {operands:?} {reveal:?}")
        }
        Decision::Allow(allowed) => {
            let limits: Vec<_> = allowed
                .limits
                .iter()
                .map(|demand| {
                    (demand.spec.counter.clone(), demand.spec.window, demand.spec.max, demand.amount)
                })
                .collect();
            format!(
                "allow {:?} {limits:?} {:?} {:?}",
                allowed.repaired.map(|repaired| repaired.document.text().to_owned()),
                allowed.labels,
                allowed.shadowed.map(|shadowed| shadowed.denial.map(|denial| denial.kind)),
            )
        }
    }
}

fn is_allowed(bound: &Bound, arguments: &Value) -> bool {
    allows(bound, &FACTS, arguments)
}

fn allows(bound: &Bound, facts: &Facts<'_>, arguments: &Value) -> bool {
    let arguments = document(&arguments.to_string());
    bound.decide(facts, Arguments::Known(arguments.root())).is_allow()
}

/// A part that restricts a tool, with the key that it stands under.
fn restriction() -> impl Strategy<Value = (&'static str, Value)> {
    prop_oneof![
        3 => predicate().prop_map(|predicate| ("require", predicate)),
        3 => predicate().prop_map(|predicate| ("deny_if", predicate)),
        3 => limit().prop_map(|limit| ("limits", limit)),
        1 => approval().prop_map(|approval| ("approval", approval)),
        1 => end().prop_map(|(_, end)| ("expires", json!(end))),
        2 => flow().prop_map(|flow| ("flows", flow)),
        1 => prop::sample::select(vec!["phi", "big", "egress"]).prop_map(|label| ("labels", json!(label))),
    ]
}

/// Restricts the tool further, where a part of this kind may be added to what it says.
fn restrict(document: &mut Value, key: &str, mut added: Value) {
    match key {
        "flows" => {
            added["id"] = json!("added");
            let labels = document.get("labels").cloned();
            document["labels"] = labels.unwrap_or_else(|| json!({"x": ["phi"], "z*": ["egress", "big"]}));
            push(document, key, added);
        }
        "labels" => {
            if let Some(labels) = document.get_mut("labels") {
                push(labels, "x", added);
            }
        }
        "expires" => {
            expire(document, &["tools", "x"], added.as_str().unwrap());
        }
        "approval" => {
            let rules = &mut document["tools"]["x"];
            if rules.get("action").is_none() && rules.get("approval").is_none() {
                rules[key] = added;
            }
        }
        _ => push(&mut document["tools"]["x"], key, added),
    }
}

fn push(place: &mut Value, key: &str, added: Value) {
    match place.get_mut(key).and_then(Value::as_array_mut) {
        Some(list) if list.contains(&added) => {}
        Some(list) => list.push(added),
        None => place[key] = json!([added]),
    }
}

/// Many more where a long run is asked for.
fn n_cases() -> u32 {
    if std::env::var_os("TOOLGATE_LONG").is_some() { 100_000 } else { 400 }
}

/// What is hidden of a call: nothing but names, or some places.
fn hidden() -> impl Strategy<Value = Option<Vec<String>>> {
    let place =
        prop::sample::select(vec!["/a", "/b", "/c", "/d", "/a/b", "/b/0", "/a/0/b", "/c/0/1", "/*/b", ""]);
    prop::option::of(prop::collection::vec(place.prop_map(String::from), 1..3))
}

/// Takes out what is at some places, which may leave nothing, a null or another text there.
fn take_out(arguments: &mut Value, places: &[String], left: &Value) {
    for place in places {
        if let Some(value) = arguments.pointer_mut(place).filter(|_| !place.is_empty()) {
            *value = left.clone();
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: n_cases(), failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn nothing_unlisted_is_ever_allowed(
        policy in policy_document(), schema in schema(), calls in prop::collection::vec(arguments(), 1..6),
        labels in labels(), list_ms in moment(), now_ms in moment(),
    ) {
        let bound = bind(&[load(&policy)], &schema);
        let history = History { now_ms: HISTORY_MS, labels: &labels, steps: &[] };
        let facts = Facts { now_ms, ..FACTS.labelled(&[]).after(Some(&history)) };
        // A list is about the calls after it.
        let is_before = list_ms.is_none() || list_ms <= now_ms;
        for call in &calls {
            let is_allowed = allows(&bound, &facts, call);
            prop_assert!(bound.listed() || !is_allowed, "{policy} {schema} {call}");
            prop_assert!(!is_before || bound.listed_from(list_ms) || !is_allowed, "{policy} {schema} {call}");
        }
    }

    #[test]
    fn a_further_restriction_on_a_named_tool_never_allows_more(
        mut policy in policy_document(),
        own in rules(),
        (key, added) in restriction(),
        schema in schema(),
        calls in prop::collection::vec(arguments(), 1..6),
        labels in labels(), now_ms in moment(),
    ) {
        policy["tools"]["x"] = own;
        let mut narrow = policy.clone();
        restrict(&mut narrow, key, added);
        let (wide, narrow) = (bind(&[load(&policy)], &schema), bind(&[load(&narrow)], &schema));
        let history = History { now_ms: HISTORY_MS, labels: &labels, steps: &[] };
        let facts = Facts { now_ms, ..FACTS.labelled(&[]).after(Some(&history)) };
        for call in &calls {
            prop_assert!(allows(&wide, &facts, call) || !allows(&narrow, &facts, call), "{policy} {call}");
        }
    }

    #[test]
    fn a_restricting_selector_never_allows_more(
        mut policy in policy_document(), selector in selector(), restriction in predicate(), at in any::<bool>(), schema in schema(), call in arguments(),
    ) {
        policy["tools"]["x"] = json!({});
        let mut narrow = policy.clone();
        let mut rules = selector.iter().fold(&policy, |place, key| &place[*key]).clone();
        let list = if at { "require" } else { "deny_if" };
        match rules.get_mut(list).and_then(Value::as_array_mut) {
            Some(list) => list.push(restriction),
            None => rules[list] = json!([restriction]),
        }
        select(&mut narrow, selector, rules);
        let (wide, narrow) = (bind(&[load(&policy)], &schema), bind(&[load(&narrow)], &schema));
        prop_assert!(is_allowed(&wide, &call) || !is_allowed(&narrow, &call), "{policy} {call}");
    }

    /// What is not known of a tool only ever denies.
    #[test]
    fn a_tool_of_unknown_class_is_allowed_no_more_than_one_of_any_class(
        policy in policy_document(), schema in schema(), call in arguments(),
        category in prop::sample::select(Category::ALL.to_vec()), risk in prop::sample::select(Risk::ALL.to_vec()),
    ) {
        let stack = Stack::new(vec![load(&policy)]);
        let definition = definition("x", Some(&schema.to_string()));
        let known = Classes::plausible(vec![category], vec![risk]).frozen(category, risk);
        let (unknown, known) = (stack.bind(&definition), stack.bind(&definition.classed(known)));
        prop_assert!(is_allowed(&known, &call) || !is_allowed(&unknown, &call), "{policy} {call}");
    }

    #[test]
    fn a_further_policy_never_allows_more(
        policy in policy_document(), further in policy_document(), schema in schema(), call in arguments(),
    ) {
        let (one, both) = (load(&policy), load(&further));
        let alone = bind(std::slice::from_ref(&one), &schema);
        for stack in [bind(&[one.clone(), both.clone()], &schema), bind(&[both, one], &schema)] {
            prop_assert!(is_allowed(&alone, &call) || !is_allowed(&stack, &call));
        }
    }

    #[test]
    fn a_further_policy_never_has_more_mended(one in mending_document(), two in mending_document(), value in mendable(), kind in prop::sample::select(vec!["integer", "object", "string"])) {
        let schema = json!({"type": "object", "properties": {"a": {"type": kind}}});
        let call = json!({"a": value});
        let (one, two) = (load(&one), load(&two));
        let alone = bind(std::slice::from_ref(&one), &schema);
        for stack in [bind(&[one.clone(), two.clone()], &schema), bind(&[two, one], &schema)] {
            prop_assert!(is_allowed(&alone, &call) || !is_allowed(&stack, &call), "{call}");
        }
    }

    #[test]
    fn normalising_never_changes_a_decision(policy in policy_document(), schema in schema(), calls in prop::collection::vec(arguments(), 1..6), now_ms in moment()) {
        let facts = Facts { now_ms, ..FACTS };
        let policy = load(&policy);
        let text = normalise(&policy);
        let again = Arc::new(policy::load("p", text.clone().into_bytes()).unwrap());
        prop_assert_eq!(policy.revision_hash(), again.revision_hash());
        prop_assert_eq!(&normalise(&again), &text);
        let (before, after) = (bind(&[policy], &schema), bind(&[again], &schema));
        prop_assert_eq!(before.listed_from(now_ms), after.listed_from(now_ms));
        for call in &calls {
            prop_assert_eq!(outcome(&before, &facts, call), outcome(&after, &facts, call));
        }
    }

    #[test]
    fn explaining_agrees_with_deciding(policy in policy_document(), schema in schema(), call in arguments(), now_ms in moment()) {
        let bound = bind(&[load(&policy)], &schema);
        let arguments = document(&call.to_string());
        let arguments = Arguments::Known(arguments.root());
        let explanation = bound.explain(&Facts { now_ms, ..FACTS }, arguments);
        let first = explanation.findings.iter().find(|finding| finding.answer == policy::Answer::Denies);
        let decided = explanation.decision.denial();
        prop_assert_eq!(first.map(|finding| &finding.rule), decided.map(|denial| &denial.rule));
        prop_assert!(!explanation.to_string().is_empty());
    }

    /// Repair only ever replaces strings, by exactly what they encode, and what comes out fits as it is.
    #[test]
    fn repair_is_exact_and_final(schema in schema(), call in arguments()) {
        let bound = bind(&[load(&json!({"version": "1", "default": "allow"}))], &schema);
        let strict = bind(&[load(&json!({"version": "1", "default": "allow", "all_tools": {"repair": false}}))], &schema);
        let received = document(&call.to_string());
        if let Decision::Allow(allowed) = bound.decide(&FACTS, Arguments::Known(received.root()))
            && let Some(repaired) = allowed.repaired
        {
            let mended: Value = serde_json::from_str(repaired.document.text()).unwrap();
            let mut expected = call.clone();
            for pointer in &repaired.pointers {
                let place = expected.pointer_mut(pointer).unwrap();
                *place = serde_json::from_str(place.as_str().unwrap()).unwrap();
            }
            prop_assert_eq!(&mended, &expected);
            prop_assert!(is_allowed(&strict, &mended));
            prop_assert!(!is_allowed(&strict, &call));
        }
    }

    #[test]
    fn loading_and_compiling_never_panic(text in ".{0,80}", json in argument()) {
        let _ = policy::load("p", text.into_bytes());
        let _ = policy::load("p", json.to_string().into_bytes());
        let _ = Schema::compile(document(&json.to_string()).root());
    }

    /// A document with one word exchanged loads or says where it is wrong; it never panics.
    #[test]
    fn damaged_documents_never_panic(policy in policy_document(), at in 0_usize..2000, with in any::<char>()) {
        let mut letters: Vec<char> = policy.to_string().chars().collect();
        let index = at % letters.len();
        letters[index] = with;
        let text: String = letters.into_iter().collect();
        if let Err(problems) = policy::load("p", text.into_bytes()) {
            prop_assert!(!problems.is_empty());
            prop_assert!(problems.iter().all(|problem| problem.line >= 1 && problem.column >= 1));
        }
    }

    /// No text of a denial holds any part of an argument's value.
    #[test]
    fn denials_hold_no_values(policy in policy_document(), schema in schema(), mut call in arguments(), at in 0_usize..4) {
        let secret = "q7SECRETq7";
        call[NAMES[at]] = json!({"deep": [secret, {"k": secret}], secret: secret});
        let bound = bind(&[load(&policy)], &schema);
        let arguments = document(&call.to_string());
        let explanation = bound.explain(&FACTS, Arguments::Known(arguments.root()));
        prop_assert!(!explanation.to_string().contains("SECRET"));
        let findings = format!("{:?}", explanation.findings);
        prop_assert!(!findings.contains("SECRET"));
    }

    /// What is foreseen of a call whose values are not all known is what is decided once they are.
    #[test]
    fn what_is_foreseen_is_decided(
        document in policy_document(), schema in schema(), arguments in arguments(), hidden in hidden(),
        left in prop::sample::select(vec![Value::Null, json!("x"), json!(5), json!({"b": 7})]),
    ) {
        let bound = bind(&[load(&document)], &schema);
        let known = common::document(&arguments.to_string());
        let facts = FACTS.labelled(&[]).at(1_795_180_251_007);
        let decision = bound.decide(&facts, Arguments::Known(known.root()));
        let fits = policy::load("open", br#"{"version": "1", "default": "allow", "all_tools": {"repair": false}}"#.to_vec());
        let fits = is_allowed(&bind(&[Arc::new(fits.unwrap())], &schema), &arguments);
        let names: Vec<&str> = arguments.as_object().unwrap().keys().map(String::as_str).collect();
        let declared = |name: &&str| schema["properties"].get(name).is_some();
        let (present, others): (Vec<&str>, Vec<&str>) = names.into_iter().partition(declared);
        let mut partly = arguments.clone();
        take_out(&mut partly, hidden.as_deref().unwrap_or_default(), &left);
        let partly = common::document(&partly.to_string());
        let given = match &hidden {
            None => Foreseen::Keys { present: &present, has_others: !others.is_empty(), fits },
            Some(gaps) => Foreseen::Partly { arguments: partly.root(), gaps, fits },
        };
        for given in [given, Foreseen::Unknown, Foreseen::Known(Arguments::Known(known.root()))] {
            for facts in [facts, FACTS] {
                match bound.foresee(&facts, given) {
                    Foresight::Allowed(limits) => {
                        let Decision::Allow(allowed) = &decision else { panic!("{given:?} was foreseen to be allowed") };
                        prop_assert_eq!(&allowed.limits, &limits);
                    }
                    Foresight::Denied(_) => prop_assert!(!decision.is_allow(), "{:?}", given),
                    Foresight::Unknown(_) => {}
                }
            }
        }
    }
}
