//! The calendar of a named zone: where its hours, days, weeks and months begin.
//! Must never read a clock or a file: the zones' data is compiled in.

use crate::time::{HOUR_MS, MINUTE_MS, Timestamp};
use crate::window::CalendarUnit;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Span, Timestamp as Instant};
use std::collections::BTreeMap;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::{Mutex, PoisonError};

/// A zone of the IANA database. Copies are cheap and equal where their names are.
#[derive(Clone, Copy)]
pub struct Zone(&'static Known);

struct Known {
    name: &'static str,
    zone: TimeZone,
}

/// The zones that were asked for, each kept for good: there are as many as the database has names.
static ZONES: Mutex<BTreeMap<&'static str, Zone>> = Mutex::new(BTreeMap::new());

impl Zone {
    /// The zone of this name, exactly as the database writes it.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        let mut zones = ZONES.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(zone) = zones.get(name) {
            return Some(*zone);
        }
        let zone = TimeZone::get(name).ok().filter(|zone| zone.iana_name() == Some(name))?;
        let name: &'static str = String::leak(name.to_owned());
        let zone = Self(Box::leak(Box::new(Known { name, zone })));
        zones.insert(name, zone);
        Some(zone)
    }

    /// Its name.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.0.name
    }

    /// The start of the unit that a point lies in; 1970 where no calendar reaches.
    pub(crate) fn start(self, unit: CalendarUnit, at: Timestamp) -> Timestamp {
        self.around(unit, at).map_or(Timestamp::default(), |(start, _)| start)
    }

    /// The start of the next unit; the end of time where no calendar reaches.
    pub(crate) fn end(self, unit: CalendarUnit, at: Timestamp) -> Timestamp {
        self.around(unit, at).map_or(Timestamp::from_ms(u64::MAX), |(_, end)| end)
    }

    /// The last boundary that is not after a point, and the first that is.
    fn around(self, unit: CalendarUnit, at: Timestamp) -> Option<(Timestamp, Timestamp)> {
        match unit {
            // Since 1972 every zone is off by whole minutes.
            CalendarUnit::Minute => {
                let start = at.minus_ms(at.as_ms() % MINUTE_MS);
                Some((start, start.plus_ms(MINUTE_MS)))
            }
            CalendarUnit::Hour => self.hour_around(at),
            CalendarUnit::Day | CalendarUnit::Week | CalendarUnit::Month => self.days_around(unit, at),
        }
    }

    /// An hour begins where the clock shows a full one, and ends where it next does.
    fn hour_around(self, at: Timestamp) -> Option<(Timestamp, Timestamp)> {
        let ms = i64::try_from(at.as_ms()).ok()?;
        let hour = i64::try_from(HOUR_MS).ok()?;
        let into_hour = |ms: i64, offset_ms: i64| (ms + offset_ms).rem_euclid(hour);
        let offset = self.offset_ms(ms)?;
        let mut start = ms - into_hour(ms, offset);
        let mut end = start + hour;
        if self.offset_ms(start)? != offset {
            // The clock was set within this hour, to no full one.
            let before = self.transition_before(ms)? - 1;
            start = before - into_hour(before, self.offset_ms(before)?);
        }
        if self.offset_ms(end)? != offset {
            let set = self.transition_after(ms)?;
            end = set + (hour - into_hour(set, self.offset_ms(set)?)) % hour;
        }
        Some((from_ms(start), from_ms(end)))
    }

    /// A day begins at the first moment that has its date.
    fn days_around(self, unit: CalendarUnit, at: Timestamp) -> Option<(Timestamp, Timestamp)> {
        let date = self.0.zone.to_datetime(instant(i64::try_from(at.as_ms()).ok()?)?).date();
        let first = first_date(unit, date)?;
        let (start, end) = (self.first_moment(first)?, self.first_moment(following(unit, first)?)?);
        if (start..end).contains(&at) {
            return Some((start, end));
        }
        // The clock was set across midnight, so that a date is shown twice: what began once has begun.
        if at >= end {
            let second = following(unit, following(unit, first)?)?;
            return Some((end, self.first_moment(second)?));
        }
        Some((self.first_moment(preceding(unit, first)?)?, start))
    }

    fn first_moment(self, date: Date) -> Option<Timestamp> {
        let moment = date.to_zoned(self.0.zone.clone()).ok()?.timestamp().as_millisecond();
        Some(from_ms(moment))
    }

    fn offset_ms(self, ms: i64) -> Option<i64> {
        Some(i64::from(self.0.zone.to_offset(instant(ms)?).seconds()) * 1000)
    }

    /// When the clock was last set, at or before a point.
    fn transition_before(self, ms: i64) -> Option<i64> {
        let set = self.0.zone.preceding(instant(ms + 1)?).next()?;
        Some(set.timestamp().as_millisecond())
    }

    /// When the clock is next set, after a point.
    fn transition_after(self, ms: i64) -> Option<i64> {
        let set = self.0.zone.following(instant(ms)?).next()?;
        Some(set.timestamp().as_millisecond())
    }
}

