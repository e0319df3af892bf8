//! Coverage: what is said to be reached was reached by a decision.

#[cfg(test)]
mod common;

use std::sync::Arc;

use common::load;
use policy::{Coverage, Policy, RuleSeen, load_cases, try_tests};

fn seen(policy: &Arc<Policy>) -> Vec<(String, Option<bool>, Option<bool>)> {
    let mut coverage = Coverage::of(std::slice::from_ref(policy));
    for tried in try_tests(policy) {
        assert!(tried.outcome.passed, "{:?}", tried.outcome);
        coverage.see(&tried.explanation);
    }
    let rules = coverage.rules().iter();
    rules.map(|RuleSeen { pointer, fired, passed, .. }| (pointer.clone(), *fired, *passed)).collect()
}

#[test]
fn only_what_the_decision_came_to_counts() {
    let policy = load(
        r#"{ "version": "1", "default": "deny", "hide": ["h", "i"],
            "tools": {
              "x": { "require": [{ "conditions": [{ "path": "args.a", "op": "eq", "value": 1 }] }],
                     "deny_if": [{ "conditions": [{ "path": "args.b", "op": "eq", "value": 1 }] }],
                     "rate_limit": "5/minute" },
              "y*": { "action": "allow", "approval": { "when": [{ "path": "args.c", "op": "exists", "value": true }] } },
              "z": { "action": "deny" } },
            "prompts": { "p": { "action": "allow" }, "q": { "action": "deny" } },
            "methods": { "m/n": { "action": "allow" } },
            "labels": { "g": ["phi"], "x": ["egress"] }, "flows": [{ "id": "f", "after": "phi", "deny": "egress" }],
            "tests": [
              { "call": { "tool": "x", "arguments": { "a": 2, "b": 1 } }, "expect": "deny", "rule": "/tools/x/require/args.a-eq" },
              { "call": { "tool": "x", "arguments": { "a": 1 } }, "expect": "allow" },
              { "call": { "tool": "yes" }, "expect": "allow" },
              { "call": { "tool": "z" }, "expect": "deny" },
              { "call": { "tool": "h" }, "expect": "deny" },
              { "call": { "channel": "prompts", "subject": "p" }, "expect": "allow" },
              { "call": { "method": "m/n" }, "expect": "allow" },
              { "call": { "channel": "prompts", "subject": "r" }, "expect": "deny", "rule": "(default deny)" }
            ] }"#,
    );
    let (yes, no) = (Some(true), Some(false));
    let expected = [
        ("/hide/0", yes, None),
        ("/hide/1", no, None),
        ("/tools/x", None, yes),
        ("/tools/x/require/0", yes, yes),
        // It was true of the first call, but the requirement had decided before it.
        ("/tools/x/deny_if/0", no, yes),
        ("/tools/x/rate_limit", None, yes),
        ("/tools/y*", None, yes),
        ("/tools/y*/approval", no, yes),
        ("/tools/z", None, yes),
        ("/tools/z/action", yes, None),
        ("/flows/0", no, yes),
        ("/prompts/p/action", None, yes),
        ("/prompts/q/action", no, None),
        ("/methods/m~1n/action", None, yes),
    ];
    let expected: Vec<_> =
        expected.into_iter().map(|(at, fired, passed)| (at.to_owned(), fired, passed)).collect();
    assert_eq!(seen(&policy), expected);
}

#[test]
fn a_file_of_cases_is_read_as_strictly_as_a_policy() {
    let check = |text: &str, expected: &[(&str, u32)]| {
        let problems = load_cases(text.as_bytes()).expect_err(text);
        let found: Vec<_> = problems.iter().map(|problem| (&*problem.pointer, problem.line)).collect();
        assert_eq!(found, expected, "{problems:?}");
    };
    check("[]", &[("", 1)]);
    check("{}", &[("", 1)]);
    check(r#"{"tests": [], "polices": []}"#, &[("/polices", 1)]);
    check(
        "{\"schema\": {\"type\": 5},\n\"policies\": [\"\"], \"tests\": [\n{}]}",
        &[("/schema", 1), ("/policies/0", 2), ("/tests/0", 3), ("/tests/0", 3)],
    );
    for call in [
        r#"{"tool": "x", "channel": "roots"}"#,
        r#"{"method": "x", "subject": "y"}"#,
        r#"{"tool": "x", "subject": "y"}"#,
        r#"{"channel": "roots", "arguments": {}}"#,
        r#"{"channel": "rots"}"#,
        r#"{"channel": "input"}"#,
    ] {
        let text = format!(r#"{{"tests": [{{"call": {call}, "expect": "deny"}}]}}"#);
        assert_eq!(load_cases(text.as_bytes()).expect_err(call).len(), 1, "{call}");
    }
    let cases = load_cases(br#"{"policies": ["a", "b.json"], "tests": []}"#).unwrap();
    assert_eq!(cases.policies(), ["a", "b.json"]);
}
