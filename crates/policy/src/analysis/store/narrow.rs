//! What a tool's JSON Schema says of a value, as far as its keywords are simple. What is not understood demands
//! nothing here: every example is judged by the evaluator, which checks the whole schema.

use std::borrow::Cow;

use json::{Kind, Value};

use super::Store;
use crate::analysis::kind::Kinds;

/// Schemas within schemas, and references; real ones are far below.
const MAX_DEPTH: usize = 24;

impl<'a> Store<'a> {
    /// Demands that a schema accepts what is at a node.
    pub(crate) fn narrow(&mut self, node: usize, schema: Value<'a>) {
        self.narrow_within(node, schema, 0);
    }

    fn narrow_within(&mut self, index: usize, schema: Value<'a>, depth: usize) {
        let (kinds, may_be_null) = self.kinds_of_schema(schema, 0);
        let members = {
            let Some(node) = self.nodes.get_mut(index) else { return };
            node.may_be_null &= may_be_null;
            let missing = if node.is_required && !node.may_be_null { Kinds::NONE } else { Kinds::MISSING };
            node.kinds = node.kinds.and(kinds.or(missing).or(Kinds::AMBIGUOUS));
            node.members.clone()
        };
        if depth >= MAX_DEPTH || !schema.is_object() {
            return;
        }
        if schema.get("$ref").is_some() {
            // What stands beside a reference says nothing in older drafts.
            if let Some(target) = self.target(schema) {
                self.narrow_within(index, target, depth + 1);
            }
            return;
        }
        for part in schema.get("allOf").into_iter().flat_map(|list| list.elements()) {
            self.narrow_within(index, part, depth + 1);
        }
        if let Some(node) = self.nodes.get_mut(index) {
            node.schemas.push(schema);
            let choices = ["anyOf", "oneOf"].into_iter().filter_map(|key| schema.get(key));
            node.choices.extend(choices.map(|list| list.elements().collect::<Vec<_>>()));
        }
        for (name, member) in members {
            self.narrow_member(member, &name, schema);
        }
        for name in schema.get("required").into_iter().flat_map(|names| names.elements()) {
            if let Some(Cow::Borrowed(name)) = name.as_str() {
                self.member_named(index, Cow::Borrowed(name));
            } else if let Some(Cow::Owned(name)) = name.as_str() {
                self.member_named(index, Cow::Owned(name));
            }
        }
    }

    /// The schema that a reference leads to.
    fn target(&self, schema: Value<'a>) -> Option<Value<'a>> {
        let reference = schema.get("$ref")?.as_str()?;
        self.schema_root?.pointer(reference.strip_prefix('#')?)
    }

    /// The kinds of value that a schema may accept, and whether it may accept null.
    fn kinds_of_schema(&self, schema: Value<'a>, depth: usize) -> (Kinds, bool) {
        if schema.as_bool() == Some(false) {
            return (Kinds::NONE, false);
        }
        if !schema.is_object() || depth >= MAX_DEPTH {
            return (Kinds::VALUES, true);
        }
        if schema.get("$ref").is_some() {
            let target = self.target(schema);
            return target.map_or((Kinds::VALUES, true), |target| self.kinds_of_schema(target, depth + 1));
        }
        let mut found = (Kinds::VALUES, true);
        let mut keep = |(kinds, null): (Kinds, bool)| found = (found.0.and(kinds), found.1 && null);
        if let Some(types) = schema.get("type") {
            let one = types.is_string().then_some(types);
            keep(union(one.into_iter().chain(types.elements()).map(of_type)));
        }
        if let Some(values) = schema.get("enum") {
            keep(union(values.elements().map(of_value)));
        }
        if let Some(value) = schema.get("const") {
            keep(of_value(value));
        }
        for key in ["anyOf", "oneOf"] {
            if let Some(list) = schema.get(key) {
                keep(union(list.elements().map(|one| self.kinds_of_schema(one, depth + 1))));
            }
        }
        found
    }
}

fn union(each: impl Iterator<Item = (Kinds, bool)>) -> (Kinds, bool) {
    each.fold((Kinds::NONE, false), |(kinds, null), (other, other_null)| {
        (kinds.or(other), null || other_null)
    })
}

fn of_type(name: Value<'_>) -> (Kinds, bool) {
    let number = Kinds::EXACT.or(Kinds::INEXACT);
    match name.as_str().as_deref() {
        Some("string") => (Kinds::TEXT, false),
        Some("number" | "integer") => (number, false),
        Some("boolean") => (Kinds::BOOL, false),
        Some("array") => (Kinds::LIST, false),
        Some("object") => (Kinds::OBJECT, false),
        Some("null") => (Kinds::NONE, true),
        Some(_) | None => (Kinds::VALUES, true),
    }
}

/// The kinds of values that equal this one as schemas compare.
fn of_value(value: Value<'_>) -> (Kinds, bool) {
    match value.kind() {
        Kind::Null => (Kinds::NONE, true),
        // Two numbers that are one double are equal to a schema.
        Kind::Number => (Kinds::EXACT.or(Kinds::INEXACT), false),
        Kind::Bool | Kind::String | Kind::Array | Kind::Object => (Kinds::of(value), false),
    }
}
