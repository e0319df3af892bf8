//! Compiles a schema: linear-time patterns with size limits, nothing fetched, formats as annotations.

use json::Value;
use jsonschema::{Draft, PatternOptions, Validator};
use serde_json::Value as SchemaValue;

use super::SchemaError;
use super::node::Tape;

/// Memory of one compiled pattern.
const MAX_PATTERN_BYTES: usize = 256 * 1024;
/// Of where a schema is wrong, as much is repeated in a message.
const MAX_POINTER_CHARS: usize = 120;

/// Compiles a schema that was looked over. A schema that names no draft is read as 2020-12, as MCP says, and where
/// it is not valid there as draft 7, which older servers mean.
pub(super) fn validator(schema: Value<'_>, draft: Option<Draft>) -> Result<Validator<Tape>, SchemaError> {
    let schema: SchemaValue =
        serde_json::from_str(schema.raw()).map_err(|_| SchemaError::TooLarge("nested too deeply"))?;
    match draft {
        Some(draft) => build(&schema, draft),
        None => build(&schema, Draft::Draft202012)
            .or_else(|error| build(&schema, Draft::Draft7).map_err(|_| error)),
    }
}

/// Compiles a schema of this draft.
pub(super) fn build(schema: &SchemaValue, draft: Draft) -> Result<Validator<Tape>, SchemaError> {
    let patterns = PatternOptions::regex().size_limit(MAX_PATTERN_BYTES).dfa_size_limit(MAX_PATTERN_BYTES);
    jsonschema::options_for::<Tape>()
        .with_draft(draft)
        .with_pattern_options(patterns)
        .should_validate_formats(false)
        .offline()
        .build(schema)
        .map_err(|error| {
            SchemaError::Invalid(error.instance_path().as_str().chars().take(MAX_POINTER_CHARS).collect())
        })
}
