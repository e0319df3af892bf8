//! Input schemas come from servers: what cannot be used is refused when it is compiled, and no schema and no
//! arguments together take more than bounded time, memory and stack.
#![expect(clippy::unwrap_used, reason = "a helper of tests may fail them")]

#[cfg(test)]
mod common;

use common::{FACTS, definition, document, load};
use policy::{Arguments, Bound, Decision, Schema, SchemaError, Stack};

const NAMED: &str = r#"{"version": "1", "default": "deny", "tools": {"x": {}}}"#;

fn compile(schema: &str) -> Result<Schema, SchemaError> {
    Schema::compile(document(schema).root())
}

fn bound(schema: &str) -> Bound {
    Stack::new(vec![load(NAMED)]).bind(&definition("x", Some(schema)))
}

fn reason(bound: &Bound, arguments: &str) -> Option<String> {
    let arguments = document(arguments);
    match bound.decide(&FACTS, Arguments::Known(arguments.root())) {
        Decision::Allow(_) => None,
        Decision::Deny(denial) => Some(denial.reason.unwrap().to_string()),
    }
}

#[test]
fn what_cannot_be_used_is_refused() {
    let foreign = |reference: &str| format!(r#"{{"properties": {{"a": {{"$ref": "{reference}"}}}}}}"#);
    let cases = [
        ("[]".to_owned(), SchemaError::NotAnObject),
        ("true".to_owned(), SchemaError::NotAnObject),
        (foreign("https://example.com/s.json"), SchemaError::ForeignReference),
        (foreign("file:///etc/passwd"), SchemaError::ForeignReference),
        (foreign("other.json#/a"), SchemaError::ForeignReference),
        (foreign(""), SchemaError::ForeignReference),
        (
            r#"{"$schema": "http://json-schema.org/draft-04/schema#"}"#.to_owned(),
            SchemaError::UnsupportedDraft,
        ),
        (r#"{"$schema": "https://example.com/mine"}"#.to_owned(), SchemaError::UnsupportedDraft),
        (r#"{"$schema": 7}"#.to_owned(), SchemaError::UnsupportedDraft),
        (r#"{"type": "strong"}"#.to_owned(), SchemaError::Invalid("/type".to_owned())),
        (
            r#"{"properties": {"a": {"pattern": "(?=x)"}}}"#.to_owned(),
            SchemaError::Invalid("/properties/a/pattern".to_owned()),
        ),
        (
            r#"{"properties": {"a": {"pattern": "(a{1000}){1000}"}}}"#.to_owned(),
            SchemaError::Invalid("/properties/a/pattern".to_owned()),
        ),
        (r##"{"$ref": "#/$defs/missing"}"##.to_owned(), SchemaError::Invalid(String::new())),
    ];
    for (schema, expected) in cases {
        assert_eq!(compile(&schema).err(), Some(expected), "{schema}");
    }
}

#[test]
fn a_reference_in_data_is_no_reference() {
    for schema in [
        r#"{"properties": {"a": {"const": {"$ref": "https://example.com"}}}}"#,
        r#"{"properties": {"a": {"default": {"$ref": "https://example.com"}}}}"#,
        r#"{"properties": {"$ref": {"type": "string"}}}"#,
        r#"{"properties": {"pattern": {"type": "string"}}}"#,
    ] {
        assert!(compile(schema).is_ok(), "{schema}");
    }
}

#[test]
fn size_is_bounded() {
    let wide = format!(r#"{{"enum": [{}0]}}"#, "0,".repeat(60_000));
    assert!(matches!(compile(&wide), Err(SchemaError::TooLarge(_))));
    let long = format!(r#"{{"description": "{}"}}"#, "x".repeat(600_000));
    assert!(matches!(compile(&long), Err(SchemaError::TooLarge(_))));
    let patterns: Vec<_> = (0..300).map(|n| format!(r#""p{n}": {{"pattern": "^a{n}"}}"#)).collect();
    let patterns = format!(r#"{{"properties": {{{}}}}}"#, patterns.join(","));
    assert!(matches!(compile(&patterns), Err(SchemaError::TooLarge(_))));
}

/// `$defs` in which each schema refers to the next one, the last being an integer.
fn linked(length: usize, link: impl Fn(usize) -> String) -> String {
    let links: Vec<_> = (0..length).map(|n| format!(r#""d{n}": {}"#, link(n + 1))).collect();
    let links = links.join(",");
    format!(
        r##"{{"properties": {{"a": {{"$ref": "#/$defs/d0"}}}}, "$defs": {{{links}, "d{length}": {{"type": "integer"}}}}}}"##
    )
}

/// A chain of references is followed on the stack when it is checked.
#[test]
fn a_long_chain_of_references_fits_the_stack() {
    let chain = |length| linked(length, |next| format!(r##"{{"$ref": "#/$defs/d{next}"}}"##));
    assert!(matches!(compile(&chain(1100)), Err(SchemaError::TooLarge(_))));
    assert_eq!(reason(&bound(&chain(100)), r#"{"a": 1}"#), None);
    for length in [100, 1000] {
        assert!(reason(&bound(&chain(length)), r#"{"a": "x"}"#).is_some(), "{length}");
    }
}

/// Which names are declared is found by following references from the top.
#[test]
fn a_long_chain_of_references_at_the_top_fits_the_stack() {
    let links: Vec<_> = (0..1000).map(|n| format!(r##""d{n}": {{"$ref": "#/$defs/d{}"}}"##, n + 1)).collect();
    let links = links.join(",");
    let schema = format!(
        r##"{{"$ref": "#/$defs/d0", "$defs": {{{links}, "d1000": {{"properties": {{"limit": {{}}}}}}}}}}"##
    );
    assert!(reason(&bound(&schema), r#"{"limt": 1}"#).unwrap().contains("did you mean limit?"));
}

#[test]
fn references_that_double_are_cut_short() {
    let double = |length| {
        linked(length, |next| {
            format!(r##"{{"allOf": [{{"$ref": "#/$defs/d{next}"}}, {{"$ref": "#/$defs/d{next}"}}]}}"##)
        })
    };
    assert_eq!(reason(&bound(&double(5)), r#"{"a": 1}"#), None);
    assert_eq!(
        reason(&bound(&double(40)), r#"{"a": 1}"#).as_deref(),
        Some("the arguments are too complex to be checked; send a simpler call")
    );
}

/// The validator makes the nodes of names itself; they count all the same.
#[test]
fn references_that_double_below_property_names_are_cut_short() {
    let defs = |length| {
        linked(length, |next| {
            format!(r##"{{"allOf": [{{"$ref": "#/$defs/d{next}"}}, {{"$ref": "#/$defs/d{next}"}}]}}"##)
        })
        .replace("integer", "string")
        .replace(r##""a": {"##, r##""a": {"propertyNames": {"##)
        .replacen("}}, \"$defs\"", "}}}, \"$defs\"", 1)
    };
    assert_eq!(reason(&bound(&defs(5)), r#"{"a": {"k": 1}}"#), None);
    assert_eq!(
        reason(&bound(&defs(40)), r#"{"a": {"k": 1}}"#).as_deref(),
        Some("the arguments are too complex to be checked; send a simpler call")
    );
}

/// Compiling such a schema follows each reference anew.
#[test]
fn references_beside_unevaluated_keywords_are_few() {
    let chain = |length| {
        linked(length, |next| format!(r##"{{"$ref": "#/$defs/d{next}", "unevaluatedProperties": false}}"##))
    };
    assert_eq!(reason(&bound(&chain(15)), r#"{"a": 1}"#), None);
    assert!(matches!(compile(&chain(16)), Err(SchemaError::TooLarge(_))));
}

/// Each level has two ways to fail, so a plain walk takes 2^depth steps.
#[test]
fn a_schema_that_explodes_is_cut_short() {
    let schema = r##"{
        "properties": {"a": {"$ref": "#/$defs/n"}},
        "$defs": {"n": {"anyOf": [
            {"type": "object", "required": ["x"], "properties": {"n": {"$ref": "#/$defs/n"}}},
            {"type": "object", "required": ["y"], "properties": {"n": {"$ref": "#/$defs/n"}}},
            {"type": "object", "required": ["n"], "properties": {"n": {"allOf": [{"$ref": "#/$defs/n"}, {"$ref": "#/$defs/n"}]}}}
        ]}}}"##;
    let deep = format!(r#"{{"a": {}{}}}"#, r#"{"n": "#.repeat(60) + "1", "}".repeat(60));
    let refused = reason(&bound(schema), &deep).unwrap();
    assert!(!refused.is_empty());
}

#[test]
fn deep_arguments_against_a_recursive_schema_are_checked() {
    let schema = r##"{"properties": {"a": {"$ref": "#/$defs/n"}}, "$defs": {"n": {"type": "object", "properties": {"n": {"$ref": "#/$defs/n"}}}}}"##;
    let deep = |depth: usize, end: &str| {
        format!(r#"{{"a": {}{end}{}}}"#, r#"{"n": "#.repeat(depth), "}".repeat(depth))
    };
    assert_eq!(reason(&bound(schema), &deep(60, "{}")), None);
    assert!(reason(&bound(schema), &deep(60, "1")).unwrap().contains("must be an object, not a number"));
}

#[test]
fn a_reference_to_itself_ends() {
    for schema in [
        r##"{"$ref": "#"}"##,
        r##"{"properties": {"a": {"$ref": "#/properties/a"}}}"##,
        r##"{"allOf": [{"$ref": "#"}], "properties": {"a": {"type": "integer"}}}"##,
    ] {
        if compile(schema).is_ok() {
            let _ = reason(&bound(schema), r#"{"a": 1}"#);
        }
    }
}

#[test]
fn many_errors_cost_bounded_memory() {
    let schema = r#"{"properties": {"l": {"type": "array", "items": {"type": "integer"}}}}"#;
    let list = format!(r#"{{"l": [{}"x"]}}"#, r#""x","#.repeat(200_000));
    assert_eq!(
        reason(&bound(schema), &list).as_deref(),
        Some("the arguments do not fit the tool's schema; correct them and call again")
    );
    let good = format!(r#"{{"l": [{}1]}}"#, "1,".repeat(200_000));
    assert_eq!(reason(&bound(schema), &good), None);
}

#[test]
fn unique_items_of_long_lists() {
    let schema = r#"{"properties": {"l": {"uniqueItems": true}}}"#;
    let numbers: Vec<_> = (0..50_000).map(|n| n.to_string()).collect();
    assert_eq!(reason(&bound(schema), &format!(r#"{{"l": [{}]}}"#, numbers.join(","))), None);
    assert!(reason(&bound(schema), &format!(r#"{{"l": [{},7.0]}}"#, numbers.join(","))).is_some());
}

#[test]
fn formats_are_annotations_in_every_draft() {
    for draft in ["https://json-schema.org/draft/2020-12/schema", "http://json-schema.org/draft-07/schema#"] {
        let schema = format!(
            r#"{{"$schema": "{draft}", "properties": {{"u": {{"type": "string", "format": "uri"}}}}}}"#
        );
        assert_eq!(reason(&bound(&schema), r#"{"u": "not a uri"}"#), None, "{draft}");
    }
}

#[test]
fn records_hold_no_names_that_an_agent_made_up() {
    let schema = r#"{"properties": {"map": {"additionalProperties": {"type": "integer"}}, "a/b": {}},
        "patternProperties": {"^x": {}}}"#;
    let compiled = compile(schema).unwrap();
    let arguments = document(r#"{"map": {"Jane Doe": "5", "4000": "6", "a/b": ["7"]}}"#);
    for (pointer, shown) in [
        ("/map/Jane Doe", "/map/*"),
        ("/map/4000", "/map/*"),
        ("/map/a~1b/0", "/map/a~1b/0"),
        ("/nowhere/0", "/*/*"),
        ("", ""),
    ] {
        assert_eq!(compiled.shown_pointer(arguments.root(), pointer), shown);
    }
    assert!(compiled.writes("map") && !compiled.writes("xyz") && !compiled.writes("Jane Doe"));
}
