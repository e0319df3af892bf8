//! Keeps the tables of docs/policy.md in step with the words that the loader knows, and its examples loadable.
//! `BLESS=1 cargo test -p policy --test manual` writes the tables anew.
#![expect(clippy::unwrap_used, reason = "a helper of tests may fail them")]

#[cfg(test)]
mod common;

use std::path::{Path, PathBuf};

use policy::registry::{Status, Table, tables};
use policy::{Channel, OPERATORS, Operator};

fn manual() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/policy.md")
}

/// A table of the manual: what is built, then the names of what is not.
fn table(table: &Table) -> String {
    let mut text = "| word | meaning |\n|---|---|\n".to_owned();
    for entry in table.entries.iter().filter(|entry| entry.status == Status::Built) {
        // A bar would end the cell.
        text.push_str(&format!("| `{}` | {} |\n", entry.name.replace('|', "\\|"), entry.doc));
    }
    let missing = table.entries.iter().filter(|entry| entry.status == Status::NotYetBuilt);
    text.push_str(&not_built(missing.map(|entry| entry.name)));
    text
}

fn operators() -> String {
    let mut text = "| operator | `value` | true when | error when |\n|---|---|---|---|\n".to_owned();
    for operator in OPERATORS {
        let Operator { name, value, doc, errors, .. } = operator;
        text.push_str(&format!("| `{name}` | {value} | {doc} | {errors} |\n"));
    }
    text
}

fn not_built<'a>(names: impl Iterator<Item = &'a str>) -> String {
    let names: Vec<_> = names.map(|name| format!("`{name}`")).collect();
    if names.is_empty() {
        String::new()
    } else {
        format!("\nKnown but not built yet: {}.\n", names.join(", "))
    }
}

/// Each marked block of the manual with what belongs into it.
fn blocks() -> Vec<(String, String)> {
    let mut blocks: Vec<_> =
        tables().iter().map(|one| (format!("<!-- table: {} -->\n", one.title), table(one))).collect();
    blocks.push(("<!-- table: operators -->\n".to_owned(), operators()));
    // Some readers of Markdown need the empty lines.
    blocks.into_iter().map(|(marker, text)| (marker, format!("\n{text}\n"))).collect()
}

#[test]
fn every_table_is_the_registry() {
    let mut text = std::fs::read_to_string(manual()).unwrap();
    let bless = std::env::var_os("BLESS").is_some();
    for (marker, expected) in blocks() {
        let (before, rest) = text.split_once(&marker).unwrap_or_else(|| unmarked(&marker));
        let (found, after) = rest.split_once("<!-- end -->").unwrap();
        if bless {
            text = format!("{before}{marker}{expected}<!-- end -->{after}");
        } else {
            assert_eq!(found, expected, "docs/policy.md differs below {marker}; run with BLESS=1");
        }
    }
    if bless {
        std::fs::write(manual(), text).unwrap();
    }
}

#[expect(clippy::panic, reason = "a helper of tests may fail them")]
fn unmarked(marker: &str) -> ! {
    panic!("docs/policy.md lacks {marker}")
}

/// What the table of patterns says of each URI is what is decided.
#[test]
fn the_table_of_patterns_is_true() {
    let text = std::fs::read_to_string(manual()).unwrap();
    for row in rows(&text, "<!-- table: patterns of URIs -->") {
        let pattern = quoted(row[1])[0];
        let document = format!(
            r#"{{"version": "1", "default": "deny", "resources": {{"{pattern}": {{"action": "allow"}}}}}}"#
        );
        let stack = common::stack(&[&document]);
        for (cell, expected) in [(row[2], true), (row[3], false)] {
            assert!(!quoted(cell).is_empty());
            for uri in quoted(cell) {
                let judged = stack.judge_channel(Channel::Resources, &common::FACTS, Some(uri));
                assert_eq!(judged.is_ok(), expected, "{pattern} {uri}");
            }
        }
    }
}

/// What the example of the other channels is said to decide is what it decides, also behind a baseline.
#[test]
fn the_example_of_channels_decides_as_it_says() {
    let text = std::fs::read_to_string(manual()).unwrap();
    let (_, section) = text.split_once("## Other channels").unwrap();
    let example = section.split("```json\n").nth(1).unwrap().split("```").next().unwrap();
    let baseline = r#"{ "version": "1", "default": "allow" }"#;
    assert!(section.contains(&format!("Behind a baseline `{baseline}`")));
    for row in rows(&text, "<!-- table: what the example decides -->") {
        let (key, subject) = (quoted(row[1])[0], quoted(row[2]).first().copied());
        let expected = quoted(row[3]).first().copied().unwrap_or("allowed");
        assert_eq!(answer(&[example], key, subject), expected, "{key} {subject:?}");
        let closed_by_baseline = expected == "allowed" && (key == "elicitation" || key == "methods");
        let expected = if closed_by_baseline || expected == "/roots/action" { "(closed)" } else { expected };
        assert_eq!(answer(&[baseline, example], key, subject), expected, "{key} {subject:?}");
    }
}

fn answer(documents: &[&str], key: &str, subject: Option<&str>) -> String {
    let stack = common::stack(documents);
    let judged = match Channel::ALL.into_iter().find(|channel| channel.as_str() == key) {
        Some(channel) => stack.judge_channel(channel, &common::FACTS, subject),
        None => stack.judge_method(&common::FACTS, subject.unwrap()),
    };
    judged.map_or_else(|denial| denial.rule.to_string(), |()| "allowed".to_owned())
}

/// The rows of a marked table, split into cells; the first cell is empty.
fn rows<'a>(text: &'a str, marker: &str) -> Vec<Vec<&'a str>> {
    let (_, rest) = text.split_once(marker).unwrap();
    let (table, _) = rest.split_once("<!-- end -->").unwrap();
    let lines = table.lines().filter(|line| line.starts_with("| `"));
    let rows: Vec<Vec<&str>> = lines.map(|line| line.split('|').collect()).collect();
    assert!(rows.len() >= 5, "{marker}");
    rows
}

/// What stands between backticks.
fn quoted(cell: &str) -> Vec<&str> {
    cell.split('`').skip(1).step_by(2).collect()
}

/// Every JSON example of the manual that has a version is a document and loads.
#[test]
fn every_example_loads() {
    let text = std::fs::read_to_string(manual()).unwrap();
    let examples: Vec<_> = text
        .split("```json\n")
        .skip(1)
        .map(|part| part.split("```").next().unwrap())
        .filter(|example| example.contains("\"version\""))
        .collect();
    assert!(examples.len() >= 2);
    for example in examples {
        for outcome in policy::run_tests(&common::load(example)) {
            assert!(outcome.passed, "{outcome:?}");
        }
    }
}
