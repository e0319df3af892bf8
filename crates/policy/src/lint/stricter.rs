//! What a document decides more strictly than the product whose documents it was perhaps written for, and where.
//! It changes nothing and warns of nothing: it tells people what to expect.

use super::{Part, Warnings, parts};
use crate::channel::Channel;
use crate::condition::{Comparison, Condition};
use crate::cost::Cost;
use crate::limit::{CalendarUnit, Window};
use crate::operator::Test;
use crate::policy::{Effect, Policy};

/// One way to be stricter, as it is told once, with its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StricterRule {
    /// Its name, the `code` of each place.
    pub name: &'static str,
    /// What is stricter, for people.
    pub doc: &'static str,
}

const ARGUMENTS: StricterRule = StricterRule {
    name: "arguments",
    doc: "arguments are checked against the tool's schema, and those that it does not declare are refused",
};
const TYPES: StricterRule = StricterRule {
    name: "types",
    doc: "a value of the wrong type is an error, which denies; nothing is converted, so `\"5\"` is not 5",
};
const CHANNELS: StricterRule = StricterRule {
    name: "channels",
    doc: "what a document does not say of the other channels is closed under default deny, and what servers ask \
          of clients under either default",
};
const SLIDING: StricterRule = StricterRule {
    name: "sliding",
    doc: "windows slide: no interval of that length holds more, also across a full minute or midnight",
};
const AMOUNTS: StricterRule =
    StricterRule { name: "amounts", doc: "an amount that is missing, negative or no number denies the call" };
const QUOTA: StricterRule = StricterRule {
    name: "quota",
    doc: "a denied call never counts, and a call that was sent always does, also when it failed at the server",
};
const KEYS: StricterRule = StricterRule {
    name: "keys",
    doc: "a key that is unknown or there twice is an error; this document has none, or it would not load",
};

/// All of them, in the order in which they are told.
pub const STRICTER_RULES: [StricterRule; 7] = [ARGUMENTS, TYPES, CHANNELS, SLIDING, AMOUNTS, QUOTA, KEYS];

/// The places where a document is stricter.
pub(crate) fn check(policy: &Policy, found: &mut Warnings) {
    for part in parts(policy) {
        check_arguments(policy, &part, found);
        check_types(&part, found);
        check_limits(&part, found);
    }
    check_channels(policy, found);
}

fn check_arguments(policy: &Policy, part: &Part<'_>, found: &mut Warnings) {
    let stated = part.rules.arguments;
    let is_open = part.rules.explicit_deny().is_none();
    let opens = part.tool.is_some() || part.rules.says_allow;
    if is_open && opens && (stated.check != Some(false) || stated.deny_unknown != Some(false)) {
        let hint = match stated.check {
            Some(false) => "undeclared arguments are refused; `\"unknown\": \"allow\"` lets them through",
            Some(true) | None => {
                "calls have to fit the schema; `\"arguments\": { \"check\": \"off\" }` leaves it out"
            }
        };
        found.warn(ARGUMENTS.name, (&part.pointer, part.rules.offset), hint);
    }
    let is_all = part.pointer == "/all_tools";
    if is_all && policy.default == Effect::Allow && stated.check.is_none() {
        let hint = "so are the calls of tools that nothing names";
        found.warn(ARGUMENTS.name, (&part.pointer, part.rules.offset), hint);
    }
}

fn check_types(part: &Part<'_>, found: &mut Warnings) {
    let predicates = part.rules.require.iter().chain(&part.rules.deny_if);
    for comparison in predicates.flat_map(|predicate| &predicate.conditions).flat_map(Condition::comparisons)
    {
        if let Some(wanted) = wanted(comparison) {
            let message = format!("`{}` must be {wanted} here", comparison.path.text());
            found.warn(TYPES.name, (&comparison.pointer, comparison.value_offset), message);
        }
    }
}

/// What a comparison has to meet in order not to be an error.
fn wanted(comparison: &Comparison) -> Option<&'static str> {
    match &comparison.check.test {
        Test::Order { .. } => Some("a number"),
        Test::Equals(_) | Test::OneOf(_) => Some("of the type that it is compared with"),
        Test::Matches { .. } | Test::Affix { .. } | Test::HostIn(_) | Test::InNetwork(_) | Test::Under(_) => {
            Some("a text")
        }
        Test::Contains(_) | Test::Length { .. } => Some("a text or a list"),
        Test::Quantified(_) => Some("a list"),
        Test::Present(_) | Test::Types(_) | Test::SameAs(_) | Test::Within(_) => None,
    }
}

fn check_limits(part: &Part<'_>, found: &mut Warnings) {
    for limit in &part.rules.limits {
        let place = (&*limit.spec.pointer, limit.offset);
        if let Window::Sliding { ms } = limit.spec.window
            && CalendarUnit::of_length(ms)
        {
            let message = "`\"align\": \"calendar\"` lets it start anew on the boundary instead";
            found.warn(SLIDING.name, place, message);
        }
        if let Cost::Sum(path) = &limit.cost {
            found.warn(AMOUNTS.name, place, format!("`{}` is the amount", path.text()));
        }
        found.warn(QUOTA.name, place, format!("`{}` counts so", limit.spec.counter));
    }
}

fn check_channels(policy: &Policy, found: &mut Warnings) {
    let is_silent = |channel: &Channel| !policy.channels.stated.iter().any(|(stated, _)| stated == channel);
    let closed = |channel: &Channel| policy.default == Effect::Deny || !channel.follows_default();
    let channels = Channel::ALL.into_iter().filter(|channel| *channel != Channel::Input);
    let closed: Vec<String> = channels
        .filter(|channel| is_silent(channel) && closed(channel))
        .map(|channel| format!("`{}`", channel.as_str()))
        .collect();
    if !closed.is_empty() {
        let message = format!("closed, because nothing is said of them: {}", closed.join(", "));
        found.warn(CHANNELS.name, ("", 0), message);
    }
}

impl CalendarUnit {
    /// Whether a unit of the older product is so long.
    const fn of_length(ms: u64) -> bool {
        matches!(ms, 60_000 | 3_600_000 | 86_400_000)
    }
}
