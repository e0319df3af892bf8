//! Policies of the older proxy: what each form becomes, what it then decides, and what is refused at its place.
#![expect(clippy::expect_used, clippy::panic, reason = "a helper of tests may fail them")]

#[cfg(test)]
mod common;

use common::{FACTS, definition, document, load};
use policy::{Arguments, Decision, Diagnostic, ImportOptions, Imported, ScopeWord, Stack, import};

fn options() -> ImportOptions {
    ImportOptions { name: "test".to_owned(), scope: ScopeWord::Grant, spend: None }
}

fn translate(yaml: &str) -> Result<Imported, Vec<Diagnostic>> {
    import(yaml.as_bytes(), &options())
}

/// A file with these lines under `tools`.
fn tools(yaml: &str) -> String {
    format!("version: \"1\"\ntools:\n{yaml}")
}

fn check(yaml: &str, expected: &str) {
    let imported = translate(yaml).unwrap_or_else(|problems| panic!("{yaml}\n{problems:#?}"));
    let normal = policy::normalise(&load(expected));
    assert_eq!(imported.document, normal, "{yaml}");
    let again = load(&imported.document);
    assert_eq!(policy::normalise(&again), imported.document);
}

fn check_refused(yaml: &str, expected: &[(&str, &str)]) {
    let problems = translate(yaml).expect_err(yaml);
    let listed: Vec<String> = problems.iter().map(ToString::to_string).collect();
    assert_eq!(problems.len(), expected.len(), "{yaml}\n{}", listed.join("\n"));
    for (problem, (place, part)) in problems.iter().zip(expected) {
        assert_eq!(format!("{}:{}", problem.line, problem.column), *place, "{yaml}\n{problem}");
        assert!(problem.message.contains(part), "{yaml}\n{problem}");
    }
}

const WHOLE: &str = r#"version: "1"
description: "Stripe"
hide: [delete_account]
tools:
  create_charge:
    rules:
      - name: max single charge
        conditions:
          - { path: args.amount, op: lte, value: 50000 }
        on_deny: Single charge cannot exceed $500.00
      - name: daily spend cap
        conditions:
          - { path: state.create_charge.daily_spend, op: lte, value: 1000000 }
        on_deny: Daily spending cap of $10,000.00 reached
        state: { counter: daily_spend, window: day, increment_from: args.amount }
      - name: allowed currencies
        conditions:
          - { path: args.currency, op: in, value: [usd, eur] }
  create_issue:
    rules:
      - name: hourly
        rate_limit: 5/hour
        on_deny: Five an hour.
  delete_customer:
    rules:
      - { name: block, action: deny, on_deny: Not by agents. }
  list_charges:
    rules: []
  "*":
    rules:
      - name: global
        conditions:
          - { path: state._global.calls, op: lt, value: 61 }
        state: { counter: calls, window: minute }
"#;

#[test]
fn a_whole_file_becomes_a_policy() {
    check(
        WHOLE,
        r#"{ "version": "1", "default": "allow", "hide": ["delete_account"],
          "all_tools": { "limits": [{ "counter": "_global.calls", "window": "minute", "align": "calendar", "max": 60, "scope": "grant" }] },
          "tools": {
            "create_charge": {
              "require": [
                { "conditions": [{ "path": "args.amount", "op": "lte", "value": 50000 }], "on_deny": "Single charge cannot exceed $500.00" },
                { "conditions": [{ "path": "args.currency", "op": "in", "value": ["usd", "eur"] }] } ],
              "limits": [{ "counter": "create_charge.daily_spend", "window": "day", "align": "calendar", "max": 1000000, "scope": "grant",
                           "increment_from": "args.amount", "on_deny": "Daily spending cap of $10,000.00 reached" }] },
            "create_issue": { "limits": [{ "counter": "create_issue._rate_hour", "window": "hour", "align": "calendar", "max": 5, "scope": "grant",
                                           "on_deny": "Five an hour." }] },
            "delete_customer": { "action": "deny", "reason": "Not by agents." },
            "list_charges": {} } }"#,
    );
    let notes = translate(WHOLE).unwrap().notes;
    let said: Vec<String> =
        notes.iter().map(|note| format!("{}:{} {}", note.line, note.column, note.message)).collect();
    for expected in [
        "1:1 no `default` is said, which means allow: tools that are not listed are open",
        "2:14 the description is for people and has no place in a policy",
        "3:8 `delete_account` is in no list, and calls of it are refused",
        "7:9 rule `max single charge`: a call of `create_charge` passes only where `args.amount lte 50000`; a missing argument does not pass",
        "15:16 rule `daily spend cap`: at most 1000000 as the sum of `args.amount` of `create_charge` per day of the calendar, in UTC, counted per grant",
        "22:21 rule `hourly`: at most 5 calls of `create_issue` per hour of the calendar, in UTC, counted per grant",
        "26:9 rule `block`: every call of `delete_customer` is denied",
        "28:5 `list_charges` is listed without rules",
        "34:16 rule `global`: at most 60 calls of every tool per minute of the calendar, in UTC, counted per grant",
    ] {
        assert!(said.iter().any(|line| line == expected), "{expected}\n{}", said.join("\n"));
    }
}

