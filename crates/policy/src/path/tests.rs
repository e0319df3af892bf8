//! What paths lead to.

use super::*;
use crate::schema::Schema;
use crate::testing::document;

fn find(path: &str, arguments: &str) -> String {
    find_declared(path, arguments, "{}")
}

fn find_declared(path: &str, arguments: &str, schema: &str) -> String {
    let (document, schema) = (document(arguments), document(schema));
    let schema = Schema::compile(schema.root()).unwrap();
    let declared = Some(schema.declared());
    let known = Known { arguments: document.root(), declared, are_declared: false };
    match Path::parse(path).unwrap().find(Input::of(known)) {
        Found::Value(Datum::Json(value, _)) => value.raw().to_owned(),
        Found::Missing => "missing".to_owned(),
        Found::NotAnObject(kind) | Found::NotAList(kind) => format!("in {kind:?}"),
        Found::Ambiguous => "ambiguous".to_owned(),
        Found::Unknown => "unknown".to_owned(),
        Found::Value(_) => "a fact".to_owned(),
    }
}

#[test]
fn follows_names() {
    assert_eq!(find("args.a", r#"{"a": 1}"#), "1");
    assert_eq!(find("args.a.b", r#"{"a": {"b": [2]}}"#), "[2]");
    assert_eq!(find("args.a-b/c", r#"{"a-b/c": 1}"#), "1");
}

#[test]
fn null_is_missing_on_the_way_and_at_the_end() {
    assert_eq!(find("args.a", r#"{"a": null}"#), "missing");
    assert_eq!(find("args.a.b", r#"{"a": null}"#), "missing");
    assert_eq!(find("args.a.b", "{}"), "missing");
}

#[test]
fn another_spelling_is_an_error_unless_it_is_declared() {
    for arguments in [
        r#"{"o": {"task": 1, "Task": 2}}"#,
        r#"{"o": {"TASK": 2}}"#,
        r#"{"o": {"\u0054ask": null}}"#,
        r#"{"o": {"ta\u017fk": 2}}"#,
        r#"{"o": {"tas\u212a": 2}}"#,
        r#"{"o": {"task": 1}, "O": {}}"#,
        r#"{"o": {"task": 1}, "o.Task": 2}"#,
    ] {
        assert_eq!(find("args.o.task", arguments), "ambiguous", "{arguments}");
    }
    assert_eq!(find("args.o.task", r#"{"o": {"task": 1, "tasks": 2, "tàsk": 3}, "p": {"Task": 4}}"#), "1");
    let both = r#"{"properties": {"id": {}, "ID": {}}}"#;
    assert_eq!(find_declared("args.id", r#"{"id": 1, "ID": 2}"#, both), "1");
    assert_eq!(find_declared("args.id", r#"{"ID": 2}"#, both), "missing");
    assert_eq!(find_declared("args.id", r#"{"Id": 2}"#, both), "ambiguous");
    let other = r#"{"properties": {"ID": {}}}"#;
    assert_eq!(find_declared("args.id", r#"{"ID": 2}"#, other), "ambiguous");
}

#[test]
fn a_step_into_a_string_is_no_miss() {
    assert_eq!(find("args.a.b", r#"{"a": "{\"b\": 1}"}"#), "in String");
    assert_eq!(find("args.a.b", r#"{"a": [{"b": 1}]}"#), "in Array");
}

#[test]
fn a_name_with_dots_is_found_and_two_readings_are_an_error() {
    let find = |arguments| find_declared("args.a.b", arguments, r#"{"properties": {"a.b": {}}}"#);
    assert_eq!(find(r#"{"a.b": 1}"#), "1");
    assert_eq!(find(r#"{"a.b": 1, "a": {}}"#), "1");
    assert_eq!(find(r#"{"a.b": 1, "a": {"b": 1}}"#), "ambiguous");
    assert_eq!(find(r#"{"a.b": 1, "a": "x"}"#), "ambiguous");
    assert_eq!(find(r#"{"a.b": null, "a": {"b": 2}}"#), "2");
}

#[test]
fn a_name_with_dots_that_nobody_declares_is_an_error() {
    assert_eq!(find("args.a.b", r#"{"a.b": 1}"#), "ambiguous");
    assert_eq!(find("args.a.b", r#"{"a.b": null}"#), "missing");
}

#[test]
fn refuses_what_it_cannot_read() {
    let problems = [
        ("amount", PathProblem::UnknownRoot),
        ("arg.amount", PathProblem::UnknownRoot),
        ("", PathProblem::UnknownRoot),
        ("identity.name", PathProblem::RootNotBuilt),
        ("grant.name", PathProblem::UnknownFact),
        ("time", PathProblem::UnknownFact),
        ("tool.annotations", PathProblem::UnknownFact),
        ("tool.annotations.", PathProblem::EmptyName),
        ("input", PathProblem::EmptyName),
        ("args", PathProblem::EmptyName),
        ("args.", PathProblem::EmptyName),
        ("args.a..b", PathProblem::EmptyName),
        ("args.items[0].price", PathProblem::Bracket),
        ("args.items[*]price", PathProblem::Bracket),
        ("args.items[*].", PathProblem::EmptyName),
        ("args.[*]", PathProblem::EmptyName),
        ("args[*].a", PathProblem::UnknownRoot),
    ];
    for (text, problem) in problems {
        assert_eq!(Path::parse(text).err(), Some(problem), "{text}");
    }
}
