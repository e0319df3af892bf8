//! Looks a schema over before it is compiled: its size, its references, its draft and its names.
//! The schema is text from a server; whatever would make compiling it expensive or reach outside is refused here.

use std::collections::HashSet;

use json::{Kind, Value};
use jsonschema::Draft;

use super::SchemaError;

/// Bytes of one schema; the largest of 18,000 real ones has 37 kB.
const MAX_BYTES: usize = 512 * 1024;
/// Values of one schema.
const MAX_VALUES: usize = 50_000;
/// Patterns of one schema; each takes memory of its own.
const MAX_PATTERNS: usize = 256;
/// References of one schema. A chain of them is followed on the stack.
const MAX_REFERENCES: usize = 1024;
/// References of a schema with `unevaluatedProperties` or `unevaluatedItems`, which are compiled by following each
/// reference anew: two references in each of 16 schemas that refer to the next one take 65,536 walks.
const MAX_REFERENCES_UNEVALUATED: usize = 16;

/// What a look over a schema found.
#[derive(Debug)]
pub(super) struct Survey {
    /// The draft that it names, if it names one.
    pub(super) draft: Option<Draft>,
    /// All names of properties.
    pub(super) names: HashSet<Box<str>>,
    n_values: usize,
    n_patterns: usize,
    n_references: usize,
    has_unevaluated: bool,
}

/// Keywords whose value is data, not a schema.
const DATA: &[&str] = &["const", "enum", "default", "examples"];
/// Keywords whose members are named by the schema's author and hold schemas.
const NAMED: &[&str] = &["properties", "patternProperties", "$defs", "definitions", "dependentSchemas"];

/// Looks a schema over.
pub(super) fn survey(schema: Value<'_>) -> Result<Survey, SchemaError> {
    if !schema.is_object() {
        return Err(SchemaError::NotAnObject);
    }
    if schema.raw().len() > MAX_BYTES {
        return Err(SchemaError::TooLarge("more than 512 KiB"));
    }
    let draft = draft_of(schema)?;
    let mut survey = Survey {
        draft,
        names: HashSet::new(),
        n_values: 0,
        n_patterns: 0,
        n_references: 0,
        has_unevaluated: false,
    };
    survey.visit_schema(schema)?;
    if survey.has_unevaluated && survey.n_references > MAX_REFERENCES_UNEVALUATED {
        return Err(SchemaError::TooLarge("more than 16 references beside an unevaluated keyword"));
    }
    Ok(survey)
}

fn draft_of(schema: Value<'_>) -> Result<Option<Draft>, SchemaError> {
    let Some(named) = schema.get("$schema") else { return Ok(None) };
    let uri = named.as_str().ok_or(SchemaError::UnsupportedDraft)?;
    let uri = uri.trim_end_matches('#');
    let name = uri.strip_prefix("https://").or_else(|| uri.strip_prefix("http://")).unwrap_or(uri);
    match name {
        "json-schema.org/draft/2020-12/schema" => Ok(Some(Draft::Draft202012)),
        "json-schema.org/draft/2019-09/schema" => Ok(Some(Draft::Draft201909)),
        "json-schema.org/draft-07/schema" => Ok(Some(Draft::Draft7)),
        _ => Err(SchemaError::UnsupportedDraft),
    }
}

impl Survey {
    /// Depth is bounded by the scan.
    fn visit_schema(&mut self, value: Value<'_>) -> Result<(), SchemaError> {
        self.count()?;
        for element in value.elements() {
            self.visit_schema(element)?;
        }
        for member in value.members() {
            let key = member.key.as_cow();
            self.visit_keyword(&key, member.value)?;
        }
        Ok(())
    }

    fn visit_keyword(&mut self, key: &str, value: Value<'_>) -> Result<(), SchemaError> {
        if DATA.contains(&key) {
            return self.visit_data(value);
        }
        if NAMED.contains(&key) && value.is_object() {
            return self.visit_named(key, value);
        }
        match key {
            "$ref" | "$dynamicRef" | "$recursiveRef" => self.visit_reference(value)?,
            "pattern" if value.is_string() => self.count_pattern()?,
            "unevaluatedProperties" | "unevaluatedItems" => self.has_unevaluated = true,
            _ => {}
        }
        self.visit_schema(value)
    }

    fn visit_named(&mut self, key: &str, value: Value<'_>) -> Result<(), SchemaError> {
        for member in value.members() {
            match key {
                "properties" => {
                    self.names.insert(Box::from(member.key.as_cow()));
                }
                "patternProperties" => self.count_pattern()?,
                _ => {}
            }
            self.visit_schema(member.value)?;
        }
        Ok(())
    }

    fn visit_data(&mut self, value: Value<'_>) -> Result<(), SchemaError> {
        self.count()?;
        value.elements().try_for_each(|element| self.visit_data(element))?;
        value.members().try_for_each(|member| self.visit_data(member.value))
    }

    fn visit_reference(&mut self, value: Value<'_>) -> Result<(), SchemaError> {
        self.n_references += 1;
        if self.n_references > MAX_REFERENCES {
            return Err(SchemaError::TooLarge("more than 1024 references"));
        }
        match value.kind() {
            Kind::String if value.as_str().is_some_and(|uri| uri.starts_with('#')) => Ok(()),
            Kind::Null | Kind::Bool | Kind::Number | Kind::String | Kind::Array | Kind::Object => {
                Err(SchemaError::ForeignReference)
            }
        }
    }

    fn count(&mut self) -> Result<(), SchemaError> {
        self.n_values += 1;
        if self.n_values > MAX_VALUES {
            Err(SchemaError::TooLarge("more than 50,000 values"))
        } else {
            Ok(())
        }
    }

    fn count_pattern(&mut self) -> Result<(), SchemaError> {
        self.n_patterns += 1;
        if self.n_patterns > MAX_PATTERNS {
            Err(SchemaError::TooLarge("more than 256 patterns"))
        } else {
            Ok(())
        }
    }
}
