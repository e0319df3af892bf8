//! Every form that the documents of the older product printed: it loads, and does what its text says.

#[cfg(test)]
mod common;

use common::{FACTS, definition, document, load};
use policy::{Arguments, Decision, Stack, Window, normalise};

/// The rule that decides about a call of `tool`, and what an allow counts.
fn decides(policy: &str, tool: &str, arguments: &str) -> String {
    let bound = Stack::new(vec![load(policy)]).bind(&definition(tool, Some("{}")));
    let arguments = document(arguments);
    match bound.decide(&FACTS, Arguments::Known(arguments.root())) {
        Decision::Deny(denial) => match &denial.reason {
            Some(reason) => format!("{}: {reason}", denial.rule),
            None => denial.rule.to_string(),
        },
        Decision::Allow(allowed) => {
            let demands = allowed.limits.iter().map(|demand| {
                let spec = &demand.spec;
                format!(
                    "{} {} per {} and {}",
                    spec.counter,
                    spec.max,
                    written(spec.window),
                    spec.scope.as_str()
                )
            });
            format!("allow {}", demands.collect::<Vec<_>>().join(", "))
        }
    }
}

/// A sliding window as the documents name it.
fn written(window: Window) -> String {
    match window {
        Window::MINUTE => "minute".to_owned(),
        Window::HOUR => "hour".to_owned(),
        Window::DAY => "day".to_owned(),
        Window::Sliding { ms } => format!("{}s", ms / 1000),
        Window::Calendar(_) | Window::InFlight { .. } => format!("{window:?}"),
    }
}

fn check(policy: &str, calls: &[(&str, &str, &str)]) {
    for (tool, arguments, expected) in calls {
        let decided = decides(policy, tool, arguments);
        assert!(decided.starts_with(expected), "{tool} {arguments}: {decided}, not {expected}");
    }
    let normal = normalise(&load(policy));
    assert_eq!(load(&normal).revision_hash(), load(policy).revision_hash(), "{normal}");
}

fn tools(rules: &str) -> String {
    format!(r#"{{ "version": "1", "default": "deny", "tools": {{ "start_x": {rules} }} }}"#)
}

/// The documented document, word for word.
#[test]
fn the_documented_form() {
    let policy = r#"{ "version": "1",
      "default": "deny",
      "hide": ["delete_account"],
      "all_tools": { "limits": [] },
      "tools": { "start_dicom_import_job": {
          "require": [ { "conditions": [ { "path": "args.input_s3_uri", "op": "regex", "value": "^s3://pacs-inbox/" } ],
                         "on_deny": "Imports come from the PACS inbox only." } ],
          "deny_if": [ { "conditions": [ { "path": "args.datastore_id", "op": "in", "value": ["prod0001"] } ] } ],
          "limits":  [ { "counter": "start_dicom_import_job_rate", "window": "minute", "max": 10, "scope": "grant" } ] } } }"#;
    let import = "start_dicom_import_job";
    check(
        policy,
        &[
            (
                import,
                r#"{"input_s3_uri": "s3://pacs-inbox/a", "datastore_id": "x"}"#,
                "allow start_dicom_import_job_rate 10 per minute and grant",
            ),
            (
                import,
                r#"{"input_s3_uri": "s3://other/"}"#,
                "/tools/start_dicom_import_job/require/args.input_s3_uri-regex: Imports come from the PACS inbox only.",
            ),
            (
                import,
                r#"{"input_s3_uri": "s3://pacs-inbox/a", "datastore_id": "prod0001"}"#,
                "/tools/start_dicom_import_job/deny_if/args.datastore_id-in",
            ),
            ("delete_account", "{}", "(hidden)"),
            ("other", "{}", "(default deny)"),
        ],
    );
}

