//! Predicates and their conditions.

use std::sync::Arc;

use json::Value;

use super::fact::read_zone;
use super::reader::{Fields, Place, Problem, Reader, not_built};
use super::terms::{self, Does, Terms};
use super::{expression, fact};
use crate::cel;
use crate::condition::{Combinator, Combined, Comparison, Condition};
use crate::diagnostic::code;
use crate::fact::FACTS;
use crate::normalise;
use crate::operator::{self, Check, Sense, Test};
use crate::path::{Path, PathProblem, Source};
use crate::policy::Predicate;
use crate::registry::{CONDITION_KEYS, PATH_ROOTS, PREDICATE_KEYS};
use crate::rule::Labels;
use crate::suggest;

/// The label of a predicate without conditions.
const ALWAYS: &str = "always";

/// The keys that make a condition something else than a comparison.
const FORMS: [&str; 4] =
    [Combinator::All.as_str(), Combinator::Any.as_str(), Combinator::Not.as_str(), cel::OPERATOR];

/// Conditions within conditions; people read far fewer.
const MAX_DEPTH: usize = 16;

/// Reads one entry of `require` or `deny_if`; `list` is the pointer of the list.
pub(super) fn read_predicate(
    reader: &mut Reader,
    place: &Place<'_>,
    list: &str,
    labels: &mut Labels,
    sense: Sense,
) -> Option<(Terms, Predicate)> {
    let fields = reader.object(place, &PREDICATE_KEYS)?;
    let terms = terms::read(reader, &fields, Does::Restricts);
    let on_deny = fields.get("on_deny").and_then(|place| reader.text(&place)).map(Arc::from);
    let hint = "list what must hold, or write `[]`, which always holds";
    let places = fields.required(reader, "conditions", hint).and_then(|place| reader.list(&place))?;
    let conditions: Vec<_> = places.iter().filter_map(|place| read_condition(reader, place, 0)).collect();
    let label = conditions.first().map_or_else(|| ALWAYS.to_owned(), Condition::label);
    let rule = labels.next(list, &label);
    let (pointer, offset, ends_ms) = (place.pointer.clone(), place.offset(), terms.ends_ms());
    let predicate = Predicate { rule, pointer, offset, conditions, on_deny, ends_ms };
    fact::check_annotations(reader, &predicate, sense);
    Some((terms, predicate))
}

/// Reads one condition, so deep inside others.
pub(super) fn read_condition(reader: &mut Reader, place: &Place<'_>, depth: usize) -> Option<Condition> {
    let fields = reader.object(place, &CONDITION_KEYS)?;
    let mut stated = FORMS.into_iter().filter_map(|key| Some((key, fields.get(key)?)));
    let Some((key, of)) = stated.next() else {
        return read_comparison(reader, place, &fields).map(Box::new).map(Condition::Compare);
    };
    let further = stated.next().map(|(_, place)| place);
    let comparing = || ["path", "op", "value", "timezone"].into_iter().find_map(|key| fields.get(key));
    if let Some(other) = further.or_else(comparing) {
        let message = format!(
            "a condition is a comparison, or one of `all`, `any`, `not` and `cel`; `{key}` is there too"
        );
        reader.report(&other, Problem::new(code::CONFLICT, message));
        return None;
    }
    match Combinator::ALL.into_iter().find(|by| by.as_str() == key) {
        Some(by) => read_combined(reader, by, &of, depth).map(Condition::Combined),
        None => expression::read(reader, &of).map(Box::new).map(Condition::Expression),
    }
}

fn read_combined(reader: &mut Reader, by: Combinator, of: &Place<'_>, depth: usize) -> Option<Combined> {
    if depth == MAX_DEPTH {
        let message = format!("conditions are nested at most {MAX_DEPTH} deep; split this one");
        reader.report(of, Problem::new(code::BAD_VALUE, message));
        return None;
    }
    let places = match by {
        Combinator::Not => vec![of.clone()],
        Combinator::All | Combinator::Any => reader.list(of)?,
    };
    if places.is_empty() {
        let message = format!("an empty list under `{}` decides nothing; name a condition", by.as_str());
        reader.report(of, Problem::new(code::BAD_VALUE, message));
        return None;
    }
    let read: Vec<_> = places.iter().map(|place| read_condition(reader, place, depth + 1)).collect();
    let conditions = read.into_iter().collect::<Option<Vec<_>>>()?;
    Some(Combined { by, conditions })
}

