//! What the agent is told about arguments that do not fit: which one, and what was expected, so that it can mend
//! the call in one retry. Names come from the schema; values of arguments never appear.

use jsonschema::error::{TypeKind, ValidationErrorKind};
use jsonschema::paths::LocationSegment;
use jsonschema::{JsonType, JsonTypeSet, ValidationError};
use serde_json::Value as SchemaValue;

use super::Schema;

/// The check took too many steps.
pub(super) const TOO_COMPLEX: &str = "the arguments are too complex to be checked; send a simpler call";
/// There are too many errors to tell them one by one.
pub(super) const NO_FIT: &str = "the arguments do not fit the tool's schema; correct them and call again";

/// Errors that one message tells.
const MAX_ERRORS: usize = 5;
/// Letters of a schema's text that a message repeats.
const MAX_QUOTED_CHARS: usize = 200;

/// One sentence for all errors.
pub(super) fn of_errors(errors: &[ValidationError<'_>], schema: &Schema) -> String {
    let mut told: Vec<String> = Vec::new();
    for error in errors {
        let text = of_error(error, schema);
        if !told.contains(&text) {
            told.push(text);
        }
    }
    if told.is_empty() {
        return NO_FIT.to_owned();
    }
    let n_more = told.len().saturating_sub(MAX_ERRORS);
    told.truncate(MAX_ERRORS);
    let it = if told.len() == 1 { "it" } else { "them" };
    let more = if n_more == 0 { String::new() } else { format!(" and {n_more} more") };
    format!("{}{more}; correct {it} and call again", told.join(", "))
}

/// "limit must be an integer, not a string"
#[expect(clippy::wildcard_enum_match_arm, reason = "a foreign enum; what is not listed gets a general text")]
fn of_error(error: &ValidationError<'_>, schema: &Schema) -> String {
    let subject = subject(error, schema);
    match error.kind() {
        ValidationErrorKind::Required { property } => required(error, schema, property),
        ValidationErrorKind::Type { kind } => type_text(&subject, type_set(kind), error),
        ValidationErrorKind::AnyOf { context } | ValidationErrorKind::OneOfNotValid { context } => {
            match union_of_types(error, context) {
                Some(types) => type_text(&subject, types, error),
                None => format!("{subject} has none of the forms that the schema allows"),
            }
        }
        kind => format!("{subject} {}", fault(kind)),
    }
}

fn required(error: &ValidationError<'_>, schema: &Schema, property: &SchemaValue) -> String {
    let name = property.as_str().unwrap_or_default();
    if error.instance_path().is_empty() {
        format!("{name} is required")
    } else {
        format!("{}.{name} is required", subject(error, schema))
    }
}

fn type_set(kind: &TypeKind) -> JsonTypeSet {
    match kind {
        TypeKind::Single(one) => JsonTypeSet::from(*one),
        TypeKind::Multiple(set) => *set,
    }
}

/// The types of all forms, when nothing but the type of this very value was wrong with any.
#[expect(clippy::wildcard_enum_match_arm, reason = "a foreign enum; what is not listed gets a general text")]
fn union_of_types(error: &ValidationError<'_>, context: &[Vec<ValidationError<'_>>]) -> Option<JsonTypeSet> {
    let path = error.instance_path().as_str();
    context.iter().flatten().try_fold(JsonTypeSet::empty(), |set, nested| match nested.kind() {
        ValidationErrorKind::Type { kind } if nested.instance_path().as_str() == path => {
            Some(set.union(type_set(kind)))
        }
        _ => None,
    })
}

fn type_text(subject: &str, types: JsonTypeSet, error: &ValidationError<'_>) -> String {
    let mut wanted: Vec<_> = types.iter().map(type_name).collect();
    // Null is said last, as people do.
    wanted.sort_by_key(|name| *name == "null");
    format!("{subject} must be {}, not {}", wanted.join(" or "), kind_of(error.instance()))
}

const fn type_name(json_type: JsonType) -> &'static str {
    match json_type {
        JsonType::Array => "an array",
        JsonType::Boolean => "a boolean",
        JsonType::Integer => "an integer",
        JsonType::Null => "null",
        JsonType::Number => "a number",
        JsonType::Object => "an object",
        JsonType::String => "a string",
    }
}

