//! `mode`, `expires`, `on_expiry` and `reveal`: what a part says of itself besides its rule.
//! Never lets a restriction end without a word, nor a part in shadow open anything.

use jiff::Timestamp;

use super::reader::{Fields, Place, Problem, Reader};
use crate::channel::Channels;
use crate::diagnostic::code;
use crate::policy::{Effect, Policy, Rules};
use crate::registry::{EXPIRY_ACTIONS, MODES, REVEALS};
use crate::rule;
use crate::terms::{Expiry, Reveal};

/// What a part says.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Terms {
    pub(super) is_shadow: bool,
    pub(super) expiry: Option<Expiry>,
}

impl Terms {
    /// When a restriction ends.
    pub(super) fn ends_ms(self) -> Option<u64> {
        self.expiry.map(|expiry| expiry.at_ms)
    }
}

/// What a part does, which decides what its end means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Does {
    /// It opens something, and may restrict it.
    Opens,
    /// It only opens.
    OnlyOpens,
    /// It only restricts.
    Restricts,
}

/// Reads what a part says of its mode and its end.
pub(super) fn read(reader: &mut Reader, fields: &Fields<'_>, does: Does) -> Terms {
    let is_shadow = is_shadow(reader, fields);
    let does = if is_shadow { Does::Restricts } else { does };
    Terms { is_shadow, expiry: read_expiry(reader, fields, does) }
}

/// Reads `mode`.
pub(super) fn is_shadow(reader: &mut Reader, fields: &Fields<'_>) -> bool {
    // A mode that is written wrongly is an error anyway.
    fields.get("mode").is_some_and(|place| reader.word(&place, &MODES).is_some())
}

/// Reads `reveal`.
pub(super) fn read_reveal(reader: &mut Reader, fields: &Fields<'_>) -> Option<Reveal> {
    let word = fields.get("reveal").and_then(|place| reader.word(&place, &REVEALS))?;
    [Reveal::Full, Reveal::Reason, Reveal::Nothing].into_iter().find(|reveal| reveal.as_str() == word)
}

fn read_expiry(reader: &mut Reader, fields: &Fields<'_>, does: Does) -> Option<Expiry> {
    let (expires, action) = (fields.get("expires"), fields.get("on_expiry"));
    let relaxes = action.as_ref().is_some_and(|place| reader.word(place, &EXPIRY_ACTIONS).is_some());
    let problem = match (&expires, &action, does) {
        (None, None, _) => return None,
        (None, Some(action), _) => {
            Some((action, "`on_expiry` says what happens then; say when with `expires`"))
        }
        (Some(place), None, Does::Restricts) => Some((
            place,
            "this part only restricts, and would be gone then; if that is meant, add `\"on_expiry\": \"relax\"`",
        )),
        (Some(_), Some(action), Does::OnlyOpens) => {
            Some((action, "this part restricts nothing that could relax; remove `on_expiry`"))
        }
        (Some(_), None, Does::Opens | Does::OnlyOpens)
        | (Some(_), Some(_), Does::Opens | Does::Restricts) => None,
    };
    if let Some((place, message)) = problem {
        reader.report(place, Problem::new(code::CONFLICT, message));
    }
    let at_ms = expires.and_then(|place| read_instant(reader, &place))?;
    Some(Expiry { at_ms, relaxes })
}

/// A time as RFC 3339 writes it, with its offset: without one it would be another time in another place.
fn read_instant(reader: &mut Reader, place: &Place<'_>) -> Option<u64> {
    let text = reader.text(place)?;
    let time = text.parse::<Timestamp>().ok().and_then(|time| u64::try_from(time.as_millisecond()).ok());
    if time.is_none() {
        let message = format!(
            "`{text}` is no time with an offset; write one such as `2026-12-01T00:00:00Z` or \
             `2026-12-01T00:00:00+01:00`"
        );
        reader.report(place, Problem::new(code::BAD_VALUE, message));
    }
    time
}

/// Reports each end that would end nothing, because the default opens what the part opens.
pub(super) fn check(reader: &mut Reader, policy: &Policy) {
    if policy.default == Effect::Deny {
        return;
    }
    let ends = |rules: &Rules| rules.expiry.is_some_and(|expiry| !expiry.relaxes);
    let rules = policy.all_rules().filter(|(_, _, rules)| ends(rules));
    let rules = rules.map(|(pointer, _, rules)| (rules.offset, pointer));
    let places: Vec<_> = rules.chain(open_ends(&policy.channels)).collect();
    for (offset, pointer) in places {
        let message = "the default allows this, also after it has expired; write `\"default\": \"deny\"`, or end its \
                       restrictions with `\"on_expiry\": \"relax\"`";
        reader.report_at(offset, rule::child(&pointer, "expires"), Problem::new(code::CONFLICT, message));
    }
}

/// The allows of channels that follow the default and end.
fn open_ends(channels: &Channels) -> impl Iterator<Item = (usize, String)> {
    let stated = channels.stated.iter().filter(|(channel, _)| channel.follows_default());
    let rules = stated.flat_map(|(_, stated)| stated.rules());
    let ends = rules.filter(|rule| rule.allows() && rule.expiry.is_some());
    ends.map(|rule| (rule.offset, rule.pointer.trim_end_matches("/action").to_owned()))
}
