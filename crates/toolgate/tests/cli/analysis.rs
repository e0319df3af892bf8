//! `toolgate policy diff` and `prove`.

use crate::run::{Place, Ran};

const OLD: &str = r#"{ "version": "1", "default": "deny", "tools": {
  "create_charge": {
    "require": [ { "conditions": [ { "path": "args.currency", "op": "in", "value": ["eur", "usd"] } ] } ],
    "deny_if": [ { "conditions": [ { "path": "args.amount", "op": "gt", "value": 500 } ] } ],
    "limits": [ { "counter": "spend", "window": "day", "max": 1000, "scope": "grant", "increment_from": "args.amount" } ] },
  "get_*": { "action": "allow" } } }
"#;
const NEW: &str = r#"{ "version": "1", "default": "deny", "tools": {
  "create_charge": {
    "require": [ { "conditions": [ { "path": "args.currency", "op": "in", "value": ["eur", "chf"] } ] } ],
    "deny_if": [ { "conditions": [ { "path": "args.amount", "op": "gt", "value": 800 } ] } ],
    "limits": [ { "counter": "spent", "window": "day", "max": 1000, "scope": "grant", "increment_from": "args.amount" } ] },
  "get_*": { "action": "allow" },
  "refund": { "deny_if": [ { "conditions": [ { "path": "time.weekday", "op": "in", "value": ["saturday", "sunday"] } ] } ] } },
  "prompts": { "a*": { "action": "allow" } } }
"#;
const OPAQUE: &str = r#"{ "version": "1", "default": "deny", "tools": {
  "pay": { "require": [ { "conditions": [ { "cel": "args.n * 3 == 2" } ] } ] } } }
"#;
const TOOLS: &str = r#"{ "tools": [ { "name": "create_charge", "inputSchema": { "type": "object",
  "properties": { "amount": { "type": "integer", "minimum": 1, "maximum": 600 }, "currency": { "enum": ["eur", "usd"] } },
  "required": ["amount", "currency"] } } ] }
"#;

fn place() -> Place {
    let place = Place::new();
    for (name, text) in [("old.json", OLD), ("new.json", NEW), ("opaque.json", OPAQUE), ("tools.json", TOOLS)]
    {
        place.write(&place.work(name), text);
    }
    place
}

fn json(ran: &Ran) -> serde_json::Value {
    serde_json::from_str(&ran.stdout).unwrap()
}

#[test]
fn differences_are_shown_with_calls() {
    let ran = place().run(&["policy", "diff", "old.json", "new.json"]);
    assert_eq!(ran.code, Some(1));
    insta::assert_snapshot!("diff", ran.whole());
}

#[test]
fn a_policy_does_not_differ_from_itself() {
    let ran = place().run(&["policy", "diff", "old.json", "old.json", "--json"]);
    assert_eq!((ran.code, &json(&ran)["none"]), (Some(0), &true.into()));
}

#[test]
fn what_is_not_compared_is_told() {
    let place = place();
    place.write(
        &place.work("silent.json"),
        &OLD.replacen("\"default\"", "\"reveal\": \"none\", \"default\"", 1),
    );
    let ran = place.run(&["policy", "diff", "old.json", "silent.json"]);
    assert_eq!(ran.code, Some(0));
    assert!(ran.stdout.contains("the documents are not the same"), "{}", ran.stdout);
    let ran = place.run(&["policy", "diff", "old.json", "old.json"]);
    assert!(!ran.stdout.contains("not the same"), "{}", ran.stdout);
}

#[test]
fn definitions_narrow_what_calls_may_bring() {
    let ran = place().run(&["policy", "diff", "old.json", "new.json", "--tools", "tools.json", "--json"]);
    let found = json(&ran);
    let calls: Vec<_> =
        found["examples"].as_array().unwrap().iter().map(|example| &example["call"]).collect();
    let of_charge: Vec<_> = calls.iter().filter(|call| call["tool"] == "create_charge").collect();
    // No call with Swiss francs fits the schema, and an amount has to be there.
    assert_eq!(of_charge.len(), 2, "{}", ran.stdout);
    assert!(of_charge.iter().all(|call| call["arguments"]["amount"].is_number()), "{}", ran.stdout);
    assert!(of_charge.iter().all(|call| call["arguments"]["currency"] != "chf"), "{}", ran.stdout);
}

#[test]
fn what_only_the_evaluator_knows_is_undecided() {
    let place = place();
    place.write(&place.work("other.json"), &OPAQUE.replace("== 2", "== 1"));
    let ran = place.run(&["policy", "diff", "opaque.json", "other.json"]);
    assert_eq!(ran.code, Some(3), "{}", ran.whole());
    assert!(ran.stdout.contains("a `cel` expression decides"), "{}", ran.stdout);
}

#[test]
fn statements_are_proved_or_disproved() {
    let place = place();
    for (statement, code, part) in [
        ("never: tool ~ \"delete_*\"", 0, "proved"),
        ("never: tool = create_charge and args.amount > 800", 0, "proved"),
        ("never: tool = create_charge and args.amount > 799", 1, "\"amount\":800"),
        ("always: not tool = create_charge or limited by spent", 0, "proved"),
        ("never: tool = refund and time.weekday = \"sunday\"", 0, "proved"),
        ("never: tool ~ \"get_*\" and not approved", 1, "any tool that no document names"),
        ("never: tool = creat_charge", 0, "no document and no known tool has the name `creat_charge`"),
        ("never: toll = x", 2, "did you mean `tool`?"),
        ("never: args.amount gtt 5", 2, "did you mean `gt`?"),
        ("never: args.amount > \"5\"", 2, "must be a number"),
        ("never: (tool = x", 2, "close the parenthesis"),
    ] {
        let ran = place.run(&["policy", "prove", "new.json", statement]);
        assert_eq!(ran.code, Some(code), "{statement}: {}", ran.whole());
        assert!(ran.whole().contains(part), "{statement}: {}", ran.whole());
    }
}

#[test]
fn statements_come_from_files_too() {
    let place = place();
    place.write(
        &place.work("all.txt"),
        "# what must hold\nnever: tool ~ \"delete_*\"\n\nalways: limited or tool ~ \"get_*\"\n",
    );
    let ran = place.run(&["policy", "prove", "old.json", "--statements", "all.txt", "--json"]);
    let proved: Vec<serde_json::Value> = ran
        .stdout
        .lines()
        .map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap()["proved"].clone())
        .collect();
    assert_eq!((ran.code, proved), (Some(0), vec![true.into(), true.into()]));
    place.write(&place.work("all.txt"), "never: tool = x\nnerver: tool = x\n");
    let wrong = place.run(&["policy", "prove", "old.json", "--statements", "all.txt"]);
    assert!(wrong.stderr.contains("`all.txt` line 2 is wrong at column 1"), "{}", wrong.stderr);
    assert_eq!(place.run(&["policy", "prove", "opaque.json", "never: args.n > 5"]).code, Some(3));
}
