//! No attribute `allow`, and no test that is switched off.
//!
//! Must never: mistake a function called `allow` for the attribute.

use crate::mask;
use crate::tree::{File, Finding, Tree};

/// The word that is refused within an attribute, whether it takes a list, and what to do instead.
const REFUSED: &[(&str, bool, &str)] = &[
    ("allow", true, "`allow` hides a lint for ever; use `#[expect(lint, reason = \"…\")]`"),
    ("ignore", false, "a test that does not run proves nothing; make it run or remove it"),
];

fn check(tree: &Tree) -> Vec<Finding> {
    tree.rust().flat_map(in_file).collect()
}

fn in_file(file: &File) -> Vec<Finding> {
    let code = file.code();
    let starts = code.match_indices('#').filter(|(at, _)| opens_attribute(&code, *at));
    starts.flat_map(|(at, _)| in_attribute(file, &code, at)).collect()
}

fn opens_attribute(code: &str, at: usize) -> bool {
    code.get(at..).is_some_and(|rest| rest.starts_with("#[") || rest.starts_with("#!["))
}

fn in_attribute(file: &File, code: &str, at: usize) -> Vec<Finding> {
    let open = code.get(at..).and_then(|rest| rest.find('[')).map_or(at, |open| at + open);
    let body = code.get(open..mask::closing(code, open)).unwrap_or_default();
    let refused = |(word, takes_list, advice): &(&str, bool, &str)| {
        let found = mask::words(body, word).into_iter().find(|found| {
            let rest = body.get(found + word.len()..).unwrap_or_default().trim_start();
            !takes_list || rest.starts_with('(')
        });
        found.map(|found| file.finding(open + found, *advice))
    };
    REFUSED.iter().filter_map(refused).collect()
}

#[test]
fn holds_here() {
    crate::tree::assert_none(&check(&Tree::here()));
}

#[test]
fn finds_the_attribute_and_nothing_else() {
    let text = "#![allow(dead_code)]\n#[cfg_attr(test,\n  allow(unused))]\nfn allow() { policy.allow(x); }\n\
                // #[allow(x)]\n#[ignore]\n#[ignore = \"slow\"]\n#[expect(unused, reason = \"allow(x)\")]\nfn f() {}\n";
    crate::tree::assert_found(
        &check(&Tree::of(&[("crates/a/src/lib.rs", text)])),
        &[
            "crates/a/src/lib.rs:1: `allow` hides",
            "crates/a/src/lib.rs:3: `allow` hides",
            "crates/a/src/lib.rs:6: does not run",
            "crates/a/src/lib.rs:7: does not run",
        ],
    );
}
