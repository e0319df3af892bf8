//! The rules that people write for real tools: every pair of policies is compared, and every statement asked of each,
//! with definitions and without. Hardly any question may stay open.

use std::path::Path;

use json::Document;
use policy::{DEFAULT_BUDGET, Definition, Hash, Schema, Stack, Statement, Subject, diff, prove};

use crate::common::{document, load_named};

/// Of so many questions one may stay open.
const ONE_IN: usize = 100;

fn read(path: &str) -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    std::fs::read_to_string(root.join(path)).unwrap()
}

fn stacks() -> Vec<(String, Stack)> {
    let mut stacks = Vec::new();
    for folder in ["tests/corpus/policies", "../../examples/policies"] {
        let entries = std::fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join(folder)).unwrap();
        let mut names: Vec<String> =
            entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        for name in names.into_iter().filter(|name| name.ends_with(".json")) {
            let policy = load_named(&name, &read(&format!("{folder}/{name}")));
            stacks.push((name, Stack::new(vec![policy])));
        }
    }
    stacks
}

fn subjects(tools: &Document) -> Vec<Subject<'_>> {
    let mut subjects = Vec::new();
    for server in tools.root().members() {
        for tool in server.value.elements() {
            let schema = Schema::compile(tool.get("inputSchema").unwrap()).unwrap();
            let name = tool.get("name").unwrap().as_str().unwrap().into_owned();
            let hash = Hash::of(tool.raw().as_bytes());
            let definition = Definition::new(server.key.as_cow().into_owned(), name, hash, Some(schema));
            subjects.push(Subject::known(definition, tool));
        }
    }
    subjects
}

#[test]
fn hardly_any_comparison_stays_open() {
    let (stacks, tools) = (stacks(), document(&read("tests/corpus/tools.json")));
    let (mut n_questions, mut n_examples, mut open) = (0, 0, Vec::new());
    for (old_name, old) in &stacks {
        for (new_name, new) in &stacks {
            for tools in [None, Some(subjects(&tools))] {
                let found = diff(old, new, tools, DEFAULT_BUDGET);
                n_questions += found.n_questions;
                n_examples += found.examples.len();
                assert!(old_name != new_name || found.is_none(), "{old_name} {found:#?}");
                open.extend(
                    found
                        .undecided
                        .into_iter()
                        .map(|undecided| format!("{old_name} {new_name} {undecided:?}")),
                );
            }
        }
    }
    assert!(n_questions > 1000 && n_examples > 500, "{n_questions} {n_examples}");
    let n_open = open.len();
    assert!(n_open * ONE_IN <= n_questions, "{n_open} of {n_questions} stay open:\n{}", open.join("\n"));
}

#[test]
fn hardly_any_statement_stays_open() {
    let (stacks, tools) = (stacks(), document(&read("tests/corpus/tools.json")));
    let text = read("tests/corpus/statements.txt");
    let (mut n_asked, mut n_proved, mut open) = (0, 0, Vec::new());
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        let statement = Statement::parse(line).unwrap();
        for (name, stack) in &stacks {
            for tools in [None, Some(subjects(&tools))] {
                let proof = prove(stack, &statement, tools, DEFAULT_BUDGET);
                n_asked += proof.n_tools;
                n_proved += usize::from(proof.is_proved());
                open.extend(
                    proof.undecided.into_iter().map(|unproved| format!("{name} {line} {unproved:?}")),
                );
            }
        }
    }
    assert!(n_proved > 100, "{n_proved}");
    let n_open = open.len();
    assert!(n_open * ONE_IN <= n_asked, "{n_open} of {n_asked} stay open:\n{}", open.join("\n"));
}
