//! The time of a call in a named zone: hour, weekday, date.
//! The data of all zones is compiled in; no clock is read and no file of the machine.

use jiff::Timestamp;
use jiff::civil::{DateTime, Weekday};
use jiff::tz::TimeZone;

/// A zone of the IANA database.
#[derive(Debug, Clone)]
pub(crate) struct Zone {
    name: Box<str>,
    zone: TimeZone,
}

/// The weekdays as documents write them, from Monday.
pub(crate) const WEEKDAYS: [&str; 7] =
    ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];

impl Zone {
    /// The zone of this name, exactly as the database writes it; the error is the name that was probably meant.
    pub(crate) fn named(name: &str) -> Result<Self, Option<String>> {
        let known = TimeZone::get(name).map_err(|_| None)?;
        match known.iana_name() {
            Some(exact) if exact == name => Ok(Self { name: name.into(), zone: known }),
            other => Err(other.map(str::to_owned)),
        }
    }

    /// As a document writes it.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// What clocks and calendars show at a time; nothing for times that no calendar has.
    pub(crate) fn civil(zone: Option<&Self>, now_ms: u64) -> Option<DateTime> {
        let now = i64::try_from(now_ms).ok().and_then(|ms| Timestamp::from_millisecond(ms).ok())?;
        Some(match zone {
            Some(zone) => zone.zone.to_datetime(now),
            None => TimeZone::UTC.to_datetime(now),
        })
    }

    /// The time at which clocks and calendars show this; where they are put forward over it, a time near by.
    pub(crate) fn instant(zone: Option<&Self>, civil: DateTime) -> Option<u64> {
        let utc = TimeZone::UTC;
        let zone = zone.map_or(&utc, |zone| &zone.zone);
        let timestamp = zone.to_timestamp(civil).ok()?;
        u64::try_from(timestamp.as_millisecond()).ok()
    }
}

/// The name of a weekday.
pub(crate) fn weekday(date: DateTime) -> &'static str {
    match date.weekday() {
        Weekday::Monday => "monday",
        Weekday::Tuesday => "tuesday",
        Weekday::Wednesday => "wednesday",
        Weekday::Thursday => "thursday",
        Weekday::Friday => "friday",
        Weekday::Saturday => "saturday",
        Weekday::Sunday => "sunday",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(name: &str, now_ms: u64, expected: &str) {
        let zone = Zone::named(name).unwrap();
        let civil = Zone::civil(Some(&zone), now_ms).unwrap();
        assert_eq!(format!("{civil} {}", weekday(civil)), expected);
    }

    #[test]
    fn zones_know_their_summers() {
        // 2026-07-01 and 2026-12-31, 23:30 UTC.
        check("UTC", 1_782_948_600_000, "2026-07-01T23:30:00 wednesday");
        check("Europe/Berlin", 1_782_948_600_000, "2026-07-02T01:30:00 thursday");
        check("Europe/Berlin", 1_798_759_800_000, "2027-01-01T00:30:00 friday");
        check("Asia/Kolkata", 1_798_759_800_000, "2027-01-01T05:00:00 friday");
        check("America/New_York", 1_798_759_800_000, "2026-12-31T18:30:00 thursday");
    }

    #[test]
    fn names_are_exact() {
        assert_eq!(Zone::named("europe/berlin").unwrap_err().as_deref(), Some("Europe/Berlin"));
        assert!(Zone::named("Berlin").is_err());
        assert!(Zone::named("").is_err());
        assert!(Zone::civil(None, u64::MAX).is_none());
    }
}
