//! Writes a policy in the documented form: short forms become full ones, numbers their shortest spelling.
//! The text loads to a policy that decides the same; its hash names the revision.

mod channels;
mod flow;
mod limit;
mod number;
mod rules;
mod section;
mod tree;

use json::{Document, Kind, Limits, Value};

use crate::hash::Hash;
use crate::policy::{Effect, Policy};
use channels::push_channels;
use flow::flow_tree;
use number::number;
use section::push_section;
use tree::{Tree, object, quoted, text};

/// The document in its full form, indented.
#[must_use]
pub fn normalise(policy: &Policy) -> String {
    let mut text = String::new();
    tree(policy).write(&mut text, 0);
    text.push('\n');
    text
}

/// A document as it stands, indented like a normalised one.
pub(crate) fn indented(document: Value<'_>) -> String {
    let mut text = String::new();
    tree_of(document).write(&mut text, 0);
    text.push('\n');
    text
}

fn tree_of(value: Value<'_>) -> Tree {
    match value.kind() {
        Kind::Array => Tree::Array(value.elements().map(tree_of).collect()),
        Kind::Object => {
            let member = |member: json::Member<'_>| (member.key.as_cow().into_owned(), tree_of(member.value));
            Tree::Object(value.members().map(member).collect())
        }
        Kind::Null | Kind::Bool | Kind::Number | Kind::String => Tree::Leaf(value.raw().to_owned()),
    }
}

/// The hash of the normalised content, in which the order of members does not count.
pub(crate) fn hash(policy: &Policy) -> Hash {
    let text = tree(policy).compact();
    let mut canonical = Vec::new();
    match Document::scan(text.clone().into_bytes(), &Limits::default()) {
        Ok(document) => json::canonical(document.root(), &mut canonical),
        Err(_) => canonical.extend_from_slice(text.as_bytes()),
    }
    Hash::of(&canonical)
}

/// A value of a document on one line, numbers in their shortest spelling.
pub(crate) fn value(value: Value<'_>) -> String {
    match value.kind() {
        Kind::Array => {
            Tree::Array(value.elements().map(|element| Tree::Leaf(self::value(element))).collect()).compact()
        }
        Kind::Number => value
            .as_number()
            .and_then(|number| number.to_decimal().ok())
            .map_or_else(|| value.raw().to_owned(), |decimal| number(&decimal)),
        Kind::String => value.as_str().map_or_else(String::new, |text| quoted(&text)),
        Kind::Object => {
            let members = value.members();
            let members = members
                .map(|member| (member.key.as_cow().into_owned(), Tree::Leaf(self::value(member.value))));
            Tree::Object(members.collect()).compact()
        }
        Kind::Null | Kind::Bool => value.raw().to_owned(),
    }
}

fn tree(policy: &Policy) -> Tree {
    let default = match policy.default {
        Effect::Allow => "allow",
        Effect::Deny => "deny",
    };
    let mut members = vec![("version", text("1")), ("default", text(default))];
    members.extend(policy.is_shadow.then(|| ("mode", text("shadow"))));
    members.extend(policy.reveal.map(|reveal| ("reveal", text(reveal.as_str()))));
    push_section(&mut members, &policy.top);
    if !policy.servers.is_empty() {
        let servers = policy.servers.iter().map(|(id, section)| {
            let mut members = Vec::new();
            push_section(&mut members, section);
            (id.to_string(), object(members))
        });
        members.push(("servers", Tree::Object(servers.collect())));
    }
    push_channels(&mut members, &policy.channels);
    if !policy.flows.is_empty() {
        members.push(("flows", Tree::Array(policy.flows.iter().map(|flow| flow_tree(flow)).collect())));
    }
    if !policy.examples.is_empty() {
        let tests = policy.examples.iter().map(|example| Tree::Leaf(example.text.to_string()));
        members.push(("tests", Tree::Array(tests.collect())));
    }
    object(members)
}
