//! The paths beside arguments: who calls, what is called, when.
//! One list; each has a type of its own, so that a comparison of the wrong type is an error when a document loads.

use crate::datum::Datum;
use crate::input::Input;
use crate::path::Found;
use crate::registry::{Entry, Status, Table};
use crate::zone::{self, Zone};

/// A fact of the call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fact {
    GrantId,
    GrantLabels,
    ServerId,
    ToolName,
    Hour,
    Minute,
    Weekday,
    Date,
}

/// All facts, in the order of the manual.
pub(crate) const FACTS: Table = Table { title: "facts", entries: ENTRIES };
const ENTRIES: &[Entry] = &[
    fact("grant.id", "The public id of the access key, a text."),
    fact("grant.labels", "The labels of the access key, a list of texts."),
    fact("server.id", "The id of the server, a text."),
    fact("tool.name", "The name of the tool, a text."),
    fact("time.hour", "The hour of the day, 0 to 23."),
    fact("time.minute", "The minute of the hour, 0 to 59."),
    fact("time.weekday", "The weekday, `monday` to `sunday`."),
    fact("time.date", "The date, a text such as `2026-11-20`."),
];

const ALL: [Fact; 8] = [
    Fact::GrantId,
    Fact::GrantLabels,
    Fact::ServerId,
    Fact::ToolName,
    Fact::Hour,
    Fact::Minute,
    Fact::Weekday,
    Fact::Date,
];

const fn fact(name: &'static str, doc: &'static str) -> Entry {
    Entry { name, doc, status: Status::Built }
}

impl Fact {
    /// The fact that a path names.
    pub(crate) fn named(path: &str) -> Option<Self> {
        let index = ENTRIES.iter().position(|entry| entry.name == path)?;
        ALL.get(index).copied()
    }

    /// Whether it depends on the zone.
    pub(crate) const fn is_time(self) -> bool {
        match self {
            Self::Hour | Self::Minute | Self::Weekday | Self::Date => true,
            Self::GrantId | Self::GrantLabels | Self::ServerId | Self::ToolName => false,
        }
    }

    /// Whether it is a number.
    pub(crate) const fn is_number(self) -> bool {
        match self {
            Self::Hour | Self::Minute => true,
            Self::GrantId
            | Self::GrantLabels
            | Self::ServerId
            | Self::ToolName
            | Self::Weekday
            | Self::Date => false,
        }
    }

    /// Whether it is a list of texts.
    pub(crate) const fn is_list(self) -> bool {
        matches!(self, Self::GrantLabels)
    }

    /// A value of its type.
    pub(crate) fn sample(self) -> Datum<'static> {
        match self {
            Self::GrantId | Self::ServerId | Self::ToolName => Datum::Text("x"),
            Self::Weekday => Datum::Text("monday"),
            Self::GrantLabels => Datum::Texts(&[]),
            Self::Hour | Self::Minute => Datum::Number(0),
            Self::Date => Datum::Date(jiff::civil::Date::ZERO),
        }
    }

    /// What messages to agents call it.
    pub(crate) const fn noun(self) -> &'static str {
        match self {
            Self::GrantId | Self::GrantLabels => "the access key",
            Self::ServerId => "the server",
            Self::ToolName => "the tool",
            Self::Hour | Self::Minute | Self::Weekday | Self::Date => "the time",
        }
    }

    /// What it is for a call.
    pub(crate) fn find<'a>(self, input: Input<'a>, zone: Option<&Zone>) -> Found<'a> {
        let found = match self {
            Self::ServerId => Some(Datum::Text(&input.tool.server)),
            Self::ToolName => Some(Datum::Text(&input.tool.name)),
            Self::GrantId => input.facts.map(|facts| Datum::Text(facts.grant)),
            Self::GrantLabels => input.facts.and_then(|facts| facts.labels).map(Datum::Texts),
            Self::Hour | Self::Minute | Self::Weekday | Self::Date => {
                input.facts.and_then(|facts| facts.now_ms).and_then(|now_ms| self.at(now_ms, zone))
            }
        };
        found.map_or(Found::Unknown, Found::Value)
    }

    fn at(self, now_ms: u64, zone: Option<&Zone>) -> Option<Datum<'static>> {
        let civil = Zone::civil(zone, now_ms)?;
        match self {
            Self::Hour => Some(Datum::Number(civil.hour())),
            Self::Minute => Some(Datum::Number(civil.minute())),
            Self::Weekday => Some(Datum::Text(zone::weekday(civil))),
            Self::Date => Some(Datum::Date(civil.date())),
            Self::GrantId | Self::GrantLabels | Self::ServerId | Self::ToolName => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_fact_has_its_name() {
        assert_eq!(ALL.len(), ENTRIES.len());
        for (fact, entry) in ALL.into_iter().zip(ENTRIES) {
            assert_eq!(Fact::named(entry.name), Some(fact));
        }
        assert_eq!(Fact::named("grant.name"), None);
        assert_eq!(Fact::named("time"), None);
    }
}
