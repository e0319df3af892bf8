//! The crates `json`, `policy` and `catalog` are pure: no I/O, clock, randomness or async outside their tests.
//!
//! Must never: be satisfied by a name that is imported in another way.

use crate::manifest::{self, Section};
use crate::mask;
use crate::tree::{File, Finding, Tree};

const PURE: &[&str] = &["json", "policy", "catalog"];

/// Modules of `std` that reach outside the program.
const OUTSIDE: &[&str] = &["fs", "net", "io", "process", "env", "thread", "os"];

/// Words that no pure source file holds.
const IMPURE: &[&str] = &[
    "SystemTime",
    "Instant",
    "UNIX_EPOCH",
    "RandomState",
    "async",
    "await",
    "tokio",
    "rand",
    "getrandom",
    "println!",
    "eprintln!",
    "print!",
    "eprint!",
];

/// Packages that a pure crate cannot need.
const PACKAGES: &[&str] = &[
    "tokio",
    "hyper",
    "hyper-util",
    "axum",
    "rustls",
    "rusqlite",
    "rustix",
    "libc",
    "rand",
    "getrandom",
    "fastrand",
    "tracing",
    "tempfile",
    "chrono",
    "time",
];

fn check(tree: &Tree) -> Vec<Finding> {
    let sources = tree.rust().filter(|file| is_pure_source(file)).flat_map(in_file);
    let packages = manifest::all(tree).iter().flat_map(packages).collect::<Vec<_>>();
    sources.chain(packages).collect()
}

fn is_pure_source(file: &File) -> bool {
    let pure = file.crate_name().is_some_and(|name| PURE.contains(&name));
    pure && !file.is_test() && !file.path.contains("/benches/") && !file.path.contains("/examples/")
}

fn in_file(file: &File) -> Vec<Finding> {
    let code = mask::without_tests(&file.code());
    let message =
        |what: &str| format!("`{what}` in a pure crate; pass the fact in, or do it in a crate above");
    let words = IMPURE
        .iter()
        .flat_map(|word| impure(&code, word).into_iter().map(move |at| (at, (*word).to_owned())));
    let modules = outside(&code).into_iter();
    words.chain(modules).map(|(at, what)| file.finding(at, message(&what))).collect()
}

/// Offsets of a word; one with `!` is a macro, so that only its start is a word's edge.
fn impure(code: &str, word: &str) -> Vec<usize> {
    let name = word.trim_end_matches('!');
    let at_macro = |at: &usize| code.get(at + name.len()..).is_some_and(|rest| rest.starts_with('!'));
    mask::words(code, name).into_iter().filter(|at| !word.ends_with('!') || at_macro(at)).collect()
}

/// Uses of `std::fs` and its like, also from within `use std::{…}`.
fn outside(code: &str) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    for at in mask::words(code, "std") {
        let Some(rest) = code.get(at + 3..).and_then(|rest| rest.strip_prefix("::")) else { continue };
        let path_end = if rest.starts_with('{') {
            mask::closing(rest, 0)
        } else {
            rest.find([';', '{', '(']).unwrap_or(rest.len())
        };
        let names = first_segments(rest.get(..path_end).unwrap_or_default());
        let refused = names.into_iter().filter(|name| OUTSIDE.contains(name));
        found.extend(refused.map(|name| (at, format!("std::{name}"))));
    }
    found
}

/// The first segment of each path in `a::b` or `{a::b, c::{d, e}}`.
fn first_segments(path: &str) -> Vec<&str> {
    let Some(group) = path.strip_prefix('{') else {
        return path
            .split(|character: char| !character.is_alphanumeric() && character != '_')
            .take(1)
            .collect();
    };
    let mut depth = 0;
    let mut names = Vec::new();
    for part in group.split_inclusive(['{', '}', ',']) {
        if depth == 0 {
            names.extend(first_segments(part.trim()));
        }
        depth += part.matches('{').count() as i32 - part.matches('}').count() as i32;
    }
    names
}

fn packages(manifest: &manifest::Manifest<'_>) -> Vec<Finding> {
    let refused = manifest.dependencies.iter().filter(|dependency| {
        PURE.contains(&manifest.name())
            && dependency.section != Section::Dev
            && PACKAGES.contains(&dependency.name.as_str())
    });
    let finding = |dependency: &manifest::Dependency| {
        let message = format!("a pure crate cannot need `{}`", dependency.name);
        manifest.file.finding(manifest.offset(&dependency.name), message)
    };
    refused.map(finding).collect()
}

#[test]
fn holds_here() {
    crate::tree::assert_none(&check(&Tree::here()));
}

#[test]
fn finds_impurity_outside_tests() {
    let impure = "//! x\nuse std::fs;\nuse std::{fmt, collections::{HashMap}, net::TcpStream};\nfn f() { std::env::var(x); }\n\
                  fn g() { println!(x); }\nasync fn h() {}\nfn i(t: std::time::SystemTime) { rand::random(); }\n\
                  fn fine() { std::fmt::fs(); let operand = 1; }\n#[cfg(test)]\nmod tests {\n use std::fs;\n}\n";
    let tree = Tree::of(&[
        ("crates/json/src/lib.rs", impure),
        ("crates/json/tests/cases.rs", impure),
        ("crates/store/src/lib.rs", impure),
        ("crates/policy/Cargo.toml", "[dependencies]\ntokio = \"1\"\n[dev-dependencies]\ntempfile = \"1\"\n"),
    ]);
    let mut findings = check(&tree);
    findings.sort_by_key(|finding| (finding.path.clone(), finding.line));
    crate::tree::assert_found(
        &findings,
        &[
            "crates/json/src/lib.rs:2: `std::fs`",
            "crates/json/src/lib.rs:3: `std::net`",
            "crates/json/src/lib.rs:4: `std::env`",
            "crates/json/src/lib.rs:5: `println!`",
            "crates/json/src/lib.rs:6: `async`",
            "crates/json/src/lib.rs:7: `SystemTime`",
            "crates/json/src/lib.rs:7: `rand`",
            "crates/policy/Cargo.toml:2: cannot need `tokio`",
        ],
    );
}
