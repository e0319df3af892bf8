//! Reads the parts of a document and collects what is wrong with them.
//! Every helper reports before it gives up, so that a missing result always has a diagnostic.

use std::collections::HashSet;

use json::{Kind, Value};

use crate::diagnostic::{Found, Severity, code};
use crate::operator::kind_name;
use crate::registry::{Entry, Status, Table};
use crate::rule;

/// A value and where it is.
#[derive(Clone)]
pub(super) struct Place<'a> {
    pub(super) value: Value<'a>,
    pub(super) pointer: String,
}

/// The members of an object whose keys were checked.
pub(super) struct Fields<'a> {
    place: Place<'a>,
    /// Keys that an unknown one was probably meant to be.
    misspelt: Vec<&'static str>,
}

/// What is wrong, without its place.
pub(super) struct Problem {
    pub(super) code: &'static str,
    pub(super) message: String,
    pub(super) suggestion: Option<String>,
}

impl Problem {
    pub(super) fn new(code: &'static str, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), suggestion: None }
    }

    pub(super) fn meant(mut self, suggestion: Option<impl Into<String>>) -> Self {
        self.suggestion = suggestion.map(Into::into);
        self
    }
}

/// Collects the problems of one document.
pub(super) struct Reader {
    skipped_keys: HashSet<usize>,
    problems: Vec<Found>,
}

impl Reader {
    pub(super) fn new(skipped_keys: Vec<usize>) -> Self {
        Self { skipped_keys: skipped_keys.into_iter().collect(), problems: Vec::new() }
    }

    pub(super) fn into_problems(self) -> Vec<Found> {
        self.problems
    }

    /// Reports a problem of the value at a place.
    pub(super) fn report(&mut self, place: &Place<'_>, problem: Problem) {
        self.report_at(place.offset(), place.pointer.clone(), problem);
    }

    pub(super) fn report_at(&mut self, offset: usize, pointer: String, problem: Problem) {
        let Problem { code, message, suggestion } = problem;
        self.problems.push(Found { offset, severity: Severity::Error, pointer, message, suggestion, code });
    }

    fn report_type(&mut self, place: &Place<'_>, wanted: &str) {
        let message = format!("must be {wanted}, not {}", kind_name(place.value.kind()));
        self.report(place, Problem::new(code::WRONG_TYPE, message));
    }

