//! The channels besides tool calls.

use super::tree::{Tree, object, text};
use crate::channel::{Channel, Channels, Part, Rule, Stated};

/// Adds what is said of the channels.
pub(super) fn push_channels(members: &mut Vec<(&'static str, Tree)>, channels: &Channels) {
    let shadow = channels.shadow.as_deref();
    for channel in Channel::ALL {
        let said = [(false, channels.get(channel)), (true, shadow.and_then(|shadow| shadow.get(channel)))];
        let tree = said.into_iter().find_map(|(is_shadow, stated)| match stated? {
            Stated::Whole(rule) => Some(channel_rule_tree(rule, is_shadow)),
            Stated::Parts(_) => None,
        });
        members.extend(
            tree.or_else(|| parts_tree(said.map(|(_, stated)| parts(stated))))
                .map(|tree| (channel.as_str(), tree)),
        );
    }
    let methods = shadow.map(|shadow| shadow.methods.as_slice()).unwrap_or_default();
    members.extend(parts_tree([&channels.methods, methods]).map(|tree| ("methods", tree)));
}

fn parts(stated: Option<&Stated>) -> &[Part] {
    match stated {
        Some(Stated::Parts(parts)) => parts,
        Some(Stated::Whole(_)) | None => &[],
    }
}

/// What is enforced and what is in shadow, in the order of the document; nothing where there is neither.
fn parts_tree([enforced, shadow]: [&[Part]; 2]) -> Option<Tree> {
    let enforced = enforced.iter().map(|part| (false, part));
    let mut all: Vec<_> = enforced.chain(shadow.iter().map(|part| (true, part))).collect();
    all.sort_by_key(|(_, part)| part.rule.offset);
    let written = all
        .iter()
        .map(|(is_shadow, part)| (part.pattern.text.to_string(), channel_rule_tree(&part.rule, *is_shadow)));
    (!all.is_empty()).then(|| Tree::Object(written.collect()))
}

fn channel_rule_tree(rule: &Rule, is_shadow: bool) -> Tree {
    let mut members = vec![("action", text(if rule.allows() { "allow" } else { "deny" }))];
    members.extend(rule.reason.as_ref().map(|said| ("reason", text(said))));
    members.extend(is_shadow.then(|| ("mode", text("shadow"))));
    members.extend(rule.reveal.map(|reveal| ("reveal", text(reveal.as_str()))));
    if let Some(expiry) = rule.expiry {
        members.push(("expires", text(&expiry.written())));
        members.extend(expiry.relaxes.then(|| ("on_expiry", text("relax"))));
    }
    object(members)
}
