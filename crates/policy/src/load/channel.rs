//! The keys of the other channels: one rule for the whole, or rules for what matches a pattern.

use std::sync::Arc;

use super::pattern;
use super::reader::{Fields, Place, Problem, Reader};
use super::terms::{self, Does};
use crate::channel::{Channel, Channels, Part, Pattern, Rule, Stated};
use crate::diagnostic::code;
use crate::policy::Effect;
use crate::registry::{CHANNEL_ACTIONS, CHANNEL_KEYS, ELICITATION_MODES};

/// Reads all channels of a document.
pub(super) fn read(reader: &mut Reader, document: &Fields<'_>) -> Channels {
    let (mut channels, mut shadow) = (Channels::default(), Channels::default());
    for channel in Channel::ALL {
        if let Some(place) = document.get(channel.as_str()) {
            let (enforced, in_shadow) = split(read_channel(reader, &place, channel));
            channels.stated.extend(enforced.map(|stated| (channel, stated)));
            shadow.stated.extend(in_shadow.map(|stated| (channel, stated)));
        }
    }
    if let Some(place) = document.get("methods") {
        let parts = read_parts(reader, &place, "methods", pattern::method);
        (channels.methods, shadow.methods) = split_parts(parts);
    }
    let has_shadow = !shadow.stated.is_empty() || !shadow.methods.is_empty();
    channels.shadow = has_shadow.then(|| Box::new(shadow));
    channels
}

/// A rule, and whether it is in shadow.
type Moded = (bool, Rule);
/// What is said of a channel, with the same of each rule.
enum Said {
    Whole(Moded),
    Parts(Vec<(bool, Part)>),
}

/// What is enforced, and what is in shadow.
fn split(said: Option<Said>) -> (Option<Stated>, Option<Stated>) {
    match said {
        None => (None, None),
        Some(Said::Whole((false, rule))) => (Some(Stated::Whole(rule)), None),
        Some(Said::Whole((true, rule))) => (None, Some(Stated::Whole(rule))),
        Some(Said::Parts(parts)) => {
            let (enforced, shadow) = split_parts(parts);
            let stated = |parts: Vec<Part>| (!parts.is_empty()).then_some(Stated::Parts(parts));
            (stated(enforced), stated(shadow))
        }
    }
}

fn split_parts(parts: Vec<(bool, Part)>) -> (Vec<Part>, Vec<Part>) {
    let (shadow, enforced): (Vec<_>, Vec<_>) = parts.into_iter().partition(|(is_shadow, _)| *is_shadow);
    let only = |parts: Vec<(bool, Part)>| parts.into_iter().map(|(_, part)| part).collect();
    (only(enforced), only(shadow))
}

fn read_channel(reader: &mut Reader, place: &Place<'_>, channel: Channel) -> Option<Said> {
    if is_whole(place, channel) {
        return read_whole(reader, place, channel).map(Said::Whole);
    }
    let parts = match channel {
        Channel::Resources => read_parts(reader, place, "patterns of URIs", pattern::uri),
        Channel::Prompts => read_parts(reader, place, "names of prompts", pattern::name),
        Channel::Elicitation => read_modes(reader, place),
        // INVARIANT: these are read as a whole above.
        Channel::Completion | Channel::Sampling | Channel::Roots | Channel::Tasks | Channel::Input => {
            Vec::new()
        }
    };
    Some(Said::Parts(parts))
}

/// Whether an object is one rule. It is a map of rules where every key that could be one of a rule holds an object.
fn is_whole(place: &Place<'_>, channel: Channel) -> bool {
    let could_be_rule = |key: &str| CHANNEL_KEYS.find(key).is_some();
    let mut members = place.value.members();
    let says_of_all = members.any(|member| could_be_rule(&member.key.as_cow()) && !member.value.is_object());
    let has_rules = place.value.members().any(|member| member.value.is_object());
    says_of_all || !has_rules || !has_parts(channel)
}

