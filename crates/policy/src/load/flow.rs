//! `flows`: what may follow what.

use std::collections::HashSet;
use std::sync::Arc;

use super::condition::read_path;
use super::label;
use super::reader::{Fields, Place, Problem, Reader};
use super::window;
use crate::diagnostic::code;
use crate::flow::{Flow, FlowDemand, Selector};
use crate::path::Path;
use crate::registry::{FLOW_EXCEPTIONS, FLOW_KEYS, NEEDS_KEYS};
use crate::rule::{self, RuleId};

/// History is kept that long at most, a leap year.
const MAX_WITHIN_SECONDS: u64 = 366 * 86_400;
/// More arguments than this never name one thing.
const MAX_SAME: usize = 8;

/// Reads all entries.
pub(super) fn read(reader: &mut Reader, document: &Fields<'_>, labels: &HashSet<Arc<str>>) -> Vec<Arc<Flow>> {
    let Some(list) = document.get("flows") else { return Vec::new() };
    let (mut flows, mut ids) = (Vec::new(), HashSet::new());
    for place in reader.list(&list).unwrap_or_default() {
        let Some(flow) = read_flow(reader, &place, labels) else { continue };
        if ids.insert(Arc::clone(&flow.id)) {
            flows.push(Arc::new(flow));
        } else {
            let message = format!("there is another flow `{}`; give this one an id of its own", flow.id);
            reader.report(&place, Problem::new(code::CONFLICT, message));
        }
    }
    flows
}

fn read_flow(reader: &mut Reader, place: &Place<'_>, labels: &HashSet<Arc<str>>) -> Option<Flow> {
    let fields = reader.object(place, &FLOW_KEYS)?;
    let id = fields
        .required(reader, "id", "give the flow a name, which denials tell")
        .and_then(|place| label::read_name(reader, &place));
    let on_deny = fields.get("on_deny").and_then(|place| reader.text(&place)).map(Arc::from);
    let is_needs = ["tool", "needs"].into_iter().any(|key| fields.get(key).is_some());
    let read = if is_needs { read_needs(reader, &fields) } else { read_after(reader, &fields, labels) };
    let (id, (demand, within_ms)) = (id?, read?);
    Some(Flow {
        rule: RuleId::new(rule::child("/flows", &id)),
        id,
        pointer: place.pointer.clone(),
        offset: place.offset(),
        on_deny,
        within_ms,
        demand,
    })
}

/// `after`, `deny`, `within`, `unless`.
fn read_after(
    reader: &mut Reader,
    fields: &Fields<'_>,
    known: &HashSet<Arc<str>>,
) -> Option<(FlowDemand, Option<u64>)> {
    let hint = "say after which label it denies, or write `tool` and `needs`";
    let after = fields.required(reader, "after", hint).and_then(|place| read_labels(reader, &place, known));
    let deny = fields
        .required(reader, "deny", "say calls with which label it denies")
        .and_then(|place| read_label(reader, &place, known));
    let within = read_within(reader, fields);
    let unless = fields.get("unless").map(|place| reader.word(&place, &FLOW_EXCEPTIONS));
    let unless_approved = match unless {
        None => false,
        Some(word) => word? == "approved",
    };
    Some((FlowDemand::After { labels: after?, deny: deny?, unless_approved }, within?))
}

/// One label, or a list of which all must be set.
fn read_labels(reader: &mut Reader, place: &Place<'_>, known: &HashSet<Arc<str>>) -> Option<Vec<Arc<str>>> {
    if !place.value.is_array() {
        return read_label(reader, place, known).map(|label| vec![label]);
    }
    let places = reader.list(place)?;
    if places.is_empty() {
        reader.report(place, Problem::new(code::BAD_VALUE, "name at least one label"));
        return None;
    }
    let mut labels: Vec<Arc<str>> =
        places.iter().map(|place| read_label(reader, place, known)).collect::<Option<_>>()?;
    labels.sort_unstable();
    labels.dedup();
    Some(labels)
}

