//! Policies in Cedar: the words of each form, and everything that is left out, with its place.
#![expect(clippy::expect_used, reason = "a helper of tests may fail them")]

use policy::{CedarExport, Format, export_cedar};

fn export(text: &str) -> CedarExport {
    export_cedar(Format::Json, "test", text.as_bytes().to_vec()).expect(text)
}

fn tools(tools: &str) -> CedarExport {
    export(&format!(r#"{{"version": "1", "default": "deny", "tools": {{ {tools} }} }}"#))
}

fn condition(list: &str, condition: &str) -> CedarExport {
    tools(&format!(r#""x": {{"{list}": [{{"conditions": [{condition}]}}]}}"#))
}

fn says(list: &str, one: &str, expected: &str) {
    let found = condition(list, one);
    assert!(found.unsaid.is_empty(), "{one}: {:?}", found.unsaid);
    let head = "permit (principal, action == Action::\"call\", resource == Tool::\"x\")";
    assert_eq!(found.text, format!("{head}\nwhen {{\n  {expected}\n}};\n"), "{one}");
}

fn leaves_out(export: &CedarExport, pointer: &str, part: &str) {
    assert_eq!(export.n_permits, 0, "{}", export.text);
    let found = export.unsaid.iter().find(|found| found.pointer == pointer).expect(pointer);
    assert!(found.message.contains(part), "{found}");
    assert!(found.line >= 1 && found.column > 1, "{found}");
}

#[test]
fn each_form_in_both_lists() {
    let there = "context.args has \"a\"";
    let a = "context.args[\"a\"]";
    let exact = format!("{a} >= -9007199254740992 && {a} <= 9007199254740992");
    for (one, required, denied) in [
        (r#""op": "eq", "value": "b""#, format!("{a} == \"b\""), format!("({a} like \"*\" && {a} != \"b\")")),
        (r#""op": "eq", "value": 5"#, format!("{a} == 5"), format!("({exact} && {a} != 5)")),
        (r#""op": "eq", "value": true"#, format!("{a} == true"), format!("{a} == false")),
        (
            r#""op": "in", "value": ["b"]"#,
            format!("[\"b\"].contains({a})"),
            format!("({a} like \"*\" && ![\"b\"].contains({a}))"),
        ),
        (r#""op": "gt", "value": 5"#, format!("({a} > 5 && {exact})"), format!("({a} <= 5 && {exact})")),
        (r#""op": "lte", "value": 5"#, format!("({a} <= 5 && {exact})"), format!("({a} > 5 && {exact})")),
        (
            r#""op": "prefix", "value": "s3://*""#,
            format!(r#"{a} like "s3://\**""#),
            format!(r#"!({a} like "s3://\**")"#),
        ),
        (r#""op": "suffix", "value": "\"""#, format!(r#"{a} like "*\"""#), format!(r#"!({a} like "*\"")"#)),
        (
            r#""op": "contains", "value": "é\n""#,
            format!(r#"{a} like "*é\u{{a}}*""#),
            format!(r#"!({a} like "*é\u{{a}}*")"#),
        ),
        (
            r#""op": "glob", "value": "/w/**.md""#,
            format!("{a} like \"/w/*.md\""),
            format!("!({a} like \"/w/*.md\")"),
        ),
        (
            r#""op": "regex", "value": "^s3://in/""#,
            format!("{a} like \"s3://in/*\""),
            format!("!({a} like \"s3://in/*\")"),
        ),
        (
            r#""op": "regex", "value": "\\.md$""#,
            format!("{a} like \"*.md\""),
            format!("!({a} like \"*.md\")"),
        ),
    ] {
        let one = format!(r#"{{"path": "args.a", {one}}}"#);
        says("require", &one, &format!("({there} && {required})"));
        says("deny_if", &one, &format!("(!({there}) || {denied})"));
    }
}

#[test]
fn missing_values_and_negations() {
    let neq = r#"{"path": "args.a", "op": "neq", "value": "b"}"#;
    let other = r#"(context.args["a"] like "*" && context.args["a"] != "b")"#;
    says("require", neq, &format!(r#"(context.args has "a" && {other})"#));
    says("deny_if", neq, r#"(context.args has "a" && context.args["a"] == "b")"#);
    says("require", &format!(r#"{{"not": {neq}}}"#), r#"(context.args has "a" && context.args["a"] == "b")"#);
    let exists = r#"{"path": "args.a", "op": "exists", "value": true}"#;
    says("require", exists, r#"context.args has "a""#);
    says("deny_if", exists, r#"!(context.args has "a")"#);
    says(
        "require",
        r#"{"path": "args.a.b", "op": "eq", "value": "c"}"#,
        r#"(!(context.args has "a.b") && (context.args has "a" && context.args["a"] has "b" && context.args["a"]["b"] == "c"))"#,
    );
}

#[test]
fn combinations() {
    let both = r#"{"path": "args.a", "op": "exists", "value": true}, {"path": "args.b", "op": "exists", "value": true}"#;
    let (a, b) = (r#"context.args has "a""#, r#"context.args has "b""#);
    says("deny_if", both, &format!("(!({a}) || !({b}))"));
    says("deny_if", &format!(r#"{{"any": [{both}]}}"#), &format!("(!({a}) && !({b}))"));
    says("require", &format!(r#"{{"any": [{both}]}}"#), &format!("({a} || {b})"));
    says("require", &format!(r#"{{"not": {{"any": [{both}]}}}}"#), &format!("(!({a}) && !({b}))"));
}

#[test]
fn what_cannot_be_said_leaves_no_permit() {
    for one in [
        r#"{"path": "args.a", "op": "regex", "value": "^a+$"}"#,
        r#"{"path": "args.a", "op": "regex", "value": "(?i)a"}"#,
        r#"{"path": "args.a", "op": "glob", "value": "a*"}"#,
        r#"{"path": "args.a", "op": "lt", "value": 0.5}"#,
        r#"{"path": "args.a", "op": "in", "value": [1]}"#,
        r#"{"path": "args.a", "op": "path_under", "value": "/a"}"#,
        r#"{"path": "args.a", "op": "cidr", "value": "10.0.0.0/8"}"#,
        r#"{"path": "args.a", "op": "len_lte", "value": 5}"#,
        r#"{"path": "time.hour", "op": "lt", "value": 5}"#,
        r#"{"path": "args.a[*]", "op": "each", "value": {"op": "eq", "value": "b"}}"#,
        r#"{"cel": "args.a == 5"}"#,
    ] {
        for list in ["require", "deny_if"] {
            let found = condition(list, one);
            assert_eq!((found.n_permits, found.unsaid.len()), (0, 1), "{one}");
            assert!(
                found.unsaid[0].pointer.starts_with(&format!("/tools/x/{list}/0")),
                "{}",
                found.unsaid[0]
            );
        }
    }
    let limit = r#""x": {"rate_limit": "5/minute"}"#;
    leaves_out(&tools(limit), "/tools/x/rate_limit", "`x` is left out: Cedar counts nothing");
    leaves_out(&tools(r#""x": {"action": "require_approval"}"#), "/tools/x/action", "asks nobody");
    leaves_out(&tools(r#""x": {"expires": "2030-01-01T00:00:00Z"}"#), "/tools/x/expires", "no time");
    leaves_out(&tools(r#""get_*": {"action": "allow"}"#), "/tools/get_*", "keys of their own");
}

#[test]
fn denies_hides_and_defaults() {
    assert_eq!(tools(r#""x": {}"#).n_permits, 1);
    let denied = tools(r#""x": {"action": "deny"}, "y": {"deny_if": [{"conditions": []}]}"#);
    assert_eq!((denied.n_permits, denied.unsaid.len()), (0, 0));
    let hidden = export(r#"{"version": "1", "default": "deny", "hide": ["x"], "tools": {"x": {}}}"#);
    assert_eq!(hidden.n_permits, 0);
    let open = export(r#"{"version": "1", "default": "allow", "tools": {"x": {}}}"#);
    assert_eq!((open.n_permits, &*open.unsaid[0].pointer), (1, "/default"));
    let pattern = tools(
        r#""x": {}, "x*": {"require": [{"conditions": [{"path": "args.a", "op": "exists", "value": true}]}]}"#,
    );
    assert!(pattern.text.contains("context.args has \"a\""), "{}", pattern.text);
}

#[test]
fn servers_have_permits_of_their_own() {
    let found = export(
        r#"{"version": "1", "default": "deny", "tools": {"x": {}},
            "servers": {"s": {"tools": {"x": {"action": "deny"}, "y": {}}}}}"#,
    );
    assert_eq!(found.n_permits, 2, "{}", found.text);
    assert!(found.text.contains("context.server like \"*\" && ![\"s\"].contains(context.server)"));
    assert!(found.text.contains("Tool::\"y\")\nwhen {\n  context.server == \"s\"\n}"), "{}", found.text);
}
