//! Which top-level arguments a schema declares.
//! An argument that no part of the schema names was not reviewed by anybody, and many servers read it anyway.

use std::collections::{BTreeSet, HashSet};

use json::{Document, Limits, Value};
use jsonschema::{Draft, Validator};
use serde_json::json;

use super::node::{Node, Tape};
use super::{SchemaError, compile, fuel};
use crate::member::is_same_but_for_case;
use crate::suggest;

/// Names that a message lists.
const MAX_LISTED: usize = 20;

/// The declared names, and patterns of names.
pub(crate) struct Declared {
    /// Sorted by length, then by head, so that nearly every comparison is one of two numbers.
    names: Vec<Name>,
    /// Accepts objects whose keys are all declared; only for schemas with patterns of names.
    by_pattern: Option<Validator<Tape>>,
}

/// A declared name.
struct Name {
    length: usize,
    head: u64,
    text: Box<str>,
}

/// The first bytes of a name as a number.
fn head(name: &str) -> u64 {
    match name.as_bytes().first_chunk::<8>() {
        Some(bytes) => u64::from_le_bytes(*bytes),
        None => name.bytes().fold(0, |head, byte| head << 8 | u64::from(byte)),
    }
}

impl Name {
    fn new(text: Box<str>) -> Self {
        Self { length: text.len(), head: head(&text), text }
    }

    fn key(&self) -> (usize, u64) {
        (self.length, self.head)
    }
}

/// Keywords whose schemas apply to the same value.
const IN_PLACE_LISTS: &[&str] = &["allOf", "anyOf", "oneOf"];
const IN_PLACE: &[&str] = &["if", "then", "else"];

#[derive(Default)]
struct Collector {
    names: BTreeSet<Box<str>>,
    patterns: BTreeSet<String>,
    visited: HashSet<u32>,
}

impl Declared {
    pub(super) fn of(schema: Value<'_>) -> Result<Self, SchemaError> {
        let mut collector = Collector::default();
        collector.collect(schema, schema);
        let Collector { names, patterns, .. } = collector;
        let by_pattern = if patterns.is_empty() {
            None
        } else {
            let patterns: serde_json::Map<_, _> =
                patterns.into_iter().map(|pattern| (pattern, json!(true))).collect();
            let schema = json!({ "patternProperties": patterns, "additionalProperties": false });
            Some(compile::build(&schema, Draft::Draft202012)?)
        };
        let mut names: Vec<_> = names.into_iter().map(Name::new).collect();
        names.sort_by_key(Name::key);
        Ok(Self { names, by_pattern })
    }

    /// Whether the schema declares any name at all; where it does not, everything may be an argument.
    pub(crate) fn is_any(&self) -> bool {
        !self.names.is_empty() || self.by_pattern.is_some()
    }

    /// Whether an argument of this name is declared.
    pub(crate) fn contains(&self, name: &str) -> bool {
        self.names(name) || self.matches(name)
    }

    /// Whether an argument is declared by this very name, not by a pattern of names.
    pub(crate) fn names(&self, name: &str) -> bool {
        let key = (name.len(), head(name));
        let start = self.names.partition_point(|known| known.key() < key);
        let mut candidates = self.names.iter().skip(start).take_while(|known| known.key() == key);
        candidates.any(|known| *known.text == *name)
    }

    /// Whether a name may be declared that only case tells from this one.
    pub(crate) fn may_spell_otherwise(&self, name: &str) -> bool {
        let is_other = |known: &Name| *known.text != *name && is_same_but_for_case(&known.text, name);
        self.by_pattern.is_some() || self.names.iter().any(is_other)
    }

    fn matches(&self, name: &str) -> bool {
        let Some(validator) = &self.by_pattern else { return false };
        let mut text = Vec::new();
        json::ObjectWriter::begin(&mut text).raw(name, "0");
        text.push(b'}');
        Document::scan(text, &Limits::default()).is_ok_and(|document| {
            let arguments = Some(document.root());
            fuel::within(fuel::for_check(arguments), || validator.is_valid(Node::new(arguments)))
                == Some(true)
        })
    }

    /// What is wrong with the names of arguments, if anything. The agent reads its own name back, cut short and
    /// without what could be taken for the gateway's words.
    pub(crate) fn refusal(&self, arguments: Value<'_>) -> Option<String> {
        if !self.is_any() {
            return None;
        }
        let unknown = arguments.members().find(|member| !self.contains(&member.key.as_cow()))?;
        Some(self.unknown_text(&unknown.key.as_cow()))
    }

    #[cold]
    fn unknown_text(&self, unknown: &str) -> String {
        let mut names: Vec<&str> = self.names.iter().map(|name| &*name.text).collect();
        names.sort_unstable();
        let meant = suggest::nearest(unknown, names.iter().copied());
        let guess = meant.map_or_else(String::new, |name| format!(" (did you mean {name}?)"));
        let more = if names.len() > MAX_LISTED { " and others" } else { "" };
        names.truncate(MAX_LISTED);
        let (unknown, listed) = (shown(unknown), names.join(", "));
        format!("{unknown} is not an argument of this tool{guess}: it takes {listed}{more}")
    }
}

/// A name as an agent sent it: only what names are made of, and not much of it.
fn shown(name: &str) -> String {
    const MAX_CHARS: usize = 40;
    let is_plain = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.');
    let plain: String = name.chars().take(MAX_CHARS).map(|c| if is_plain(c) { c } else { '?' }).collect();
    if plain.is_empty() { "an empty name".to_owned() } else { plain }
}

impl Collector {
    /// The names of one schema and of those that apply to the same value.
    fn collect(&mut self, root: Value<'_>, schema: Value<'_>) {
        if !schema.is_object() || !self.visited.insert(schema.index()) {
            return;
        }
        for member in schema.members() {
            let key = member.key.as_cow();
            match &*key {
                "properties" => {
                    self.names
                        .extend(member.value.members().map(|property| Box::from(property.key.as_cow())));
                }
                "patternProperties" => {
                    self.patterns
                        .extend(member.value.members().map(|pattern| pattern.key.as_cow().into_owned()));
                }
                "dependentSchemas" => {
                    member.value.members().for_each(|dependent| self.collect(root, dependent.value))
                }
                "$ref" => self.follow(root, member.value),
                list if IN_PLACE_LISTS.contains(&list) => {
                    member.value.elements().for_each(|element| self.collect(root, element));
                }
                one if IN_PLACE.contains(&one) => self.collect(root, member.value),
                _ => {}
            }
        }
    }

    /// Follows a reference by pointer. What cannot be followed declares nothing.
    fn follow(&mut self, root: Value<'_>, reference: Value<'_>) {
        let target = reference.as_str().and_then(|uri| root.pointer(uri.strip_prefix('#')?));
        if let Some(target) = target {
            self.collect(root, target);
        }
    }
}
