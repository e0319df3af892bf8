//! Runs the tests that stand in documents.

#[cfg(test)]
mod common;

use common::load;
use policy::run_tests;

#[test]
fn each_test_says_whether_it_passed_and_what_was_decided() {
    let policy = load(
        r#"{ "version": "1", "default": "deny",
            "tools": { "x": { "deny_if": [{ "conditions": [{ "path": "args.a", "op": "gt", "value": 5 }] }],
                              "require": [{ "conditions": [{ "path": "time.hour", "op": "lt", "value": 18 }] }] } },
            "categories": { "read": { "action": "allow" } },
            "tests": [
              { "call": { "tool": "x", "arguments": { "a": 1 }, "time": "2026-11-20T09:00:00Z" }, "expect": "allow" },
              { "call": { "tool": "x", "arguments": { "a": 9 }, "time": "2026-11-20T09:00:00Z" }, "expect": "deny", "rule": "/tools/x/deny_if/args.a-gt" },
              { "call": { "tool": "x", "time": "2026-11-20T19:00:00Z" }, "expect": "allow" },
              { "call": { "tool": "y" }, "expect": "deny", "rule": "(hidden)" },
              { "call": { "tool": "y", "category": "read", "risk": "low" }, "expect": "allow" },
              { "call": { "tool": "y", "category": "read" }, "expect": "deny" },
              { "call": { "tool": "x", "arguments": { "a": "1" }, "time": "2026-11-20T09:00:00Z", "schema": { "properties": { "a": { "type": "integer" } } } }, "expect": "allow" }
            ] }"#,
    );
    let outcomes = run_tests(&policy);
    let decided: Vec<_> = outcomes.iter().map(|outcome| (outcome.passed, &*outcome.decided)).collect();
    assert_eq!(
        decided,
        [
            (true, "allow"),
            (true, "/tools/x/deny_if/args.a-gt"),
            (false, "/tools/x/require/time.hour-lt"),
            (false, "(default deny)"),
            (true, "allow"),
            (true, "(default deny)"),
            (true, "allow"),
        ]
    );
    assert_eq!(outcomes.last().map(|outcome| &*outcome.pointer), Some("/tests/6"));
    assert_eq!(outcomes.get(3).map(|outcome| &*outcome.expected), Some("(hidden)"));
}
