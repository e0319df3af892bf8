//! Every file under examples/ is named in a test, so that none of them can rot.
//!
//! Must never: count a mention in documentation as a test.

use crate::tree::{File, Finding, Tree};

fn check(tree: &Tree) -> Vec<Finding> {
    let tests: Vec<&File> = tree.files.iter().filter(|file| is_test_code(file)).collect();
    let named = |example: &File| {
        let path = example.path.trim_start_matches("examples/").to_owned();
        tests.iter().any(|test| test.text.contains(&path))
    };
    let message = "no test names this example; load it in one";
    let examples = tree.files.iter().filter(|file| file.path.starts_with("examples/"));
    examples.filter(|example| !named(example)).map(|example| example.finding(0, message)).collect()
}

fn is_test_code(file: &File) -> bool {
    let is_code = file.is_rust() || file.path.ends_with(".py") || file.path.ends_with(".sh");
    file.is_test() && is_code && !file.path.starts_with("crates/testkit/tests/tidy/")
}

#[test]
fn holds_here() {
    crate::tree::assert_none(&check(&Tree::here()));
}

#[test]
fn finds_examples_that_no_test_names() {
    let tree = Tree::of(&[
        ("examples/used.json", "{}"),
        ("examples/imaging/unused.json", "{}"),
        ("crates/policy/tests/examples.rs", "//! x\nconst A: &str = \"../../examples/used.json\";\n"),
        ("docs/guide.md", "see examples/imaging/unused.json\n"),
    ]);
    crate::tree::assert_found(&check(&tree), &["examples/imaging/unused.json:1: no test names"]);
}
