//! Keeps the tables of docs/policy.md in step with the words that the loader knows, and its examples loadable.
//! `BLESS=1 cargo test -p policy --test manual` writes the tables anew.

#[cfg(test)]
mod common;

use std::path::{Path, PathBuf};

use policy::registry::{Status, Table, tables};
use policy::{NOT_YET_BUILT, OPERATORS};

fn manual() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/policy.md")
}

/// A table of the manual: what is built, then the names of what is not.
fn table(table: &Table) -> String {
    let mut text = "| word | meaning |\n|---|---|\n".to_owned();
    for entry in table.entries.iter().filter(|entry| entry.status == Status::Built) {
        text.push_str(&format!("| `{}` | {} |\n", entry.name, entry.doc));
    }
    let missing = table.entries.iter().filter(|entry| entry.status == Status::NotYetBuilt);
    text.push_str(&not_built(missing.map(|entry| entry.name)));
    text
}

fn operators() -> String {
    let mut text = "| operator | `value` | true when |\n|---|---|---|\n".to_owned();
    for operator in OPERATORS {
        text.push_str(&format!("| `{}` | {} | {} |\n", operator.name, operator.value, operator.doc));
    }
    text.push_str(&not_built(NOT_YET_BUILT.iter().map(|entry| entry.name)));
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
        common::load(example);
    }
}
