//! What a question knows of the tool before any call: its name, its definition where there is one, and which
//! arguments a call may bring. Without a definition a call may bring anything.

use json::Value;

use super::subject::Subject;
use crate::bound::Bound;
use crate::input::Input;
use crate::path::Source;
use crate::schema::Declared;

/// What is known of the tool.
pub(crate) struct View<'a> {
    pub(crate) bound: &'a Bound,
    /// Whether the tool's definition is known, its annotations included.
    pub(crate) has_definition: bool,
    /// The input schema, as far as the question is about calls that fit it.
    pub(crate) schema: Option<Value<'a>>,
    /// Whether a call brings only arguments that the schema declares.
    pub(crate) is_closed: bool,
}

impl<'a> View<'a> {
    /// The calls that this side lets through its check of arguments.
    pub(crate) fn of(subject: &'a Subject<'a>, bound: &'a Bound) -> Self {
        let schema = subject.schema().filter(|_| bound.checks_schema());
        Self { bound, has_definition: subject.is_known(), schema, is_closed: bound.is_closed() }
    }

    /// The call of which only the tool is known.
    pub(crate) fn input(&self) -> Input<'_> {
        Input::of_tool(&self.bound.tool)
    }

    fn declared(&self) -> Option<&Declared> {
        self.bound.schema.as_ref().map(crate::schema::Schema::declared)
    }

    /// Whether the schema declares this argument.
    pub(crate) fn declares(&self, name: &str) -> bool {
        self.declared().is_some_and(|declared| declared.contains(name))
    }

    /// Whether a call may bring an argument whose name only case tells from this one, which is not declared itself.
    pub(crate) fn may_spell_otherwise(&self, name: &str) -> bool {
        !self.is_closed || self.declared().is_none_or(|declared| declared.may_spell_otherwise(name))
    }

    /// Whether a call may bring a member of this name.
    pub(crate) fn may_have(&self, source: Source, name: &str) -> bool {
        source != Source::Args || !self.is_closed || self.declares(name)
    }
}
