//! Suggested documents allow every call that was seen, keep denied what was, and open nothing else.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a helper of tests may fail them")]

#[cfg(test)]
mod common;

use std::collections::BTreeSet;

use common::{definition, document};
use policy::{Arguments, Facts, Observation, Observed, Stack, Suggesting, Suggestion, run_tests, suggest};
use proptest::prelude::*;
use serde_json::{Value, json};

/// A call: its tool, its arguments, and whether it was allowed.
type Call = (&'static str, Value, bool);

fn observe(calls: &[Call], gaps: &[String]) -> Observed {
    let mut observed = Observed::default();
    for (n, (tool, arguments, allowed)) in (0_u64..).zip(calls) {
        let arguments = document(&arguments.to_string());
        let (grant, time_ms) = (["a", "b"][(n % 2) as usize], Some(1_795_180_251_007 + n * 20_000));
        let arguments = Some(arguments.root());
        let call = Observation { server: "imaging", tool, grant, time_ms, arguments, gaps };
        if *allowed { observed.note_allowed(&call) } else { observed.note_denied(&call) }
    }
    observed
}

fn made(observed: &Observed, with_tests: bool) -> Suggestion {
    let without = BTreeSet::new();
    suggest(observed, &Suggesting { name: "suggested", min_calls: 5, with_tests, without: &without }).unwrap()
}

fn is_allowed(suggestion: &Suggestion, tool: &str, arguments: &Value) -> bool {
    let schema = r#"{"type": "object"}"#;
    let bound = Stack::new(vec![suggestion.policy.clone()]).bind(&definition(tool, Some(schema)));
    let arguments = document(&arguments.to_string());
    let facts = Facts::new("a", "imaging", tool).at(1_795_180_251_007).labelled(&[]);
    bound.decide(&facts, Arguments::Known(arguments.root())).is_allow()
}

fn imports() -> Vec<Call> {
    let call = |n: u64| {
        let uri = format!("s3://pacs-inbox/{}/{n}", ["ct", "mr"][(n % 2) as usize]);
        let mode = if n.is_multiple_of(2) { "fast" } else { "slow" };
        let mut call = json!({"uri": uri, "mode": mode, "priority": n % 4, "dry": false});
        if n.is_multiple_of(3) {
            call["tags"] = json!(["a", "b"]);
            call["target"] =
                json!({"url": format!("https://store.example/v1/{n}"), "file": format!("/srv/{n}/x")});
        }
        call
    };
    let mut calls: Vec<Call> = (0..40).map(|n| ("start_import", call(n), true)).collect();
    calls.push(("start_import", json!({"uri": "s3://pacs-inbox/ct/1", "mode": "raw", "dry": false}), false));
    calls.push((
        "start_import",
        json!({"uri": "s3://pacs-inbox/ct/1", "mode": "fast", "dry": false, "force": true}),
        false,
    ));
    calls.push(("delete_image_set", json!({}), false));
    calls.push(("list_datastores", json!({}), true));
    calls
}

#[test]
fn a_document_says_what_was_seen_and_why() {
    let suggestion = made(&observe(&imports(), &[]), true);
    let reasons: Vec<String> =
        suggestion.reasons.iter().map(|reason| format!("{}: {}", reason.pointer, reason.text)).collect();
    let told =
        format!("{}\n{}\n\n{}\n", suggestion.document, reasons.join("\n"), suggestion.notes.join("\n"));
    let expected = include_str!("cases/suggested.txt");
    assert_eq!(told, expected, "{told}");
    assert!(suggestion.reasons.iter().all(|reason| reason.subject.is_empty() || !reason.rule.is_empty()));
    assert!(suggestion.policy.warnings().is_empty(), "{:#?}", suggestion.policy.warnings());
    assert!(!run_tests(&suggestion.policy).is_empty());
    assert!(run_tests(&suggestion.policy).iter().all(|test| test.passed));
    for (tool, arguments, allowed) in imports() {
        assert_eq!(is_allowed(&suggestion, tool, &arguments), allowed, "{tool} {arguments}");
    }
    assert!(!is_allowed(&suggestion, "start_import", &json!({"uri": "s3://elsewhere/1", "mode": "fast"})));
}

#[test]
fn what_was_not_kept_or_left_out_narrows_nothing() {
    let gaps = ["/uri".to_owned(), "/target".to_owned()];
    let document = made(&observe(&imports(), &gaps), false).document;
    assert!(!document.contains("args.uri") && !document.contains("args.target"), "{document}");
    assert!(document.contains("args.mode"), "{document}");
    let without = BTreeSet::from([("imaging".to_owned(), "start_import".to_owned(), "mode".to_owned())]);
    let wanted = Suggesting { name: "p", min_calls: 5, with_tests: false, without: &without };
    let suggestion = suggest(&observe(&imports(), &[]), &wanted).unwrap();
    assert!(suggestion.reasons.iter().all(|reason| reason.subject != "mode"));
    let few = Suggesting { min_calls: 41, without: &BTreeSet::new(), ..wanted };
    let few = suggest(&observe(&imports(), &[]), &few).unwrap();
    assert!(
        !few.document.contains("require") && few.notes.iter().any(|note| note.contains("seen 40 times only"))
    );
}

/// A value of another type than the allowed ones is told apart by nothing that would not deny those too.
#[test]
fn a_denied_value_of_another_type_denies_no_allowed_one() {
    let call = |value: Value, allowed| ("x", json!({"a": value}), allowed);
    for (allowed, denied) in [(json!("x"), json!(6)), (json!(true), json!("x"))] {
        let calls = [call(allowed.clone(), true), call(denied, false)];
        let suggestion = made(&observe(&calls, &[]), false);
        assert!(is_allowed(&suggestion, "x", &json!({"a": allowed})), "{}", suggestion.document);
        assert!(suggestion.notes.iter().any(|note| note.contains("nothing tells them")));
    }
}

fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        prop::sample::select(vec![
            json!("s3://in/a"),
            json!("s3://in/b"),
            json!("https://a.example/x"),
            json!("https://b.example:8443/y"),
            json!("/srv/a"),
            json!("/srv/../b"),
            json!("/srv/c/d"),
            json!(""),
            json!("5"),
            json!(5),
            json!(-1),
            json!(0.5),
            json!(9_007_199_254_740_993_u64),
            json!(1e300),
            json!(true),
            json!(false),
            Value::Null,
        ]),
        any::<i32>().prop_map(Value::from),
        "[a-z/:.]{0,8}".prop_map(Value::from),
    ];
    leaf.prop_recursive(2, 6, 3, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..3).prop_map(Value::from),
            prop::collection::hash_map(prop::sample::select(vec!["a", "A", "a.b", "c"]), inner, 0..3)
                .prop_map(|members| members
                    .into_iter()
                    .map(|(key, value)| (key.to_owned(), value))
                    .collect()),
        ]
    })
}

