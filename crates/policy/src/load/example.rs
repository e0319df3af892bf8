//! `tests`: example calls with the decision that is expected of each.

use jiff::Timestamp;
use json::{Document, Limits, Value};

use super::reader::{Fields, Place, Problem, Reader};
use crate::class::{CATEGORIES, Category, Classes, RISKS, Risk};
use crate::diagnostic::code;
use crate::example::{Example, ExampleCall};
use crate::normalise;
use crate::policy::Effect;
use crate::registry::{CALL_KEYS, EXPECTATIONS, TEST_KEYS};
use crate::schema::Schema;

/// Reads all entries.
pub(super) fn read(reader: &mut Reader, document: &Fields<'_>) -> Vec<Example> {
    let Some(list) = document.get("tests") else { return Vec::new() };
    let places = reader.list(&list).unwrap_or_default();
    places.iter().filter_map(|place| read_example(reader, place)).collect()
}

fn read_example(reader: &mut Reader, place: &Place<'_>) -> Option<Example> {
    let fields = reader.object(place, &TEST_KEYS)?;
    if let Some(place) = fields.get("name") {
        reader.name(&place);
    }
    let call =
        fields.required(reader, "call", "say what is called").and_then(|place| read_call(reader, &place));
    let expect = fields
        .required(reader, "expect", "write `\"expect\": \"allow\"` or `\"expect\": \"deny\"`")
        .and_then(|place| reader.word(&place, &EXPECTATIONS));
    let rule = fields.get("rule");
    let named = rule.as_ref().and_then(|place| reader.name(place)).map(Box::from);
    let (call, expect) = (call?, expect?);
    if let Some(place) = rule.filter(|_| expect == "allow") {
        let message = "an allow has no rule; remove `rule`, or expect `deny`";
        reader.report(&place, Problem::new(code::CONFLICT, message));
        return None;
    }
    Some(Example {
        pointer: place.pointer.clone(),
        text: normalise::value(place.value).into(),
        call,
        expects: if expect == "allow" { Effect::Allow } else { Effect::Deny },
        rule: named,
    })
}

fn read_call(reader: &mut Reader, place: &Place<'_>) -> Option<ExampleCall> {
    let fields = reader.object(place, &CALL_KEYS)?;
    let name = |reader: &mut Reader, key: &str, default: &str| -> Box<str> {
        let given = fields.get(key).and_then(|place| reader.name(&place).map(Box::from));
        given.unwrap_or_else(|| default.into())
    };
    let (server, grant) = (name(reader, "server", "test"), name(reader, "grant", "test"));
    let tool =
        fields.required(reader, "tool", "name the tool").and_then(|place| reader.name(&place).map(Box::from));
    let mut labels = Vec::new();
    for place in fields.get("labels").and_then(|place| reader.list(&place)).unwrap_or_default() {
        labels.extend(reader.name(&place).map(String::from));
    }
    let now_ms = fields.get("time").and_then(|place| read_time(reader, &place));
    let mut object = |key: &str| fields.get(key).and_then(|place| read_document(reader, &place));
    let (arguments, input) = (object("arguments"), object("input"));
    let (schema, classes) = (read_schema(reader, &fields), read_classes(reader, &fields));
    let (tool, schema) = (tool?, schema?);
    Some(ExampleCall { tool, server, grant, labels, now_ms, arguments, input, schema, classes })
}

fn read_time(reader: &mut Reader, place: &Place<'_>) -> Option<u64> {
    let text = reader.text(place)?;
    let time = text.parse::<Timestamp>().ok().and_then(|time| u64::try_from(time.as_millisecond()).ok());
    if time.is_none() {
        let message = format!("`{text}` is no time; write one such as `2026-11-20T09:30:00Z`");
        reader.report(place, Problem::new(code::BAD_VALUE, message));
    }
    time
}

fn read_document(reader: &mut Reader, place: &Place<'_>) -> Option<Document> {
    if !place.value.is_object() {
        reader.report(place, Problem::new(code::WRONG_TYPE, "must be an object"));
        return None;
    }
    scan(place.value)
}

fn scan(value: Value<'_>) -> Option<Document> {
    Document::scan(value.raw().as_bytes().to_vec(), &Limits::default()).ok()
}

/// The schema of the tool; without one every object fits.
fn read_schema(reader: &mut Reader, fields: &Fields<'_>) -> Option<Schema> {
    let Some(place) = fields.get("schema") else {
        let open = Document::scan(b"{\"type\": \"object\"}".to_vec(), &Limits::default()).ok()?;
        return Schema::compile(open.root()).ok();
    };
    let compiled = Schema::compile(place.value).map_err(|error| {
        reader.report(&place, Problem::new(code::BAD_VALUE, error.to_string()));
    });
    compiled.ok()
}

fn read_classes(reader: &mut Reader, fields: &Fields<'_>) -> Classes {
    let category = fields.get("category").and_then(|place| reader.word(&place, &CATEGORIES));
    let risk = fields.get("risk").and_then(|place| reader.word(&place, &RISKS));
    let category = Category::ALL.into_iter().find(|one| Some(one.as_str()) == category);
    let risk = Risk::ALL.into_iter().find(|one| Some(one.as_str()) == risk);
    let classes = Classes::plausible(category.into_iter().collect(), risk.into_iter().collect());
    match (category, risk) {
        (Some(category), Some(risk)) => classes.frozen(category, risk),
        (None, _) | (_, None) => classes,
    }
}