fn has_parts(channel: Channel) -> bool {
    match channel {
        Channel::Resources | Channel::Prompts | Channel::Elicitation => true,
        Channel::Completion | Channel::Sampling | Channel::Roots | Channel::Tasks | Channel::Input => false,
    }
}

fn read_whole(reader: &mut Reader, place: &Place<'_>, channel: Channel) -> Option<Moded> {
    let mut is_mixed = false;
    for member in place.value.members() {
        let key = member.key.as_cow();
        if !member.value.is_object() || CHANNEL_KEYS.find(&key).is_some() {
            continue;
        }
        let message = if has_parts(channel) {
            format!("`{key}` stands beside a rule for the whole; put that rule under a key of its own")
        } else {
            format!("`{}` has one rule for the whole; remove `{key}`", channel.as_str())
        };
        let pointer = crate::rule::child(&place.pointer, &key);
        let problem = Problem::new(code::CONFLICT, message).meant(CHANNEL_KEYS.nearest(&key));
        reader.report_at(member.key.span().start, pointer, problem);
        is_mixed = true;
    }
    if is_mixed { None } else { read_rule(reader, place) }
}

fn read_parts(
    reader: &mut Reader,
    place: &Place<'_>,
    keys: &str,
    read_pattern: fn(&str) -> Result<Pattern, Problem>,
) -> Vec<(bool, Part)> {
    let members = reader.members(place, &format!("an object with {keys} as keys")).unwrap_or_default();
    let mut parts = Vec::new();
    for (key, place) in members {
        let pattern = read_pattern(&key).map_err(|problem| reader.report(&place, problem));
        let rule = read_rule(reader, &place);
        let part = pattern.ok().zip(rule);
        parts.extend(part.map(|(pattern, (is_shadow, rule))| (is_shadow, Part { pattern, rule })));
    }
    parts
}

fn read_modes(reader: &mut Reader, place: &Place<'_>) -> Vec<(bool, Part)> {
    let Some(fields) = reader.object(place, &ELICITATION_MODES) else { return Vec::new() };
    let mut parts = Vec::new();
    for mode in ELICITATION_MODES.entries {
        let rule = fields.get(mode.name).and_then(|place| read_rule(reader, &place));
        let part = |rule| Part { pattern: Pattern::exact(mode.name), rule };
        parts.extend(rule.map(|(is_shadow, rule)| (is_shadow, part(rule))));
    }
    parts
}

fn read_rule(reader: &mut Reader, place: &Place<'_>) -> Option<Moded> {
    let fields = reader.object(place, &CHANNEL_KEYS)?;
    let reason = fields.get("reason");
    let said = reason.as_ref().and_then(|place| reader.text(place)).map(Arc::from);
    let action =
        fields.required(reader, "action", "write `\"action\": \"allow\"` or `\"action\": \"deny\"`")?;
    let allows = reader.word(&action, &CHANNEL_ACTIONS)? == "allow";
    if let Some(reason) = reason.filter(|_| allows) {
        let message = "an allow tells no reason; remove `reason`";
        reader.report(&reason, Problem::new(code::CONFLICT, message));
    }
    let effect = if allows { Effect::Allow } else { Effect::Deny };
    check_allow(reader, &fields, allows);
    let terms = terms::read(reader, &fields, if allows { Does::OnlyOpens } else { Does::Restricts });
    let reveal = terms::read_reveal(reader, &fields);
    let (offset, pointer) = (action.offset(), action.pointer);
    Some((terms.is_shadow, Rule { effect, reason: said, offset, pointer, expiry: terms.expiry, reveal }))
}

/// What an allow cannot say: it denies nothing, and in shadow it would not even open.
fn check_allow(reader: &mut Reader, fields: &Fields<'_>, allows: bool) {
    let problems = [
        ("mode", "a part in shadow opens nothing; remove `mode`, or the whole rule"),
        ("reveal", "an allow denies nothing, so it has nothing to tell; remove `reveal`"),
    ];
    for (key, message) in problems {
        if let Some(place) = fields.get(key).filter(|_| allows) {
            reader.report(&place, Problem::new(code::CONFLICT, message));
        }
    }
}
