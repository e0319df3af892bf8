//! `tests`: example calls with the decision that is expected of each.

use std::collections::HashSet;
use std::sync::Arc;

use jiff::Timestamp;
use json::{Document, Limits, Value};

use super::past;
use super::reader::{Fields, Place, Problem, Reader};
use crate::channel::Channel;
use crate::class::{CATEGORIES, Category, Classes, RISKS, Risk};
use crate::diagnostic::code;
use crate::example::{Called, Example, ExampleCall};
use crate::normalise;
use crate::policy::Effect;
use crate::registry::{CALL_KEYS, CHANNELS, EXPECTATIONS, TEST_KEYS};
use crate::schema::Schema;

/// Reads all entries of a document.
pub(super) fn read(reader: &mut Reader, document: &Fields<'_>, labels: &HashSet<Arc<str>>) -> Vec<Example> {
    let known = Known { schema: None, labels: Some(labels) };
    document.get("tests").map(|list| read_list(reader, &list, known)).unwrap_or_default()
}

/// What is known around a list of entries.
#[derive(Clone, Copy, Default)]
pub(super) struct Known<'a> {
    /// The schema of calls that name none.
    pub(super) schema: Option<&'a Schema>,
    /// The labels that earlier calls may have set, where the document is at hand that gives them.
    pub(super) labels: Option<&'a HashSet<Arc<str>>>,
}

/// Reads a list of entries.
pub(super) fn read_list(reader: &mut Reader, list: &Place<'_>, known: Known<'_>) -> Vec<Example> {
    let places = reader.list(list).unwrap_or_default();
    places.iter().filter_map(|place| read_example(reader, place, known)).collect()
}

fn read_example(reader: &mut Reader, place: &Place<'_>, known: Known<'_>) -> Option<Example> {
    let fields = reader.object(place, &TEST_KEYS)?;
    let name = fields.get("name").and_then(|place| reader.name(&place).map(Box::from));
    let call = fields
        .required(reader, "call", "say what is called")
        .and_then(|place| read_call(reader, &place, known));
    let expect = fields
        .required(reader, "expect", "write `\"expect\": \"allow\"` or `\"expect\": \"deny\"`")
        .and_then(|place| reader.word(&place, &EXPECTATIONS));
    let mut of_denial = |key: &str| {
        fields.get(key).and_then(|place| reader.name(&place).map(|text| (Box::from(text), place)))
    };
    let (rule, reason) = (of_denial("rule"), of_denial("reason"));
    let (call, expect) = (call?, expect?);
    if let Some((_, place)) = rule.as_ref().or(reason.as_ref()).filter(|_| expect == "allow") {
        let message = "an allow has no rule and no reason; remove them, or expect `deny`";
        reader.report(place, Problem::new(code::CONFLICT, message));
        return None;
    }
    Some(Example {
        pointer: place.pointer.clone(),
        offset: place.offset(),
        place: (1, 1),
        name,
        text: normalise::value(place.value).into(),
        call,
        expects: if expect == "allow" { Effect::Allow } else { Effect::Deny },
        rule: rule.map(|(rule, _)| rule),
        reason: reason.map(|(reason, _)| reason),
    })
}

fn read_call(reader: &mut Reader, place: &Place<'_>, known: Known<'_>) -> Option<ExampleCall> {
    let fields = reader.object(place, &CALL_KEYS)?;
    let name = |reader: &mut Reader, key: &str, default: &str| -> Box<str> {
        let given = fields.get(key).and_then(|place| reader.name(&place).map(Box::from));
        given.unwrap_or_else(|| default.into())
    };
    let (server, grant) = (name(reader, "server", "test"), name(reader, "grant", "test"));
    let called = read_called(reader, &fields);
    let mut labels = Vec::new();
    for place in fields.get("labels").and_then(|place| reader.list(&place)).unwrap_or_default() {
        labels.extend(reader.name(&place).map(String::from));
    }
    let now_ms = fields.get("time").and_then(|place| read_time(reader, &place));
    let mut object = |key: &str| fields.get(key).and_then(|place| read_document(reader, &place));
    let (arguments, input) = (object("arguments"), object("input"));
    let past = past::read(reader, &fields, known.labels);
    let (schema, classes) = (read_schema(reader, &fields, known.schema), read_classes(reader, &fields));
    let (called, schema) = (called?, schema?);
    Some(ExampleCall { called, server, grant, labels, now_ms, arguments, input, past, schema, classes })
}

/// What is called: a tool, or what is used instead of one.
fn read_called(reader: &mut Reader, fields: &Fields<'_>) -> Option<Called> {
    let stated = ["channel", "method", "tool"].map(|key| fields.get(key));
    let subject = fields.get("subject");
    let tools_own =
        ["arguments", "history", "schema", "category", "risk"].into_iter().find_map(|key| fields.get(key));
    let conflict = match &stated {
        [Some(_), Some(other), _] | [Some(_), None, Some(other)] | [None, Some(_), Some(other)] => {
            Some(other)
        }
        [Some(_), None, None] => tools_own.as_ref(),
        [None, Some(_), None] => tools_own.as_ref().or(subject.as_ref()),
        [None, None, _] => subject.as_ref(),
    };
    if let Some(place) = conflict {
        let message = "a call is of a tool, of a `channel` with its `subject`, or of a `method`; this belongs to another";
        reader.report(place, Problem::new(code::CONFLICT, message));
        return None;
    }
    match stated {
        [Some(place), ..] => {
            let word = reader.word(&place, &CHANNELS)?;
            let channel = Channel::ALL.into_iter().find(|channel| channel.as_str() == word)?;
            let subject = subject.and_then(|place| reader.name(&place).map(Box::from));
            Some(Called::Channel(channel, subject))
        }
        [None, Some(place), _] => reader.name(&place).map(|name| Called::Method(name.into())),
        [None, None, _] => {
            let place = fields.required(reader, "tool", "name the tool")?;
            reader.name(&place).map(|name| Called::Tool(name.into()))
        }
    }
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

pub(super) fn read_document(reader: &mut Reader, place: &Place<'_>) -> Option<Document> {
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
fn read_schema(reader: &mut Reader, fields: &Fields<'_>, default: Option<&Schema>) -> Option<Schema> {
    let Some(place) = fields.get("schema") else {
        if let Some(schema) = default {
            return Some(schema.clone());
        }
        let open = Document::scan(b"{\"type\": \"object\"}".to_vec(), &Limits::default()).ok()?;
        return Schema::compile(open.root()).ok();
    };
    compile(reader, &place)
}

/// Compiles a schema of a document.
pub(super) fn compile(reader: &mut Reader, place: &Place<'_>) -> Option<Schema> {
    let compiled = Schema::compile(place.value).map_err(|error| {
        reader.report(place, Problem::new(code::BAD_VALUE, error.to_string()));
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