const fn kind_of(value: &SchemaValue) -> &'static str {
    match value {
        SchemaValue::Null => "null",
        SchemaValue::Bool(_) => "a boolean",
        SchemaValue::Number(_) => "a number",
        SchemaValue::String(_) => "a string",
        SchemaValue::Array(_) => "an array",
        SchemaValue::Object(_) => "an object",
    }
}

/// What is wrong with a value, without the value.
#[expect(clippy::wildcard_enum_match_arm, reason = "a foreign enum; what is not listed gets a general text")]
fn fault(kind: &ValidationErrorKind) -> String {
    match kind {
        ValidationErrorKind::Enum { options } => format!("must be one of {}", quoted_list(options)),
        ValidationErrorKind::Constant { expected_value } => format!("must be {}", quoted(expected_value)),
        ValidationErrorKind::Minimum { limit } => format!("must be at least {limit}"),
        ValidationErrorKind::Maximum { limit } => format!("must be at most {limit}"),
        ValidationErrorKind::ExclusiveMinimum { limit } => format!("must be more than {limit}"),
        ValidationErrorKind::ExclusiveMaximum { limit } => format!("must be less than {limit}"),
        ValidationErrorKind::MultipleOf { multiple_of } => format!("must be a multiple of {multiple_of}"),
        ValidationErrorKind::MinLength { limit } => format!("must have at least {limit} characters"),
        ValidationErrorKind::MaxLength { limit } => format!("must have at most {limit} characters"),
        ValidationErrorKind::MinItems { limit } => format!("must have at least {limit} items"),
        ValidationErrorKind::MaxItems { limit } => format!("must have at most {limit} items"),
        ValidationErrorKind::AdditionalItems { limit } => format!("must have at most {limit} items"),
        ValidationErrorKind::MinProperties { limit } => format!("must have at least {limit} members"),
        ValidationErrorKind::MaxProperties { limit } => format!("must have at most {limit} members"),
        ValidationErrorKind::Pattern { pattern } => format!("must match the pattern {}", shortened(pattern)),
        _ => structural_fault(kind).to_owned(),
    }
}

/// The faults that need no text of the schema.
fn structural_fault(kind: &ValidationErrorKind) -> &'static str {
    match kind.keyword() {
        "additionalProperties" | "unevaluatedProperties" => "has a member that the schema does not declare",
        "unevaluatedItems" => "has an item that the schema does not declare",
        "propertyNames" => "has a member whose name the schema does not allow",
        "oneOf" => "has more than one of the forms that the schema allows",
        "uniqueItems" => "must not have equal items",
        "contains" => "lacks an item that the schema asks for",
        "falseSchema" => "must be left out",
        _ => "is not allowed by the schema",
    }
}

fn quoted_list(options: &SchemaValue) -> String {
    let texts: Vec<_> = options.as_array().into_iter().flatten().map(SchemaValue::to_string).collect();
    shortened(&texts.join(", "))
}

fn quoted(value: &SchemaValue) -> String {
    shortened(&value.to_string())
}

/// Text of a schema on one line and not too long.
fn shortened(text: &str) -> String {
    let mut short: String =
        text.chars().filter(|letter| !letter.is_control()).take(MAX_QUOTED_CHARS).collect();
    if text.chars().count() > MAX_QUOTED_CHARS {
        short.push('…');
    }
    short
}

/// How the value is called: `items[0].price`. Names that the schema does not declare become `*`.
fn subject(error: &ValidationError<'_>, schema: &Schema) -> String {
    let mut text = String::new();
    for segment in error.instance_path().segments() {
        match segment {
            LocationSegment::Index(index) => text.push_str(&format!("[{index}]")),
            LocationSegment::Property(name) => {
                if !text.is_empty() {
                    text.push('.');
                }
                text.push_str(if schema.knows_name(&name) { &name } else { "*" });
            }
        }
    }
    if text.is_empty() { "the arguments".to_owned() } else { text }
}
