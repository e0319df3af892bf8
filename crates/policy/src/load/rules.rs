//! The rules of one tool, or of all tools.

use std::sync::Arc;

use super::reader::{Fields, Place, Problem, Reader};
use super::short::Action;
use super::terms::{self, Does, Terms};
use super::{approval, arguments, condition, limit, release, short};
use crate::class::Class;
use crate::diagnostic::code;
use crate::operator::Sense;
use crate::policy::{Predicate, Rules};
use crate::registry::RULE_KEYS;
use crate::rule::Labels;
use crate::terms::earlier;

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

    /// What rules for it do, which decides what their end means.
    fn does(&self, action: &Action) -> Does {
        match self {
            Self::Tool(_) if action.deny.is_none() => Does::Opens,
            Self::Pattern(_) | Self::Class(_) if action.says_allow => Does::Opens,
            Self::Tool(_) | Self::Pattern(_) | Self::Class(_) | Self::AllTools => Does::Restricts,
        }
    }
}

/// Reads rules; what is wrong in them is reported and left out.
pub(super) fn read(reader: &mut Reader, place: &Place<'_>, target: &Target<'_>, policy: &Arc<str>) -> Rules {
    let Some(fields) = reader.object(place, &RULE_KEYS) else { return Rules::default() };
    let action = short::read_action(reader, &fields, target);
    let terms = terms::read(reader, &fields, target.does(&action));
    let says_allow = action.says_allow;
    let mut parts = Parts::default();
    parts.predicates(reader, &fields, "require", Sense::Require, None);
    parts.predicates(reader, &fields, "deny_if", Sense::DenyIf, action.deny);
    for (terms, limit) in limit::read_all(reader, &fields, policy) {
        parts.of(terms).limits.push(limit);
    }
    let short_limit =
        fields.get("rate_limit").and_then(|place| short::read_rate_limit(reader, &place, target, policy));
    parts.enforced.limits.extend(short_limit);
    if let Some((terms, approval)) = approval::read(reader, &fields) {
        parts.of(terms).approval = Some(approval);
    }
    parts.enforced.arguments = arguments::read(reader, &fields);
    parts.enforced.reveal = terms::read_reveal(reader, &fields);
    parts.enforced.release = fields.get("release").and_then(|place| release::read(reader, &place));
    check(reader, &fields, terms, says_allow);
    let rules = parts.join(terms, place.offset());
    Rules { says_allow, expiry: terms.expiry, pointer: place.pointer.as_str().into(), ..rules }
}

/// What is enforced and what is not.
#[derive(Default)]
struct Parts {
    enforced: Rules,
    shadow: Rules,
    has_shadow: bool,
}

impl Parts {
    /// Where a part with these terms belongs.
    fn of(&mut self, terms: Terms) -> &mut Rules {
        if !terms.is_shadow {
            return &mut self.enforced;
        }
        self.has_shadow = true;
        &mut self.shadow
    }

    fn predicates(
        &mut self,
        reader: &mut Reader,
        fields: &Fields<'_>,
        key: &str,
        sense: Sense,
        first: Option<Predicate>,
    ) {
        let mut read: Vec<_> = first.into_iter().map(|predicate| (Terms::default(), predicate)).collect();
        if let Some(list) = fields.get(key) {
            let mut labels = Labels::default();
            for place in reader.list(&list).unwrap_or_default() {
                read.extend(condition::read_predicate(reader, &place, &list.pointer, &mut labels, sense));
            }
        }
        for (terms, predicate) in read {
            let rules = self.of(terms);
            match sense {
                Sense::Require => rules.require.push(predicate),
                Sense::DenyIf => rules.deny_if.push(predicate),
            }
        }
    }

    /// Both together, under what is said of all of them.
    fn join(mut self, terms: Terms, offset: usize) -> Rules {
        let relaxes_ms = terms.expiry.filter(|expiry| expiry.relaxes).map(|expiry| expiry.at_ms);
        for rules in [&mut self.enforced, &mut self.shadow] {
            rules.offset = offset;
            end(rules, relaxes_ms);
        }
        if !terms.is_shadow {
            let shadow = self.has_shadow.then(|| Arc::new(self.shadow));
            return Rules { shadow, ..self.enforced };
        }
        let mut inner = self.enforced;
        inner.require.append(&mut self.shadow.require);
        inner.deny_if.append(&mut self.shadow.deny_if);
        inner.limits.append(&mut self.shadow.limits);
        inner.approval = inner.approval.or(self.shadow.approval);
        if self.has_shadow {
            inner.require.sort_by_key(|predicate| predicate.offset);
            inner.deny_if.sort_by_key(|predicate| predicate.offset);
            inner.limits.sort_by_key(|limit| limit.offset);
        }
        Rules { offset, is_shadow: true, shadow: Some(Arc::new(inner)), ..Rules::default() }
    }
}

/// Ends all restrictions of rules at this time, unless they end before.
fn end(rules: &mut Rules, ends_ms: Option<u64>) {
    let predicates = rules.require.iter_mut().chain(&mut rules.deny_if).map(|one| &mut one.ends_ms);
    let limits = rules.limits.iter_mut().map(|limit| &mut limit.ends_ms);
    let approvals = rules.approval.iter_mut().map(|approval| &mut approval.ends_ms);
    for own in predicates.chain(limits).chain(approvals) {
        *own = earlier(*own, ends_ms);
    }
}

/// What parts that end, or are in shadow, cannot say.
fn check(reader: &mut Reader, fields: &Fields<'_>, terms: Terms, says_allow: bool) {
    if let Some(place) = fields.get("action").filter(|_| terms.is_shadow && says_allow) {
        let message = "a part in shadow opens nothing; remove `action` or `mode`";
        reader.report(&place, Problem::new(code::CONFLICT, message));
    }
    let relaxes = terms.expiry.is_some_and(|expiry| expiry.relaxes);
    for key in ["arguments", "repair", "numbers", "reveal"] {
        if let Some(place) = fields.get(key).filter(|_| relaxes) {
            let message = format!("`{key}` does not end with a part; state it in one without `on_expiry`");
            reader.report(&place, Problem::new(code::CONFLICT, message));
        }
    }
}
