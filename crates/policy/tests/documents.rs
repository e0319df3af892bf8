//! Runs the case files of `tests/cases/documents`: what is wrong with a document, what it is warned of, and how it
//! reads when it is normalised.
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a helper of tests may fail them")]

#[cfg(test)]
mod common;

use common::{case_files, document, optional_text, text};
use json::Value;
use policy::{Definition, Diagnostic, Format, Hash, KnownTool, Schema, Severity, normalise};

#[test]
fn every_document_is_read_as_it_says() {
    for (name, file) in case_files("documents") {
        for case in file.root().elements() {
            run(&format!("{name}: {}", text(case, "about")), case);
        }
    }
}

fn run(about: &str, case: Value<'_>) {
    let text =
        optional_text(case, "text").unwrap_or_else(|| case.get("document").expect(about).raw().to_owned());
    let definitions = case.get("tools").map(definitions).unwrap_or_default();
    let known: Vec<KnownTool<'_>> =
        definitions.iter().map(|(definition, entry)| KnownTool { definition, entry: *entry }).collect();
    match policy::load_with(Format::Json, "test", text.clone().into_bytes(), &known) {
        Err(problems) => {
            check_all(about, &problems, case.get("errors"), Severity::Error);
            assert!(case.get("errors").is_some(), "{about}\n{problems:#?}");
        }
        Ok(policy) => {
            assert!(case.get("errors").is_none(), "{about}: loads");
            check_all(about, policy.warnings(), case.get("warnings"), Severity::Warning);
            let normal = normalise(&policy);
            if let Some(expected) = case.get("normalised") {
                assert_eq!(canonical(&normal), canonical(expected.raw()), "{about}");
            }
            let again = policy::load("test", normal.clone().into_bytes()).expect(&normal);
            assert_eq!(again.revision_hash(), policy.revision_hash(), "{about}");
            assert_eq!(normalise(&again), normal, "{about}");
        }
    }
}

/// The tools of a case, by server.
fn definitions(tools: Value<'_>) -> Vec<(Definition, Value<'_>)> {
    let mut definitions = Vec::new();
    for server in tools.members() {
        for entry in server.value.elements() {
            let name = text(entry, "name");
            let schema = entry.get("inputSchema").map(|schema| Schema::compile(schema).unwrap());
            let hash = Hash::of(name.as_bytes());
            definitions.push((Definition::new(server.key.as_cow().into_owned(), name, hash, schema), entry));
        }
    }
    definitions
}

fn canonical(text: &str) -> String {
    let mut bytes = Vec::new();
    json::canonical(document(text).root(), &mut bytes);
    String::from_utf8(bytes).unwrap()
}

fn check_all(about: &str, found: &[Diagnostic], expected: Option<Value<'_>>, severity: Severity) {
    let expected: Vec<_> = expected.map_or_else(Vec::new, |list| list.elements().collect());
    let listed: Vec<_> = found.iter().map(ToString::to_string).collect();
    assert_eq!(found.len(), expected.len(), "{about}\n{}", listed.join("\n"));
    for (diagnostic, expected) in found.iter().zip(expected) {
        let about = format!("{about}\n{diagnostic}");
        assert_eq!(diagnostic.severity, severity, "{about}");
        assert_eq!(diagnostic.code, text(expected, "code"), "{about}");
        assert_eq!(diagnostic.pointer, text(expected, "at"), "{about}");
        assert_eq!(diagnostic.suggestion, optional_text(expected, "meant"), "{about}");
        if let Some(part) = optional_text(expected, "says") {
            assert!(diagnostic.message.contains(&part), "{about}");
        }
        if let Some(place) = optional_text(expected, "place") {
            assert_eq!(format!("{}:{}", diagnostic.line, diagnostic.column), place, "{about}");
        }
        check_style(&about, &diagnostic.message);
    }
}

/// Messages are lower case and have no full stop; user input is in backticks.
fn check_style(about: &str, message: &str) {
    assert!(!message.ends_with('.'), "{about}");
    assert!(!message.chars().next().unwrap().is_uppercase() || message.starts_with("JSON"), "{about}");
    assert_eq!(message.matches('`').count() % 2, 0, "{about}");
}
