//! Flows whose labels no call can set or bear, because every tool that they are on is closed.

use std::collections::HashSet;

use super::Warnings;
use crate::diagnostic::code;
use crate::flow::{Flow, FlowDemand, Labelled, Selector};
use crate::policy::{Effect, Policy};

pub(super) fn check(policy: &Policy, warnings: &mut Warnings) {
    let mut open: HashSet<&str> = HashSet::new();
    for labelled in policy.all_sections().flat_map(|(_, section)| &section.labels) {
        if may_be_open(policy, labelled) {
            open.extend(labelled.labels.iter().map(AsRef::as_ref));
        } else {
            let message = format!("`{}` is closed to agents, so no call sets these labels", labelled.key);
            warnings.warn(code::NO_EFFECT, (&labelled.pointer, labelled.offset), message);
        }
    }
    for flow in &policy.flows {
        if let Some(label) = labels(flow).find(|label| !open.contains(label)) {
            let message = format!("no tool that is open has the label `{label}`, so this flow never denies");
            warnings.warn(code::NEVER_FIRES, (&flow.pointer, flow.offset), message);
        }
    }
}

/// Whether a tool that is meant may be open, as far as the document says. Patterns and classes may mean any.
fn may_be_open(policy: &Policy, labelled: &Labelled) -> bool {
    let Selector::Name(name) = &labelled.selector else { return true };
    if policy.top.hidden_at(name).is_some() {
        return false;
    }
    match policy.default {
        Effect::Allow => true,
        Effect::Deny => policy.all_sections().any(|(_, section)| section.may_name(name)),
    }
}

fn labels(flow: &Flow) -> impl Iterator<Item = &str> {
    let (after, deny) = match &flow.demand {
        FlowDemand::After { labels, deny, .. } => (&**labels, Some(deny)),
        FlowDemand::Needs { .. } => (&[][..], None),
    };
    after.iter().chain(deny).map(AsRef::as_ref)
}
