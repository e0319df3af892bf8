//! `toolgate policy import`: policies of the older proxy.

use crate::run::Place;

const OLDER: &str = r#"version: "1"
default: deny
tools:
  read_file:
    rules: []
  create_issue:
    rules:
      - name: hourly limit
        rate_limit: 5/hour
      - name: only ours
        conditions:
          - { path: args.repo, op: regex, value: '^ours/\S+$' }
        on_deny: Only our repositories.
"#;

#[test]
fn prints_the_policy_and_tells_what_was_understood() {
    let place = Place::new();
    place.write(&place.work("github.yaml"), OLDER);
    let ran = place.run(&["policy", "import", "github.yaml"]);
    insta::assert_snapshot!("import", ran.whole());
    let linted = place.answer(&["policy", "lint", "-"], &ran.stdout);
    assert_eq!(linted.code, Some(0), "{}", linted.whole());
    let json = place.run(&["policy", "import", "github.yaml", "--json", "--scope", "server"]);
    let told: serde_json::Value = serde_json::from_str(&json.stdout).unwrap();
    assert_eq!((&told["policy"], &told["document"]["default"]), (&"github".into(), &"deny".into()));
    assert_eq!(told["document"]["tools"]["create_issue"]["limits"][0]["scope"], "server");
    assert_eq!((&told["notes"][0]["line"], &told["notes"][1]["stricter"]), (&2.into(), &true.into()));
}

#[test]
fn writes_a_new_file_only() {
    let place = Place::new();
    let import = |file: &str| place.answer(&["policy", "import", "-", "--output-file", file], OLDER);
    let ran = import("new.json");
    assert_eq!((ran.code, ran.stdout.as_str()), (Some(0), ""), "{}", ran.whole());
    assert!(ran.stderr.contains("written to `new.json`"), "{}", ran.stderr);
    assert_eq!(place.run(&["policy", "lint", "new.json"]).code, Some(0));
    let again = import("new.json");
    assert!(again.code == Some(1) && again.stderr.contains("cannot make `new.json`"), "{}", again.whole());
    assert_eq!(import("new.yaml").code, Some(2), "JSON is not written into a YAML file");
}

#[test]
fn what_has_no_equivalent_is_told_with_its_place() {
    let place = Place::new();
    let older = OLDER.replace("rate_limit: 5/hour", "rate_limit: 5/week").replace("default", "defualt");
    place.write(&place.work("old.yaml"), &older);
    let ran = place.run(&["policy", "import", "old.yaml"]);
    assert_eq!((ran.code, ran.stdout.as_str()), (Some(1), ""));
    assert!(ran.stderr.contains("old.yaml:2:1: error: unknown key `defualt`"), "{}", ran.stderr);
    assert!(ran.stderr.contains("old.yaml:9:21: error: unknown window `week`"), "{}", ran.stderr);
    let spend = "version: '1'\ntools: { pay: { spend_limit: $500/day } }\n";
    let refused = place.answer(&["policy", "import", "-"], spend);
    assert!(refused.code == Some(1) && refused.stderr.contains("--spend-from"), "{}", refused.whole());
    let said = ["policy", "import", "-", "--spend-from", "args.amount", "--spend-unit", "cents"];
    let said = place.answer(&said, spend);
    assert!(said.code == Some(0) && said.stdout.contains("\"max\": 50000"), "{}", said.whole());
    for wrong in [&["policy", "import"][..], &["policy", "import", "old.yaml", "--name", "a b"]] {
        assert_eq!(place.run(wrong).code, Some(2), "{wrong:?}");
    }
}
