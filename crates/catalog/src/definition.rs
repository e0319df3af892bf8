//! One tool as a server listed it, and the hash that pins it.
//! The hash covers everything that a model or a judge reads; it must never depend on member order or white space.

use json::Value;
use std::fmt;

/// Members of a definition that the hash covers; a server may change others without a new pin.
const HASHED: [&str; 8] =
    ["_meta", "annotations", "description", "icons", "inputSchema", "name", "outputSchema", "title"];

/// A listed tool: its name, the canonical text of its hashed members, and the hash of that text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// The tool's name, exactly as listed.
    pub name: String,
    /// BLAKE3 over [`Listed::canonical`].
    pub hash: [u8; 32],
    /// Canonical JSON of the hashed members.
    pub canonical: Vec<u8>,
}

/// Why an entry of a tool list cannot be used; the entry is then not offered to anybody.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DefinitionError {
    /// The entry is not an object.
    NotAnObject,
    /// `name` is missing, empty or not a string.
    NoName,
}

impl fmt::Display for DefinitionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotAnObject => "the tool list holds an entry that is not an object",
            Self::NoName => "the tool list holds an entry without a name",
        })
    }
}

impl std::error::Error for DefinitionError {}

/// Reads one entry of a `tools/list` result.
///
/// # Errors
/// [`DefinitionError`] where the entry has no usable name.
pub fn read_tool(tool: Value<'_>) -> Result<Listed, DefinitionError> {
    if !tool.is_object() {
        return Err(DefinitionError::NotAnObject);
    }
    let name = tool.get("name").and_then(|name| name.as_str()).filter(|name| !name.is_empty());
    let name = name.ok_or(DefinitionError::NoName)?.into_owned();
    let canonical = canonical_definition(tool);
    let hash = *blake3::hash(&canonical).as_bytes();
    Ok(Listed { name, hash, canonical })
}

fn canonical_definition(tool: Value<'_>) -> Vec<u8> {
    let mut out = Vec::with_capacity(tool.raw().len());
    let mut separator = b'{';
    for key in HASHED {
        let Some(value) = tool.get(key) else { continue };
        out.push(separator);
        separator = b',';
        json::write_string(&mut out, key);
        out.push(b':');
        json::canonical(value, &mut out);
    }
    out.push(b'}');
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use json::{Document, Limits};

    fn hash(text: &str) -> Result<[u8; 32], DefinitionError> {
        let document = Document::scan(text.as_bytes().to_vec(), &Limits::default()).unwrap();
        read_tool(document.root()).map(|listed| listed.hash)
    }

    #[test]
    fn order_and_space_do_not_matter() {
        let a = hash(r#"{"name":"x","inputSchema":{"type":"object","properties":{}}}"#);
        let b = hash(r#"{ "inputSchema": {"properties":{}, "type":"object"}, "name":"x" }"#);
        assert_eq!(a, b);
    }

    #[test]
    fn every_hashed_member_matters() {
        let plain = hash(r#"{"name":"x"}"#);
        for key in HASHED.iter().filter(|key| **key != "name") {
            let changed = hash(&format!(r#"{{"name":"x","{key}":{{"a":1}}}}"#));
            assert_ne!(plain, changed, "{key}");
        }
    }

    #[test]
    fn unusable_entries_are_refused() {
        assert_eq!(hash("[]"), Err(DefinitionError::NotAnObject));
        assert_eq!(hash("{}"), Err(DefinitionError::NoName));
        assert_eq!(hash(r#"{"name":""}"#), Err(DefinitionError::NoName));
        assert_eq!(hash(r#"{"name":7}"#), Err(DefinitionError::NoName));
    }
}
