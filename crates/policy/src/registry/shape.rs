//! The JSON Schema of the language, for editors: made from the tables that the loader reads.
//! It accepts every document that loads; what it refuses is wrong, but not all that is wrong is in its reach.

use serde_json::{Map, Value, json};

use super::*;
use crate::class::{CATEGORIES, RISKS};
use crate::operator::OPERATORS;

/// Where the schema says what it is.
const DIALECT: &str = "https://json-schema.org/draft/2020-12/schema";

/// The tables that are objects with these keys, and what the schema calls them.
const OBJECTS: &[(&str, Table)] = &[
    ("server", SERVER_KEYS),
    ("rules", RULE_KEYS),
    ("predicate", PREDICATE_KEYS),
    ("limit", LIMIT_KEYS),
    ("cost", COST_KEYS),
    ("rate_limit", RATE_LIMIT_KEYS),
    ("arguments", ARGUMENT_KEYS),
    ("approval", APPROVAL_KEYS),
    ("flow", FLOW_KEYS),
    ("needs", NEEDS_KEYS),
    ("channel_rule", CHANNEL_KEYS),
    ("test", TEST_KEYS),
    ("call", CALL_KEYS),
    ("history", HISTORY_KEYS),
    ("past_label", PAST_LABEL_KEYS),
    ("past_call", PAST_CALL_KEYS),
];

/// The schema, indented, with a line end.
#[must_use]
pub fn json_schema() -> String {
    let mut schema = json!({
        "$schema": DIALECT,
        "title": "A Toolgate policy",
    });
    let mut definitions = Map::new();
    for (name, table) in OBJECTS {
        definitions.insert((*name).to_owned(), object(name, table));
    }
    definitions.insert("condition".to_owned(), condition());
    if let (Some(members), Value::Object(document)) =
        (schema.as_object_mut(), object("document", &DOCUMENT_KEYS))
    {
        members.extend(document);
        members.insert("$defs".to_owned(), Value::Object(definitions));
    }
    let mut text = serde_json::to_string_pretty(&schema).unwrap_or_default();
    text.push('\n');
    text
}

fn built_entries(table: &Table) -> impl Iterator<Item = &'static Entry> {
    table.entries.iter().filter(|entry| entry.status == Status::Built)
}

/// An object with the built keys of a table and no others.
fn object(name: &str, table: &Table) -> Value {
    let members = built_entries(table).map(|entry| {
        let mut shape = shape(name, entry.name);
        if let Some(shape) = shape.as_object_mut() {
            shape.insert("description".to_owned(), json!(entry.doc));
        }
        (entry.name.to_owned(), shape)
    });
    let required: Vec<&str> = built_entries(table)
        .filter(|entry| entry.doc.ends_with(" Required."))
        .map(|entry| entry.name)
        .collect();
    json!({
        "type": "object",
        "properties": Value::Object(members.collect()),
        "required": required,
        "additionalProperties": false,
    })
}

/// A comparison, or one of the other forms.
fn condition() -> Value {
    let described = |key: &str, shape: Value| {
        let mut shape = shape;
        let doc = CONDITION_KEYS.find(key).map(|entry| entry.doc);
        if let (Some(doc), Some(members)) = (doc, shape.as_object_mut()) {
            members.insert("description".to_owned(), json!(doc));
        }
        (key.to_owned(), shape)
    };
    let form = |key: &str, shape: Value| {
        let members: Map<String, Value> = [described(key, shape)].into_iter().collect();
        json!({ "type": "object", "properties": members, "required": [key], "additionalProperties": false })
    };
    let operators: Vec<&str> = OPERATORS.iter().map(|operator| operator.name).collect();
    let compared: Map<String, Value> = [
        described("path", text()),
        described("op", json!({ "enum": operators })),
        described("value", json!({})),
        described("timezone", text()),
    ]
    .into_iter()
    .collect();
    json!({ "oneOf": [
        { "type": "object", "properties": compared, "required": ["path", "op", "value"], "additionalProperties": false },
        form("all", filled(reference("condition"))),
        form("any", filled(reference("condition"))),
        form("not", reference("condition")),
        form("cel", text()),
    ] })
}

fn text() -> Value {
    json!({ "type": "string" })
}

fn reference(name: &str) -> Value {
    json!({ "$ref": format!("#/$defs/{name}") })
}

fn list(of: Value) -> Value {
    json!({ "type": "array", "items": of })
}