fn read_label(reader: &mut Reader, place: &Place<'_>, known: &HashSet<Arc<str>>) -> Option<Arc<str>> {
    let label = label::read_name(reader, place)?;
    if !known.contains(&label) {
        let message = format!("no tool has the label `{label}`; add it to `labels`");
        let mut names: Vec<&str> = known.iter().map(AsRef::as_ref).collect();
        names.sort_unstable();
        let meant = crate::suggest::nearest(&label, names);
        reader.report(place, Problem::new(code::UNKNOWN_VALUE, message).meant(meant));
        return None;
    }
    Some(label)
}

/// `tool` and `needs`.
fn read_needs(reader: &mut Reader, fields: &Fields<'_>) -> Option<(FlowDemand, Option<u64>)> {
    let mut fits = true;
    for (key, what) in [
        ("after", "`after` belongs to flows of labels; make two flows of this"),
        ("deny", "`deny` belongs to flows of labels; make two flows of this"),
        ("unless", "`unless` belongs to flows of labels; remove it"),
        ("within", "write `within` inside `needs`"),
    ] {
        if let Some(place) = fields.get(key) {
            reader.report(&place, Problem::new(code::CONFLICT, what));
            fits = false;
        }
    }
    let tool = fields.required(reader, "tool", "name the tool that needs another").and_then(|place| {
        let name = reader.name(&place)?;
        let selector = label::read_tool(reader, &name, &place)?;
        Some((selector, Box::from(name)))
    });
    let needs = fields
        .required(reader, "needs", "say what must have been called before")
        .and_then(|place| reader.object(&place, &NEEDS_KEYS));
    let needs = needs?;
    let needed = needs
        .required(reader, "tool", "name the tool that must have been called before")
        .and_then(|place| read_needed(reader, &place, tool.as_ref().map(|(selector, _)| selector)));
    let same = read_same(reader, &needs);
    let within = read_within(reader, &needs);
    let ((tool, tool_text), needed) = (tool.filter(|_| fits)?, needed?);
    Some((FlowDemand::Needs { tool, tool_text, needed, same: same? }, within?))
}

fn read_needed(reader: &mut Reader, place: &Place<'_>, needing: Option<&Selector>) -> Option<Arc<str>> {
    let name = reader.name(place)?;
    match label::read_tool(reader, &name, place)? {
        Selector::Name(name) => {
            if matches!(needing, Some(Selector::Name(other)) if *other == name) {
                let message =
                    "a tool cannot need itself to have been called before; no call of it could be the first";
                reader.report(place, Problem::new(code::CONFLICT, message));
                return None;
            }
            Some(Arc::from(name))
        }
        Selector::Pattern(_) | Selector::Class(_) => {
            let message = "name one tool, without `*`; what satisfies a flow has to be exact";
            reader.report(place, Problem::new(code::BAD_VALUE, message));
            None
        }
    }
}

fn read_same(reader: &mut Reader, needs: &Fields<'_>) -> Option<Vec<Path>> {
    let Some(place) = needs.get("same") else { return Some(Vec::new()) };
    let places = reader.list(&place)?;
    let mut paths: Vec<Path> = Vec::new();
    for place in &places {
        let path = read_path(reader, place)?;
        let problem = if path.has_elements() {
            Problem::new(code::BAD_VALUE, "a flow compares one value; name an argument without `[*]`")
        } else if paths.iter().any(|other| other.text() == path.text()) {
            Problem::new(code::CONFLICT, "each argument is listed once")
        } else {
            paths.push(path);
            continue;
        };
        reader.report(place, problem);
        return None;
    }
    if paths.len() > MAX_SAME {
        let message = format!("a flow compares at most {MAX_SAME} arguments");
        reader.report(&place, Problem::new(code::BAD_VALUE, message));
        return None;
    }
    paths.sort_unstable_by(|one, two| one.text().cmp(two.text()));
    Some(paths)
}

/// `within`; `Some(None)` where it is not said.
fn read_within(reader: &mut Reader, fields: &Fields<'_>) -> Option<Option<u64>> {
    let Some(place) = fields.get("within") else { return Some(None) };
    let text = reader.text(&place)?;
    match window::duration_seconds(&text).filter(|seconds| (1..=MAX_WITHIN_SECONDS).contains(seconds)) {
        Some(seconds) => Some(Some(seconds * 1000)),
        None => {
            let message =
                format!("`{text}` is no time back; write a duration of at most 366 days, such as `1h`");
            reader.report(&place, Problem::new(code::BAD_VALUE, message));
            None
        }
    }
}
