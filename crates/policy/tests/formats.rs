//! Documents in YAML and TOML: the same policy as in JSON, or a problem at its place in the text.

#[cfg(test)]
mod common;

use common::load;
use policy::{Format, load_as, normalise};

const JSON: &str = r#"{ "version": "1", "default": "deny", "hide": ["*_secret"],
    "tools": {
      "get_*": { "action": "allow" },
      "pay": {
        "deny_if": [{ "conditions": [{ "path": "args.amount", "op": "gt", "value": 99.50 }], "on_deny": "No: too much." },
                    { "conditions": [{ "path": "args.kind", "op": "in", "value": ["yes", "5", 5, true] }] }],
        "limits": [{ "counter": "pay", "window": "90s", "max": 3, "scope": "grant" }] },
      "list": {} } }"#;

const YAML: &str = r#"# A comment.
version: "1"
default: deny
hide: ["*_secret"]
tools:
  get_*: { action: allow }
  pay:
    deny_if:
      - conditions:
          - { path: args.amount, op: gt, value: 99.50 }
        on_deny: "No: too much."
      - conditions:
          - path: args.kind
            op: in
            value: ["yes", '5', 5, true]
    limits:
      - counter: pay
        window: 90s
        max: 3
        scope: grant
  list: {}
"#;

const TOML: &str = r#"# A comment.
version = "1"
default = "deny"
hide = ["*_secret"]
tools."get_*".action = "allow"

[[tools.pay.deny_if]]
conditions = [{ path = "args.amount", op = "gt", value = 99.50 }]
on_deny = "No: too much."

[[tools.pay.deny_if]]
conditions = [{ path = "args.kind", op = "in", value = ["yes", "5", +5, true] }]

[[tools.pay.limits]]
counter = "pay"
window = "90s"
max = 3
scope = "grant"

[tools.list]
"#;

#[test]
fn all_formats_say_the_same() {
    let expected = load(JSON).revision_hash();
    for (format, text) in [(Format::Yaml, YAML), (Format::Toml, TOML), (Format::Yaml, JSON)] {
        let policy = load_as(format, "test", text.as_bytes().to_vec())
            .unwrap_or_else(|problems| panic!("{format:?} {problems:#?}"));
        assert_eq!(policy.revision_hash(), expected, "{}", normalise(&policy));
    }
}

/// Each problem as its place, its pointer and its message.
fn check(format: Format, text: &str, expected: &[(&str, &str, &str)]) {
    let problems = match load_as(format, "test", text.as_bytes().to_vec()) {
        Ok(policy) => policy.warnings().to_vec(),
        Err(problems) => problems,
    };
    let listed: Vec<_> = problems.iter().map(ToString::to_string).collect();
    assert_eq!(problems.len(), expected.len(), "{text}\n{}", listed.join("\n"));
    for (problem, (place, pointer, part)) in problems.iter().zip(expected) {
        assert_eq!(format!("{}:{}", problem.line, problem.column), *place, "{problem}");
        assert_eq!(problem.pointer, *pointer, "{problem}");
        assert!(problem.message.contains(part), "{problem}");
    }
}

#[test]
fn problems_are_told_at_their_place() {
    check(
        Format::Yaml,
        "version: \"1\"\ndefualt: deny\ntools:\n  é:\n    acton: deny\n  x: 5\n  x: {}\n",
        &[
            ("2:1", "/defualt", "unknown key"),
            ("5:5", "/tools/é/acton", "unknown key"),
            ("6:6", "/tools/x", "must be an object"),
            ("7:3", "/tools/x", "there twice"),
        ],
    );
    check(
        Format::Toml,
        "version = \"1\"\ndefault = \"dney\"\n\n[tools.x]\nacton = \"deny\"\n",
        &[("2:11", "/default", "unknown value"), ("5:1", "/tools/x/acton", "unknown key")],
    );
    check(Format::Yaml, "version: \"1\"\ndefault: deny\n", &[("1:1", "", "no tool is named")]);
}

#[test]
fn what_json_has_not_is_refused() {
    let yaml = |tail: &str, place: &str, part: &str| {
        check(Format::Yaml, &format!("version: \"1\"\ndefault: allow\n{tail}"), &[(place, "", part)]);
    };
    yaml("hide: &a [x]\n", "3:7", "an anchor");
    yaml("hide: !!seq [x]\n", "3:7", "a tag");
    yaml("hide: [yes]\n", "3:8", "`yes` is read in different ways");
    yaml("hide: [0x1F]\n", "3:8", "`0x1F`");
    yaml("hide: [1_000]\n", "3:8", "`1_000`");
    yaml("hide: [.inf]\n", "3:8", "`.inf`");
    yaml("hide: [~, no]\n", "3:11", "`no`");
    yaml("<<: {}\n", "3:1", "merged keys");
    yaml("? [a]\n: {}\n", "3:3", "a key must be");
    yaml("---\ndefault: allow\n", "3:1", "several documents");
    yaml("hide: [a\n", "4:1", "not valid YAML");
    check(Format::Yaml, "", &[("1:1", "", "empty")]);
    let toml = |tail: &str, place: &str, part: &str| {
        check(Format::Toml, &format!("version = \"1\"\ndefault = \"allow\"\n{tail}"), &[(place, "", part)]);
    };
    toml("hide = [2026-11-20]\n", "3:9", "a date is a text");
    toml("hide = [0x1f]\n", "3:9", "not written in tens");
    toml("hide = [inf]\n", "3:9", "no number of JSON");
    toml("hide = [\n", "3:9", "not valid TOML");
    toml("default = \"deny\"\n", "3:1", "duplicate key");
}

#[test]
fn the_end_of_a_name_says_the_format() {
    for (name, format) in [
        ("a.json", Some(Format::Json)),
        ("a.yaml", Some(Format::Yaml)),
        ("a.b.yml", Some(Format::Yaml)),
        ("a.toml", Some(Format::Toml)),
        ("a", None),
        ("a.txt", None),
    ] {
        assert_eq!(Format::of_file(name), format);
    }
}
