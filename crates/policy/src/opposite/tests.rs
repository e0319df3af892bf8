//! What is shown for the opposite answer.

use std::sync::Arc;

use super::*;
use crate::schema::Schema;
use crate::stack::{Definition, Stack};
use crate::testing::document;
use crate::{Hash, load};

const MONDAY_MS: u64 = 1_795_424_400_000; // 2026-11-23T09:00Z

fn bound(policy: &str, schema: &str) -> Bound {
    let policy = load("p", policy.as_bytes().to_vec()).unwrap_or_else(|problems| panic!("{problems:?}"));
    let schema = Schema::compile(document(schema).root()).unwrap();
    let definition = Definition::new("s".to_owned(), "t".to_owned(), Hash::of(b""), Some(schema));
    Stack::new(vec![Arc::new(policy)]).bind(&definition)
}

/// The ways as texts, and what is said besides.
fn opposite(bound: &Bound, arguments: &str) -> Vec<String> {
    let arguments = document(arguments);
    let labels = ["dev".to_owned()];
    let facts = Facts::new("g", "s", "t").at(MONDAY_MS).labelled(&labels);
    let found = bound.opposite(&facts, Arguments::Known(arguments.root()));
    let change = |change: &Change| {
        let example = change.example.as_deref().unwrap_or("nothing");
        format!("{} must {} ({example})", change.path, change.demand)
    };
    let way = |way: &Way| {
        let changes: Vec<_> = way.changes.iter().map(change).collect();
        let rule = if way.rule.as_str().is_empty() { String::new() } else { format!(" => {}", way.rule) };
        format!("{}{rule}", changes.join(" and "))
    };
    let note = found.note.iter().map(|note| format!("{}: {}", note.as_str(), note.text()));
    found.ways.iter().map(way).chain(note).collect()
}

