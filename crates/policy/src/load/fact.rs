//! Comparisons of facts: their zone, and whether they can answer at all.
//! A fact has one type, so a comparison that could only ever be an error is one when the document loads.

use json::Value;

use super::reader::{Fields, Place, Problem, Reader};
use crate::condition::Comparison;
use crate::diagnostic::code;
use crate::fact::Fact;
use crate::input::Input;
use crate::operator::{Check, Scalar, Sense, Test, kind_name};
use crate::path::{Found, Path, Source};
use crate::policy::Predicate;
use crate::truth::Truth;
use crate::zone::{WEEKDAYS, Zone};

/// Reads `timezone` beside a path.
pub(super) fn read_zone(reader: &mut Reader, fields: &Fields<'_>, path: Path) -> Option<Path> {
    let Some(place) = fields.get("timezone") else { return Some(path) };
    let is_time = matches!(path.source(), Source::Fact(fact) if fact.is_time());
    if !is_time {
        let message = "`timezone` belongs beside a path that starts with `time.`; remove it";
        reader.report(&place, Problem::new(code::CONFLICT, message));
        return None;
    }
    read_name(reader, &place).map(|zone| path.in_zone(zone))
}

/// Reads the name of a zone.
pub(super) fn read_name(reader: &mut Reader, place: &Place<'_>) -> Option<Zone> {
    let name = reader.name(place)?;
    let zone = Zone::named(&name).map_err(|meant| {
        let message =
            format!("unknown zone `{name}`; use a name of the IANA database, such as `Europe/Berlin`");
        reader.report(place, Problem::new(code::UNKNOWN_VALUE, message).meant(meant));
    });
    zone.ok()
}

/// A comparison that is being read.
pub(super) struct Compared<'a> {
    pub(super) path: &'a Path,
    pub(super) check: &'a Check,
    pub(super) operator: &'static str,
    pub(super) value: Value<'a>,
}

impl Compared<'_> {
    /// Nothing, with a report, where no fact of this type could ever be compared so.
    pub(super) fn check_types(&self, reader: &mut Reader, place: &Place<'_>) -> Option<()> {
        let Source::Fact(fact) = self.path.source() else { return Some(()) };
        let sample = fact.sample();
        let inner = self.check.quantified().map(|quantified| &*quantified.check);
        let (check, is_list) = (inner.unwrap_or(self.check), inner.is_some());
        let message = if is_list != matches!(fact, Fact::GrantLabels) && is_list {
            format!("`{}` is no list, so `{}` cannot read it", self.path.text(), self.operator)
        } else if !reads(check, fact, is_list) {
            let kind = if is_list { "a list of strings" } else { kind_name(sample.kind()) };
            format!(
                "`{}` is {kind}, which `{}` cannot compare with this value",
                self.path.text(),
                self.operator
            )
        } else if fact == Fact::Weekday && !names_weekdays(check) {
            format!("a weekday is one of {}", WEEKDAYS.map(|day| format!("`{day}`")).join(", "))
        } else {
            return Some(());
        };
        let pointer = format!("{}/value", place.pointer);
        reader.report_at(self.value.span().start, pointer, Problem::new(code::BAD_VALUE, message));
        None
    }
}

/// Whether the check reads values of the type of a fact.
fn reads(check: &Check, fact: Fact, is_list: bool) -> bool {
    let sample = if is_list { Fact::ToolName.sample() } else { fact.sample() };
    let tool = crate::input::Tool::default();
    let input = Input::of_tool(&tool);
    check.test.reads(sample.kind()) && !matches!(check.test, Test::Within(_))
        || check.judge(Found::Value(sample), input, Sense::Require) != Truth::Error
}

fn names_weekdays(check: &Check) -> bool {
    if let Test::OneOf(set) = &check.test {
        return set.strings().all(|text| WEEKDAYS.contains(&text));
    }
    if let Test::Equals(Scalar::String(text)) = &check.test {
        return WEEKDAYS.contains(&&**text);
    }
    true
}

/// What a server says of its tool can only restrict: it stands in `deny_if`, where its being there can only help the
/// rule to fire.
pub(super) fn check_annotations(reader: &mut Reader, predicate: &Predicate, sense: Sense) {
    let helping: Vec<*const Comparison> = predicate
        .conditions
        .iter()
        .flat_map(crate::condition::Condition::helping)
        .filter(|comparison| sense == Sense::DenyIf && comparison.check.helps_when_present())
        .map(std::ptr::from_ref)
        .collect();
    for comparison in predicate.comparisons() {
        let reads_it = comparison.path.source() == Source::Annotations;
        if reads_it && !helping.contains(&std::ptr::from_ref(comparison)) {
            let message = "what a server says of its tool can only restrict: read it in `deny_if`, without `not` and \
                           with an operator that does not fire when it is missing";
            let pointer = format!("{}/path", comparison.pointer);
            reader.report_at(comparison.value_offset, pointer, Problem::new(code::CONFLICT, message));
        }
    }
}
