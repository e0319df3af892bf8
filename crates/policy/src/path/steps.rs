//! The way of a path step by step, for those who write where it leads to. Reads nothing of a call's facts.

use json::Value;

use super::{Found, Path};
use crate::datum::Datum;
use crate::input::Input;

/// One step of a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Step<'a> {
    /// To the member of this name.
    Name(&'a str),
    /// To every element of a list.
    Elements,
}

impl Path {
    /// The way down from the source.
    pub(crate) fn steps(&self) -> Vec<Step<'_>> {
        let mut steps: Vec<Step<'_>> = self.names.iter().map(|name| Step::Name(name)).collect();
        for names in &self.elements {
            steps.push(Step::Elements);
            steps.extend(names.iter().map(|name| Step::Name(name)));
        }
        steps
    }

    /// The value of a message that it leads to, as far as its first `[*]`.
    pub(crate) fn raw<'a>(&self, input: Input<'a>) -> Option<Value<'a>> {
        match self.find(input) {
            Found::Value(Datum::Json(value, _)) => Some(value),
            Found::Value(Datum::Text(_) | Datum::Texts(_) | Datum::Number(_) | Datum::Date(_))
            | Found::Missing
            | Found::NotAnObject(_)
            | Found::NotAList(_)
            | Found::Ambiguous
            | Found::Unknown => None,
        }
    }
}
