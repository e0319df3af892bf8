//! The README: what it shows is what the program prints, and what it says to write loads.

use crate::run::Place;
use serde_json::{Value, json};

const README: &str = include_str!("../../../../README.md");

/// The content of the first code block of a language that holds `part`.
fn block(language: &str, part: &str) -> &'static str {
    let mut blocks = README.split("\n```").filter_map(|text| text.strip_prefix(language));
    blocks.find(|text| text.contains(part)).unwrap_or_else(|| panic!("no {language} block with {part}"))
}

fn policy() -> &'static str {
    block("json\n", "\"version\"")
}

/// The line without its numbers: on a slow machine the time to retry is another.
fn without_numbers(line: &str) -> String {
    line.split(|c: char| c.is_ascii_digit()).filter(|part| !part.is_empty()).collect::<Vec<_>>().join("N")
}

#[test]
fn the_transcript_is_what_the_demonstration_prints() {
    let printed = Place::new().run(&["demo", "--once"]).stdout;
    let lines: Vec<String> = printed.lines().map(without_numbers).collect();
    let shown = block("console\n", "demo").lines();
    let shown: Vec<&str> = shown.filter(|line| !line.starts_with("$ ") && *line != "…").collect();
    assert!(shown.len() > 10);
    for line in shown {
        assert!(lines.contains(&without_numbers(line)), "`{line}` is not in\n{printed}");
    }
}

#[test]
fn the_policy_is_the_demonstration_s() {
    let shown: Value = serde_json::from_str(policy()).unwrap();
    let played: Value = serde_json::from_str(include_str!("../../src/demo/policy.json")).unwrap();
    for key in ["version", "default", "hide"] {
        assert_eq!(shown[key], played[key], "{key}");
    }
    for (tool, rules) in shown["tools"].as_object().unwrap() {
        assert_eq!(*rules, played["tools"][tool], "{tool}");
    }
}

#[test]
fn the_service_loads_as_it_is_written() {
    let place = Place::new();
    let drawn: Value = serde_json::from_str(&place.run(&["grant", "token", "--json"]).stdout).unwrap();
    let toml = block("toml\n", "[servers.imaging]");
    let toml = toml.replace("sha256:91e6fc3d…", drawn["token_hash"].as_str().unwrap());
    place.write(&place.work("toolgate.toml"), &toml);
    place.write(&place.work("policies/imaging.json"), policy());
    let listed = place.run(&["grant", "list"]);
    assert_eq!(listed.stdout, "radiology  file  valid  imaging=imaging\n", "{}", listed.whole());
    let created = place.run(&["grant", "create", "lab", "--server", "imaging=imaging", "--expires", "30d"]);
    assert!(created.stdout.starts_with("created the grant `lab`\n  token  tg_"), "{}", created.whole());
    assert_eq!(place.run(&["policy", "lint"]).code, Some(0));
    assert!(place.run(&["audit", "verify"]).stdout.starts_with("intact: "));
}

#[test]
fn what_is_certain_before_it_counts_is_what_the_program_prints() {
    let place = Place::new();
    for (name, prefix) in [("old", "s3://pacs-inbox/"), ("new", "s3://pacs-")] {
        let condition = json!({ "path": "args.input_s3_uri", "op": "prefix", "value": prefix });
        let rules = json!({ "require": [{ "conditions": [condition] }] });
        let document =
            json!({ "version": "1", "default": "deny", "tools": { "start_dicom_import_job": rules } });
        place.write(&place.work(&format!("{name}.json")), &document.to_string());
    }
    let arguments = r#"{"input_s3_uri":"s3://elsewhere/"}"#;
    let statement = r#"never: not args.input_s3_uri prefix "s3://pacs-inbox/""#;
    let commands = [
        vec!["policy", "diff", "old.json", "new.json"],
        vec!["policy", "prove", "old.json", statement],
        vec!["policy", "explain", "old.json", "--tool", "start_dicom_import_job", "--args", arguments],
    ];
    let printed: String = commands.iter().map(|words| place.run(words).stdout).collect();
    let shown: Vec<&str> = block("console\n", "policy diff").lines().filter(|line| *line != "…").collect();
    for words in &commands {
        let bare = |line: &str| line.replace('\'', "");
        let command = format!("$ toolgate {}", words.join(" "));
        assert!(shown.iter().any(|line| bare(line) == command), "`{command}` is not shown");
    }
    for line in shown.iter().filter(|line| !line.is_empty() && !line.starts_with("$ ")) {
        assert!(printed.lines().any(|other| other == *line), "`{line}` is not in\n{printed}");
    }
}
