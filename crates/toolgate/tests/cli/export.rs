//! `toolgate policy export`.

use crate::run::Place;

const POLICY: &str = r#"{ "version": "1", "default": "deny", "tools": {
  "read": {},
  "import": {
    "require": [ { "conditions": [ { "path": "args.uri", "op": "prefix", "value": "s3://inbox/" } ] } ],
    "deny_if": [ { "conditions": [ { "path": "args.store", "op": "in", "value": ["prod"] } ] } ] },
  "pay": { "rate_limit": "5/minute" } } }
"#;

#[test]
fn what_cedar_cannot_say_is_told_beside_the_export() {
    let place = Place::new();
    place.write(&place.work("one.json"), POLICY);
    let ran = place.run(&["policy", "export", "--cedar", "one.json"]);
    assert_eq!(ran.code, Some(0));
    insta::assert_snapshot!("policy_export", ran.whole());
    assert_eq!(place.run(&["policy", "export", "--cedar", "one.json", "--strict"]).code, Some(1));
    assert_eq!(place.run(&["policy", "export", "one.json"]).code, Some(2));
}

#[test]
fn programs_read_json() {
    let place = Place::new();
    place.write(&place.work("one.json"), POLICY);
    let ran = place.run(&["policy", "export", "--cedar", "one.json", "--json"]);
    let told: serde_json::Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!((&told["permits"], &told["unsaid"][0]["line"]), (&2.into(), &6.into()), "{}", ran.stdout);
    place.write(&place.work("bad.json"), "{}");
    assert_eq!(place.run(&["policy", "export", "--cedar", "bad.json"]).code, Some(1));
}
