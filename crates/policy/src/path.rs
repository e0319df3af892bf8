//! Where a condition or a limit reads: the arguments or something around the call, and the names on the way down.
//! Split once when the document loads. A path never guesses: what has two readings is an error, and so is a
//! step into something that has no members.

mod steps;

use std::sync::Arc;

use json::{Kind, Value};
pub(crate) use steps::Step;

use crate::datum::{Datum, Numbers};
use crate::fact::Fact;
use crate::gap;
use crate::input::{Given, Input, Known};
use crate::member::{OtherSpelling, member};
use crate::registry::{PATH_ROOTS, Status};
use crate::zone::Zone;

/// What a path leads to.
#[derive(Clone, Copy)]
pub(crate) enum Found<'a> {
    /// A value that is not null.
    Value(Datum<'a>),
    /// Nothing, or null.
    Missing,
    /// A step on the way is no object; its kind.
    NotAnObject(Kind),
    /// What has `[*]` behind it is no list; its kind.
    NotAList(Kind),
    /// There is an argument whose own name is the rest of the path, dots included, and it is not clear that the
    /// server reads it: the schema does not declare it, or the path leads to something else too.
    Ambiguous,
    /// Nobody knows yet.
    Unknown,
}

/// A path to a value of the call.
#[derive(Debug, Clone)]
pub(crate) struct Path {
    text: Arc<str>,
    source: Source,
    /// In which zone a time is told.
    zone: Option<Box<Zone>>,
    /// The names below the source; none where the source is the value.
    pub(crate) names: Box<[Box<str>]>,
    /// All names with their dots, when there are several: a few tools have arguments that are named so.
    pub(crate) dotted: Option<Box<str>>,
    /// For each `[*]` the names behind it.
    pub(crate) elements: Box<[Box<[Box<str>]>]>,
}

/// Where a path begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Source {
    /// The arguments.
    Args,
    /// The answers of the client in a further round.
    Input,
    /// What the server says of the tool.
    Annotations,
    /// A fact, which is a value itself.
    Fact(Fact),
}

/// Why a text is not a path that can be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum PathProblem {
    /// The first part is none of the roots; the nearest, if there is one.
    UnknownRoot,
    /// The first part is a root that this version does not fill.
    RootNotBuilt,
    /// A known root, but nothing of this name in it.
    UnknownFact,
    /// A bracket that is not the one of `[*]` at the end of a name.
    Bracket,
    /// Nothing after the root, or two dots in a row.
    EmptyName,
}

impl Path {
    /// Splits `args.a.b`.
    pub(crate) fn parse(text: &str) -> Result<Self, PathProblem> {
        let (root, rest) = text.split_once('.').unwrap_or((text, ""));
        match PATH_ROOTS.find(root).map(|entry| entry.status) {
            Some(Status::Built) => {}
            Some(Status::NotYetBuilt) => return Err(PathProblem::RootNotBuilt),
            None => return Err(PathProblem::UnknownRoot),
        }
        let (source, rest) = match (root, rest.strip_prefix("annotations.")) {
            ("args", _) => (Source::Args, rest),
            ("input", _) => (Source::Input, rest),
            ("tool", Some(below)) => (Source::Annotations, below),
            (_, _) => {
                (Source::Fact(Fact::named(&text.replace("[*]", "")).ok_or(PathProblem::UnknownFact)?), rest)
            }
        };
        let mut parts = rest.split("[*]");
        let head = parts.next().unwrap_or_default();
        let names = if matches!(source, Source::Fact(_)) { Box::from([]) } else { split(head)? };
        let elements = parts.map(split_behind).collect::<Result<_, _>>()?;
        let dotted = (names.len() > 1).then(|| Box::from(head));
        Ok(Self { text: Arc::from(text), source, zone: None, names, dotted, elements })
    }

