//! Files of at most 400 lines (tests 800) that open with `//!`; functions of at most 60 lines.
//!
//! Must never: count less than what a reader sees on the page.

use crate::mask;
use crate::tree::{File, Finding, Tree};

const MAX_LINES: usize = 400;
const MAX_TEST_LINES: usize = 800;
const MAX_FUNCTION_LINES: usize = 60;

fn check(tree: &Tree) -> Vec<Finding> {
    let rules: [fn(&File) -> Vec<Finding>; 3] = [length, opening, functions];
    tree.rust().flat_map(|file| rules.iter().flat_map(move |rule| rule(file))).collect()
}

fn length(file: &File) -> Vec<Finding> {
    let max = if file.is_test() { MAX_TEST_LINES } else { MAX_LINES };
    let n_lines = file.text.lines().count();
    let message = format!("{n_lines} lines, at most {max}; give each noun a file of its own");
    if n_lines > max { vec![file.finding(0, message)] } else { Vec::new() }
}

fn opening(file: &File) -> Vec<Finding> {
    let message = "the file does not open with `//!`; say what it is for and what it must never do";
    if file.text.starts_with("//!") { Vec::new() } else { vec![file.finding(0, message)] }
}

fn functions(file: &File) -> Vec<Finding> {
    let code = file.code();
    let mut findings = Vec::new();
    for start in mask::words(&code, "fn") {
        let Some((name, body)) = signature(&code, start) else { continue };
        let text = code.get(start..mask::closing(&code, body)).unwrap_or_default();
        let n_lines = text.matches('\n').count() + 1;
        if n_lines > MAX_FUNCTION_LINES {
            let message = format!("`{name}` has {n_lines} lines, at most {MAX_FUNCTION_LINES}; split it");
            findings.push(file.finding(start, message));
        }
    }
    findings
}

/// The name of the function at `start` and the offset of its body; none for a type or a body-less declaration.
fn signature(code: &str, start: usize) -> Option<(&str, usize)> {
    let rest = code.get(start + 2..)?;
    let trimmed = rest.trim_start();
    let n_name = trimmed.bytes().take_while(|byte| mask::is_word(*byte)).count();
    let name = trimmed.get(..n_name).filter(|name| !name.is_empty())?;
    let mut at = start + 2 + (rest.len() - trimmed.len()) + n_name;
    loop {
        match code.as_bytes().get(at)? {
            b'{' => return Some((name, at)),
            b';' => return None,
            b'(' | b'[' => at = mask::closing(code, at) + 1,
            _ => at += 1,
        }
    }
}

#[test]
fn holds_here() {
    crate::tree::assert_none(&check(&Tree::here()));
}

#[test]
fn finds_long_files_and_missing_openings() {
    let long = format!("//! x\n{}", "// y\n".repeat(400));
    let tree = Tree::of(&[
        ("crates/a/src/long.rs", &long),
        ("crates/a/tests/long.rs", &long),
        ("crates/a/src/bare.rs", "// plain\nfn f() {}\n"),
    ]);
    crate::tree::assert_found(
        &check(&tree),
        &["crates/a/src/long.rs:1: 401 lines, at most 400", "crates/a/src/bare.rs:1: does not open with"],
    );
}

#[test]
fn finds_long_functions() {
    let body = "    x();\n".repeat(59);
    let fits = format!("//! x\nfn fits() {{\n{}}}\n", "    x();\n".repeat(58));
    let too_long =
        format!("//! x\ntrait T {{ fn no_body(&self); }}\nfn long(f: fn(u8), a: [u8; 4])\n{{\n{body}}}\n");
    let tree = Tree::of(&[("crates/a/src/fits.rs", &fits), ("crates/a/src/long.rs", &too_long)]);
    crate::tree::assert_found(&check(&tree), &["crates/a/src/long.rs:3: `long` has 62 lines"]);
}
