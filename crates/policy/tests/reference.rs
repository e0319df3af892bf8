//! The manual page of every word: each has an example that loads and is decided as it says, and docs/policy-reference.md
//! is made of them. `BLESS=1 cargo test -p policy --test reference` writes the page anew.

#[cfg(test)]
mod common;

use std::path::{Path, PathBuf};

use common::{load, stack};
use policy::registry::{Page, pages};
use policy::{load_cases, run_tests};

const HEAD: &str = "# Every word of the policy language

Made from the registry that the loader and the evaluator read, by `BLESS=1 cargo test -p policy --test reference`; a test fails
where this page differs. Every example is loaded and judged by a test. `toolgate policy manual WORD` prints the same.
[policies](policy.md) explains the language.
";

fn reference() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/policy-reference.md")
}

#[test]
fn every_word_has_an_example_that_is_true() {
    for Page { word, title, example, judged_by, .. } in pages() {
        let about =
            format!("`{word}` of {title}: add it to an example in registry/examples.json or operators.json");
        assert!(!example.is_empty(), "{about}");
        let outcomes = match &judged_by {
            None => run_tests(&load(&example)),
            Some(policy) => {
                let tried = load_cases(example.as_bytes()).unwrap().run(&stack(&[policy]));
                tried.into_iter().map(|tried| tried.outcome).collect()
            }
        };
        assert!(!outcomes.is_empty(), "{about}: no tests in the example");
        for outcome in outcomes {
            assert!(outcome.passed, "{about}: {outcome:?}");
        }
    }
}

/// The words of one place share their examples, so each is printed once.
fn page() -> String {
    let mut text = HEAD.to_owned();
    let (mut title, mut shown) = ("", Vec::new());
    for page in pages() {
        if page.title != title {
            title = page.title;
            text.push_str(&format!("\n## {title}\n"));
        }
        text.push_str(&format!("\n### `{}`\n\n{}\n", page.word, page.doc));
        if let (Some(value), Some(errors)) = (page.value, page.errors) {
            text.push_str(&format!("\n- value: {value}\n- an error when: {errors}\n"));
        }
        match shown.iter().find(|(example, _)| *example == page.example) {
            Some((_, word)) => text.push_str(&format!("\nExample: as of `{word}`.\n")),
            None => {
                text.push_str(&format!("\n```json\n{}\n```\n", page.example));
                shown.push((page.example, page.word));
            }
        }
    }
    text
}

#[test]
fn the_reference_is_the_registry() {
    if std::env::var_os("BLESS").is_some() {
        std::fs::write(reference(), page()).unwrap();
    }
    let written = std::fs::read_to_string(reference()).unwrap();
    assert_eq!(written, page(), "docs/policy-reference.md differs; run with BLESS=1");
}