    /// The path of a root and names below it, each of which may hold any sign.
    pub(crate) fn of(root: &str, names: Vec<String>) -> Result<Self, PathProblem> {
        match PATH_ROOTS.find(root).map(|entry| entry.status) {
            Some(Status::Built) => {}
            Some(Status::NotYetBuilt) => return Err(PathProblem::RootNotBuilt),
            None => return Err(PathProblem::UnknownRoot),
        }
        let joined = names.join(".");
        let text = format!("{root}.{joined}");
        let source = match (root, names.first().map(String::as_str)) {
            (_, None) => return Err(PathProblem::EmptyName),
            ("args", Some(_)) => Source::Args,
            ("input", Some(_)) => Source::Input,
            ("tool", Some("annotations")) => Source::Annotations,
            (_, Some(_)) => Source::Fact(Fact::named(&text).ok_or(PathProblem::UnknownFact)?),
        };
        let names: Box<[Box<str>]> = match source {
            Source::Args | Source::Input => names.into_iter().map(String::into_boxed_str).collect(),
            Source::Annotations | Source::Fact(_) => Box::from([]),
        };
        let dotted = (names.len() > 1).then(|| joined.into_boxed_str());
        Ok(Self { text: Arc::from(text), source, zone: None, names, dotted, elements: Box::from([]) })
    }

    /// Whether both lead to the same.
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        self.source == other.source && self.names == other.names && self.elements == other.elements
    }

    /// Where it begins.
    pub(crate) const fn source(&self) -> Source {
        self.source
    }

    /// The same path, telling a time in a zone.
    pub(crate) fn in_zone(mut self, zone: Zone) -> Self {
        self.zone = Some(Box::new(zone));
        self
    }

    /// The zone in which it tells a time, if one is named.
    pub(crate) fn zone(&self) -> Option<&Zone> {
        self.zone.as_deref()
    }

    /// The same path, leading to the elements of a list where it did not say so.
    pub(crate) fn with_elements(mut self) -> Self {
        if self.elements.is_empty() {
            self.elements = Box::from([Box::from([])]);
        }
        self
    }

    /// Whether it leads to the elements of a list.
    pub(crate) fn has_elements(&self) -> bool {
        !self.elements.is_empty()
    }

    /// As it was written.
    pub(crate) const fn text(&self) -> &Arc<str> {
        &self.text
    }

    /// The names below its source.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.names.iter().chain(self.elements.iter().flatten()).map(AsRef::as_ref)
    }

    /// The names of top-level arguments that this path may read.
    fn top_names(&self) -> impl Iterator<Item = &str> {
        self.names.first().into_iter().chain(self.dotted.as_ref()).map(AsRef::as_ref)
    }

    /// Follows the path to all that it leads to. A list that is missing is one missing value.
    pub(crate) fn visit<'a>(&self, input: Input<'a>, see: &mut dyn FnMut(Found<'a>)) {
        visit_elements(self.find(input), &self.elements, see);
    }

    /// Follows the path, as far as its first `[*]`.
    pub(crate) fn find<'a>(&self, input: Input<'a>) -> Found<'a> {
        match self.source {
            Source::Args => self.find_argument(input),
            Source::Input => match input.facts.map(|facts| facts.input) {
                None => Found::Unknown,
                Some(None) if input.arguments.are_unknown() => Found::Unknown,
                Some(None) => Found::Missing,
                Some(Some(answers)) => self.find_in(Known::undeclared(answers), input.numbers),
            },
            Source::Annotations => match &input.tool.annotations {
                None => Found::Missing,
                Some(object) => self.find_in(Known::undeclared(object.root()), Numbers::Double),
            },
            Source::Fact(fact) => fact.find(input, self.zone()),
        }
    }

    fn find_argument<'a>(&self, input: Input<'a>) -> Found<'a> {
        match input.arguments {
            Given::Unknown { possible: Some(declared) }
                if !self.top_names().any(|name| declared.contains(name)) =>
            {
                Found::Missing
            }
            Given::Unknown { .. } => Found::Unknown,
            Given::Named(names) if self.top_names().all(|name| names.lack(name)) => Found::Missing,
            Given::Named(_) => Found::Unknown,
            Given::Partly(_, gaps) if gaps.iter().any(|gap| self.meets(gap)) => Found::Unknown,
            Given::Empty => Found::Missing,
            Given::Known(known) | Given::Partly(known, _) => self.find_in(known, input.numbers),
        }
    }

    fn meets(&self, gap: &str) -> bool {
        gap::meets(gap, &self.names, self.dotted.as_deref())
    }

    fn find_in<'a>(&self, known: Known<'a>, numbers: Numbers) -> Found<'a> {
        let nested = self.descend(known, numbers);
        let Some(name) = &self.dotted else { return nested };
        match known.member(name).map(|value| value.filter(|value| !value.is_null())) {
            Ok(None) => nested,
            Ok(Some(value)) if matches!(nested, Found::Missing) && known.declares(name) => {
                Found::Value(Datum::Json(value, numbers))
            }
            Ok(Some(_)) | Err(OtherSpelling) => Found::Ambiguous,
        }
    }

    fn descend<'a>(&self, known: Known<'a>, numbers: Numbers) -> Found<'a> {
        let mut value = known.arguments;
        for (depth, name) in self.names.iter().enumerate() {
            match value.kind() {
                Kind::Object => {}
                kind @ (Kind::Null | Kind::Bool | Kind::Number | Kind::String | Kind::Array) => {
                    return Found::NotAnObject(kind);
                }
            }
            let next = if depth == 0 { known.member(name) } else { member(value, name, |_| false) };
            match next {
                Ok(Some(next)) if !next.is_null() => value = next,
                Ok(_) => return Found::Missing,
                Err(OtherSpelling) => return Found::Ambiguous,
            }
        }
        Found::Value(Datum::Json(value, numbers))
    }
}

