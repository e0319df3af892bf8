//! The rules of one tool, or of all tools.

use std::sync::Arc;

use super::reader::{Fields, Place, Reader};
use super::{approval, arguments, condition, limit, release, short};
use crate::class::Class;
use crate::operator::Sense;
use crate::policy::{Predicate, Rules};
use crate::registry::RULE_KEYS;
use crate::rule::Labels;

/// Whose rules they are.
pub(super) enum Target<'a> {
    /// `all_tools`
    AllTools,
    /// A key of `tools`.
    Tool(&'a str),
    /// A key of `tools` that is a pattern.
    Pattern(&'a str),
    /// A key of `categories` or `risk`.
    Class(Class),
}

impl Target<'_> {
    /// The name that counters of short forms start with.
    pub(super) const fn name(&self) -> &str {
        match self {
            Self::AllTools => "all_tools",
            Self::Tool(name) | Self::Pattern(name) => name,
            Self::Class(class) => class.keys().1,
        }
    }
}

/// Reads rules; what is wrong in them is reported and left out.
pub(super) fn read(reader: &mut Reader, place: &Place<'_>, target: &Target<'_>, policy: &Arc<str>) -> Rules {
    let Some(fields) = reader.object(place, &RULE_KEYS) else { return Rules::default() };
    let action = short::read_action(reader, &fields, target);
    let mut rules = Rules {
        offset: place.offset(),
        require: predicates(reader, &fields, "require", Sense::Require),
        deny_if: predicates(reader, &fields, "deny_if", Sense::DenyIf),
        limits: limit::read_all(reader, &fields, policy),
        approval: approval::read(reader, &fields),
        arguments: arguments::read(reader, &fields),
        says_allow: action.says_allow,
        release: fields.get("release").and_then(|place| release::read(reader, &place)),
    };
    rules.deny_if.splice(0..0, action.deny);
    let short_limit =
        fields.get("rate_limit").and_then(|place| short::read_rate_limit(reader, &place, target, policy));
    rules.limits.extend(short_limit);
    rules
}

fn predicates(reader: &mut Reader, fields: &Fields<'_>, key: &str, sense: Sense) -> Vec<Predicate> {
    let Some(list) = fields.get(key) else { return Vec::new() };
    let mut labels = Labels::default();
    let places = reader.list(&list).unwrap_or_default();
    places
        .iter()
        .filter_map(|place| condition::read_predicate(reader, place, &list.pointer, &mut labels, sense))
        .collect()
}
