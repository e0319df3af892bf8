//! Points on the gateway's timeline and their calendar in UTC.
//! Must never read a clock: the time is handed in.

use std::fmt;

/// Milliseconds of a day.
pub(crate) const DAY_MS: u64 = 86_400_000;
/// Milliseconds of an hour.
pub(crate) const HOUR_MS: u64 = 3_600_000;
/// Milliseconds of a minute.
pub(crate) const MINUTE_MS: u64 = 60_000;

/// A point on the timeline: milliseconds since 1970-01-01 UTC.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(u64);

impl Timestamp {
    /// The point that many milliseconds after 1970-01-01 UTC.
    #[must_use]
    pub const fn from_ms(ms: u64) -> Self {
        Self(ms)
    }

    /// Milliseconds since 1970-01-01 UTC.
    #[must_use]
    pub const fn as_ms(self) -> u64 {
        self.0
    }

    /// The point that much later; the end of time where there is none.
    #[must_use]
    pub const fn plus_ms(self, ms: u64) -> Self {
        Self(self.0.saturating_add(ms))
    }

    /// The point that much earlier; 1970 where there is none.
    #[must_use]
    pub const fn minus_ms(self, ms: u64) -> Self {
        Self(self.0.saturating_sub(ms))
    }

    /// Milliseconds since an earlier point; 0 when that one is later.
    #[must_use]
    pub const fn ms_since(self, earlier: Self) -> u64 {
        self.0.saturating_sub(earlier.0)
    }

    /// Reads a date (`2026-11-20`) or a time in UTC as [`fmt::Display`] writes it, seconds and fraction optional.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (date, clock) = match text.split_once('T') {
            Some((date, clock)) => (date, clock.strip_suffix('Z')?),
            None => (text, "00:00"),
        };
        let mut parts = date.splitn(3, '-');
        let (year, month, day) =
            (digits(parts.next()?, 4)?, digits(parts.next()?, 2)?, digits(parts.next()?, 2)?);
        let days = Date { year, month, day }.days()?;
        Some(Self(days.checked_mul(DAY_MS)?.checked_add(parse_clock(clock)?)?))
    }
}

/// Milliseconds of a day's time such as `13:10`, `13:10:51` or `13:10:51.250`.
fn parse_clock(text: &str) -> Option<u64> {
    let (clock, fraction) = text.split_once('.').unwrap_or((text, "0"));
    let mut parts = clock.splitn(3, ':');
    let (hour, minute) = (digits(parts.next()?, 2)?, digits(parts.next()?, 2)?);
    let second = parts.next().map_or(Some(0), |second| digits(second, 2))?;
    let scale = 10_u64.pow(3_u32.checked_sub(u32::try_from(fraction.len()).ok()?)?);
    let ms = digits(fraction, fraction.len())?.checked_mul(scale)?;
    let valid = hour < 24 && minute < 60 && second < 60;
    valid.then_some(hour * HOUR_MS + minute * MINUTE_MS + second * 1000 + ms)
}

/// A number of exactly so many digits.
fn digits(text: &str, n_digits: usize) -> Option<u64> {
    let plain = text.len() == n_digits && text.bytes().all(|byte| byte.is_ascii_digit());
    if plain { text.parse().ok() } else { None }
}

impl fmt::Display for Timestamp {
    /// Writes it as RFC 3339 in UTC with milliseconds, `2026-11-20T13:10:51.000Z`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Date { year, month, day } = Date::of_days(self.0 / DAY_MS);
        let ms = self.0 % DAY_MS;
        let (hour, minute, second) = (ms / HOUR_MS, ms / MINUTE_MS % 60, ms / 1000 % 60);
        write!(f, "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{:03}Z", ms % 1000)
    }
}

/// A date of the Gregorian calendar from 1970 on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Date {
    /// The year, 1970 or later.
    pub(crate) year: u64,
    /// The month, 1 to 12.
    pub(crate) month: u64,
    /// The day of the month, from 1.
    pub(crate) day: u64,
}

/// Days from 0000-03-01 to 1970-01-01: years are counted from March, so that the leap day comes last.
const DAYS_TO_1970: u64 = 719_468;
/// Days of 400 Gregorian years.
const DAYS_OF_ERA: u64 = 146_097;

impl Date {
    /// The date so many days after 1970-01-01.
    pub(crate) fn of_days(days: u64) -> Self {
        let days = days + DAYS_TO_1970;
        let (era, day_of_era) = (days / DAYS_OF_ERA, days % DAYS_OF_ERA);
        let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
        let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let month_from_march = (5 * day_of_year + 2) / 153;
        let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
        let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
        Self { year: era * 400 + year_of_era + u64::from(month <= 2), month, day }
    }

    /// Days after 1970-01-01; nothing for a date that does not exist or lies before.
    pub(crate) fn days(self) -> Option<u64> {
        let Self { year, month, day } = self;
        if !(1..=12).contains(&month) || !(1..=31).contains(&day) {
            return None;
        }
        let year_from_march = year.checked_sub(u64::from(month <= 2))?;
        let (era, year_of_era) = (year_from_march / 400, year_from_march % 400);
        let month_from_march = (month + 9) % 12;
        let day_of_year = (153 * month_from_march + 2) / 5 + day - 1;
        let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
        let days = (era * DAYS_OF_ERA + day_of_era).checked_sub(DAYS_TO_1970)?;
        (Self::of_days(days) == self).then_some(days)
    }

    /// The first day of the month after this date's.
    pub(crate) fn next_month(self) -> Self {
        match self.month {
            12 => Self { year: self.year + 1, month: 1, day: 1 },
            month => Self { year: self.year, month: month + 1, day: 1 },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(ms: u64, text: &str) {
        assert_eq!(Timestamp::from_ms(ms).to_string(), text);
        assert_eq!(Timestamp::parse(text), Some(Timestamp::from_ms(ms)), "{text}");
    }

    #[test]
    fn writes_and_reads() {
        check(0, "1970-01-01T00:00:00.000Z");
        check(951_782_399_999, "2000-02-28T23:59:59.999Z");
        check(951_782_400_000, "2000-02-29T00:00:00.000Z");
        check(1_795_180_251_007, "2026-11-20T13:10:51.007Z");
        check(4_102_444_799_000, "2099-12-31T23:59:59.000Z");
    }

    #[test]
    fn reads_shorter_forms() {
        let day = Timestamp::parse("2026-11-20").map(Timestamp::as_ms);
        assert_eq!(day, Some(1_795_132_800_000));
        let at = |text| Timestamp::parse(text).zip(day).map(|(at, day)| at.as_ms() - day);
        assert_eq!(at("2026-11-20T01:00Z"), Some(HOUR_MS));
        assert_eq!(at("2026-11-20T00:00:01Z"), Some(1000));
        assert_eq!(at("2026-11-20T00:00:01.5Z"), Some(1500));
    }

    #[test]
    fn refuses_what_is_no_time() {
        for bad in [
            "",
            "2026",
            "2026-13-01",
            "2026-02-29",
            "2026-00-01",
            "1969-12-31",
            "2026-1-1",
            "2026-11-20T",
            "2026-11-20T24:00Z",
            "2026-11-20T01:00",
            "2026-11-20T01:60Z",
            "2026-11-20T01:00:00.1234Z",
            "+026-01-01",
        ] {
            assert_eq!(Timestamp::parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn every_day_of_two_centuries_comes_back() {
        for days in 0..73_000 {
            assert_eq!(Date::of_days(days).days(), Some(days));
        }
    }
}
