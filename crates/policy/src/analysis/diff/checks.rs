//! Differences in how arguments are checked before any rule reads them: the schema, undeclared arguments, mending.

use std::borrow::Cow;
use std::sync::Arc;

use json::{Document, Kind, Limits};

use crate::analysis::ask::{Ask, Asked};
use crate::analysis::call::Call;
use crate::analysis::formula::{Formula, Names, Place};
use crate::analysis::kind::Kinds;
use crate::analysis::side::{self, Way};
use crate::analysis::subject::Subject;
use crate::analysis::want::Want;
use crate::bound::Bound;
use crate::datum::Numbers;
use crate::operator::Sense;
use crate::path::Source;
use crate::rule::RuleId;

/// An argument that no schema is likely to declare.
const UNDECLARED: &str = "undeclared_argument";
/// Variants of one call that are judged.
const MAX_VARIANTS: usize = 64;

/// Tools whose arguments one side checks more strictly, while their schemas are not known: which calls that decides
/// depends on the schema.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckChange {
    /// Whether the new side is the stricter one.
    pub is_stricter: bool,
    /// The tools.
    pub tools: Vec<String>,
}

/// Adds the difference for one tool; those of several tools become one.
pub(super) fn compare(subject: &Subject<'_>, old: &Bound, new: &Bound, found: &mut Vec<CheckChange>) {
    if subject.is_known() || side::closed(old).is_some() || side::closed(new).is_some() {
        return;
    }
    for (is_stricter, differs) in [(true, new.checks_more_than(old)), (false, old.checks_more_than(new))] {
        let tool = || subject.definition.name.clone();
        match found.iter_mut().find(|change| change.is_stricter == is_stricter) {
            Some(change) if differs && !change.tools.contains(&tool()) => change.tools.push(tool()),
            None if differs => found.push(CheckChange { is_stricter, tools: vec![tool()] }),
            Some(_) | None => {}
        }
    }
}

/// The ways in which the check of arguments of one side denies what the other lets through.
pub(super) fn ways<'a>(subject: &Subject<'a>, one: &Bound, other: &Bound) -> Vec<Way<'a>> {
    let mut ways = Vec::new();
    if !subject.is_known() {
        return ways;
    }
    if other.is_closed() && !one.is_closed() {
        ways.push(way(undeclared()));
    }
    let is_unfit = other.checks_schema() && !one.checks_schema();
    let is_mended = one.checks_schema() && one.mends() && !(other.checks_schema() && other.mends());
    if is_unfit || (is_mended && may_mend(subject)) {
        let opaque = Formula::Opaque(
            "both sides check arguments differently, and every call that was tried is decided alike",
        );
        ways.push(way(Formula::any(mendable(subject).into_iter().chain([opaque]))));
    }
    ways
}

/// For each argument that is no text, that a call brings it: written as a text it may be mended.
fn mendable<'a>(subject: &Subject<'a>) -> Vec<Formula<'a>> {
    let properties = subject.schema().and_then(|schema| schema.get("properties"));
    let names =
        properties.into_iter().flat_map(|properties| properties.members()).map(|member| member.key.as_cow());
    let asked = Asked::OneOf(Kinds::VALUES.without(Kinds::TEXT));
    let ask = Ask { asked, sense: Sense::Require, numbers: Numbers::Double, want: Want::True };
    let brought = |name: Cow<'a, str>| match name {
        Cow::Borrowed(name) => {
            Some(Formula::At(Place { source: Source::Args, names: Names::Dotted(name), behind: &[] }, ask))
        }
        Cow::Owned(_) => None,
    };
    names.filter_map(brought).collect()
}

fn way(formula: Formula<'_>) -> Way<'_> {
    let rule = RuleId::new(RuleId::ARGUMENTS);
    Way { rule, pointer: String::new(), policy: None::<Arc<str>>, formula, saying: None, n_before: 0 }
}

fn undeclared() -> Formula<'static> {
    let place = Place { source: Source::Args, names: Names::Dotted(UNDECLARED), behind: &[] };
    let asked = Asked::OneOf(Kinds::MISSING);
    Formula::At(place, Ask { asked, sense: Sense::Require, numbers: Numbers::Double, want: Want::False })
}

/// Whether the schema wants anything but texts, which is what mending makes of texts.
fn may_mend(subject: &Subject<'_>) -> bool {
    let Some(schema) = subject.schema() else { return true };
    let others =
        ["patternProperties", "$ref", "allOf", "anyOf", "oneOf", "if", "dependentSchemas", "dependencies"];
    let has_others = others.iter().any(|keyword| schema.get(keyword).is_some())
        || schema.get("additionalProperties").is_some_and(|other| other.is_object())
        || schema.get("unevaluatedProperties").is_some_and(|other| other.is_object());
    let Some(properties) = schema.get("properties").filter(|_| !has_others) else { return true };
    let is_text = |schema: json::Value<'_>| {
        schema.get("type").is_some_and(|wanted| wanted.as_str().as_deref() == Some("string"))
    };
    !properties.members().all(|property| is_text(property.value))
}

/// The call itself, and with one argument left out, of another type, or written as a text.
pub(super) fn variants(call: &Call) -> Vec<Call> {
    let members: Vec<_> = call
        .arguments
        .root()
        .members()
        .map(|member| (member.key.as_cow().into_owned(), member.value.raw().to_owned(), member.value.kind()))
        .collect();
    let mut texts = vec![call.arguments.text().to_owned()];
    for (place, (_, raw, kind)) in members.iter().enumerate() {
        let quoted = crate::analysis::solve::quote(raw);
        let others: &[&str] = if *kind == Kind::String { &["0", "[]"] } else { &["\"x\""] };
        for other in others.iter().map(|text| (*text).to_owned()).chain([quoted]) {
            texts.push(write(&members, place, Some(&other)));
        }
        texts.push(write(&members, place, None));
    }
    texts.truncate(MAX_VARIANTS);
    let documents =
        texts.into_iter().filter_map(|text| Document::scan(text.into_bytes(), &Limits::default()).ok());
    documents.map(|document| call.clone().with_arguments(document)).collect()
}

fn write(members: &[(String, String, Kind)], place: usize, instead: Option<&str>) -> String {
    let mut text = Vec::new();
    let mut writer = json::ObjectWriter::begin(&mut text);
    for (index, (name, raw, _)) in members.iter().enumerate() {
        match (index == place, instead) {
            (false, _) => {
                writer.raw(name, raw);
            }
            (true, Some(instead)) => {
                writer.raw(name, instead);
            }
            (true, None) => {}
        }
    }
    writer.end();
    String::from_utf8(text).unwrap_or_default()
}
