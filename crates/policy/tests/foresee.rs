//! Calls of which not everything is known are decided where that is enough, and only there.

#[cfg(test)]
mod common;

use common::{FACTS, definition, document, stack};
use policy::{Arguments, Facts, Foreseen, Foresight};

const POLICY: &str = r#"{"version": "1", "default": "deny", "tools": {
    "x": {"require": [{"conditions": [{"path": "args.uri", "op": "prefix", "value": "s3://in/"}]}],
          "deny_if": [{"conditions": [{"path": "args.force", "op": "eq", "value": true}]},
                      {"conditions": [{"path": "args.n", "op": "exists", "value": true},
                                      {"path": "tool.name", "op": "eq", "value": "x"}]}]},
    "sum": {"limits": [{"counter": "c", "window": "hour", "max": 9, "scope": "grant", "increment_from": "args.n"}]},
    "asked": {"approval": {"when": [{"path": "args.force", "op": "eq", "value": true}]}},
    "night": {"require": [{"conditions": [{"path": "time.hour", "op": "lt", "value": 6}]}]},
    "none": {"action": "deny"}, "open": {} } }"#;
const SCHEMA: &str = r#"{"type": "object", "properties":
    {"uri": {"type": "string"}, "force": {"type": "boolean"}, "n": {"type": "integer"}}}"#;

/// What is foreseen of a call of a tool.
fn foresee(tool: &str, facts: &Facts<'_>, given: Foreseen<'_>) -> String {
    match stack(&[POLICY]).bind(&definition(tool, Some(SCHEMA))).foresee(facts, given) {
        Foresight::Allowed(limits) => format!("allowed, {} reserved", limits.len()),
        Foresight::Denied(denial) => format!("denied by {}", denial.rule),
        Foresight::Unknown(rule) => format!("unknown because of {rule}"),
    }
}

const fn keys<'a>(present: &'a [&'a str]) -> Foreseen<'a> {
    Foreseen::Keys { present, has_others: false, fits: true }
}

#[test]
fn names_alone_decide_what_they_can() {
    let check =
        |tool, given, expected: &str| assert_eq!(foresee(tool, &FACTS, given), expected, "{tool} {given:?}");
    check("open", keys(&[]), "allowed, 0 reserved");
    check("open", keys(&["uri"]), "allowed, 0 reserved");
    check(
        "open",
        Foreseen::Keys { present: &["uri"], has_others: false, fits: false },
        "unknown because of (arguments)",
    );
    check(
        "open",
        Foreseen::Keys { present: &[], has_others: true, fits: true },
        "unknown because of (arguments)",
    );
    check("open", keys(&["other"]), "denied by (arguments)");
    check("open", Foreseen::Unknown, "unknown because of (arguments)");
    check("none", Foreseen::Unknown, "denied by /tools/none/action");
    check("closed", Foreseen::Unknown, "denied by (default deny)");
    check("x", keys(&["uri"]), "unknown because of /tools/x/require/args.uri-prefix");
    check("x", keys(&["force"]), "denied by /tools/x/require/args.uri-prefix");
    check("x", keys(&["URI"]), "denied by (arguments)");
    check("sum", keys(&["n"]), "unknown because of /tools/sum/limits/c");
    check("sum", keys(&["uri"]), "denied by /tools/sum/limits/c");
    check("asked", keys(&["uri"]), "allowed, 0 reserved");
    check("asked", keys(&["force"]), "unknown because of (approval)");
}

#[test]
fn places_that_are_not_known_spoil_only_what_reads_them() {
    let partly = |tool, arguments: &str, gap: &str, fits| {
        let arguments = document(arguments);
        let gaps = [gap.to_owned()];
        foresee(tool, &FACTS, Foreseen::Partly { arguments: arguments.root(), gaps: &gaps, fits })
    };
    let call = r#"{"uri": "s3://in/a", "force": false}"#;
    assert_eq!(partly("x", call, "/force", true), "unknown because of /tools/x/deny_if/args.force-eq");
    assert_eq!(partly("x", call, "/uri", true), "unknown because of /tools/x/require/args.uri-prefix");
    assert_eq!(partly("open", call, "/uri", true), "allowed, 0 reserved");
    assert_eq!(partly("open", call, "/other", true), "unknown because of (arguments)");
    assert_eq!(
        partly("x", r#"{"uri": "s3://out/a", "force": "?"}"#, "/force", true),
        "denied by /tools/x/require/args.uri-prefix"
    );
    assert_eq!(partly("sum", r#"{"n": 4, "uri": "?"}"#, "/uri", true), "allowed, 1 reserved");
    assert_eq!(partly("open", call, "/uri", false), "unknown because of (arguments)");
}

#[test]
fn facts_that_are_not_known_are_no_errors() {
    let call = document("{}");
    let given = Foreseen::Known(Arguments::Known(call.root()));
    assert_eq!(foresee("night", &FACTS, given), "unknown because of /tools/night/require/time.hour-lt");
    let (night, day) = (FACTS.at(0), FACTS.at(43_200_000));
    assert_eq!(foresee("night", &night, keys(&[])), "allowed, 0 reserved");
    assert_eq!(foresee("night", &day, keys(&[])), "denied by /tools/night/require/time.hour-lt");
    assert_eq!(foresee("night", &night.labelled(&[]), given), "allowed, 0 reserved");
}
