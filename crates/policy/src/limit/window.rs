//! The windows of limits as data: sliding, or by the calendar. Nothing here knows the time.

use std::fmt;

/// Over which time a limit counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Window {
    /// No interval of this length holds more than the maximum.
    Sliding {
        /// The length in milliseconds.
        ms: u64,
    },
    /// Starts anew on a boundary of the calendar, in UTC or in the zone of the limit.
    Calendar(CalendarUnit),
    /// As long as the call runs: a limit on calls at the same time.
    InFlight {
        /// After so many milliseconds a slot counts as free, where that is stated.
        timeout_ms: Option<u64>,
    },
}

/// The unit of a calendar window. Weeks start on Monday.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CalendarUnit {
    /// From second 0.
    Minute,
    /// From minute 0.
    Hour,
    /// From midnight.
    Day,
    /// From Monday, midnight.
    Week,
    /// From the first of the month, midnight.
    Month,
}

impl Window {
    /// A sliding minute.
    pub const MINUTE: Self = Self::Sliding { ms: 60_000 };
    /// A sliding hour.
    pub const HOUR: Self = Self::Sliding { ms: 3_600_000 };
    /// Sliding 24 hours.
    pub const DAY: Self = Self::Sliding { ms: 86_400_000 };

    /// As a document writes it in `window`.
    pub(crate) fn written(self) -> String {
        match self {
            Self::MINUTE => "minute".to_owned(),
            Self::HOUR => "hour".to_owned(),
            Self::DAY => "day".to_owned(),
            Self::Sliding { ms } => duration(ms),
            Self::Calendar(unit) => unit.as_str().to_owned(),
            Self::InFlight { .. } => "in flight".to_owned(),
        }
    }
}

/// The shortest duration text for a whole number of seconds.
pub(crate) fn duration(ms: u64) -> String {
    let seconds = ms / 1000;
    let units = [(86_400, 'd'), (3600, 'h'), (60, 'm')];
    let unit = units.iter().find(|(length, _)| seconds >= *length && seconds.is_multiple_of(*length));
    unit.map_or_else(|| format!("{seconds}s"), |(length, letter)| format!("{}{letter}", seconds / length))
}

impl fmt::Display for Window {
    /// "per minute", "per 90s", "per calendar month", "at the same time".
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sliding { .. } => write!(formatter, "per {}", self.written()),
            Self::Calendar(unit) => write!(formatter, "per calendar {}", unit.as_str()),
            Self::InFlight { .. } => formatter.write_str("at the same time"),
        }
    }
}

impl CalendarUnit {
    /// As a document writes it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Minute => "minute",
            Self::Hour => "hour",
            Self::Day => "day",
            Self::Week => "week",
            Self::Month => "month",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows_are_written_shortest() {
        for (seconds, expected) in [
            (60, "minute"),
            (3600, "hour"),
            (86_400, "day"),
            (90, "90s"),
            (900, "15m"),
            (7200, "2h"),
            (172_800, "2d"),
        ] {
            assert_eq!(Window::Sliding { ms: seconds * 1000 }.written(), expected);
        }
    }
}
