//! Labels and flows.

use super::tree::{Tree, object, text};
use crate::flow::{Flow, FlowDemand, Labelled};
use crate::limit::duration;

/// The labels of a section.
pub(super) fn labels_tree(labels: &[Labelled]) -> Tree {
    Tree::Object(labels.iter().map(|labelled| (labelled.key.to_string(), texts(&labelled.labels))).collect())
}

/// One flow in its full form.
pub(super) fn flow_tree(flow: &Flow) -> Tree {
    let within = flow.within_ms.map(|ms| ("within", text(&duration(ms))));
    let mut members = vec![("id", text(&flow.id))];
    match &flow.demand {
        FlowDemand::After { labels, deny, unless_approved } => {
            let after = if let [only] = &**labels { text(only) } else { texts(labels) };
            members.extend([("after", after), ("deny", text(deny))]);
            members.extend(within);
            members.extend(unless_approved.then(|| ("unless", text("approved"))));
        }
        FlowDemand::Needs { tool_text, needed, same, .. } => {
            let mut needs = vec![("tool", text(needed))];
            if !same.is_empty() {
                needs.push(("same", Tree::Array(same.iter().map(|path| text(path.text())).collect())));
            }
            needs.extend(within);
            members.extend([("tool", text(tool_text)), ("needs", object(needs))]);
        }
    }
    members.extend(flow.on_deny.as_ref().map(|said| ("on_deny", text(said))));
    object(members)
}

fn texts(labels: &[std::sync::Arc<str>]) -> Tree {
    Tree::Array(labels.iter().map(|label| text(label)).collect())
}
