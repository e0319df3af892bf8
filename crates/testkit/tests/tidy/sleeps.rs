//! Tests wait for events, never for time to pass.
//!
//! Must never: refuse a bounded wait (`timeout`), which is how a test that hangs fails.

use crate::mask;
use crate::tree::{File, Finding, Tree};

const SLEEPS: &[&str] = &["thread::sleep", "time::sleep", "sleep_until", "sleep_ms"];

fn check(tree: &Tree) -> Vec<Finding> {
    tree.rust()
        .filter(|file| file.is_test() || file.crate_name() == Some("testkit"))
        .flat_map(in_file)
        .collect()
}

fn in_file(file: &File) -> Vec<Finding> {
    let code = file.code();
    let found = |sleep: &&str| -> Vec<Finding> {
        let message = format!("`{sleep}` in a test; wait for the event itself, or step the manual clock");
        mask::words(&code, sleep).into_iter().map(|at| file.finding(at, message.clone())).collect()
    };
    SLEEPS.iter().flat_map(found).collect()
}

#[test]
fn holds_here() {
    crate::tree::assert_none(&check(&Tree::here()));
}

#[test]
fn finds_sleeps_in_tests() {
    let text = "//! x\nfn f() { std::thread::sleep(d); }\nasync fn g() { tokio::time::sleep(d).await; }\n";
    let tree = Tree::of(&[("crates/a/tests/b.rs", text), ("crates/a/src/retry.rs", text)]);
    crate::tree::assert_found(
        &check(&tree),
        &["crates/a/tests/b.rs:2: `thread::sleep`", "crates/a/tests/b.rs:3: `time::sleep`"],
    );
}