#[test]
fn defaults_and_hiding() {
    check(r#"{ "version": "1", "default": "allow" }"#, &[("any", "{}", "allow")]);
    check(r#"{ "version": "1", "default": "allow", "hide": ["*"] }"#, &[("any", "{}", "(hidden)")]);
    check(&tools("{}"), &[("start_x", "{}", "allow"), ("other", "{}", "(default deny)")]);
    check(
        &tools(r#"{ "deny_if": [{ "conditions": [], "on_deny": "Never." }] }"#),
        &[("start_x", "{}", "/tools/start_x/deny_if/always: Never.")],
    );
}

#[test]
fn every_documented_operator() {
    for (operator, value, fires, passes) in [
        ("eq", "5", "5.0", "6"),
        ("neq", "5", "6", "5"),
        ("lt", "5", "4", "5"),
        ("lte", "5", "5", "6"),
        ("gt", "5", "6", "5"),
        ("gte", "5", "5", "4"),
        ("in", r#"["a", 1]"#, "1", "2"),
        ("not_in", r#"["a", 1]"#, "2", "1"),
        ("exists", "true", "1", "null"),
        ("exists", "false", "null", "1"),
        ("regex", r#""b\\d""#, r#""ab7c""#, r#""ab""#),
        ("contains", r#""b""#, r#""abc""#, r#""ac""#),
        ("contains", r#""b""#, r#"["a", "b"]"#, r#"["a"]"#),
    ] {
        let condition = format!(r#"{{ "path": "args.a", "op": "{operator}", "value": {value} }}"#);
        let policy = tools(&format!(r#"{{ "deny_if": [{{ "conditions": [{condition}] }}] }}"#));
        let rule = format!("/tools/start_x/deny_if/args.a-{operator}");
        let call = |argument: &str| format!(r#"{{"a": {argument}}}"#);
        check(&policy, &[("start_x", &call(fires), &rule), ("start_x", &call(passes), "allow")]);
    }
}

#[test]
fn every_short_limit() {
    for (limit, expected) in [
        (r#"{ "max": 10, "window": 60 }"#, "allow start_x_rate 10 per minute and grant"),
        (r#"{ "max": 3, "window": 90 }"#, "allow start_x_rate 3 per 90s and grant"),
        (r#"{ "max": 3, "window": "hour" }"#, "allow start_x_rate 3 per hour and grant"),
        (r#""10/minute""#, "allow start_x_rate 10 per minute and grant"),
        (r#""5/hour""#, "allow start_x_rate 5 per hour and grant"),
        (r#""100/day""#, "allow start_x_rate 100 per day and grant"),
    ] {
        check(&tools(&format!(r#"{{ "rate_limit": {limit} }}"#)), &[("start_x", "{}", expected)]);
    }
}

#[test]
fn every_limit_of_the_documented_form() {
    for (window, scope) in [("minute", "grant"), ("hour", "server"), ("day", "all"), ("minute", "tool")] {
        let limit = format!(r#"{{ "counter": "c", "window": "{window}", "max": 2, "scope": "{scope}" }}"#);
        let expected = format!("allow c 2 per {window} and {scope}");
        check(&tools(&format!(r#"{{ "limits": [{limit}] }}"#)), &[("start_x", "{}", &expected)]);
    }
    let summed = r#"{ "limits": [{ "counter": "c", "window": "day", "max": 9, "scope": "grant", "increment_from": "args.n" }] }"#;
    let denied = "/tools/start_x/limits/c";
    check(
        &tools(summed),
        &[
            ("start_x", r#"{"n": 4}"#, "allow c 9 per day and grant"),
            ("start_x", "{}", denied),
            ("start_x", r#"{"n": -4}"#, denied),
            ("start_x", r#"{"n": "4"}"#, denied),
        ],
    );
}

#[test]
fn every_action() {
    let exports = r#"{ "action": "deny", "reason": "Exports need an approval." }"#;
    check(&tools(exports), &[("start_x", "{}", "/tools/start_x/action: Exports need an approval.")]);
    check(
        &tools(r#"{ "action": "allow" }"#),
        &[("start_x", "{}", "allow"), ("other", "{}", "(default deny)")],
    );
    check(&tools(r#"{ "action": "require_approval" }"#), &[("start_x", "{}", "(approval)")]);
    check(
        &tools(r#"{ "action": "require_approval", "approval_timeout": "10m" }"#),
        &[("start_x", "{}", "(approval)")],
    );
}

/// A session is something that an agent renews at will, so it counts only beside a limit on the access key.
#[test]
fn sessions_are_a_scope_only_beside_a_limit_on_the_grant() {
    let limit = |scope: &str| {
        format!(r#"{{ "counter": "{scope}", "window": "hour", "max": 2, "scope": "{scope}" }}"#)
    };
    let alone = tools(&format!(r#"{{ "limits": [{}] }}"#, limit("session")));
    let Err(problems) = policy::load("test", alone.into_bytes()) else { panic!("it loads") };
    assert!(
        problems.iter().any(|problem| problem.pointer.starts_with("/tools/start_x/limits/0")),
        "{problems:#?}"
    );
    let both = tools(&format!(r#"{{ "limits": [{}, {}] }}"#, limit("session"), limit("grant")));
    load(&both);
}
