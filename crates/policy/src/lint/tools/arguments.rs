//! Conditions on arguments that the tool's schema does not declare, does not require, or has with another type.
//! Reads of the schema what stands in the open; what is behind a reference or an alternative is not judged.

use std::collections::HashSet;

use json::{Kind, Value};

use super::Listed;
use crate::condition::{Comparison, Condition};
use crate::diagnostic::code;
use crate::lint::Warnings;
use crate::operator::{Scalar, Test};
use crate::path::Source;
use crate::policy::{Policy, Predicate};
use crate::suggest;

/// Keywords behind which a schema may say anything of a value.
const CLOSED: [&str; 12] = [
    "$ref",
    "$dynamicRef",
    "allOf",
    "anyOf",
    "oneOf",
    "if",
    "then",
    "else",
    "not",
    "dependentSchemas",
    "patternProperties",
    "unevaluatedProperties",
];

pub(in crate::lint) fn check(policy: &Policy, tools: &[Listed<'_>], warnings: &mut Warnings) {
    let mut seen = HashSet::new();
    for listed in tools {
        let Some(schema) = listed.entry.get("inputSchema").filter(Value::is_object) else { continue };
        let looked = Looked { listed, schema, is_open: is_open(schema) };
        for rules in super::named_rules(policy, &listed.tool) {
            for predicate in &rules.require {
                looked.check_all(predicate, &mut seen, warnings);
            }
            for predicate in &rules.deny_if {
                looked.check_all(predicate, &mut seen, warnings);
                looked.check_optional(predicate, &mut seen, warnings);
            }
            for limit in &rules.limits {
                if let Some(name) = limit.cost.path().and_then(top_name) {
                    looked.check_declared(name, limit.place(), &mut seen, warnings);
                }
            }
        }
    }
}

/// A tool with its schema.
struct Looked<'l, 'a> {
    listed: &'l Listed<'a>,
    schema: Value<'a>,
    /// Whether all that it says of its top-level arguments stands in the open.
    is_open: bool,
}

/// What was warned of already: a pattern of names has the same rule for many tools.
type Seen = HashSet<(&'static str, String)>;

impl<'a> Looked<'_, 'a> {
    fn check_all(&self, predicate: &Predicate, seen: &mut Seen, warnings: &mut Warnings) {
        for comparison in predicate.conditions.iter().flat_map(Condition::comparisons) {
            let Some(name) = top_name(&comparison.path) else { continue };
            let place = (&*comparison.pointer, comparison.value_offset);
            self.check_declared(name, place, seen, warnings);
            self.check_type(comparison, seen, warnings);
        }
    }

    fn check_declared(&self, name: &str, place: (&str, usize), seen: &mut Seen, warnings: &mut Warnings) {
        let tool = &self.listed.tool.name;
        let Some(declared) = self.listed.declared() else { return };
        if !declared.is_any() || declared.contains(name) || !self.listed.is_exact {
            return;
        }
        if seen.insert((code::UNDECLARED_ARGUMENT, place.0.to_owned())) {
            let names = self.schema.get("properties").into_iter().flat_map(|properties| properties.members());
            let names: Vec<String> = names.map(|member| member.key.as_cow().into_owned()).collect();
            let meant = suggest::nearest(name, names.iter().map(String::as_str));
            let message = format!("the schema of `{tool}` declares no argument `{name}`");
            warnings.suggest(code::UNDECLARED_ARGUMENT, place, message, meant);
        }
    }

    /// A `deny_if` does not fire where what it compares is missing.
    fn check_optional(&self, predicate: &Predicate, seen: &mut Seen, warnings: &mut Warnings) {
        for comparison in predicate.conditions.iter().flat_map(Condition::needed) {
            let check = &comparison.check;
            let Some(name) = top_name(&comparison.path) else { continue };
            let asks_presence = matches!(check.test, Test::Present(_));
            if asks_presence
                || check.negated
                || !self.is_open
                || self.requires(name)
                || self.property(name).is_none()
            {
                continue;
            }
            if seen.insert((code::OPTIONAL_ARGUMENT, comparison.pointer.clone())) {
                let tool = &self.listed.tool.name;
                let message = format!(
                    "`{tool}` may be called without `{name}`, and then this does not deny; if the server takes a value \
                     of its own, write a `require` of what is allowed, which a missing value does not meet"
                );
                warnings.warn(
                    code::OPTIONAL_ARGUMENT,
                    (&comparison.pointer, comparison.value_offset),
                    message,
                );
            }
        }
    }

    /// A comparison with a type that the schema never lets through.
    fn check_type(&self, comparison: &Comparison, seen: &mut Seen, warnings: &mut Warnings) {
        let Some(wanted) = wanted(&comparison.check.test) else { return };
        let Some(types) = self.types_at(comparison) else { return };
        let fits = types.iter().any(|given| wanted.iter().any(|wanted| is_same(given, wanted)));
        if !fits && seen.insert((code::NEVER_FITS, comparison.pointer.clone())) {
            let message = format!(
                "`{}` of `{}` is {} by its schema, and this compares it with {}, so every call that has it is denied",
                comparison.path.text(),
                self.listed.tool.name,
                types.join(" or "),
                wanted.join(" or ")
            );
            warnings.warn(code::NEVER_FITS, (&comparison.pointer, comparison.value_offset), message);
        }
    }

    fn property(&self, name: &str) -> Option<Value<'a>> {
        self.schema.get("properties")?.get(name)
    }

    fn requires(&self, name: &str) -> bool {
        let required = self.schema.get("required");
        required
            .is_some_and(|list| list.elements().any(|entry| entry.as_str().is_some_and(|text| text == name)))
    }

    /// The types that the schema states where a comparison reads; nothing where it does not say.
    fn types_at(&self, comparison: &Comparison) -> Option<Vec<String>> {
        if !self.is_open
            || comparison.path.has_elements() && !matches!(comparison.check.test, Test::Quantified(_))
        {
            return None;
        }
        let head: Vec<&str> = comparison.path.names.iter().map(AsRef::as_ref).collect();
        let mut schema = self.schema;
        for name in head {
            schema = schema.get("properties")?.get(name)?;
            if !is_open(schema) {
                return None;
            }
        }
        let stated = schema.get("type")?;
        match stated.kind() {
            Kind::String => Some(vec![stated.as_str()?.into_owned()]),
            Kind::Array => {
                stated.elements().map(|one| one.as_str().map(std::borrow::Cow::into_owned)).collect()
            }
            Kind::Null | Kind::Bool | Kind::Number | Kind::Object => None,
        }
    }
}