fn read_comparison(reader: &mut Reader, place: &Place<'_>, fields: &Fields<'_>) -> Option<Comparison> {
    let path_place = fields.required(reader, "path", "name an argument, such as `args.amount`");
    let path = path_place.as_ref().and_then(|place| read_any_path(reader, place));
    let (operator, check, value) = read_check(reader, fields)?;
    let (mut path, path_place) = (path?, path_place?);
    if matches!(check.test, Test::Quantified(_)) {
        path = path.with_elements();
    } else if path.has_elements() {
        let message = "`[*]` leads to many values; say `each` or `some` of them";
        reader.report(&path_place, Problem::new(code::CONFLICT, message));
        return None;
    }
    let path = read_zone(reader, fields, path)?;
    let value_offset = value.span().start;
    let comparison = fact::Compared { path: &path, check: &check, operator, value };
    comparison.check_types(reader, place)?;
    let value = normalise::value(value).into();
    Some(Comparison { path, operator, check, value, pointer: place.pointer.clone(), value_offset })
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
    let problem =
        Problem::new(code::UNKNOWN_VALUE, format!("unknown operator `{name}`")).meant(meant_operator(&name));
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
        "starts_with" | "startswith" | "begins_with" => "prefix",
        "ends_with" | "endswith" => "suffix",
        "every" | "all" => "each",
        "any" => "some",
        "like" => "glob",
        "under" | "within" => "path_under",
        "ip_in" | "in_cidr" => "cidr",
        "host" | "domain_in" => "host_in",
        _ => return suggest::nearest(name, operator::names()),
    };
    Some(known)
}

/// Reads a path of arguments.
pub(super) fn read_path(reader: &mut Reader, place: &Place<'_>) -> Option<Path> {
    let path = read_any_path(reader, place)?;
    if path.source() != Source::Args {
        let message =
            format!("`{}` is no argument of the call; name one, such as `args.amount`", path.text());
        reader.report(place, Problem::new(code::BAD_VALUE, message));
        return None;
    }
    Some(path)
}

fn read_any_path(reader: &mut Reader, place: &Place<'_>) -> Option<Path> {
    let text = reader.text(place)?;
    let problem = match Path::parse(&text) {
        Ok(path) => return Some(path),
        Err(problem) => problem,
    };
    let root = text.split('.').next().unwrap_or_default();
    let problem = match problem {
        PathProblem::UnknownRoot => {
            Problem::new(code::UNKNOWN_VALUE, format!("the path `{text}` must start with `args.`")).meant(
                PATH_ROOTS
                    .nearest(root)
                    .filter(|near| *near != "args")
                    .map_or_else(|| Some(meant_path(&text)), |near| Some(text.replacen(root, near, 1))),
            )
        }
        PathProblem::RootNotBuilt => {
            not_built(root, PATH_ROOTS.find(root).map_or("a fact of the call", |entry| entry.doc))
        }
        PathProblem::UnknownFact => {
            let message = format!("there is no `{text}`; `{root}` has {}", facts_of(root));
            let names = FACTS.entries.iter().map(|entry| entry.name);
            Problem::new(code::UNKNOWN_VALUE, message).meant(suggest::nearest(&text, names))
        }
        PathProblem::Bracket => Problem::new(
            code::BAD_VALUE,
            format!("the path `{text}` has a bracket that is no `[*]`; positions in lists cannot be named"),
        ),
        PathProblem::EmptyName => Problem::new(
            code::BAD_VALUE,
            format!("the path `{text}` has an empty part; write `args.` and the name of an argument"),
        ),
    };
    reader.report(place, problem);
    None
}

/// The facts below a root, as a list for a message.
fn facts_of(root: &str) -> String {
    let start = format!("{root}.");
    let mut names: Vec<_> = FACTS.entries.iter().map(|entry| entry.name).collect();
    names.push("tool.annotations.NAME");
    names.retain(|name| name.starts_with(&start));
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
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
