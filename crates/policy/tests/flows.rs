//! Flows: what a call may follow, and what decisions say for those that come after.
#![expect(clippy::unwrap_used, reason = "a helper of tests may fail them")]

#[cfg(test)]
mod common;

use std::sync::Arc;

use common::{document, load, stack};
use policy::{
    Allowed, Arguments, Decision, Definition, Facts, Hash, History, LabelSet, Schema, StepState, TakenStep,
    run_tests,
};

const NOW_MS: u64 = 1_800_000_000_000;
const POLICY: &str = r#"{ "version": "1", "default": "allow",
  "labels": { "get_*": ["phi"], "fetch": ["untrusted"], "send_*": ["egress"] },
  "flows": [
    { "id": "phi-never-leaves", "after": "phi", "deny": "egress", "within": "1h" },
    { "id": "plan-before-apply", "tool": "apply", "needs": { "tool": "plan", "same": ["args.workspace"], "within": "30m" } } ] }"#;

/// What is decided on a call of a server with a history.
fn decide(
    server: &str,
    tool: &str,
    arguments: &str,
    history: Option<&History<'_>>,
) -> Result<Allowed, String> {
    let schema = Schema::compile(document("{}").root()).unwrap();
    let definition = Definition::new(server.to_owned(), tool.to_owned(), Hash::of(b"t"), Some(schema));
    let bound = stack(&[POLICY]).bind(&definition);
    let arguments = document(arguments);
    let facts = Facts::new("g", server, tool).after(history);
    match bound.decide(&facts, Arguments::Known(arguments.root())) {
        Decision::Allow(allowed) => Ok(allowed),
        Decision::Deny(denial) => Err(denial.reason.unwrap().to_string()),
    }
}

#[test]
fn what_a_call_sets_stops_a_later_one() {
    let first = decide("s", "get_patient", "{}", None).unwrap();
    let after = |ago_ms: u64| -> Vec<_> {
        let set = |label: &_| LabelSet { label: Clone::clone(label), at_ms: NOW_MS - ago_ms };
        first.labels.iter().map(set).collect()
    };
    let send = |labels: &[LabelSet]| {
        decide("s", "send_mail", "{}", Some(&History { now_ms: NOW_MS, labels, steps: &[] })).map(drop)
    };
    assert_eq!(send(&[]), Ok(()));
    let told = "the flow `phi-never-leaves` does not allow this so soon after what was done before; retry after 3541 seconds";
    assert_eq!(send(&after(60_000)), Err(told.to_owned()));
    assert_eq!(send(&after(3_600_001)), Ok(()));
}

#[test]
fn what_a_call_needs_is_of_its_server_and_has_the_same_values() {
    let step = |server: &str, arguments: &str| decide(server, "plan", arguments, None).unwrap().steps;
    let apply = |taken: Vec<policy::FlowStep>, state: StepState, arguments: &str| {
        let steps: Vec<_> = taken.into_iter().map(|step| TakenStep { step, state }).collect();
        let history = History { now_ms: NOW_MS, labels: &[], steps: &steps };
        decide("s", "apply", arguments, Some(&history)).map(drop)
    };
    let finished = StepState::Finished { at_ms: NOW_MS - 1000 };
    let workspace = r#"{"workspace": "prod"}"#;
    assert_eq!(apply(step("s", workspace), finished, workspace), Ok(()));
    let told = "the flow `plan-before-apply` needs `plan` to have finished before, with the same arguments, at most \
                30m ago; call `plan` first";
    let cases = [
        (step("other", workspace), finished),
        (step("s", r#"{"workspace": "test"}"#), finished),
        (step("s", r#"{"workspace": 5}"#), finished),
        (step("s", "{}"), finished),
        (step("s", workspace), StepState::Finished { at_ms: NOW_MS - 1_800_001 }),
    ];
    for (taken, state) in cases {
        assert_eq!(apply(taken, state, workspace), Err(told.to_owned()));
    }
    let under_way =
        "the flow `plan-before-apply` waits for `plan`, which is under way; retry when it has finished";
    assert_eq!(apply(step("s", workspace), StepState::InFlight, workspace), Err(under_way.to_owned()));
    for missing in ["{}", r#"{"workspace": null}"#, r#"{"workspace": ["prod"]}"#] {
        let told = apply(step("s", missing), finished, missing).unwrap_err();
        assert!(told.starts_with("the flow `plan-before-apply` compares"), "{told}");
    }
}

#[test]
fn tests_of_a_document_say_what_was_done_before() {
    let tests = r#""tests": [
      { "call": { "tool": "send_mail" }, "expect": "allow" },
      { "call": { "tool": "send_mail", "history": { "labels": ["phi"] } }, "expect": "deny", "rule": "/flows/phi-never-leaves" },
      { "call": { "tool": "send_mail", "time": "2026-11-20T09:00:00Z", "history": { "labels": [{ "label": "phi", "ago": "1h" }] } }, "expect": "deny" },
      { "call": { "tool": "send_mail", "history": { "labels": [{ "label": "phi", "ago": "3601s" }, "untrusted"] } }, "expect": "allow" },
      { "call": { "tool": "apply", "arguments": { "workspace": "a" } }, "expect": "deny", "rule": "/flows/plan-before-apply" },
      { "call": { "tool": "apply", "arguments": { "workspace": "a" }, "history": { "finished": [{ "tool": "plan", "arguments": { "workspace": "a" }, "ago": "30m" }] } }, "expect": "allow" },
      { "call": { "tool": "apply", "arguments": { "workspace": "a" }, "history": { "finished": [{ "tool": "plan", "arguments": { "workspace": "b" } }] } }, "expect": "deny" },
      { "call": { "tool": "apply", "arguments": { "workspace": "a" }, "history": { "in_flight": [{ "tool": "plan", "arguments": { "workspace": "a" } }] } }, "expect": "deny" } ] }"#;
    let policy = load(&format!("{}, {tests}", POLICY.strip_suffix('}').unwrap()));
    let outcomes = run_tests(&policy);
    assert!(outcomes.len() == 8 && outcomes.iter().all(|outcome| outcome.passed), "{outcomes:#?}");
}

#[test]
fn an_exception_names_its_flow() {
    let policy = r#"{ "version": "1", "default": "allow", "labels": { "x": ["egress"], "get": ["phi"] },
      "flows": [{ "id": "leaves", "after": "phi", "deny": "egress", "unless": "approved" }],
      "tests": [{ "call": { "tool": "x", "history": { "labels": ["phi"] } }, "expect": "deny", "rule": "/flows/leaves" },
                { "call": { "tool": "x" }, "expect": "allow" }] }"#;
    assert!(run_tests(&load(policy)).iter().all(|outcome| outcome.passed));
    let bound = stack(&[policy]).bind(&common::definition("x", Some("{}")));
    let labels = [LabelSet {
        label: policy::SetLabel { policy: Arc::from("p0"), label: Arc::from("phi") },
        at_ms: NOW_MS,
    }];
    let history = History { now_ms: NOW_MS, labels: &labels, steps: &[] };
    let facts = common::FACTS.after(Some(&history));
    let told = bound.decide(&facts, Arguments::Absent).denial().unwrap().reason.clone();
    let expected = "after what was done before, the flow `leaves` asks for an approval, which nobody can give yet; do not retry";
    assert_eq!(told.as_deref(), Some(expected));
    let explanation = bound.explain(&facts, Arguments::Absent).to_string();
    assert!(
        explanation.contains("flows          denies by /flows/leaves of `p0` at /flows/0"),
        "{explanation}"
    );
}