/// Whether a schema says what it says in the open.
fn is_open(schema: Value<'_>) -> bool {
    schema.is_object() && !CLOSED.iter().any(|keyword| schema.get(keyword).is_some())
}

/// The top-level argument that a path reads.
fn top_name(path: &crate::path::Path) -> Option<&str> {
    path.names.first().filter(|_| path.source() == Source::Args).map(AsRef::as_ref)
}

/// The types of a schema, of which a comparison needs one in order not to be an error.
fn wanted(test: &Test) -> Option<&'static [&'static str]> {
    match test {
        Test::Order { .. } => Some(&["number"]),
        Test::Equals(Scalar::Number(_)) => Some(&["number"]),
        Test::Equals(Scalar::String(_)) => Some(&["string"]),
        Test::Equals(Scalar::Bool(_)) => Some(&["boolean"]),
        Test::Matches { .. } | Test::Affix { .. } | Test::HostIn(_) | Test::InNetwork(_) | Test::Under(_) => {
            Some(&["string"])
        }
        Test::Contains(_) | Test::Length { .. } => Some(&["string", "array"]),
        Test::Quantified(_) => Some(&["array"]),
        Test::OneOf(_) | Test::Present(_) | Test::Types(_) | Test::SameAs(_) | Test::Within(_) => None,
    }
}

/// Whether a value of the schema's type can be of the type that is wanted.
fn is_same(given: &str, wanted: &str) -> bool {
    given == wanted || (given == "integer" && wanted == "number")
}