fn instant(ms: i64) -> Option<Instant> {
    Instant::from_millisecond(ms).ok()
}

/// Points before 1970 are cut off.
fn from_ms(ms: i64) -> Timestamp {
    Timestamp::from_ms(u64::try_from(ms).unwrap_or(0))
}

fn first_date(unit: CalendarUnit, date: Date) -> Option<Date> {
    match unit {
        CalendarUnit::Minute | CalendarUnit::Hour | CalendarUnit::Day => Some(date),
        CalendarUnit::Week => date.checked_sub(Span::new().days(date.weekday().to_monday_zero_offset())).ok(),
        CalendarUnit::Month => Some(date.first_of_month()),
    }
}

fn following(unit: CalendarUnit, first: Date) -> Option<Date> {
    first.checked_add(length(unit)).ok()
}

fn preceding(unit: CalendarUnit, first: Date) -> Option<Date> {
    first.checked_sub(length(unit)).ok()
}

fn length(unit: CalendarUnit) -> Span {
    match unit {
        CalendarUnit::Minute | CalendarUnit::Hour | CalendarUnit::Day => Span::new().days(1),
        CalendarUnit::Week => Span::new().days(7),
        CalendarUnit::Month => Span::new().months(1),
    }
}

impl PartialEq for Zone {
    fn eq(&self, other: &Self) -> bool {
        self.0.name == other.0.name
    }
}

impl Eq for Zone {}

impl Hash for Zone {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.name.hash(state);
    }
}

impl fmt::Debug for Zone {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.0.name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn at(text: &str) -> Timestamp {
        Timestamp::parse(text).unwrap()
    }

    /// All in UTC.
    fn check(zone: &str, unit: CalendarUnit, now: &str, start: &str, end: &str) {
        let zone = Zone::named(zone).unwrap();
        assert_eq!(zone.start(unit, at(now)).to_string(), at(start).to_string(), "{zone:?} {unit:?} start");
        assert_eq!(zone.end(unit, at(now)).to_string(), at(end).to_string(), "{zone:?} {unit:?} end");
    }

    use CalendarUnit::{Day, Hour, Minute, Month, Week};

    #[test]
    fn days_are_as_long_as_the_zone_says() {
        let berlin = "Europe/Berlin";
        check(berlin, Day, "2026-11-20T13:10Z", "2026-11-19T23:00Z", "2026-11-20T23:00Z");
        check(berlin, Day, "2026-03-29T12:00Z", "2026-03-28T23:00Z", "2026-03-29T22:00Z");
        check(berlin, Day, "2026-10-25T12:00Z", "2026-10-24T22:00Z", "2026-10-25T23:00Z");
        check(berlin, Week, "2026-10-25T12:00Z", "2026-10-18T22:00Z", "2026-10-25T23:00Z");
        check(berlin, Month, "2026-10-31T22:59Z", "2026-09-30T22:00Z", "2026-10-31T23:00Z");
        check(berlin, Month, "2026-12-31T23:00Z", "2026-12-31T23:00Z", "2027-01-31T23:00Z");
        check("Asia/Kolkata", Day, "2026-11-20T13:10Z", "2026-11-19T18:30Z", "2026-11-20T18:30Z");
        check("America/New_York", Day, "2026-11-20T02:00Z", "2026-11-19T05:00Z", "2026-11-20T05:00Z");
    }

    #[test]
    fn days_that_a_zone_skips_or_shows_twice() {
        // Samoa had no 30th of December 2011.
        check("Pacific/Apia", Day, "2011-12-30T09:00Z", "2011-12-29T10:00Z", "2011-12-30T10:00Z");
        check("Pacific/Apia", Day, "2011-12-30T10:00Z", "2011-12-30T10:00Z", "2011-12-31T10:00Z");
        // In St. John's clocks went back at one minute past midnight: the 6th was shown again for an hour.
        let johns = "America/St_Johns";
        check(johns, Day, "2010-11-07T02:29Z", "2010-11-06T02:30Z", "2010-11-07T02:30Z");
        check(johns, Day, "2010-11-07T02:30Z", "2010-11-07T02:30Z", "2010-11-08T03:30Z");
        check(johns, Day, "2010-11-07T03:00Z", "2010-11-07T02:30Z", "2010-11-08T03:30Z");
        // In Beirut clocks go forward at midnight, so that the day begins at one.
        check("Asia/Beirut", Day, "2022-03-27T12:00Z", "2022-03-26T22:00Z", "2022-03-27T21:00Z");
    }