/// A rule of `x`, and the rules that it becomes.
fn tool(yaml: &str, json: &str) {
    let expected = format!(r#"{{ "version": "1", "default": "allow", "tools": {{ "x": {json} }} }}"#);
    check(&tools(&format!("  x:\n    rules:\n      - {yaml}\n")), &expected);
}

fn limit(window: &str, max: u32, counter: &str, rest: &str) -> String {
    format!(
        r#"{{ "limits": [{{ "counter": "x.{counter}", "window": "{window}", "align": "calendar", "max": {max}, "scope": "grant"{rest} }}] }}"#
    )
}

#[test]
fn each_form_becomes_what_it_meant() {
    let when = |op: &str, value: &str| {
        format!(
            r#"{{ "require": [{{ "conditions": [{{ "path": "args.a", "op": "{op}", "value": {value} }}] }}] }}"#
        )
    };
    for window in ["minute", "hour", "day"] {
        let counter = format!("_rate_{window}");
        tool(&format!("{{ name: r, rate_limit: 7/{window} }}"), &limit(window, 7, &counter, ""));
    }
    for (op, value) in [
        ("eq", "\"main\""),
        ("neq", "\"main\""),
        ("in", "[1, \"b\"]"),
        ("not_in", "[\"a\"]"),
        ("lt", "5"),
        ("lte", "5"),
        ("gt", "5"),
        ("gte", "5.5"),
        ("regex", "\"^feat/\""),
        ("contains", "\"x\""),
        ("exists", "true"),
        ("exists", "false"),
    ] {
        let rule = format!("{{ name: r, conditions: [{{ path: args.a, op: {op}, value: {value} }}] }}");
        tool(&rule, &when(op, value));
        tool(&rule.replace("name: r", "name: r, action: evaluate"), &when(op, value));
    }
}

#[test]
fn each_counter_and_action_becomes_what_it_meant() {
    let counted = |state: &str| {
        format!(
            "{{ name: r, state: {{ counter: c, window: hour{state} }}, conditions: [{{ path: state.x.c, op: lt, value: 10 }}] }}"
        )
    };
    tool(&counted(""), &limit("hour", 9, "c", ""));
    tool(&counted(", increment: 0"), &limit("hour", 9, "c", ""));
    tool(&counted(", increment: 3"), &limit("hour", 9, "c", r#", "cost": 3"#));
    tool(
        &counted(", increment: 3, increment_from: args.n"),
        &limit("hour", 9, "c", r#", "increment_from": "args.n""#),
    );
    tool("{ name: r, action: deny }", r#"{ "action": "deny" }"#);
    tool("{ name: r, action: require_approval }", r#"{ "action": "require_approval" }"#);
    tool(
        "{ name: r, action: require_approval, approval_timeout: 1h30m, conditions: [{ path: args.a, op: gt, value: 5 }] }",
        r#"{ "approval": { "timeout": "90m", "when": [{ "path": "args.a", "op": "gt", "value": 5 }] } }"#,
    );
    check(
        "version: \"1\"\ndefault: deny\ntools:\n  x:\n",
        r#"{ "version": "1", "default": "deny", "tools": { "x": {} } }"#,
    );
    check("version: \"1\"\nhide: [\"*\"]\n", r#"{ "version": "1", "default": "allow", "hide": ["*"] }"#);
    check(
        "version: \"1\"\ndefault: allow\ntools:\n  \"*\": { rules: [] }\n",
        r#"{ "version": "1", "default": "allow" }"#,
    );
}

#[test]
fn a_sum_of_money_needs_to_know_what_is_summed() {
    let yaml = tools("  pay:\n    spend_limit: $500/day\n");
    check_refused(&yaml, &[("4:18", "which argument of `pay` is the amount")]);
    for (per_unit, max) in [(1, 500), (100, 50_000)] {
        let spend = Some(("args.amount".to_owned(), per_unit));
        let imported = import(yaml.as_bytes(), &ImportOptions { spend, ..options() }).unwrap();
        let expected = format!(
            r#"{{ "version": "1", "default": "allow", "tools": {{ "pay": {{ "limits": [{{ "counter": "pay._spend_day", "window": "day",
                "align": "calendar", "max": {max}, "scope": "grant", "increment_from": "args.amount" }}] }} }} }}"#
        );
        assert_eq!(imported.document, policy::normalise(&load(&expected)));
    }
    check_refused(
        "version: \"1\"\nspend_limit: $500/day\n",
        &[("2:14", "of the whole file has no equivalent")],
    );
    check_refused(
        &tools("  \"*\": { spend_limit: $500/day }\n"),
        &[("3:23", "of every tool has no equivalent")],
    );
    check_refused(&tools("  x: { spend_limit: 500 }\n"), &[("3:21", "must be a string")]);
    check_refused(&tools("  x: { spend_limit: €500/day }\n"), &[("3:21", "write it as `$500/day`")]);
}

