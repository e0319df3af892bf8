//! Differences of documents that people write.

use policy::{DEFAULT_BUDGET, Diff, diff};

use crate::common::stack;

fn compare(old: &str, new: &str) -> Diff {
    diff(&stack(&[old]), &stack(&[new]), None, DEFAULT_BUDGET)
}

/// The differences, as `opens x {"a":1} by rule`.
fn check(old: &str, new: &str, expected: &[&str]) {
    let found = compare(old, new);
    assert!(found.undecided.is_empty(), "{:#?}", found.undecided);
    let shown: Vec<_> = found
        .examples
        .iter()
        .map(|example| {
            let (call, rule) = (&example.call, &example.rule.rule);
            format!("{} {} {} by {rule}", example.direction.as_str(), call.tool, call.arguments.text())
        })
        .collect();
    assert_eq!(shown, expected);
}

fn tool(rules: &str) -> String {
    format!(r#"{{"version": "1", "default": "deny", "tools": {{"pay": {rules}}}}}"#)
}

fn deny(path: &str, op: &str, value: &str) -> String {
    tool(&format!(
        r#"{{"deny_if": [{{"conditions": [{{"path": "{path}", "op": "{op}", "value": {value}}}]}}]}}"#
    ))
}

#[test]
fn a_raised_bound_opens_what_is_between() {
    check(
        &deny("args.amount", "gt", "100"),
        &deny("args.amount", "gt", "200"),
        &[r#"opens pay {"amount":101} by /tools/pay/deny_if/args.amount-gt"#],
    );
    check(
        &deny("args.amount", "gt", "200"),
        &deny("args.amount", "gt", "100"),
        &[r#"closes pay {"amount":101} by /tools/pay/deny_if/args.amount-gt"#],
    );
}

#[test]
fn the_same_in_other_words_does_not_differ() {
    check(&deny("args.amount", "gt", "100"), &deny("args.amount", "gt", "100.0"), &[]);
    check(
        &tool(r#"{"deny_if": [{"conditions": [{"path": "args.a", "op": "gt", "value": 5}]}]}"#),
        &tool(
            r#"{"deny_if": [{"conditions": [{"not": {"path": "args.a", "op": "lte", "value": 5}}]},
                              {"conditions": [{"path": "args.a", "op": "gt", "value": 7}]}]}"#,
        ),
        // A missing argument is false before negation.
        &["closes pay {} by /tools/pay/deny_if/not(args.a-lte)"],
    );
}
