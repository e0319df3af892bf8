//! Differences of flows and of the labels that they read, which are data: calls are compared as if everything had been
//! done before that flows ask for, and nothing that they deny after.

use std::collections::BTreeMap;

use crate::analysis::side;
use crate::analysis::subject::Subject;
use crate::bound::Bound;

/// How something of one side is on the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Difference {
    /// Only the new side has it.
    New,
    /// Only the old side has it.
    Gone,
    /// It says something else.
    Changed,
}

/// A flow that judges calls of some tools, or a label that they set, on one side only or not alike.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FlowChange {
    /// The flow's id, or `label NAME`.
    pub what: String,
    /// How it is on the new side.
    pub change: Difference,
    /// The tools.
    pub tools: Vec<String>,
}

impl Difference {
    /// How messages call it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Gone => "gone",
            Self::Changed => "changed",
        }
    }
}

/// Adds the differences for one tool; equal ones of several tools become one.
pub(super) fn compare(subject: &Subject<'_>, old: &Bound, new: &Bound, found: &mut Vec<FlowChange>) {
    let (before, after) = (said(old), said(new));
    let mut add = |what: &str, change: Difference| {
        let tool = subject.definition.name.clone();
        match found.iter_mut().find(|known| known.what == what && known.change == change) {
            Some(known) => known.tools.push(tool),
            None => found.push(FlowChange { what: what.to_owned(), change, tools: vec![tool] }),
        }
    };
    for (what, said) in &before {
        match after.get(what) {
            None => add(what, Difference::Gone),
            Some(other) if other != said => add(what, Difference::Changed),
            Some(_) => {}
        }
    }
    after.keys().filter(|what| !before.contains_key(*what)).for_each(|what| add(what, Difference::New));
}

/// What flows say of a tool's calls; nothing where none is allowed.
fn said(bound: &Bound) -> BTreeMap<String, Vec<String>> {
    if side::closed(bound).is_some() {
        return BTreeMap::new();
    }
    let flows = bound
        .flows
        .asked()
        .map(|(_, flow)| (flow.id.to_string(), format!("{:?} {:?}", flow.within_ms, flow.demand)));
    let labels = bound.flows.labels.iter().map(|label| (format!("label {}", label.label), String::new()));
    let mut all: BTreeMap<String, Vec<String>> = BTreeMap::new();
    // Policies of one stack may use one name for several flows.
    for (what, said) in flows.chain(labels) {
        all.entry(what).or_default().push(said);
    }
    all
}