#[test]
fn what_has_no_equivalent_is_refused_at_its_place() {
    check_refused("version: \"2\"\n", &[("1:10", "unknown value `2`")]);
    check_refused("tools: {}\n", &[("1:1", "`version` is missing")]);
    check_refused("version: \"1\"\ndefualt: deny\n", &[("2:1", "unknown key `defualt`")]);
    check_refused("version: \"1\"\napprovals: { webhook: x }\n", &[("2:12", "set up approvers")]);
    check_refused("version: \"1\"\nhide: [get_*]\n", &[("2:8", "knew no patterns")]);
    check_refused(&tools("  get_*: { rules: [] }\n"), &[("3:10", "knew no patterns")]);
}

fn rule(yaml: &str, place: &str, part: &str) {
    check_refused(&tools(&format!("  x:\n    rules:\n    - {yaml}\n")), &[(place, part)]);
}

#[test]
fn rules_without_an_equivalent_are_refused_at_their_place() {
    rule("{ name: r }", "5:7", "needs `conditions` or a `rate_limit`");
    rule("{ name: r, action: denny }", "5:26", "unknown value `denny`");
    rule("{ name: r, action: deny, rate_limit: 5/hour }", "5:44", "means nothing beside `action: deny`");
    rule("{ name: r, rate_limit: 5/week }", "5:30", "unknown window `week`");
    rule("{ name: r, rate_limit: 0/hour }", "5:30", "is no rate");
    rule("{ name: r, rate_limit: 5/hour, conditions: [] }", "5:50", "cannot stand beside `rate_limit`");
    rule(
        "{ name: r, conditions: [{ path: arg.a, op: eq, value: 1 }] }",
        "5:39",
        "no path of the older proxy",
    );
    rule("{ name: r, conditions: [{ path: 'args.a[0]', op: eq, value: 1 }] }", "5:39", "led nowhere");
    rule(
        "{ name: r, conditions: [{ path: args.a, op: prefix, value: x }] }",
        "5:51",
        "unknown value `prefix`",
    );
    rule(
        "{ name: r, conditions: [{ path: args.a, op: regex, value: '\\Qx' }] }",
        "5:65",
        "escape the letters",
    );
    rule(
        "{ name: r, conditions: [{ path: args.a, op: regex, value: '(x' }] }",
        "5:65",
        "the pattern is not valid",
    );
    rule("{ name: r, conditions: [{ path: args.a, op: lt, value: x }] }", "5:62", "number");
    rule(
        "{ name: r, conditions: [{ path: state.x.c, op: lt, value: 5 }] }",
        "5:39",
        "counter of its own rule",
    );
    rule("{ name: r, state: { counter: c, window: hour } }", "5:25", "bounds nothing");
}