/// Calls whose arguments are mostly alike.
fn calls() -> impl Strategy<Value = Vec<Call>> {
    let few = prop::collection::vec(value(), 1..4);
    let names = prop::sample::subsequence(vec!["a", "b", "a.b", "B", "c"], 1..4);
    (few, names).prop_flat_map(|(few, names)| {
        let arguments =
            prop::collection::hash_map(prop::sample::select(names), prop::sample::select(few), 0..4)
                .prop_map(|members| {
                    members.into_iter().map(|(key, value)| (key.to_owned(), value)).collect::<Value>()
                });
        let tool = prop::sample::select(vec!["x", "x", "x", "y"]);
        let call = (tool, arguments, prop::bool::weighted(0.9));
        prop::collection::vec(call, 1..40)
    })
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: if std::env::var_os("TOOLGATE_LONG").is_some() { 100_000 } else { 400 },
        failure_persistence: None, ..ProptestConfig::default()
    })]

    #[test]
    fn every_call_that_was_seen_is_allowed(calls in calls()) {
        let suggestion = made(&observe(&calls, &[]), true);
        prop_assert!(suggestion.policy.warnings().iter().all(|warning| warning.code == "denies-all"), "{:?}", suggestion.policy.warnings());
        prop_assert!(run_tests(&suggestion.policy).iter().all(|test| test.passed), "{}", suggestion.document);
        let open = suggestion.notes.iter().any(|note| note.contains("nothing tells them"));
        for (tool, arguments, allowed) in &calls {
            let is_allowed = is_allowed(&suggestion, tool, arguments);
            if *allowed {
                prop_assert!(is_allowed, "{} {}\n{}", tool, arguments, suggestion.document);
            } else {
                prop_assert!(!is_allowed || open, "{} {}\n{}", tool, arguments, suggestion.document);
            }
        }
    }
}