    /// The members of an object with arbitrary keys.
    pub(super) fn members<'a>(
        &mut self,
        place: &Place<'a>,
        wanted: &str,
    ) -> Option<Vec<(String, Place<'a>)>> {
        if !place.value.is_object() {
            self.report_type(place, wanted);
            return None;
        }
        let members =
            place.value.members().filter(|member| !self.skipped_keys.contains(&member.key.span().start));
        Some(
            members
                .map(|member| {
                    (member.key.as_cow().into_owned(), place.member(&member.key.as_cow(), member.value))
                })
                .collect(),
        )
    }

    /// An object with the keys of a table; unknown ones and those that are not built are reported.
    pub(super) fn object<'a>(&mut self, place: &Place<'a>, table: &Table) -> Option<Fields<'a>> {
        if !place.value.is_object() {
            self.report_type(place, &format!("an object with the keys of {}", table.title));
            return None;
        }
        let mut misspelt = Vec::new();
        for member in place.value.members() {
            let offset = member.key.span().start;
            let key = member.key.as_cow();
            if self.skipped_keys.contains(&offset) {
                continue;
            }
            if let Some(problem) = check_key(&key, table, &mut misspelt) {
                self.report_at(offset, rule::child(&place.pointer, &key), problem);
            }
        }
        Some(Fields { place: place.clone(), misspelt })
    }

    /// The elements of a list.
    pub(super) fn list<'a>(&mut self, place: &Place<'a>) -> Option<Vec<Place<'a>>> {
        if !place.value.is_array() {
            self.report_type(place, "a list");
            return None;
        }
        let elements = place.value.elements().enumerate();
        Some(
            elements
                .map(|(index, value)| Place { value, pointer: format!("{}/{index}", place.pointer) })
                .collect(),
        )
    }

    /// A text.
    pub(super) fn text<'a>(&mut self, place: &Place<'a>) -> Option<std::borrow::Cow<'a, str>> {
        let text = place.value.as_str();
        if text.is_none() {
            self.report_type(place, "a string");
        }
        text
    }

    /// A text that says something.
    pub(super) fn name<'a>(&mut self, place: &Place<'a>) -> Option<std::borrow::Cow<'a, str>> {
        let text = self.text(place)?;
        if text.trim().is_empty() {
            self.report(place, Problem::new(code::BAD_VALUE, "must not be empty"));
            return None;
        }
        Some(text)
    }

    /// `true` or `false`.
    pub(super) fn boolean(&mut self, place: &Place<'_>) -> Option<bool> {
        let boolean = place.value.as_bool();
        if boolean.is_none() {
            self.report_type(place, "`true` or `false`");
        }
        boolean
    }

    /// One of the words of a table.
    pub(super) fn word(&mut self, place: &Place<'_>, table: &Table) -> Option<&'static str> {
        let Some(text) = place.value.as_str() else {
            self.report_word_type(place, table);
            return None;
        };
        match table.find(&text) {
            Some(Entry { name, status: Status::Built, .. }) => Some(name),
            Some(Entry { name, doc, status: Status::NotYetBuilt }) => {
                self.report(place, not_built(name, doc));
                None
            }
            None => {
                let message =
                    format!("unknown value `{text}` of {}; use one of {}", table.title, table.built_names());
                let problem = Problem::new(code::UNKNOWN_VALUE, message).meant(table.nearest(&text));
                self.report(place, problem);
                None
            }
        }
    }

    fn report_word_type(&mut self, place: &Place<'_>, table: &Table) {
        let names = table.built_names();
        let message = format!(
            "{} must be one of the strings {names}, not {}",
            table.title,
            kind_name(place.value.kind())
        );
        let meant = match place.value.kind() {
            Kind::Number | Kind::Bool => {
                table.find(place.value.raw()).map(|entry| format!("\"{}\"", entry.name))
            }
            Kind::Null | Kind::String | Kind::Array | Kind::Object => None,
        };
        self.report(place, Problem::new(code::WRONG_TYPE, message).meant(meant));
    }
}

/// What is wrong with a key, if anything; remembers what it was probably meant to be.
fn check_key(key: &str, table: &Table, misspelt: &mut Vec<&'static str>) -> Option<Problem> {
    match table.find(key) {
        Some(Entry { status: Status::Built, .. }) => None,
        Some(Entry { name, doc, status: Status::NotYetBuilt }) => Some(not_built(name, doc)),
        None => {
            let meant = table.nearest(key);
            misspelt.extend(meant);
            Some(
                Problem::new(code::UNKNOWN_KEY, format!("unknown key `{key}` of {}", table.title))
                    .meant(meant),
            )
        }
    }
}

/// A word of the language that this version cannot enforce.
pub(super) fn not_built(name: &str, doc: &str) -> Problem {
    let about = doc.trim_end_matches('.');
    let message = format!("`{name}` is known but not built yet ({about}); remove it until it is");
    Problem::new(code::NOT_BUILT, message)
}

impl<'a> Place<'a> {
    /// Where its text begins.
    pub(super) fn offset(&self) -> usize {
        self.value.span().start
    }

    /// The place of a member.
    fn member(&self, key: &str, value: Value<'a>) -> Place<'a> {
        Place { value, pointer: rule::child(&self.pointer, key) }
    }
}

impl<'a> Fields<'a> {
    /// The value of a key that may be absent.
    pub(super) fn get(&self, key: &str) -> Option<Place<'a>> {
        self.place.value.get(key).map(|value| self.place.member(key, value))
    }

    /// The value of a key that must be there.
    pub(super) fn required(&self, reader: &mut Reader, key: &str, hint: &str) -> Option<Place<'a>> {
        let found = self.get(key);
        if found.is_none() && !self.misspelt.contains(&key) {
            let message = format!("`{key}` is missing; {hint}");
            reader.report(&self.place, Problem::new(code::MISSING_KEY, message));
        }
        found
    }
}
