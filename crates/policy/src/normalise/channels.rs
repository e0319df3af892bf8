//! The channels besides tool calls.

use super::tree::{Tree, object, text};
use crate::channel::{Channels, Part, Rule, Stated};

/// Adds what is said of the channels.
pub(super) fn push_channels(members: &mut Vec<(&'static str, Tree)>, channels: &Channels) {
    for (channel, stated) in &channels.stated {
        let tree = match stated {
            Stated::Whole(rule) => channel_rule_tree(rule),
            Stated::Parts(parts) => parts_tree(parts),
        };
        members.push((channel.as_str(), tree));
    }
    if !channels.methods.is_empty() {
        members.push(("methods", parts_tree(&channels.methods)));
    }
}

fn parts_tree(parts: &[Part]) -> Tree {
    let parts = parts.iter().map(|part| (part.pattern.text.to_string(), channel_rule_tree(&part.rule)));
    Tree::Object(parts.collect())
}

fn channel_rule_tree(rule: &Rule) -> Tree {
    let mut members = vec![("action", text(if rule.allows() { "allow" } else { "deny" }))];
    members.extend(rule.reason.as_ref().map(|said| ("reason", text(said))));
    object(members)
}
