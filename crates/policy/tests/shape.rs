//! The JSON Schema of policies: it is the committed file, it accepts what loads, and refuses mistyped words.
//! `BLESS=1 cargo test -p policy --test shape` writes schema/policy.schema.json anew.

#[cfg(test)]
mod common;

use std::path::{Path, PathBuf};

use common::case_files;
use jsonschema::Validator;
use policy::registry::{json_schema, pages};
use serde_json::{Value, json};

fn root(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(path)
}

fn validator() -> Validator {
    let schema: Value = serde_json::from_str(&json_schema()).unwrap_or_default();
    jsonschema::draft202012::new(&schema).unwrap_or_else(|error| unusable(&error.to_string()))
}

#[expect(clippy::panic, reason = "a helper of tests may fail them")]
fn unusable(error: &str) -> ! {
    panic!("the schema cannot be used: {error}")
}

#[test]
fn the_file_is_the_registry() {
    let file = root("schema/policy.schema.json");
    if std::env::var_os("BLESS").is_some() {
        std::fs::create_dir_all(root("schema")).unwrap();
        std::fs::write(&file, json_schema()).unwrap();
    }
    assert_eq!(std::fs::read_to_string(file).unwrap(), json_schema(), "run with BLESS=1");
}

/// Documents that load: the examples, those of the manual, and those that cases decide on.
#[test]
fn what_loads_is_accepted() {
    let validator = validator();
    let mut texts: Vec<String> = Vec::new();
    for entry in std::fs::read_dir(root("examples/policies")).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|end| end == "json") {
            texts.push(std::fs::read_to_string(path).unwrap());
        }
    }
    texts.extend(pages().into_iter().map(|page| page.judged_by.unwrap_or(page.example)));
    for (_, file) in case_files("decisions") {
        let cases = file.root().elements();
        let documents = cases.flat_map(|case| {
            case.get("policy")
                .into_iter()
                .chain(case.get("policies").into_iter().flat_map(|list| list.elements()))
        });
        texts.extend(documents.map(|document| document.raw().to_owned()));
    }
    assert!(texts.len() > 200);
    for text in texts {
        let document: Value = serde_json::from_str(&text).unwrap();
        let problems: Vec<String> = validator.iter_errors(&document).map(|error| error.to_string()).collect();
        assert!(problems.is_empty(), "{problems:?}: {text}");
    }
}

#[test]
fn mistyped_words_are_refused() {
    let validator = validator();
    let of_tool = |rules: Value| json!({"version": "1", "default": "deny", "tools": {"x": rules}});
    let condition = |condition: Value| of_tool(json!({"deny_if": [{"conditions": [condition]}]}));
    for wrong in [
        json!({"version": "1"}),
        json!({"version": "2", "default": "deny"}),
        json!({"version": "1", "defualt": "deny"}),
        json!({"version": "1", "default": "denied"}),
        json!({"version": "1", "default": "deny", "tool": {}}),
        json!({"version": "1", "default": "deny", "categories": {"reads": {}}}),
        json!({"version": "1", "default": "deny", "resources": {"actoin": "deny"}}),
        json!({"version": "1", "default": "deny", "tests": [{"call": {"tol": "x"}, "expect": "deny"}]}),
        of_tool(json!({"denyif": []})),
        of_tool(json!({"action": "denny"})),
        of_tool(json!({"deny_if": [{"on_deny": "no"}]})),
        of_tool(json!({"limits": [{"counter": "c", "window": "day", "max": "5", "scope": "grant"}]})),
        of_tool(json!({"limits": [{"counter": "c", "window": "day", "max": 5, "scope": "grants"}]})),
        of_tool(json!({"approval": {"quorom": 2}})),
        condition(json!({"path": "args.a", "op": "equals", "value": 1})),
        condition(json!({"path": "args.a", "op": "eq"})),
        condition(json!({"all": []})),
        condition(json!({"cell": "args.a == 1"})),
        condition(json!({"cel": "args.a == 1", "not": {"cel": "args.b == 1"}})),
    ] {
        assert!(!validator.is_valid(&wrong), "{wrong}");
        assert!(policy::load("p", wrong.to_string().into_bytes()).is_err(), "{wrong}");
    }
}

/// `$schema` says something to editors only.
#[test]
fn the_key_of_editors_decides_nothing() {
    let load = |text: &str| policy::load("p", text.as_bytes().to_vec());
    let plain = load(r#"{"version": "1", "default": "deny"}"#).unwrap();
    let pointed = load(r#"{"$schema": "x", "version": "1", "default": "deny"}"#).unwrap();
    assert_eq!(plain.revision_hash(), pointed.revision_hash());
    assert_eq!(policy::normalise(&plain), policy::normalise(&pointed));
    assert!(load(r#"{"$schema": 5, "version": "1", "default": "deny"}"#).is_err());
}
