//! Dependencies that were decided against, and where others may stand.
//!
//! Must never: be loosened without a page in docs/decisions/.

use crate::manifest::{self, Manifest, Section};
use crate::tree::{Finding, Tree};

/// A package, the crates that may not use it (empty: none may), and why.
struct Refused {
    name: &'static str,
    crates: &'static [&'static str],
    even_in_tests: bool,
    why: &'static str,
}

const FORWARD: &[&str] = &["json", "mcp", "gateway"];
const ON_MESSAGES: &str = "messages are read by the crate `json` only";

const REFUSED: &[Refused] = &[
    Refused { name: "rust_decimal", crates: &[], even_in_tests: true, why: "it rounds silently" },
    Refused { name: "notify", crates: &[], even_in_tests: true, why: "files are found by content hash" },
    Refused {
        name: "rmcp",
        crates: &[],
        even_in_tests: false,
        why: "typed messages lose what they do not know",
    },
    Refused { name: "serde", crates: FORWARD, even_in_tests: false, why: ON_MESSAGES },
    Refused { name: "serde_json", crates: FORWARD, even_in_tests: false, why: ON_MESSAGES },
    Refused {
        name: "axum",
        crates: &["json", "mcp", "gateway", "store"],
        even_in_tests: false,
        why: "it serves the admin listener only",
    },
];

fn check(tree: &Tree) -> Vec<Finding> {
    let manifests = manifest::all(tree);
    let packages = manifests.iter().flat_map(packages);
    packages.chain(features(tree)).collect()
}

fn packages(manifest: &Manifest<'_>) -> Vec<Finding> {
    let refused = |dependency: &manifest::Dependency| {
        let rule = REFUSED.iter().find(|rule| applies(rule, manifest.name(), dependency))?;
        let message = format!("`{}` does not belong here: {}", rule.name, rule.why);
        Some(manifest.file.finding(manifest.offset(rule.name), message))
    };
    manifest.dependencies.iter().filter_map(refused).collect()
}

fn applies(rule: &Refused, name: &str, dependency: &manifest::Dependency) -> bool {
    let here = rule.crates.is_empty() || rule.crates.contains(&name);
    rule.name == dependency.name && here && (rule.even_in_tests || dependency.section != Section::Dev)
}

/// A feature of serde_json that changes how every crate of the build reads numbers.
fn features(tree: &Tree) -> Vec<Finding> {
    let manifests = tree.files.iter().filter(|file| file.name() == "Cargo.toml");
    let message = "`arbitrary_precision` changes serde_json for every crate; use json::Decimal";
    let found =
        |file: &crate::tree::File| file.text.find("arbitrary_precision").map(|at| file.finding(at, message));
    manifests.filter_map(found).collect()
}

#[test]
fn holds_here() {
    crate::tree::assert_none(&check(&Tree::here()));
}

#[test]
fn finds_what_was_decided_against() {
    let tree = Tree::of(&[
        ("crates/mcp/Cargo.toml", "[dependencies]\nserde_json = \"1\"\n[dev-dependencies]\nrmcp = \"1\"\n"),
        (
            "crates/gateway/Cargo.toml",
            "[dependencies]\nrmcp = \"1\"\n[dev-dependencies]\nserde_json = \"1\"\n",
        ),
        (
            "crates/policy/Cargo.toml",
            "[dependencies]\nserde_json = \"1\"\n[dev-dependencies]\nrust_decimal = \"1\"\n",
        ),
        ("Cargo.toml", "[workspace.dependencies]\nserde_json = { features = [\"arbitrary_precision\"] }\n"),
    ]);
    crate::tree::assert_found(
        &check(&tree),
        &[
            "crates/mcp/Cargo.toml:2: `serde_json` does not belong here",
            "crates/gateway/Cargo.toml:2: `rmcp` does not belong here",
            "crates/policy/Cargo.toml:4: `rust_decimal` does not belong here",
            "Cargo.toml:2: `arbitrary_precision` changes",
        ],
    );
}
