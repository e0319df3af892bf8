//! Dependencies between our crates point only downwards, as the layout says; every crate takes the workspace's lints.
//!
//! Must never: know a crate that the layout does not know.

use crate::manifest::{self, Manifest, Section};
use crate::tree::{Finding, Tree};
use toml::Value;

/// Each crate and the crates that it may use. A new edge needs a reason in docs/decisions/.
const EDGES: &[(&str, &[&str])] = &[
    ("json", &[]),
    ("policy", &["json"]),
    ("catalog", &["json", "policy"]),
    ("mcp", &["json"]),
    ("store", &["json", "policy"]),
    ("gateway", &["json", "policy", "catalog", "mcp", "store"]),
    ("admin", &["json", "policy", "catalog", "mcp", "store", "gateway"]),
    ("toolgate", &["json", "policy", "catalog", "mcp", "store", "gateway", "admin"]),
    ("testkit", &["json"]),
];

fn check(tree: &Tree) -> Vec<Finding> {
    let manifests = manifest::all(tree);
    manifests.iter().flat_map(|manifest| edges(manifest).into_iter().chain(lints(manifest))).collect()
}

fn edges(manifest: &Manifest<'_>) -> Vec<Finding> {
    let Some((name, below)) = EDGES.iter().find(|(name, _)| *name == manifest.name()) else {
        let message = format!(
            "crate `{}` is not in the layout; add it to edges.rs and ARCHITECTURE.md",
            manifest.name()
        );
        return vec![manifest.file.finding(0, message)];
    };
    let ours = |dependency: &&manifest::Dependency| EDGES.iter().any(|(name, _)| *name == dependency.name);
    let refused = manifest.dependencies.iter().filter(ours).filter(|dependency| {
        let for_tests = dependency.section == Section::Dev && dependency.name == "testkit";
        !below.contains(&dependency.name.as_str()) && !for_tests
    });
    let message = |to: &str| format!("`{name}` must not depend on `{to}`; dependencies point only downwards");
    let finding =
        |to: &manifest::Dependency| manifest.file.finding(manifest.offset(&to.name), message(&to.name));
    refused.map(finding).collect()
}

fn lints(manifest: &Manifest<'_>) -> Option<Finding> {
    let inherited = manifest.table.get("lints").and_then(|lints| lints.get("workspace"));
    let message = "the workspace's lints are off; add `[lints]` with `workspace = true`";
    (inherited != Some(&Value::Boolean(true))).then(|| manifest.file.finding(0, message))
}

#[test]
fn holds_here() {
    let tree = Tree::here();
    assert_eq!(manifest::all(&tree).len(), EDGES.len(), "every crate of the layout is there");
    crate::tree::assert_none(&check(&tree));
}

#[test]
fn finds_edges_that_point_upwards() {
    let tree = Tree::of(&[
        (
            "crates/json/Cargo.toml",
            "[lints]\nworkspace = true\n[dev-dependencies]\ntestkit.workspace = true\n",
        ),
        (
            "crates/mcp/Cargo.toml",
            "[lints]\nworkspace = true\n[dependencies]\njson = \"1\"\npolicy = \"1\"\n",
        ),
        ("crates/store/Cargo.toml", "[lints]\nworkspace = true\n[dev-dependencies]\ngateway = \"1\"\n"),
        ("crates/gateway/Cargo.toml", "[lints]\nworkspace = true\n[dependencies]\ntestkit = \"1\"\n"),
        ("crates/extra/Cargo.toml", "[lints]\nworkspace = true\n"),
        ("crates/policy/Cargo.toml", "[lints.rust]\nunsafe_code = \"warn\"\n"),
    ]);
    crate::tree::assert_found(
        &check(&tree),
        &[
            "crates/mcp/Cargo.toml:5: `mcp` must not depend on `policy`",
            "crates/store/Cargo.toml:4: `store` must not depend on `gateway`",
            "crates/gateway/Cargo.toml:4: `gateway` must not depend on `testkit`",
            "crates/extra/Cargo.toml:1: not in the layout",
            "crates/policy/Cargo.toml:1: lints are off",
        ],
    );
}