fn split(names: &str) -> Result<Box<[Box<str>]>, PathProblem> {
    if names.contains(['[', ']']) {
        return Err(PathProblem::Bracket);
    }
    let names: Box<[Box<str>]> = names.split('.').map(Box::from).collect();
    if names.iter().any(|name| name.is_empty()) { Err(PathProblem::EmptyName) } else { Ok(names) }
}

/// What stands behind `[*]`: nothing, or a dot and names.
fn split_behind(part: &str) -> Result<Box<[Box<str>]>, PathProblem> {
    match (part, part.strip_prefix('.')) {
        ("", _) => Ok(Box::from([])),
        (_, Some(names)) => split(names),
        (_, None) => Err(PathProblem::Bracket),
    }
}

fn visit_elements<'a>(found: Found<'a>, elements: &[Box<[Box<str>]>], see: &mut dyn FnMut(Found<'a>)) {
    let Some((names, rest)) = elements.split_first() else { return see(found) };
    let list = match found {
        Found::Value(list) => list,
        Found::Missing | Found::NotAnObject(_) | Found::NotAList(_) | Found::Ambiguous | Found::Unknown => {
            return see(found);
        }
    };
    if list.kind() != Kind::Array {
        return see(Found::NotAList(list.kind()));
    }
    for element in list.all_elements() {
        visit_elements(inside(element, names), rest, see);
    }
}

/// Follows names down from an element of a list.
fn inside<'a>(element: Option<Datum<'a>>, names: &[Box<str>]) -> Found<'a> {
    let Some(mut found) = element else { return Found::Missing };
    for name in names {
        let Some((object, numbers)) = found.object() else { return Found::NotAnObject(found.kind()) };
        match member(object, name, |_| false) {
            Ok(Some(next)) if !next.is_null() => found = Datum::Json(next, numbers),
            Ok(_) => return Found::Missing,
            Err(OtherSpelling) => return Found::Ambiguous,
        }
    }
    Found::Value(found)
}

impl<'a> Known<'a> {
    /// The argument of this name. Another spelling of it is fine where the schema declares both.
    fn member(&self, name: &str) -> Result<Option<Value<'a>>, OtherSpelling> {
        let is_declared = self.declares(name);
        if is_declared && self.are_declared {
            return Ok(self.arguments.get(name));
        }
        member(self.arguments, name, |other| is_declared && self.declares(other))
    }
}

#[cfg(test)]
mod tests;
