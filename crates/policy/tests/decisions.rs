//! Runs the case files of `tests/cases/decisions`: documents, a definition, calls and what is decided on each.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a helper of tests may fail them"
)]

#[cfg(test)]
mod common;

use common::{FACTS, case_files, definition, optional_text, stack, text};
use json::Value;
use policy::{Allowed, Arguments, Bound, Category, Classes, Decision, Denial, DenialKind, Facts, Risk};

#[test]
fn every_case_is_decided_as_it_says() {
    for (name, file) in case_files("decisions") {
        for case in file.root().elements() {
            let about = format!("{name}: {}", text(case, "about"));
            run(&about, case);
        }
    }
}

fn run(about: &str, case: Value<'_>) {
    let texts: Vec<&str> = match case.get("policies") {
        Some(list) => list.elements().map(|policy| policy.raw()).collect(),
        None => vec![case.get("policy").expect(about).raw()],
    };
    let schema = case.get("schema").map_or("{\"type\": \"object\"}", |schema| schema.raw());
    let schema = if schema == "null" { None } else { Some(schema) };
    let tool = optional_text(case, "tool").unwrap_or_else(|| "x".to_owned());
    let stack = stack(&texts);
    let definition = definition(&tool, schema).annotated(case.get("annotations")).classed(classes(case));
    let bound = stack.bind(&definition);
    let expected_listed = case.get("listed").is_none_or(|listed| listed.as_bool().unwrap());
    assert_eq!(bound.listed(), expected_listed, "{about}: listed ({:?})", bound.listed_reason());
    for call in case.get("calls").expect(about).elements() {
        check_call(&format!("{about}: {}", call.raw()), &bound, call);
    }
}

/// The classes that a case gives its tool.
fn classes(case: Value<'_>) -> Classes {
    let Some(given) = case.get("classes") else { return Classes::unknown() };
    let words = |key: &str| -> Vec<String> {
        given.get(key).map_or_else(Vec::new, |list| {
            list.elements().map(|word| word.as_str().unwrap().into_owned()).collect()
        })
    };
    let category = |word: &str| Category::ALL.into_iter().find(|category| category.as_str() == word).unwrap();
    let risk = |word: &str| Risk::ALL.into_iter().find(|risk| risk.as_str() == word).unwrap();
    let plausible = words("plausible").iter().map(|word| category(word)).collect();
    let classes = Classes::plausible(plausible, Vec::new());
    match words("frozen").as_slice() {
        [one, two] => classes.frozen(category(one), risk(two)),
        _ => classes,
    }
}

fn check_call(about: &str, bound: &Bound, call: Value<'_>) {
    let arguments = call.get("arguments").map_or(Arguments::Absent, Arguments::Known);
    let labels = call
        .get("labels")
        .map(|list| list.elements().map(|label| label.as_str().unwrap().into_owned()).collect::<Vec<_>>());
    let now_ms =
        call.get("now").or_else(|| call.get("now_ms")).map(|now| now.as_number().unwrap().as_u64().unwrap());
    let facts = Facts { labels: labels.as_deref(), now_ms, input: call.get("input"), ..FACTS };
    let decision = bound.decide(&facts, arguments);
    match &decision {
        Decision::Allow(allowed) => check_allowed(about, allowed, call),
        Decision::Deny(denial) => check_denial(about, denial, call),
    }
    // INVARIANT: nothing that is not listed is ever allowed, and explaining changes nothing.
    assert!(bound.listed() || !decision.is_allow(), "{about}");
    let explanation = bound.explain(&facts, arguments);
    assert_eq!(explanation.decision.denial(), decision.denial(), "{about}");
    if let Some(denial) = decision.denial() {
        assert!(explanation.matched_rules().any(|rule| *rule == denial.rule), "{about}\n{explanation}");
    }
}

fn check_allowed(about: &str, allowed: &Allowed, call: Value<'_>) {
    assert!(call.get("deny").is_none(), "{about}\nwas allowed");
    let repaired = allowed.repaired.as_ref().map(|repaired| repaired.document.text());
    assert_eq!(repaired, call.get("repaired").map(|value| value.raw()), "{about}");
    let pointers = allowed.repaired.as_ref().map_or(&[][..], |repaired| &repaired.pointers);
    if let Some(expected) = call.get("pointers") {
        let expected: Vec<_> = expected.elements().map(|pointer| pointer.as_str().unwrap()).collect();
        assert_eq!(pointers, expected, "{about}");
    }
    let limits: Vec<_> = allowed
        .limits
        .iter()
        .map(|demand| {
            let values = demand.values.as_ref().map(|values| format!(" per {values}")).unwrap_or_default();
            format!("{} {} {}{values}", demand.spec.rule, demand.spec.unit, demand.amount)
        })
        .collect();
    let expected = call.get("limits").map_or_else(Vec::new, |list| list.elements().collect());
    let expected: Vec<_> = expected.iter().map(|limit| limit.as_str().unwrap()).collect();
    assert_eq!(limits, expected, "{about}");
    let release = optional_text(call, "release").unwrap_or_else(|| "never".to_owned());
    assert_eq!(allowed.release.as_str(), release, "{about}");
    let labels: Vec<_> =
        allowed.labels.iter().map(|set| format!("{} of {}", set.label, set.policy)).collect();
    let expected = call.get("sets").map_or_else(Vec::new, |list| list.elements().collect());
    let expected: Vec<_> = expected.iter().map(|label| label.as_str().unwrap()).collect();
    assert_eq!(labels, expected, "{about}");
}

fn check_denial(about: &str, denial: &Denial, call: Value<'_>) {
    let expected = call.get("deny").unwrap_or_else(|| panic!("{about}\nwas denied: {denial:#?}"));
    let about = format!("{about}\n{denial:#?}");
    assert_eq!(denial.kind.as_str(), text(expected, "kind"), "{about}");
    assert_eq!(denial.rule.as_str(), text(expected, "rule"), "{about}");
    if let Some(pointer) = optional_text(expected, "pointer") {
        assert_eq!(denial.pointer, pointer, "{about}");
    }
    if let Some(policy) = optional_text(expected, "policy") {
        assert_eq!(denial.policy.as_deref(), Some(&*policy), "{about}");
    }
    if let Some(reason) = optional_text(expected, "reason") {
        assert_eq!(denial.reason.as_deref(), Some(&*reason), "{about}");
    }
    assert_eq!(denial.reason.is_none(), says_nothing(denial.kind), "{about}");
}

/// The denials of which the agent must not learn that there is a rule.
fn says_nothing(kind: DenialKind) -> bool {
    kind.looks_unknown() && kind != DenialKind::NoPolicy
}
