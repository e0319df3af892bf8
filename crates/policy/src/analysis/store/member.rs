//! Members of objects: which a call may bring, in which spellings, and what the schema says of them.

use std::borrow::Cow;

use json::Value;

use super::{ARGUMENTS, Node, Store};
use crate::analysis::kind::Kinds;
use crate::path::Source;

impl<'a> Store<'a> {
    /// The node of a member. What its parent's schemas say of it is demanded from the start.
    pub(crate) fn member(&mut self, parent: usize, name: &'a str) -> usize {
        self.member_named(parent, Cow::Borrowed(name))
    }

    pub(super) fn member_named(&mut self, parent: usize, name: Cow<'a, str>) -> usize {
        let known = self.node(parent).and_then(|node| node.members.iter().find(|(own, _)| *own == name));
        if let Some((_, index)) = known {
            return *index;
        }
        let index = self.nodes.len();
        self.nodes.push(Node::of(self.kinds_of_member(parent, &name)));
        let schemas = self.node(parent).map(|node| node.schemas.clone()).unwrap_or_default();
        for schema in schemas {
            self.narrow_member(index, &name, schema);
        }
        if let Some(node) = self.nodes.get_mut(parent) {
            node.members.push((name, index));
        }
        index
    }

    fn kinds_of_member(&self, parent: usize, name: &str) -> Kinds {
        let spelled =
            if other_spelling(name).is_some() { Kinds::ALL } else { Kinds::ALL.without(Kinds::AMBIGUOUS) };
        let Some(view) = self.view.filter(|_| parent == ARGUMENTS) else { return spelled };
        if !view.is_closed {
            return spelled;
        }
        if view.may_have(Source::Args, name) {
            return Kinds::ALL.without(Kinds::AMBIGUOUS);
        }
        let other = if view.may_spell_otherwise(name) { Kinds::AMBIGUOUS } else { Kinds::NONE };
        Kinds::MISSING.or(other).and(spelled)
    }

    /// What a schema of an object says of one member.
    pub(super) fn narrow_member(&mut self, member: usize, name: &str, schema: Value<'a>) {
        if let Some(own) = schema.get("properties").and_then(|properties| properties.get(name)) {
            self.narrow(member, own);
        } else if schema.get("patternProperties").is_none() {
            match schema.get("additionalProperties") {
                Some(other) if other.as_bool() == Some(false) => {
                    let _ = self.keep(member, Kinds::MISSING.or(Kinds::AMBIGUOUS));
                }
                Some(other) => self.narrow(member, other),
                None => {}
            }
        }
        let mut required = schema.get("required").into_iter().flat_map(|names| names.elements());
        if required.any(|required| required.as_str().is_some_and(|required| required == *name)) {
            self.require(member);
        }
    }

    /// Demands that a call brings it, were it null.
    fn require(&mut self, member: usize) {
        let Some(node) = self.nodes.get_mut(member) else { return };
        node.is_required = true;
        if !node.may_be_null {
            node.kinds = node.kinds.without(Kinds::MISSING);
        }
    }
}

/// A name that only case tells from this one.
pub(crate) fn other_spelling(name: &str) -> Option<String> {
    let [upper, lower] = [name.to_uppercase(), name.to_lowercase()];
    let swapped: String = name
        .chars()
        .map(|letter| {
            if letter.is_ascii_lowercase() {
                letter.to_ascii_uppercase()
            } else {
                letter.to_ascii_lowercase()
            }
        })
        .collect();
    [upper, lower, swapped].into_iter().find(|other| *other != name)
}
