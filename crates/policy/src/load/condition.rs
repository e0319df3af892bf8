//! Predicates and their conditions.

use std::sync::Arc;

use json::Value;

use super::reader::{Fields, Place, Problem, Reader, not_built};
use crate::diagnostic::code;
use crate::normalise;
use crate::operator::{self, Check, NOT_YET_BUILT};
use crate::path::{Path, PathProblem};
use crate::policy::{Condition, Predicate};
use crate::registry::{CONDITION_KEYS, PATH_ROOTS, PREDICATE_KEYS};
use crate::rule::Labels;
use crate::suggest;

/// The label of a predicate without conditions.
const ALWAYS: &str = "always";

/// Reads one entry of `require` or `deny_if`; `list` is the pointer of the list.
pub(super) fn read_predicate(
    reader: &mut Reader,
    place: &Place<'_>,
    list: &str,
    labels: &mut Labels,
) -> Option<Predicate> {
    let fields = reader.object(place, &PREDICATE_KEYS)?;
    let on_deny = fields.get("on_deny").and_then(|place| reader.text(&place)).map(Arc::from);
    let hint = "list what must hold, or write `[]`, which always holds";
    let places = fields.required(reader, "conditions", hint).and_then(|place| reader.list(&place))?;
    let conditions: Vec<_> = places.iter().filter_map(|place| read_condition(reader, place)).collect();
    let label = conditions.first().map_or_else(|| ALWAYS.to_owned(), Condition::label);
    let rule = labels.next(list, &label);
    Some(Predicate { rule, pointer: place.pointer.clone(), offset: place.offset(), conditions, on_deny })
}

impl Condition {
    /// How rule ids call it: `args.amount-gt`.
    fn label(&self) -> String {
        format!("{}-{}", self.path.text(), self.operator)
    }
}

fn read_condition(reader: &mut Reader, place: &Place<'_>) -> Option<Condition> {
    let fields = reader.object(place, &CONDITION_KEYS)?;
    if ["all", "any", "not", "cel"].iter().any(|key| fields.get(key).is_some()) {
        return None;
    }
    let path = fields
        .required(reader, "path", "name an argument, such as `args.amount`")
        .and_then(|place| read_path(reader, &place));
    let (operator, check, value) = read_check(reader, &fields)?;
    let value_offset = value.span().start;
    let value = normalise::value(value).into();
    Some(Condition { path: path?, operator, check, value, pointer: place.pointer.clone(), value_offset })
}

/// The operator with its value, and that value.
fn read_check<'a>(reader: &mut Reader, fields: &Fields<'a>) -> Option<(&'static str, Check, Value<'a>)> {
    let operator = fields
        .required(reader, "op", "name an operator, such as `eq`")
        .and_then(|place| read_operator(reader, &place));
    let value = fields.required(reader, "value", "say what the argument is compared with");
    let (operator, place) = (operator?, value?);
    match (operator.prepare)(place.value) {
        Ok(test) => Some((operator.name, Check { test, negated: operator.negated }, place.value)),
        Err(bad) => {
            let element = bad.element.and_then(|index| {
                let value = place.value.elements().nth(index)?;
                Some(Place { value, pointer: format!("{}/{index}", place.pointer) })
            });
            let message = format!("{} (operator `{}`)", bad.message, operator.name);
            reader.report(element.as_ref().unwrap_or(&place), Problem::new(bad.code, message));
            None
        }
    }
}

fn read_operator(reader: &mut Reader, place: &Place<'_>) -> Option<&'static operator::Operator> {
    let name = reader.text(place)?;
    if let Some(operator) = operator::find(&name) {
        return Some(operator);
    }
    let problem = match NOT_YET_BUILT.iter().find(|entry| entry.name == name) {
        Some(entry) => not_built(entry.name, entry.doc),
        None => Problem::new(code::UNKNOWN_VALUE, format!("unknown operator `{name}`"))
            .meant(meant_operator(&name)),
    };
    reader.report(place, problem);
    None
}

/// Signs and words of other languages, then the nearest name.
fn meant_operator(name: &str) -> Option<&'static str> {
    let known = match name {
        "==" | "=" | "===" | "equals" | "equal" | "is" => "eq",
        "!=" | "<>" | "ne" | "not_eq" | "not_equals" => "neq",
        "<" => "lt",
        "<=" | "le" => "lte",
        ">" => "gt",
        ">=" | "ge" => "gte",
        "nin" | "not in" => "not_in",
        "matches" | "match" | "=~" | "pattern" => "regex",
        "includes" | "has" => "contains",
        "present" => "exists",
        _ => return suggest::nearest(name, operator::names()),
    };
    Some(known)
}

/// Reads a path.
pub(super) fn read_path(reader: &mut Reader, place: &Place<'_>) -> Option<Path> {
    let text = reader.text(place)?;
    let problem = match Path::parse(&text) {
        Ok(path) => return Some(path),
        Err(problem) => problem,
    };
    let root = text.split('.').next().unwrap_or_default();
    let problem = match problem {
        PathProblem::UnknownRoot => {
            Problem::new(code::UNKNOWN_VALUE, format!("the path `{text}` must start with `args.`"))
                .meant(Some(meant_path(&text)))
        }
        PathProblem::RootNotBuilt => {
            not_built(root, PATH_ROOTS.find(root).map_or("a fact of the call", |entry| entry.doc))
        }
        PathProblem::BracketNotBuilt => not_built(&text, "positions and `[*]` in paths"),
        PathProblem::EmptyName => Problem::new(
            code::BAD_VALUE,
            format!("the path `{text}` has an empty part; write `args.` and the name of an argument"),
        ),
    };
    reader.report(place, problem);
    None
}

/// The path that an unknown root was probably meant to have.
fn meant_path(text: &str) -> String {
    match text.split_once('.') {
        Some((root, rest)) if suggest::nearest(root, ["args", "arguments", "params"]).is_some() => {
            format!("args.{rest}")
        }
        Some(_) | None => format!("args.{}", text.trim_start_matches(['.', '$'])),
    }
}
