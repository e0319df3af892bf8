//! The clock is read in one file of the product; everything else is handed the time.
//!
//! Must never: let a second file of the product read a clock, under whatever name.

use crate::mask;
use crate::tree::{File, Finding, Tree};

/// The files that read a clock, each with its reason.
const READERS: &[(&str, &str)] = &[
    ("crates/store/src/clock.rs", "the product's one clock"),
    ("crates/testkit/src/stopwatch.rs", "measures from outside, for the benches; never in the product"),
];

const READS: &[&str] = &["Instant::now", "SystemTime::now", "clock_gettime", "clock_gettime_dynamic"];

fn check(tree: &Tree) -> Vec<Finding> {
    let watched = tree.rust().filter(|file| !READERS.iter().any(|(path, _)| *path == file.path));
    watched.flat_map(in_file).collect()
}

fn in_file(file: &File) -> Vec<Finding> {
    let code = file.code();
    let message = |read: &str| format!("`{read}` outside store/src/clock.rs; take the time as a parameter");
    let found = |read: &&str| -> Vec<Finding> {
        mask::words(&code, read).into_iter().map(|at| file.finding(at, message(read))).collect()
    };
    READS.iter().flat_map(found).collect()
}

#[test]
fn holds_here() {
    crate::tree::assert_none(&check(&Tree::here()));
}

#[test]
fn finds_reads_of_a_clock() {
    let text = "//! x\nuse std::time::Instant;\nfn f() { let a = Instant::now(); }\n// Instant::now\n\
                fn g() { tokio::time::Instant::now(); rustix::time::clock_gettime(x); }\n";
    let tree = Tree::of(&[("crates/store/src/clock.rs", text), ("crates/mcp/src/lib.rs", text)]);
    crate::tree::assert_found(
        &check(&tree),
        &[
            "crates/mcp/src/lib.rs:3: `Instant::now` outside",
            "crates/mcp/src/lib.rs:5: `Instant::now` outside",
            "crates/mcp/src/lib.rs:5: `clock_gettime` outside",
        ],
    );
}
