//! Nothing is left open in the code: no reminders, no macros that stand for missing code.
//!
//! Must never: hold one of its own words in a form that it would find here.

use crate::mask;
use crate::tree::{File, Finding, Tree};

/// What a reminder looks like; put together at compile time so that this file holds none.
const REMINDERS: &[&str] = &[concat!("TO", "DO"), concat!("FIX", "ME"), concat!("XX", "X")];

/// Macros that compile and then panic.
const HOLES: &[&str] = &["todo!", "unimplemented!"];

/// The endings of files that people write; `""` stands for scripts without one.
const WRITTEN: &[&str] = &["rs", "toml", "py", "sh", "html", "css", "js", "sql", "conf", ""];

fn check(tree: &Tree) -> Vec<Finding> {
    tree.files.iter().filter(|file| is_written(file)).flat_map(in_file).collect()
}

fn is_written(file: &File) -> bool {
    let ending = file.name().rsplit_once('.').map_or("", |(_, ending)| ending);
    WRITTEN.contains(&ending) && !file.path.starts_with("LICENSE")
}

fn in_file(file: &File) -> Vec<Finding> {
    let reminder = |word: &&str| -> Vec<Finding> {
        let message = format!("`{word}`: finish it, or open an issue and say here what holds today");
        mask::words(&file.text, word).into_iter().map(|at| file.finding(at, message.clone())).collect()
    };
    let code = if file.is_rust() { file.code() } else { String::new() };
    let hole = |name: &&str| -> Vec<Finding> {
        let message =
            format!("`{name}` stands for missing code; leave the thing out or answer a clear error");
        code.match_indices(name).map(|(at, _)| file.finding(at, message.clone())).collect()
    };
    REMINDERS.iter().flat_map(reminder).chain(HOLES.iter().flat_map(hole)).collect()
}

#[test]
fn holds_here() {
    crate::tree::assert_none(&check(&Tree::here()));
}

#[test]
fn finds_what_is_left_open() {
    let reminder = REMINDERS[0];
    let rust = format!("//! x\n// {reminder}: later\nfn f() {{ {}() }}\nfn mastodo() {{}}\n", HOLES[0]);
    let script = format!("#!/bin/bash\n# {}\n", REMINDERS[1]);
    let tree = Tree::of(&[
        ("crates/a/src/lib.rs", &rust),
        ("check", &script),
        ("docs/guide.md", &format!("prose may speak of a {reminder} list\n")),
    ]);
    crate::tree::assert_found(
        &check(&tree),
        &[
            "crates/a/src/lib.rs:2: finish it",
            "crates/a/src/lib.rs:3: stands for missing code",
            "check:2: finish it",
        ],
    );
}