#[test]
fn counters_without_an_equivalent_are_refused_at_their_place() {
    let counted = |condition: &str, state: &str, place: &str, part: &str| {
        rule(
            &format!("{{ name: r, conditions: [{condition}], state: {{ counter: c, window: day{state} }} }}"),
            place,
            part,
        );
    };
    counted("{ path: state.x.c, op: gte, value: 5 }", "", "5:39", "no bound of a counter");
    counted("{ path: state.x.c, op: lt, value: 0 }", "", "5:65", "leave room for something");
    counted("{ path: state.x.c, op: lte, value: 1.5 }", "", "5:66", "whole number");
    counted("{ path: state.x.c, op: lte, value: 5 }", ", increment: -1", "5:117", "not negative");
    rule("{ name: r, action: require_approval, approval_timeout: 2 weeks }", "5:62", "is no time to wait");
    rule(
        "{ name: r, approval_timeout: 30m, rate_limit: 5/hour }",
        "5:36",
        "belongs to `action: require_approval`",
    );
    let two =
        "  x:\n    rules:\n    - { name: a, rate_limit: 5/hour }\n    - { name: b, rate_limit: 6/hour }\n";
    check_refused(&tools(two), &[("6:30", "has the counter `x._rate_hour` already")]);
    let approvals = "  x:\n    rules:\n    - { name: a, action: require_approval }\n    - { name: b, action: require_approval }\n";
    check_refused(&tools(approvals), &[("6:7", "make one rule of both")]);
}

/// What the translation of these rules of `x` decides about a call.
fn decides(rules: &str, arguments: &str) -> String {
    let yaml = tools(&format!("  x:\n    rules:\n{rules}"));
    let imported = translate(&yaml).unwrap_or_else(|problems| panic!("{yaml}\n{problems:#?}"));
    let bound = Stack::new(vec![load(&imported.document)]).bind(&definition("x", Some("{}")));
    let arguments = document(arguments);
    match bound.decide(&FACTS, Arguments::Known(arguments.root())) {
        Decision::Deny(denial) => denial.rule.to_string(),
        Decision::Allow(allowed) => {
            let demands =
                allowed.limits.iter().map(|demand| format!("{} +{}", demand.spec.counter, demand.amount));
            format!("allow {}", demands.collect::<Vec<_>>().join(", "))
        }
    }
}

/// The older proxy's rules pass where every condition holds: the opposite of a `deny_if`.
#[test]
fn conditions_have_to_pass() {
    let rule = "      - { name: r, conditions: [{ path: args.a, op: lte, value: 10 }, { path: args.b, op: neq, value: no-go }] }\n";
    for (arguments, expected) in [
        (r#"{"a": 10, "b": "go"}"#, "allow "),
        (r#"{"a": 11, "b": "go"}"#, "/tools/x/require/args.a-lte"),
        (r#"{"a": 10, "b": "no-go"}"#, "/tools/x/require/args.a-lte"),
        // What is missing does not pass, not even where something is to be different.
        (r#"{"a": 10}"#, "/tools/x/require/args.a-lte"),
        (r#"{"b": "go"}"#, "/tools/x/require/args.a-lte"),
        // Stricter than the older proxy, which took texts for numbers.
        (r#"{"a": "10", "b": 5}"#, "/tools/x/require/args.a-lte"),
    ] {
        assert_eq!(decides(rule, arguments), expected, "{arguments}");
    }
}

#[test]
fn counters_count_what_they_counted() {
    let rules = "      - { name: a, rate_limit: 5/hour }\n      - { name: b, state: { counter: sum, window: day, increment_from: args.n }, conditions: [{ path: state.x.sum, op: lte, value: 9 }] }\n      - { name: c, state: { counter: cost, window: day, increment: 2 }, conditions: [{ path: state.x.cost, op: lt, value: 9 }] }\n";
    assert_eq!(decides(rules, r#"{"n": 4}"#), "allow x._rate_hour +1, x.sum +4, x.cost +2");
    for arguments in ["{}", r#"{"n": -1}"#, r#"{"n": "4"}"#] {
        assert_eq!(decides(rules, arguments), "/tools/x/limits/x.sum", "{arguments}");
    }
}

#[test]
fn approvals_deny_until_people_can_be_asked() {
    let rule =
        "      - { name: r, action: require_approval, conditions: [{ path: args.a, op: gt, value: 10 }] }\n";
    for (arguments, expected) in [
        (r#"{"a": 10}"#, "allow "),
        (r#"{"a": 11}"#, "(approval)"),
        // Stricter than the older proxy, which asked nobody where the argument was of another type.
        (r#"{"a": "10"}"#, "(approval)"),
    ] {
        assert_eq!(decides(rule, arguments), expected, "{arguments}");
    }
    assert_eq!(decides("      - { name: r, action: deny, on_deny: No. }\n", "{}"), "/tools/x/deny_if/always");
}
