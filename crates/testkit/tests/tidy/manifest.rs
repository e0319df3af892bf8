//! Reads the crates' `Cargo.toml` files for the rules about dependencies.
//!
//! Must never: overlook a dependency because of where or how it is written.

use crate::tree::{File, Tree};
use toml::{Table, Value};

/// Where a dependency is declared.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Section {
    Normal,
    Build,
    Dev,
}

/// One dependency of one crate.
pub struct Dependency {
    pub section: Section,
    /// The package's name, also where the manifest renames it.
    pub name: String,
}

/// One `crates/*/Cargo.toml`.
pub struct Manifest<'a> {
    pub file: &'a File,
    pub table: Table,
    pub dependencies: Vec<Dependency>,
}

impl Manifest<'_> {
    /// The crate's folder, which is also its name.
    pub fn name(&self) -> &str {
        self.file.crate_name().unwrap_or_default()
    }

    /// The offset at which the manifest first mentions a name.
    pub fn offset(&self, name: &str) -> usize {
        crate::mask::words(&self.file.text, name).into_iter().next_back().unwrap_or_default()
    }
}

/// The manifests of all crates.
pub fn all(tree: &Tree) -> Vec<Manifest<'_>> {
    let is_manifest =
        |file: &&File| file.path.matches('/').count() == 2 && file.path.ends_with("/Cargo.toml");
    tree.files.iter().filter(|file| file.crate_name().is_some()).filter(is_manifest).map(read).collect()
}

fn read(file: &File) -> Manifest<'_> {
    let table: Table = file.text.parse().unwrap_or_else(|error| panic!("{}: {error}", file.path));
    let mut dependencies = sections(&table);
    for platform in table.get("target").and_then(Value::as_table).into_iter().flat_map(Table::values) {
        dependencies.extend(platform.as_table().map(sections).unwrap_or_default());
    }
    Manifest { file, table, dependencies }
}

fn sections(table: &Table) -> Vec<Dependency> {
    let known = [
        ("dependencies", Section::Normal),
        ("build-dependencies", Section::Build),
        ("dev-dependencies", Section::Dev),
    ];
    let mut found = Vec::new();
    for (key, section) in known {
        for (name, value) in table.get(key).and_then(Value::as_table).into_iter().flatten() {
            let renamed = value.get("package").and_then(Value::as_str);
            found.push(Dependency { section, name: renamed.unwrap_or(name).to_owned() });
        }
    }
    found
}

#[test]
fn reads_every_kind_of_section() {
    let text = "[dependencies]\na.workspace = true\nb = { package = \"c\", version = \"1\" }\n\
                [build-dependencies]\nd = \"1\"\n[dev-dependencies]\ne = \"1\"\n\
                [target.'cfg(unix)'.dependencies]\nf = \"1\"\n";
    let tree = Tree::of(&[("crates/x/Cargo.toml", text), ("crates/x/fixtures/Cargo.toml", "broken [")]);
    let manifests = all(&tree);
    let names: Vec<&str> =
        manifests[0].dependencies.iter().map(|dependency| dependency.name.as_str()).collect();
    assert_eq!((manifests.len(), manifests[0].name()), (1, "x"));
    assert_eq!(names, ["a", "c", "d", "e", "f"]);
}
