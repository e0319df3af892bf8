//! Rules of the other channels that do not do what they seem to.

use super::Warnings;
use crate::channel::{Channel, Part, Stated};
use crate::diagnostic::code;
use crate::policy::{Effect, Policy};
use crate::terms::Moment;

pub(super) fn check(policy: &Policy, warnings: &mut Warnings) {
    for (channel, stated) in &policy.channels.stated {
        if let Stated::Parts(parts) = stated {
            check_default(policy, *channel, parts, warnings);
            check_shadowed(parts, warnings);
            check_open_starts(parts, warnings);
            check_narrow(policy, *channel, parts, warnings);
        }
    }
}

/// Under default allow a pattern that allows does not close the rest.
fn check_default(policy: &Policy, channel: Channel, parts: &[Part], warnings: &mut Warnings) {
    if policy.default == Effect::Deny || !channel.follows_default() {
        return;
    }
    for part in parts.iter().filter(|part| part.rule.allows()) {
        let message =
            "the default allows this already, and what no pattern covers; only denies change something here";
        warnings.warn(code::NO_EFFECT, part.rule.place(), message);
    }
}

fn check_shadowed(parts: &[Part], warnings: &mut Warnings) {
    for part in parts.iter().filter(|part| part.rule.allows()) {
        let mut denies = parts.iter().filter(|other| !other.rule.allows());
        if let Some(deny) = denies.find(|deny| deny.pattern.covers(&part.pattern)) {
            let message = format!("this opens nothing, because {} denies all of it", deny.rule.pointer);
            warnings.warn(code::SHADOWED, part.rule.place(), message);
        }
    }
}

fn check_open_starts(parts: &[Part], warnings: &mut Warnings) {
    for part in parts.iter().filter(|part| part.rule.allows()) {
        if let Some(message) = part.pattern.open_start() {
            warnings.warn(code::UNANCHORED, part.rule.place(), message);
        }
    }
}

/// A deny of one level, where the level below is open.
fn check_narrow(policy: &Policy, channel: Channel, parts: &[Part], warnings: &mut Warnings) {
    for part in parts.iter().filter(|part| !part.rule.allows()) {
        let below = part.pattern.example_below();
        if below
            .is_some_and(|below| policy.channel_verdict(channel, Some(&below), Moment::List(None)).is_open())
        {
            let message = "this does not deny what lies deeper, because `*` stays between two slashes; if that \
                           is meant too, write `**`";
            warnings.warn(code::NARROW_DENY, part.rule.place(), message);
        }
    }
}
