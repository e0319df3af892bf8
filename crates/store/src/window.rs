//! The windows of limits: what still counts, and when it stops to.
//! Must never free a unit early, not by a millisecond of rounding.

use crate::time::{DAY_MS, Date, HOUR_MS, MINUTE_MS, Timestamp};
use crate::zone::Zone;

/// A sliding window beyond its exact events is counted in this many parts.
const SUB_WINDOWS: u64 = 64;

/// Over which time a limit counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Window {
    /// Any interval of this length.
    Sliding {
        /// Its length in milliseconds.
        ms: u64,
    },
    /// The present unit of the calendar, in UTC.
    Calendar(CalendarUnit),
    /// The present unit of the calendar of a zone.
    Zoned(CalendarUnit, Zone),
}

/// A unit of the calendar; weeks begin on Monday.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CalendarUnit {
    /// From second 0.
    Minute,
    /// From minute 0.
    Hour,
    /// From midnight.
    Day,
    /// From Monday, midnight.
    Week,
    /// From the first, midnight.
    Month,
}

impl Window {
    /// The earliest point that counts at `now`.
    ///
    /// Points are cut to whole milliseconds, so two that differ by exactly the window's length may lie closer
    /// together; the earlier one still counts.
    #[must_use]
    pub fn start(self, now: Timestamp) -> Timestamp {
        match self {
            Self::Sliding { ms } => now.minus_ms(ms),
            Self::Calendar(unit) => unit.start(now),
            Self::Zoned(unit, zone) => zone.start(unit, now),
        }
    }

    /// When a unit of `at` no longer counts; one from before the present calendar unit counts no more at its end.
    #[must_use]
    pub fn frees_at(self, at: Timestamp) -> Timestamp {
        match self {
            Self::Sliding { ms } => at.plus_ms(ms).plus_ms(1),
            Self::Calendar(unit) => unit.end(at),
            Self::Zoned(unit, zone) => zone.end(unit, at),
        }
    }

    /// The part of time that a point lies in: two points of one part may be counted as one at the later of them.
    /// What counts no more is kept in parts of `tail_ms`, in case the window grows.
    pub(crate) fn part(self, at: Timestamp, now: Timestamp, tail_ms: u64) -> Part {
        if at < self.start(now) {
            return Part { is_past: true, start: 0, n: at.as_ms() / tail_ms.max(1) };
        }
        match self {
            Self::Sliding { ms } => {
                Part { is_past: false, start: 0, n: at.as_ms() / (ms / SUB_WINDOWS).max(1) }
            }
            Self::Calendar(unit) => Part::within(unit.start(at), unit.end(at), at),
            Self::Zoned(unit, zone) => Part::within(zone.start(unit, at), zone.end(unit, at), at),
        }
    }
}

/// A part of time; see [`Window::part`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Part {
    is_past: bool,
    start: u64,
    n: u64,
}

impl Part {
    fn within(start: Timestamp, end: Timestamp, at: Timestamp) -> Self {
        let length_ms = end.ms_since(start);
        Self {
            is_past: false,
            start: start.as_ms(),
            n: at.ms_since(start) / (length_ms / SUB_WINDOWS).max(1),
        }
    }
}

impl CalendarUnit {
    /// Its length; nothing for months, which differ.
    fn length_ms(self) -> Option<u64> {
        match self {
            Self::Minute => Some(MINUTE_MS),
            Self::Hour => Some(HOUR_MS),
            Self::Day => Some(DAY_MS),
            Self::Week => Some(7 * DAY_MS),
            Self::Month => None,
        }
    }

    /// The start of the unit that a point lies in.
    fn start(self, at: Timestamp) -> Timestamp {
        // 1970-01-01 was a Thursday, so weeks are shifted by three days.
        let shift = if self == Self::Week { 3 * DAY_MS } else { 0 };
        let ms = at.as_ms();
        match self.length_ms() {
            Some(length) => at.minus_ms(ms.saturating_add(shift) % length),
            None => {
                let into_month = (Date::of_days(ms / DAY_MS).day - 1) * DAY_MS + ms % DAY_MS;
                at.minus_ms(into_month)
            }
        }
    }

    /// The start of the next unit.
    fn end(self, at: Timestamp) -> Timestamp {
        match self.length_ms() {
            // The first week begins before 1970, where points are cut off.
            Some(length) if self == Self::Week && at.as_ms() < 4 * DAY_MS => {
                Timestamp::from_ms(length - 3 * DAY_MS)
            }
            Some(length) => self.start(at).plus_ms(length),
            None => {
                let next = Date::of_days(at.as_ms() / DAY_MS).next_month();
                Timestamp::from_ms(next.days().map_or(u64::MAX, |days| days.saturating_mul(DAY_MS)))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        Timestamp::parse(text).unwrap()
    }

    fn check(unit: CalendarUnit, now: &str, start: &str, end: &str) {
        assert_eq!(Window::Calendar(unit).start(at(now)), at(start), "{unit:?} start");
        assert_eq!(Window::Calendar(unit).frees_at(at(now)), at(end), "{unit:?} end");
    }

    #[test]
    fn calendar_units() {
        use CalendarUnit::{Day, Hour, Minute, Month, Week};
        let now = "2026-11-20T13:10:51.007Z";
        check(Minute, now, "2026-11-20T13:10Z", "2026-11-20T13:11Z");
        check(Hour, now, "2026-11-20T13:00Z", "2026-11-20T14:00Z");
        check(Day, now, "2026-11-20", "2026-11-21");
        check(Week, now, "2026-11-16", "2026-11-23");
        check(Month, now, "2026-11-01", "2026-12-01");
        check(Month, "2026-12-31T23:59:59.999Z", "2026-12-01", "2027-01-01");
        check(Month, "2028-02-29T12:00Z", "2028-02-01", "2028-03-01");
        check(Week, "2026-11-16", "2026-11-16", "2026-11-23");
        check(Week, "1970-01-02", "1970-01-01", "1970-01-05");
    }

    #[test]
    fn a_sliding_window_holds_both_its_ends() {
        let window = Window::Sliding { ms: 1000 };
        let first = Timestamp::from_ms(5000);
        assert_eq!(window.start(Timestamp::from_ms(6000)), first);
        assert_eq!(window.frees_at(first), Timestamp::from_ms(6001));
        assert!(first < window.start(window.frees_at(first)));
    }

    #[test]
    fn parts_never_join_two_calendar_units() {
        let window = Window::Calendar(CalendarUnit::Month);
        let now = at("2026-11-01");
        let (last, first) = (at("2026-10-31T23:59:59.999Z"), at("2026-11-01"));
        assert_ne!(window.part(last, now, HOUR_MS), window.part(first, now, HOUR_MS));
    }
}