    #[test]
    fn hours_begin_where_the_clock_shows_a_full_one() {
        check("Asia/Kolkata", Hour, "2026-11-20T13:10Z", "2026-11-20T12:30Z", "2026-11-20T13:30Z");
        check("Europe/Berlin", Hour, "2026-10-25T00:59Z", "2026-10-25T00:00Z", "2026-10-25T01:00Z");
        check("Europe/Berlin", Hour, "2026-10-25T01:00Z", "2026-10-25T01:00Z", "2026-10-25T02:00Z");
        // Lord Howe goes back by half an hour, from 02:00 to 01:30.
        let howe = "Australia/Lord_Howe";
        check(howe, Hour, "2026-04-04T14:59Z", "2026-04-04T14:00Z", "2026-04-04T15:30Z");
        check(howe, Hour, "2026-04-04T15:00Z", "2026-04-04T14:00Z", "2026-04-04T15:30Z");
        check(howe, Hour, "2026-04-04T15:30Z", "2026-04-04T15:30Z", "2026-04-04T16:30Z");
        // And forward from 02:00 to 02:30.
        check(howe, Hour, "2026-10-03T15:29Z", "2026-10-03T14:30Z", "2026-10-03T16:00Z");
        check(howe, Hour, "2026-10-03T15:45Z", "2026-10-03T14:30Z", "2026-10-03T16:00Z");
        check(howe, Minute, "2026-10-03T15:45Z", "2026-10-03T15:45Z", "2026-10-03T15:46Z");
    }

    #[test]
    fn names_are_exact_and_no_calendar_frees_nothing() {
        assert_eq!(Zone::named("Europe/Berlin"), Zone::named("Europe/Berlin"));
        assert_eq!(Zone::named("europe/berlin"), None);
        assert_eq!(Zone::named(""), None);
        let zone = Zone::named("UTC").unwrap();
        let end_of_time = Timestamp::from_ms(u64::MAX);
        for unit in [Hour, Day, Month] {
            assert_eq!(zone.start(unit, end_of_time), Timestamp::default());
            assert_eq!(zone.end(unit, end_of_time), end_of_time);
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2000))]

        /// Units follow each other without a gap and without an overlap.
        #[test]
        fn units_are_a_partition(
            zone in prop::sample::select(vec![
                "Europe/Berlin", "Australia/Lord_Howe", "Pacific/Apia", "America/St_Johns", "Asia/Beirut",
                "Africa/Casablanca", "America/Havana", "Antarctica/Troll", "UTC",
            ]),
            unit in prop::sample::select(vec![Minute, Hour, Day, Week, Month]),
            ms in 63_072_000_000_u64..4_102_444_800_000,
        ) {
            let (zone, now) = (Zone::named(zone).unwrap(), Timestamp::from_ms(ms));
            let (start, end) = (zone.start(unit, now), zone.end(unit, now));
            prop_assert!(start <= now && now < end);
            for inside in [start, end.minus_ms(1)] {
                prop_assert_eq!((zone.start(unit, inside), zone.end(unit, inside)), (start, end));
            }
            prop_assert_eq!(zone.start(unit, end), end);
        }

        /// So they do where clocks are set.
        #[test]
        fn units_are_a_partition_around_changes(
            zone in prop::sample::select(vec![
                "Australia/Lord_Howe", "Pacific/Apia", "America/St_Johns", "Asia/Beirut", "Africa/Casablanca",
                "America/Havana", "Antarctica/Troll",
            ]),
            unit in prop::sample::select(vec![Hour, Day, Week, Month]),
            from in 63_072_000_000_i64..1_900_000_000_000,
            off_ms in -7_200_000_i64..7_200_000,
        ) {
            let zone = Zone::named(zone).unwrap();
            let set = zone.transition_after(from).unwrap_or(from);
            let now = from_ms(set + off_ms);
            let (start, end) = (zone.start(unit, now), zone.end(unit, now));
            prop_assert!(start <= now && now < end, "{} {} {}", start, now, end);
            for inside in [start, end.minus_ms(1)] {
                prop_assert_eq!((zone.start(unit, inside), zone.end(unit, inside)), (start, end));
            }
            prop_assert_eq!(zone.start(unit, end), end);
        }
    }
}
