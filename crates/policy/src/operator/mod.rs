//! The operators of conditions: one list, one family per file.
//! An operator compares and nothing else: it never coerces ("5" is not 5) and never answers true or false to a
//! value of a type that it does not read.

mod affix;
mod equality;
mod folder;
mod glob;
mod host;
pub(crate) mod length;
mod membership;
mod network;
mod order;
mod other;
mod pattern;
mod presence;
mod quantifier;
mod scalar;
mod shape;
mod test;
mod text;
mod types;

pub(crate) use affix::End;
pub(crate) use folder::Folder;
pub(crate) use folder::is_plain as is_plain_path;
use json::{Kind, Value};
pub(crate) use network::Network;
pub(crate) use order::Relation;
pub(crate) use pattern::{compile as compile_pattern, is_anchored};
pub(crate) use scalar::Scalar;
pub(crate) use test::{Check, Sense, Test};

use crate::diagnostic::code;

/// Reads the `value` of a condition.
type Prepare = fn(Value<'_>) -> Result<Test, BadValue>;

/// One operator.
pub struct Operator {
    /// As it is written in `op`.
    pub name: &'static str,
    /// One line for the manual.
    pub doc: &'static str,
    /// What `value` must be, for the manual.
    pub value: &'static str,
    /// When it is an error, for the manual.
    pub errors: &'static str,
    /// Whether the answer is the opposite of the comparison's. On a missing argument the difference matters.
    pub(crate) negated: bool,
    pub(crate) prepare: Prepare,
}

/// What is wrong with the `value` of a condition.
#[derive(Debug)]
pub(crate) struct BadValue {
    pub(crate) code: &'static str,
    pub(crate) message: String,
    /// The element of a list that is wrong.
    pub(crate) element: Option<usize>,
}

/// The operators, in the order of the manual.
pub static OPERATORS: &[&Operator] = &[
    &equality::EQ,
    &equality::NEQ,
    &order::LT,
    &order::LTE,
    &order::GT,
    &order::GTE,
    &membership::IN,
    &membership::NOT_IN,
    &presence::EXISTS,
    &types::TYPE,
    &text::REGEX,
    &text::CONTAINS,
    &affix::PREFIX,
    &affix::SUFFIX,
    &glob::GLOB,
    &length::LEN_LTE,
    &length::LEN_GTE,
    &host::HOST_IN,
    &network::CIDR,
    &folder::PATH_UNDER,
    &quantifier::EACH,
    &quantifier::SOME,
    &other::EQ_PATH,
    &shape::WITHIN_SCHEMA,
];

/// The operator of this name.
pub(crate) fn find(name: &str) -> Option<&'static Operator> {
    OPERATORS.iter().find(|operator| operator.name == name).copied()
}

/// All names, for "did you mean".
pub(crate) fn names() -> impl Iterator<Item = &'static str> {
    OPERATORS.iter().map(|operator| operator.name)
}

/// A text of a document that says something.
fn read_text(value: Value<'_>) -> Result<Box<str>, BadValue> {
    let bad = |code, message| BadValue { code, message, element: None };
    let Some(text) = value.as_str() else {
        let message = format!("`value` must be a string, not {}", kind_name(value.kind()));
        return Err(bad(code::WRONG_TYPE, message));
    };
    if text.is_empty() {
        return Err(bad(code::BAD_VALUE, "`value` must not be empty".to_owned()));
    }
    Ok(text.into())
}

/// A text, and its place where it is the element of a list.
type Element = (Option<usize>, Box<str>);

/// A text, or a list of texts, at least one.
fn read_texts(value: Value<'_>) -> Result<Vec<Element>, BadValue> {
    if !value.is_array() {
        return Ok(vec![(None, read_text(value)?)]);
    }
    let mut texts = Vec::new();
    for (index, element) in value.elements().enumerate() {
        let text = read_text(element).map_err(|bad| BadValue { element: Some(index), ..bad })?;
        texts.push((Some(index), text));
    }
    if texts.is_empty() {
        let message = "an empty list decides nothing; name at least one value".to_owned();
        return Err(BadValue { code: code::BAD_VALUE, message, element: None });
    }
    Ok(texts)
}

/// How a message names a kind of value.
pub(crate) const fn kind_name(kind: Kind) -> &'static str {
    match kind {
        Kind::Null => "null",
        Kind::Bool => "a boolean",
        Kind::Number => "a number",
        Kind::String => "a string",
        Kind::Array => "an array",
        Kind::Object => "an object",
    }
}

#[cfg(test)]
pub(crate) mod testing {
    use super::*;
    use crate::datum::{Datum, Numbers};
    use crate::input::Input;
    use crate::path::Found;
    pub(crate) use crate::testing::document;
    use crate::truth::Truth;

    /// What the operator answers in both senses; `missing` stands for no argument at all.
    pub(crate) fn check(operator: &'static Operator, value: &str, argument: &str, expected: [Truth; 2]) {
        let value_document = document(value);
        let test = (operator.prepare)(value_document.root()).unwrap();
        let check = Check { test, negated: operator.negated };
        let text = if argument == "missing" { "null" } else { argument };
        let argument_document = document(text);
        let root = argument_document.root();
        let found =
            if root.is_null() { Found::Missing } else { Found::Value(Datum::Json(root, Numbers::Double)) };
        let answers = [Sense::Require, Sense::DenyIf].map(|sense| check.judge(found, Input::empty(), sense));
        assert_eq!(answers, expected, "{argument} {} {value}", operator.name);
        for sense in [Sense::Require, Sense::DenyIf] {
            assert_eq!(check.judge(Found::Unknown, Input::empty(), sense), Truth::Unknown);
            assert_eq!(check.judge(Found::Ambiguous, Input::empty(), sense), Truth::Error);
            assert_eq!(check.judge(Found::NotAnObject(Kind::String), Input::empty(), sense), Truth::Error);
        }
    }

    /// A `value` that the operator refuses, and a part of what it says.
    pub(crate) fn refuses(operator: &'static Operator, value: &str, part: &str) {
        let document = document(value);
        let message = (operator.prepare)(document.root()).expect_err(value).message;
        assert!(message.contains(part), "{value}: {message}");
    }

    #[test]
    fn names_are_unique() {
        let mut all: Vec<_> = names().collect();
        all.sort_unstable();
        let n_names = all.len();
        all.dedup();
        assert_eq!(all.len(), n_names);
    }
}
