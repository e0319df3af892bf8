//! The input schema of a tool, compiled once per definition.
//! Arguments are checked in place, on the tape; no copy of them is made and no message quotes them. A schema is
//! text from a server: it is bounded in size, depth, patterns and steps, and it reaches nothing outside itself.

mod compile;
mod declared;
mod equal;
mod fuel;
mod message;
mod node;
mod repair;
mod survey;

use std::collections::HashSet;
use std::sync::Arc;

pub(crate) use declared::Declared;
use json::Value;
use jsonschema::Validator;
use node::{Node, Tape};

use crate::decision::Repaired;

/// A compiled input schema. Cloning it is cheap.
#[derive(Clone)]
pub struct Schema(Arc<Inner>);

struct Inner {
    validator: Validator<Tape>,
    declared: Declared,
    /// All property names of the schema; other names are not repeated in messages.
    names: HashSet<Box<str>>,
}

/// Why a schema cannot be used; the tool is quarantined.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SchemaError {
    /// It is no object.
    #[error("the input schema is no object")]
    NotAnObject,
    /// It is too large to be compiled safely.
    #[error("the input schema is too large: {0}")]
    TooLarge(&'static str),
    /// It refers to something outside itself.
    #[error("the input schema refers to another document, which is never fetched")]
    ForeignReference,
    /// It names a draft that is not supported.
    #[error("the input schema names a JSON Schema draft other than 2020-12, 2019-09 and 7")]
    UnsupportedDraft,
    /// It is not valid, or uses a pattern without a linear-time form.
    #[error("the input schema is not valid at `{0}`")]
    Invalid(String),
}

/// What a check of arguments answers.
#[derive(Debug)]
pub(crate) enum Verdict {
    /// They fit.
    Fits,
    /// They fit after strings were replaced by what they encode.
    Repaired(Repaired),
    /// They do not fit; what the agent should correct.
    Refused(String),
}

impl Schema {
    /// Compiles a schema.
    ///
    /// # Errors
    /// Why the schema cannot be used.
    pub fn compile(schema: Value<'_>) -> Result<Self, SchemaError> {
        let survey = survey::survey(schema)?;
        let validator = compile::validator(schema, survey.draft)?;
        let declared = Declared::of(schema)?;
        Ok(Self(Arc::new(Inner { validator, declared, names: survey.names })))
    }

    /// Whether the schema itself writes this name of a top-level argument; a name that only matches a pattern is an
    /// agent's own and may be anything.
    #[must_use]
    pub fn writes(&self, name: &str) -> bool {
        self.0.declared.names(name)
    }

    /// A pointer into arguments as records may hold it: names that the schema does not write become `*`.
    #[must_use]
    pub fn shown_pointer(&self, arguments: Value<'_>, pointer: &str) -> String {
        let (mut shown, mut place) = (String::new(), Some(arguments));
        for segment in pointer.split('/').skip(1) {
            let is_position = place.is_some_and(|value| value.is_array());
            let name = segment.replace("~1", "/").replace("~0", "~");
            shown.push('/');
            shown.push_str(if is_position || self.knows_name(&name) { segment } else { "*" });
            place = place.and_then(|value| value.pointer(&format!("/{segment}")));
        }
        shown
    }

    /// The top-level arguments that the schema declares.
    pub(crate) fn declared(&self) -> &Declared {
        &self.0.declared
    }

    /// Whether the schema declares a property of this name anywhere, so that a message may repeat it.
    pub(crate) fn knows_name(&self, name: &str) -> bool {
        self.0.names.contains(name)
    }

    /// Checks arguments; `None` stands for `{}`.
    pub(crate) fn check(&self, arguments: Option<Value<'_>>, may_repair: bool) -> Verdict {
        match self.accepts(arguments) {
            Some(true) => Verdict::Fits,
            Some(false) => self.refuse(arguments, may_repair),
            None => Verdict::Refused(message::TOO_COMPLEX.to_owned()),
        }
    }

    #[cold]
    fn refuse(&self, arguments: Option<Value<'_>>, may_repair: bool) -> Verdict {
        let collect = || self.0.validator.iter_errors(Node::new(arguments)).collect::<Vec<_>>();
        let Some(errors) = fuel::within(fuel::for_errors(), collect) else {
            return Verdict::Refused(message::NO_FIT.to_owned());
        };
        let repaired =
            arguments.filter(|_| may_repair).and_then(|arguments| repair::repair(self, arguments, &errors));
        repaired.map_or_else(|| Verdict::Refused(message::of_errors(&errors, self)), Verdict::Repaired)
    }

    /// Whether arguments fit as they are; nothing when that takes too many steps.
    pub(crate) fn accepts(&self, arguments: Option<Value<'_>>) -> Option<bool> {
        fuel::within(fuel::for_check(arguments), || self.0.validator.is_valid(Node::new(arguments)))
    }
}

impl std::fmt::Debug for Schema {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "Schema({} names)", self.0.names.len())
    }
}
