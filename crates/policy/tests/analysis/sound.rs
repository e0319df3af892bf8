//! Claims that one call would disprove: each of these calls exists, so nothing may be called impossible.

use json::Document;
use policy::{
    Category, CheckChange, Classes, DEFAULT_BUDGET, Definition, Hash, Proof, Risk, Schema, Statement,
    Subject, diff, prove,
};

use crate::common::{document, stack};

const OPEN: &str = r#"{"version": "1", "default": "allow"}"#;

fn ask(policies: &[&str], statement: &str, tools: Option<Vec<Subject<'_>>>) -> Proof {
    prove(&stack(policies), &Statement::parse(statement).unwrap(), tools, DEFAULT_BUDGET)
}

/// A tool with this schema, on some server.
fn known(tool: &Document) -> Subject<'_> {
    let tool = tool.root();
    let schema = Schema::compile(tool.get("inputSchema").unwrap()).unwrap();
    let definition = Definition::new("server".into(), "x".into(), Hash::of(b"x"), Some(schema));
    let classes = Classes::plausible(vec![Category::Read], vec![Risk::Low]);
    Subject::known(definition.classed(classes), tool)
}

/// The statement is false of a tool with this schema.
fn schema_allows(schema: &str, statement: &str) {
    let tool = document(&format!(r#"{{"name": "x", "inputSchema": {schema}}}"#));
    let proof = ask(&[OPEN], statement, Some(vec![known(&tool)]));
    assert!(!proof.is_proved(), "{statement} {schema}");
}

#[test]
fn names_that_were_not_told_apart_leave_a_question_open() {
    let letters = ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j"];
    let tools: Vec<_> = letters.iter().map(|letter| format!(r#""*{letter}*": {{}}"#)).collect();
    let all: Vec<_> = letters
        .iter()
        .map(|letter| format!(r#"{{"path": "tool.name", "op": "contains", "value": "{letter}"}}"#))
        .collect();
    let tools = tools.join(",");
    let old = format!(r#"{{"version": "1", "default": "allow", "tools": {{{tools}}}}}"#);
    let new = format!(
        r#"{{"version": "1", "default": "allow", "tools": {{{tools}}},
            "all_tools": {{"deny_if": [{{"conditions": [{}]}}]}}}}"#,
        all.join(",")
    );
    assert!(!diff(&stack(&[&old]), &stack(&[&new]), None, DEFAULT_BUDGET).is_none());
    let contains: Vec<_> = letters.iter().map(|letter| format!(r#"tool.name contains "{letter}""#)).collect();
    assert!(!ask(&[&old], &format!("never: {}", contains.join(" and ")), None).is_proved());
}

#[test]
fn servers_that_were_not_told_apart_leave_a_question_open() {
    let letters = ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j"];
    let contains: Vec<_> = letters.iter().map(|letter| format!(r#"server.id contains "{letter}""#)).collect();
    assert!(!ask(&[OPEN], &format!("never: {}", contains.join(" and ")), None).is_proved());
}

#[test]
fn a_tool_named_for_one_server_is_looked_at_on_others() {
    let old = r#"{"version": "1", "default": "allow", "servers": {"s1": {"tools": {"foo": {}}}}}"#;
    let new = r#"{"version": "1", "default": "allow", "servers": {"s1": {"tools": {"foo": {}}}},
        "all_tools": {"deny_if": [{"conditions": [
            {"path": "tool.name", "op": "regex", "value": "^foo$"},
            {"path": "server.id", "op": "neq", "value": "s1"}]}]}}"#;
    assert!(!diff(&stack(&[old]), &stack(&[new]), None, DEFAULT_BUDGET).is_none());
}

#[test]
fn an_argument_may_be_the_name_of_the_tool() {
    let same = |tool: &str, path: &str| {
        format!(
            r#"{{"version": "1", "default": "deny", "tools": {{"{tool}": {{"action": "allow", "require": [
                {{"conditions": [{{"path": "args.a", "op": "eq_path", "value": "{path}"}}]}}]}}}}}}"#
        )
    };
    let statement = r#"never: args.a = "x" and grant.id = "g""#;
    assert!(!ask(&[&same("x", "tool.name")], statement, None).is_proved());
    assert!(!ask(&[&same("*", "tool.name")], r#"never: args.a = "foo""#, None).is_proved());
    assert!(!ask(&[&same("x", "server.id")], r#"never: args.a = "foo""#, None).is_proved());
}

#[test]
fn keywords_beside_a_reference_say_nothing_in_draft_7() {
    let schema = r##"{"$schema": "http://json-schema.org/draft-07/schema#", "type": "object",
        "properties": {"a": {"$ref": "#/definitions/t", "type": "integer", "enum": [1]}},
        "definitions": {"t": {"type": "string"}}}"##;
    schema_allows(schema, r#"never: args.a = "s""#);
    let schema = r##"{"type": "object", "properties": {"a": {"anyOf": [{"$ref": "#/$defs/t"}, {"type": "null"}]}},
        "$defs": {"t": {"type": "string", "enum": ["s"]}}}"##;
    schema_allows(schema, r#"never: args.a = "s""#);
}

#[test]
fn the_first_elements_have_schemas_of_their_own() {
    let schema = r#"{"type": "object", "properties": {
        "a": {"type": "array", "prefixItems": [{"type": "string"}], "items": {"type": "integer"}}}}"#;
    schema_allows(schema, r#"never: args.a contains "s""#);
}

#[test]
fn two_numbers_that_are_one_double_are_equal_to_a_schema() {
    let schema = r#"{"type": "object", "properties": {"a": {"enum": [9007199254740993]}}}"#;
    schema_allows(schema, "never: args.a = 9007199254740992");
    let schema =
        r#"{"type": "object", "properties": {"a": {"allOf": [{"enum": [[1, 2]]}, {"const": [1,2]}]}}}"#;
    schema_allows(schema, "never: args.a[*] some eq 2");
}

#[test]
fn a_named_tool_may_be_of_several_classes() {
    let names = r#"{"version": "1", "default": "deny", "tools": {"x": {}}}"#;
    let read = r#"{"version": "1", "default": "deny", "categories": {"read": {"action": "allow"}}}"#;
    let careful = r#"{"version": "1", "default": "deny", "categories": {"read": {"action": "allow"},
        "destructive": {"deny_if": [{"conditions": [{"path": "args.a", "op": "eq", "value": 1}]}]}}}"#;
    let found = diff(&stack(&[names, read]), &stack(&[names, careful]), None, DEFAULT_BUDGET);
    assert!(!found.is_none());
}

#[test]
fn a_tool_may_be_of_all_classes_of_a_statement() {
    let read = r#"{"version": "1", "default": "deny", "categories": {"read": {"action": "allow"}}}"#;
    for statement in [
        "never: category = financial and risk = critical",
        "never: category = financial and category = destructive and risk = high",
        "never: category = financial and category = read",
    ] {
        assert!(!ask(&[read], statement, None).is_proved(), "{statement}");
    }
    assert!(ask(&[read], "never: not category = read", None).is_proved());
}

#[test]
fn a_limit_that_ends_limits_nothing_after() {
    let limit = |more: &str| {
        format!(
            r#"{{"version": "1", "default": "deny", "tools": {{"x": {{{more}"limits": [
                {{"counter": "c", "window": "day", "max": 5, "scope": "grant"}}]}}}}, "all_tools": {{}}}}"#
        )
    };
    let relaxing = limit(r#""expires": "2027-01-01T00:00:00Z", "on_expiry": "relax", "#);
    let open = relaxing.replace(r#""default": "deny""#, r#""default": "allow""#);
    assert!(!ask(&[&open], "never: tool = x and not limited", None).is_proved());
    assert!(!ask(&[&open], "never: tool = x and not limited by c", None).is_proved());
    assert!(ask(&[&limit("")], "never: tool = x and not limited", None).is_proved());
}

#[test]
fn flows_of_one_name_in_two_policies_are_two() {
    let flow = |deny: &str| {
        format!(
            r#"{{"version": "1", "default": "allow", "labels": {{"x": ["out", "in", "web"]}},
                "flows": [{{"id": "f", "after": "in", "deny": "{deny}"}}]}}"#
        )
    };
    let same = flow("out");
    let found = diff(&stack(&[&same, &same]), &stack(&[&flow("web"), &same]), None, DEFAULT_BUDGET);
    assert!(!found.is_none());
}

#[test]
fn checks_that_differ_are_a_difference_where_no_schema_is_known() {
    for (strict, lax) in [
        (r#"{}"#, r#"{"arguments": {"check": "off"}}"#),
        (r#"{}"#, r#"{"arguments": {"unknown": "allow"}}"#),
        (r#"{"repair": false}"#, r#"{}"#),
    ] {
        let [strict, lax] = [strict, lax]
            .map(|rules| format!(r#"{{"version": "1", "default": "deny", "tools": {{"x": {rules}}}}}"#));
        for (old, new, is_stricter) in [(&strict, &lax, false), (&lax, &strict, true)] {
            let found = diff(&stack(&[old]), &stack(&[new]), None, DEFAULT_BUDGET);
            // Without a check nothing is mended, so that a rule may deny what it lets through: that differs both ways.
            let expected = CheckChange { is_stricter, tools: vec!["x".to_owned()] };
            assert!(found.is_any() && found.checks.contains(&expected), "{old} {new} {:?}", found.checks);
        }
        assert!(diff(&stack(&[&strict]), &stack(&[&strict]), None, DEFAULT_BUDGET).is_none());
    }
}