fn check(rules: &str, arguments: &str, expected: &[&str]) {
    let policy = format!(r#"{{"version": "1", "default": "deny", "tools": {{"t": {rules}}}}}"#);
    assert_eq!(
        opposite(&bound(&policy, r#"{"type": "object"}"#), arguments),
        expected,
        "{rules} {arguments}"
    );
}

/// A `deny_if` of one condition.
fn deny_if(condition: &str) -> String {
    format!(r#"{{"deny_if": [{{"conditions": [{condition}]}}]}}"#)
}

/// A requirement of one condition.
fn require(condition: &str) -> String {
    format!(r#"{{"require": [{{"conditions": [{condition}]}}]}}"#)
}

#[test]
fn denials_by_one_condition() {
    let gt = deny_if(r#"{"path": "args.amount", "op": "gt", "value": 100}"#);
    check(&gt, r#"{"amount": 250, "x": 1}"#, &["args.amount must be at most 100 (100)"]);
    check(&gt, r#"{"amount": "5"}"#, &["args.amount must be at most 100 (99)"]);
    let prefix = require(r#"{"path": "args.uri", "op": "regex", "value": "^s3://in/[a-z]+$"}"#);
    check(&prefix, r#"{"uri": "s3://out/x"}"#, &["args.uri must match `^s3://in/[a-z]+$` (\"s3://in/a\")"]);
    check(&prefix, "{}", &["args.uri must match `^s3://in/[a-z]+$` (\"s3://in/a\")"]);
    let listed = deny_if(r#"{"path": "args.store", "op": "in", "value": ["prod", "live"]}"#);
    check(&listed, r#"{"store": "prod"}"#, &["args.store must be none of [`prod`, `live`] (\"a\")"]);
    let below = require(r#"{"path": "args.a.b", "op": "lt", "value": 3}"#);
    check(&below, r#"{"a": {"c": 1}}"#, &["args.a.b must be less than 3 (2)"]);
    let host = require(r#"{"path": "args.url", "op": "host_in", "value": "example.com"}"#);
    check(
        &host,
        r#"{"url": "http://x.org"}"#,
        &["args.url must be a URL on `example.com` (\"https://example.com/\")"],
    );
    let absent = require(r#"{"path": "args.force", "op": "exists", "value": false}"#);
    check(&absent, r#"{"force": true}"#, &["args.force must be left out (nothing)"]);
    let each = require(r#"{"path": "args.l[*].n", "op": "lte", "value": 5}"#);
    let each =
        each.replace(r#""op": "lte", "value": 5"#, r#""op": "each", "value": {"op": "lte", "value": 5}"#);
    check(&each, r#"{"l": [{"n": 1}, {"n": 9}]}"#, &["args.l[*].n must have each element be at most 5 (4)"]);
    let same = require(r#"{"path": "args.a", "op": "eq_path", "value": "args.b"}"#);
    check(&same, r#"{"a": 1, "b": "x"}"#, &["args.a must equal `args.b` (\"x\")"]);
}

#[test]
fn denials_by_several() {
    let two = r#"{"require": [{"conditions": [{"path": "args.n", "op": "gte", "value": 10}]}],
        "deny_if": [{"conditions": [{"path": "args.n", "op": "gt", "value": 20}, {"path": "args.s", "op": "eq", "value": "x"}]}]}"#;
    check(two, r#"{"n": 5, "s": "x"}"#, &["args.n must be at least 10 (10)"]);
    check(
        two,
        r#"{"n": 50, "s": "x"}"#,
        &["args.n must be at most 20 (20)", "args.s must not be `x` (\"a\")"],
    );
    let any = require(
        r#"{"any": [{"path": "args.a", "op": "eq", "value": true}, {"all": [{"path": "args.b", "op": "eq", "value": 1}, {"path": "args.c", "op": "type", "value": "array"}]}]}"#,
    );
    check(
        &any,
        r#"{"a": false}"#,
        &["args.a must be true (true)", "args.b must be 1 (1) and args.c must be of type `array` ([])"],
    );
    let both = r#"{"require": [{"conditions": [{"path": "args.n", "op": "gte", "value": 10}]}, {"conditions": [{"path": "args.s", "op": "suffix", "value": ".md"}]}]}"#;
    check(both, "{}", &["args.n must be at least 10 (10) and args.s must end with `.md` (\".md\")"]);
}

#[test]
fn facts_that_are_no_arguments() {
    let label = require(r#"{"path": "grant.labels", "op": "contains", "value": "ops"}"#);
    check(&label, "{}", &["grant.labels must hold `ops` (\"ops\")"]);
    let late = require(r#"{"path": "time.hour", "op": "gte", "value": 18}"#);
    let policy = format!(r#"{{"version": "1", "default": "deny", "tools": {{"t": {late}}}}}"#);
    let found = opposite(&bound(&policy, r#"{"type": "object"}"#), "{}");
    assert!(found[0].starts_with("time.hour must be at least 18 (\"2026-"), "{found:?}");
    assert!(found[0].ends_with("T18:00:00Z\")"), "{found:?}");
    let grant = require(r#"{"path": "grant.id", "op": "eq", "value": "other"}"#);
    check(&grant, "{}", &["never: no change of arguments: the rule asks `grant.id`, which no call changes"]);
}

#[test]
fn denials_that_no_argument_changes() {
    let open = r#"{"type": "object"}"#;
    for (policy, expected) in [
        (
            r#"{"version": "1", "default": "allow", "hide": ["t"]}"#,
            "never: no change of arguments: `p` hides the tool at `/hide/0`; remove that entry of `hide`",
        ),
        (
            r#"{"version": "1", "default": "deny"}"#,
            "never: no change of arguments: nothing in `p` names the tool; add `t` to its `tools`; `{}` is enough",
        ),
        (
            r#"{"version": "1", "default": "deny", "tools": {"t": {"action": "deny"}}}"#,
            "never: no change of arguments: `p` denies every call of the tool at `/tools/t/action`; remove that rule",
        ),
        (
            r#"{"version": "1", "default": "deny", "tools": {"t": {"action": "require_approval"}}}"#,
            "never: no change of arguments: people must agree to every call of the tool",
        ),
    ] {
        assert_eq!(opposite(&bound(policy, open), "{}"), [expected], "{policy}");
    }
    let strict = bound(
        r#"{"version": "1", "default": "deny", "tools": {"t": {}}}"#,
        r#"{"type": "object", "required": ["a"], "properties": {"a": {}}}"#,
    );
    let found = opposite(&strict, "{}");
    assert!(found[0].starts_with("first: the arguments have to fit"), "{found:?}");
}

#[test]
fn allows() {
    let gt = deny_if(r#"{"path": "args.amount", "op": "gt", "value": 100}"#);
    check(
        &gt,
        r#"{"amount": 7}"#,
        &["args.amount must be more than 100 (101) => /tools/t/deny_if/args.amount-gt"],
    );
    let prefix = require(r#"{"path": "args.uri", "op": "prefix", "value": "s3://in/"}"#);
    check(
        &prefix,
        r#"{"uri": "s3://in/x"}"#,
        &["args.uri must not start with `s3://in/` (\"a\") => /tools/t/require/args.uri-prefix"],
    );
    check(
        "{}",
        "{}",
        &[
            "never: no rule with conditions applies to this tool; only the check of its arguments and a full limit can deny it",
        ],
    );
}

#[test]
fn the_schema_is_kept() {
    let policy = format!(
        r#"{{"version": "1", "default": "deny", "tools": {{"t": {}}}}}"#,
        require(r#"{"path": "args.n", "op": "gte", "value": 10.5}"#)
    );
    let bound = bound(&policy, r#"{"type": "object", "properties": {"n": {"type": "integer"}}}"#);
    assert_eq!(opposite(&bound, r#"{"n": 1}"#), ["args.n must be at least 10.5 (11)"]);
    let policy = policy.replace(r#""op": "gte", "value": 10.5"#, r#""op": "prefix", "value": "s3:""#);
    let bound = self::bound(&policy, r#"{"type": "object", "properties": {"n": {"pattern": "^a"}}}"#);
    let found = opposite(&bound, r#"{"n": "a"}"#);
    assert_eq!(
        found,
        ["undecided: no change was found that `/tools/t/require/args.n-prefix` and the other rules pass"]
    );
}
