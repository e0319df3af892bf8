//! A tool of the fake upstream: its definition and its answer.
//!
//! Must never: check arguments; what reaches a fake tool is recorded, not judged.

use crate::upstream::Answer;
use serde_json::{Value, json};

/// A tool under construction.
#[derive(Clone, Debug)]
pub struct Tool {
    definition: Value,
    answer: Answer,
}

impl Tool {
    /// A tool with an object schema without properties, which answers `ok`.
    pub fn new(name: &str) -> Tool {
        let schema = json!({"type": "object", "properties": {}});
        let definition =
            json!({"name": name, "description": format!("the tool {name}"), "inputSchema": schema});
        Tool { definition, answer: Answer::text("ok") }
    }

    /// Adds an optional property to the input schema.
    pub fn property(mut self, name: &str, schema: Value) -> Tool {
        self.definition["inputSchema"]["properties"][name] = schema;
        self
    }

    /// Adds a property that the input schema requires.
    pub fn required(mut self, name: &str, schema: Value) -> Tool {
        let required = &mut self.definition["inputSchema"]["required"];
        match required.as_array_mut() {
            Some(names) => names.push(json!(name)),
            None => *required = json!([name]),
        }
        self.property(name, schema)
    }

    /// Replaces the input schema.
    pub fn schema(self, schema: Value) -> Tool {
        self.member("inputSchema", schema)
    }

    /// Sets a member of the definition: `annotations`, `title`, `_meta`, anything.
    pub fn member(mut self, key: &str, value: Value) -> Tool {
        self.definition[key] = value;
        self
    }

    /// Sets the answer.
    pub fn answer(mut self, answer: Answer) -> Tool {
        self.answer = answer;
        self
    }

    /// The name.
    pub fn name(&self) -> &str {
        self.definition["name"].as_str().unwrap_or_default()
    }

    /// The definition as it is listed.
    pub fn definition(&self) -> &Value {
        &self.definition
    }

    pub(crate) fn reply(&self) -> &Answer {
        &self.answer
    }
}