fn filled(of: Value) -> Value {
    json!({ "type": "array", "items": of, "minItems": 1 })
}

fn map(of: Value) -> Value {
    json!({ "type": "object", "additionalProperties": of })
}

fn either(shapes: &[Value]) -> Value {
    json!({ "anyOf": shapes })
}

/// One of the built words of a table.
fn words(table: &Table) -> Value {
    json!({ "enum": built_entries(table).map(|entry| entry.name).collect::<Vec<_>>() })
}

/// An object whose keys are the words of a table.
fn by_word(table: &Table, of: &Value) -> Value {
    let members: Map<String, Value> =
        built_entries(table).map(|entry| (entry.name.to_owned(), of.clone())).collect();
    json!({ "type": "object", "properties": members, "additionalProperties": false })
}

/// What stands under a key of an object; anything where only the loader knows.
fn shape(object: &str, key: &str) -> Value {
    match (object, key) {
        ("document", "version") => words(&VERSIONS),
        ("document", "default") => words(&DEFAULTS),
        ("document", "servers") => map(reference("server")),
        ("document", "tests") => list(reference("test")),
        ("document", "flows") => list(reference("flow")),
        ("document" | "server", "labels") => map(list(text())),
        ("document" | "server", "hide") => list(text()),
        ("document" | "server", "all_tools") => reference("rules"),
        ("document" | "server", "tools") => map(reference("rules")),
        ("document" | "server", "categories") => by_word(&CATEGORIES, &reference("rules")),
        ("document" | "server", "risk") => by_word(&RISKS, &reference("rules")),
        ("document", _) => channel(key),
        ("rules", "require" | "deny_if") => list(reference("predicate")),
        ("rules", "limits") => list(reference("limit")),
        ("rules", "action") => words(&ACTIONS),
        ("rules", "rate_limit") => either(&[text(), reference("rate_limit")]),
        ("rules", "arguments" | "approval") => reference(key),
        ("rules", "repair") => json!({ "type": "boolean" }),
        ("predicate", "conditions") | ("approval", "when") => list(reference("condition")),
        ("limit", "scope") => either(&[words(&SCOPES), list(text())]),
        ("limit", "align") => words(&ALIGNMENTS),
        ("limit", "kind") => words(&LIMIT_KINDS),
        ("limit" | "rate_limit", "max") => json!({ "type": "number" }),
        ("limit", "cost") => either(&[json!({ "type": "number" }), reference("cost")]),
        ("rate_limit", "window") => either(&[json!({ "type": "number" }), text()]),
        ("arguments", "check") => words(&SCHEMA_CHECKS),
        ("arguments", "unknown") => words(&UNKNOWN_ARGUMENTS),
        ("approval", "from") | ("needs", "same") => list(text()),
        ("approval", "reason") => words(&APPROVAL_REASONS),
        ("flow", "needs") => reference("needs"),
        ("flow", "unless") => words(&FLOW_EXCEPTIONS),
        ("flow", "after") => either(&[text(), list(text())]),
        ("channel_rule", "action") => words(&CHANNEL_ACTIONS),
        ("test", "call") | ("call", "history") => reference(key),
        ("test", "expect") => words(&EXPECTATIONS),
        ("call", "channel") => words(&CHANNELS),
        ("call", "category") => words(&CATEGORIES),
        ("call", "risk") => words(&RISKS),
        ("call", "labels") => list(text()),
        ("call" | "past_call", "arguments" | "input") => json!({ "type": "object" }),
        ("history", "labels") => list(either(&[text(), reference("past_label")])),
        ("history", _) => list(reference("past_call")),
        (_, "mode") => words(&MODES),
        (_, "on_expiry") => words(&EXPIRY_ACTIONS),
        (_, "reveal") => words(&REVEALS),
        (_, "numbers") => words(&NUMBERS),
        (_, "release") => words(&RELEASES),
        (_, "schema" | "quorum" | "max_keys") => json!({}),
        (_, _) => text(),
    }
}

/// What stands under the key of a channel.
fn channel(key: &str) -> Value {
    let rule = reference("channel_rule");
    match key {
        "resources" | "prompts" => either(&[rule.clone(), map(rule)]),
        "elicitation" => either(&[rule.clone(), by_word(&ELICITATION_MODES, &rule)]),
        "methods" => map(rule),
        "completion" | "sampling" | "roots" | "tasks" => rule,
        "$schema" => text(),
        _ => json!({}),
    }
}
