//! Reads case files and builds what the tests of this crate need.
#![expect(dead_code, reason = "each test file uses its own part")]

use std::path::{Path, PathBuf};
use std::sync::Arc;

use json::{Document, Limits, Value};
use policy::{Definition, Facts, Hash, Policy, Schema, Stack};

pub const FACTS: Facts<'static> = Facts::new("grant-1", "imaging", "x");

pub fn document(text: &str) -> Document {
    Document::scan(text.as_bytes().to_vec(), &Limits::default())
        .unwrap_or_else(|error| panic!("{error}: {text}"))
}

/// The case files of a folder, with their names.
pub fn case_files(folder: &str) -> Vec<(String, Document)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases").join(folder);
    let mut paths: Vec<PathBuf> =
        std::fs::read_dir(root).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    assert!(!paths.is_empty());
    paths
        .into_iter()
        .map(|path| {
            let text = std::fs::read_to_string(&path).unwrap();
            (path.file_name().unwrap().to_string_lossy().into_owned(), document(&text))
        })
        .collect()
}

pub fn load(text: &str) -> Arc<Policy> {
    load_named("test", text)
}

pub fn load_named(name: &str, text: &str) -> Arc<Policy> {
    match policy::load(name, text.as_bytes().to_vec()) {
        Ok(policy) => Arc::new(policy),
        Err(problems) => panic!("{text}\n{problems:#?}"),
    }
}

pub fn stack(texts: &[&str]) -> Stack {
    Stack::new(texts.iter().enumerate().map(|(index, text)| load_named(&format!("p{index}"), text)).collect())
}

pub fn definition(tool: &str, schema: Option<&str>) -> Definition {
    let input_schema = schema.map(|text| Schema::compile(document(text).root()).unwrap());
    Definition::new("imaging".to_owned(), tool.to_owned(), Hash::of(tool.as_bytes()), input_schema)
}

/// A text member that has to be there.
pub fn text(value: Value<'_>, key: &str) -> String {
    optional_text(value, key).unwrap_or_else(|| panic!("`{key}` is missing in {}", value.raw()))
}

pub fn optional_text(value: Value<'_>, key: &str) -> Option<String> {
    value.get(key).map(|value| value.as_str().unwrap().into_owned())
}
