//! `toolgate policy test`: tests of documents, files of cases, coverage.

use crate::run::{Place, Ran};

const IMPORTS: &str = r#"{ "version": "1", "default": "deny",
  "tools": {
    "import": {
      "require": [ { "conditions": [ { "cel": "args.uri.startsWith('s3://in/')" } ], "on_deny": "From the inbox only." } ],
      "limits": [ { "counter": "imports", "window": "minute", "max": 10, "scope": "grant" } ] },
    "export": { "action": "deny", "reason": "Not by agents." } },
  "resources": { "file:///docs/**": { "action": "allow" } },
  "tests": [
    { "name": "from the inbox", "call": { "tool": "import", "arguments": { "uri": "s3://in/a" } }, "expect": "allow" },
    { "call": { "tool": "export" }, "expect": "deny", "rule": "/tools/export/action", "reason": "Not by agents. Do not retry." },
    { "call": { "channel": "resources", "subject": "file:///docs/a" }, "expect": "allow" }
  ] }
"#;

fn place() -> Place {
    let place = Place::new();
    place.write(&place.work("policies/imports.json"), IMPORTS);
    place.write(&place.work("base.json"), r#"{"version": "1", "default": "allow", "hide": ["secret"]}"#);
    place
}

fn test(place: &Place, arguments: &[&str]) -> Ran {
    place.run(&[&["policy", "test"], arguments].concat())
}

fn last_line(ran: &Ran) -> serde_json::Value {
    let last = ran.stdout.lines().last().unwrap_or_default();
    serde_json::from_str(last).unwrap_or_default()
}

#[test]
fn tests_of_a_document_are_run() {
    let place = place();
    let ran = test(&place, &["policies/imports.json"]);
    assert_eq!((ran.stdout.as_str(), ran.code), ("3 tests passed\n", Some(0)), "{}", ran.stderr);
    let none = test(&place, &["base.json"]);
    assert_eq!(none.code, Some(1));
    assert!(none.stdout.starts_with("there are no tests; write `tests`"), "{}", none.stdout);
}

#[test]
fn cases_are_judged_by_the_stack_that_they_name() {
    let place = place();
    let cases = r#"{ "policies": ["../base.json", "../policies/imports.json"],
  "schema": { "type": "object", "properties": { "uri": { "type": "string" } } },
  "tests": [
    { "call": { "tool": "import", "arguments": { "uri": "s3://in/b" } }, "expect": "allow" },
    { "name": "hidden", "call": { "tool": "secret" }, "expect": "deny", "rule": "(hidden)" },
    { "name": "not from elsewhere",
      "call": { "tool": "import", "arguments": { "uri": "s3://else/b" } }, "expect": "allow" },
    { "call": { "tool": "import", "arguments": { "uri": "s3://in/b", "size": 1 } }, "expect": "deny", "rule": "/tools/import/require/cel" },
    { "call": { "tool": "import", "arguments": { "uri": "x" } }, "expect": "deny", "reason": "No." }
  ] }"#;
    place.write(&place.work("cases/imports.json"), cases);
    place.write(&place.work("cases/notes.txt"), "no cases");
    let ran = test(&place, &["--cases", "cases"]);
    insta::assert_snapshot!("test_cases", ran.whole());
    let json = test(&place, &["--cases", "cases/imports.json", "--json"]);
    assert_eq!(json.code, Some(1));
    assert_eq!(last_line(&json), serde_json::json!({"tests": 5, "failed": 3, "coverage": null}));
    let third: serde_json::Value = serde_json::from_str(json.stdout.lines().nth(2).unwrap()).unwrap();
    assert_eq!(third["decided"], "/tools/import/require/cel");
    assert_eq!((&third["line"], &third["passed"]), (&6.into(), &false.into()));
}

#[test]
fn cases_without_policies_are_judged_by_those_of_the_command_line() {
    let place = place();
    let cases = r#"{ "tests": [ { "call": { "tool": "export" }, "expect": "deny" } ] }"#;
    place.write(&place.work("cases.json"), cases);
    let ran = test(&place, &["base.json", "policies/imports.json", "--cases", "cases.json"]);
    assert_eq!((ran.stdout.as_str(), ran.code), ("4 tests passed\n", Some(0)), "{}", ran.stderr);
    let alone = test(&place, &["--cases", "cases.json"]);
    assert_eq!(alone.code, Some(2));
    assert!(alone.stderr.contains("names no `policies`"), "{}", alone.stderr);
}

#[test]
fn wrong_cases_are_refused_with_their_place() {
    let place = place();
    place.write(
        &place.work("cases.json"),
        "{ \"tests\": [\n  { \"call\": { \"tol\": \"x\" }, \"expect\": \"denied\" } ] }",
    );
    let ran = test(&place, &["base.json", "--cases", "cases.json"]);
    assert_eq!(ran.code, Some(1));
    for said in
        ["cases.json:2:15: error: unknown key `tol`", "did you mean `tool`?", "cases.json:2:39: error:"]
    {
        assert!(ran.stderr.contains(said), "{said}: {}", ran.stderr);
    }
    place.write(&place.work("cases.json"), "[]");
    assert_eq!(test(&place, &["base.json", "--cases", "cases.json"]).code, Some(1));
    std::fs::create_dir(place.work("empty")).unwrap();
    assert_eq!(test(&place, &["base.json", "--cases", "empty"]).code, Some(2));
    assert_eq!(test(&place, &["base.json", "--min-coverage", "101"]).code, Some(2));
}

#[test]
fn coverage_tells_what_no_test_reaches() {
    let place = place();
    let ran = test(&place, &["policies/imports.json", "--coverage"]);
    insta::assert_snapshot!("test_coverage", ran.whole());
    assert_eq!(ran.code, Some(0));
    let low = test(&place, &["policies/imports.json", "--min-coverage", "90"]);
    assert_eq!(low.code, Some(1));
    assert!(low.stdout.contains("at least 90 % are wanted"), "{}", low.stdout);
    let more = r#"{ "tests": [
      { "call": { "tool": "import", "arguments": { "uri": "x" } }, "expect": "deny" } ] }"#;
    place.write(&place.work("more.json"), more);
    let full =
        test(&place, &["policies/imports.json", "--cases", "more.json", "--min-coverage", "100", "--json"]);
    assert_eq!(full.code, Some(0), "{}", full.stdout);
    let coverage = &last_line(&full)["coverage"];
    assert_eq!(
        (&coverage["seen"], &coverage["of"], &coverage["percent"]),
        (&7.into(), &7.into(), &100.into())
    );
    assert_eq!(coverage["rules"].as_array().unwrap().len(), 6);
}
