//! What is known of a call while it is judged: its arguments, and the facts around them.
//! What is not known stays so: no condition on it is ever true or false.

use std::sync::Arc;

use json::{Document, Value};

use crate::class::Classes;
use crate::datum::Numbers;
use crate::decision::Facts;
use crate::member::is_same_but_for_case;
use crate::schema::Declared;
use crate::stack::Definition;
use crate::terms::Moment;

/// Everything that paths read.
#[derive(Clone, Copy)]
pub(crate) struct Input<'a> {
    pub(crate) arguments: Given<'a>,
    /// Nothing while a list is made. What of them is not known is unknown to conditions.
    pub(crate) facts: Option<&'a Facts<'a>>,
    pub(crate) tool: &'a Tool,
    pub(crate) numbers: Numbers,
}

/// What is known of a tool and its server at all times.
#[derive(Debug, Clone, Default)]
pub(crate) struct Tool {
    pub(crate) server: Box<str>,
    pub(crate) name: Box<str>,
    /// The object that its server wrote, or nothing.
    pub(crate) annotations: Option<Arc<Document>>,
    pub(crate) classes: Classes,
}

impl Tool {
    /// What a definition says of a tool.
    pub(crate) fn of(definition: &Definition) -> Self {
        Self {
            server: Box::from(&*definition.server),
            name: Box::from(&*definition.name),
            annotations: definition.annotations.clone(),
            classes: definition.classes.clone(),
        }
    }
}

/// What the arguments of a call are, as far as they are known.
#[derive(Clone, Copy)]
pub(crate) enum Given<'a> {
    /// A list is being made: no call yet. What no call may hold, because the schema declares other arguments and
    /// undeclared ones are refused, is missing from each.
    Unknown {
        /// The arguments that a call may hold, where that is known.
        possible: Option<&'a Declared>,
    },
    /// A call was made of whose arguments only the names are known. A value may be null, which is the same as none.
    Named(Names<'a>),
    /// The call has no arguments, which is the same as `{}`.
    Empty,
    /// The arguments of a call.
    Known(Known<'a>),
    /// The arguments of a call, without what is at these JSON Pointers; a step `*` is any.
    Partly(Known<'a>, &'a [String]),
}

impl Given<'_> {
    /// Whether no value of them is known.
    pub(crate) const fn are_unknown(&self) -> bool {
        match self {
            Self::Unknown { .. } | Self::Named(_) => true,
            Self::Empty | Self::Known(_) | Self::Partly(..) => false,
        }
    }
}

/// The names of a call's top-level arguments.
#[derive(Clone, Copy)]
pub(crate) struct Names<'a> {
    pub(crate) present: &'a [&'a str],
    /// Whether there are more, of which no name is known.
    pub(crate) has_others: bool,
}

impl Names<'_> {
    /// Whether there is certainly no argument of this name, in whatever case.
    pub(crate) fn lack(&self, name: &str) -> bool {
        !self.has_others && !self.present.iter().any(|present| is_same_but_for_case(present, name))
    }
}

/// The arguments of a call, an object.
#[derive(Clone, Copy)]
pub(crate) struct Known<'a> {
    pub(crate) arguments: Value<'a>,
    /// The names that the schema declares.
    pub(crate) declared: Option<&'a Declared>,
    /// Whether no other names were let through.
    pub(crate) are_declared: bool,
}

impl<'a> Known<'a> {
    /// An object of which no schema is known.
    pub(crate) const fn undeclared(arguments: Value<'a>) -> Self {
        Self { arguments, declared: None, are_declared: false }
    }

    pub(crate) fn declares(&self, name: &str) -> bool {
        self.declared.is_some_and(|declared| declared.contains(name))
    }
}

impl<'a> Input<'a> {
    /// The time of the call; without one, while a list is made, whatever may come.
    pub(crate) fn moment(&self) -> Moment {
        self.facts.map_or(Moment::List(None), |facts| Moment::Call(facts.now_ms))
    }

    /// A call without arguments, of which only the tool is known.
    pub(crate) const fn of_tool(tool: &'a Tool) -> Self {
        Self { arguments: Given::Empty, facts: None, tool, numbers: Numbers::Double }
    }
}

#[cfg(test)]
impl Input<'static> {
    /// A call without arguments, of which nothing else is known.
    pub(crate) fn empty() -> Self {
        Self::of_tool(no_tool())
    }
}

#[cfg(test)]
impl<'a> Input<'a> {
    /// A call with these arguments, of which nothing else is known.
    pub(crate) fn of(known: Known<'a>) -> Self {
        Self { arguments: Given::Known(known), facts: None, tool: no_tool(), numbers: Numbers::Double }
    }
}

#[cfg(test)]
fn no_tool() -> &'static Tool {
    static NO_TOOL: std::sync::LazyLock<Tool> = std::sync::LazyLock::new(Tool::default);
    &NO_TOOL
}
