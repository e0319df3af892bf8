//! Points in time as RFC 3339, `2027-01-31T18:00:00Z`, turned into Unix milliseconds and back.
//! A time without an offset is refused: it would mean something else on another machine.

use toml::value::Datetime;

/// Unix milliseconds of a date-time with an offset.
///
/// # Errors
/// Says what is missing; the caller adds the place.
pub fn unix_ms(instant: &Datetime) -> Result<u64, &'static str> {
    const EXPECTED: &str = "must be a date and time with an offset, such as `2027-01-31T18:00:00Z`";
    let (Some(date), Some(time), Some(offset)) = (instant.date, instant.time, instant.offset) else {
        return Err(EXPECTED);
    };
    let offset_minutes = match offset {
        toml::value::Offset::Z => 0,
        toml::value::Offset::Custom { minutes } => i64::from(minutes),
    };
    let days = days_from_civil(i64::from(date.year), i64::from(date.month), i64::from(date.day));
    let minutes = days * 1_440 + i64::from(time.hour) * 60 + i64::from(time.minute) - offset_minutes;
    let seconds = minutes * 60 + i64::from(time.second.unwrap_or(0));
    let millis = i64::from(time.nanosecond.unwrap_or(0)) / 1_000_000;
    u64::try_from(seconds * 1_000 + millis).map_err(|_| "must not be before 1970")
}

/// Days from 1970-01-01 to a date of the Gregorian calendar.
fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    // Years start in March here, so that the leap day is a year's last.
    let shifted_year = if month <= 2 { year - 1 } else { year };
    let era = shifted_year.div_euclid(400);
    let year_of_era = shifted_year.rem_euclid(400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    // 719,468 days lie between 0000-03-01 and 1970-01-01.
    era * 146_097 + day_of_era - 719_468
}

/// Writes Unix milliseconds as RFC 3339 in UTC, to the second.
#[must_use]
pub fn show(unix_ms: u64) -> String {
    let seconds = unix_ms / 1_000;
    let (days, second_of_day) = (seconds / 86_400, seconds % 86_400);
    let shifted = days + 719_468;
    let (era, day_of_era) = (shifted / 146_097, shifted % 146_097);
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 };
    let year = era * 400 + year_of_era + u64::from(month <= 2);
    let (hour, minute, second) = (second_of_day / 3_600, second_of_day / 60 % 60, second_of_day % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
}

#[cfg(test)]
mod tests {
    use super::{show, unix_ms};

    fn read(text: &str) -> Option<u64> {
        text.parse().ok().and_then(|instant| unix_ms(&instant).ok())
    }

    #[test]
    fn instants() {
        for (text, expected) in [
            ("1970-01-01T00:00:00Z", Some(0)),
            ("2000-02-29T12:00:00Z", Some(951_825_600_000)),
            ("2026-11-20T13:14:15Z", Some(1_795_180_455_000)),
            ("2026-11-20T13:14:15.250Z", Some(1_795_180_455_250)),
            ("2026-11-20T14:14:15+01:00", Some(1_795_180_455_000)),
            ("2026-11-20 08:14:15-05:00", Some(1_795_180_455_000)),
            ("2026-11-20T13:14:15", None),
            ("2026-11-20", None),
            ("2026-02-30T00:00:00Z", None),
            ("1969-12-31T23:59:59Z", None),
            ("soon", None),
        ] {
            assert_eq!(read(text), expected, "`{text}`");
        }
    }

    #[test]
    fn shown_instants_read_back() {
        for text in
            ["1970-01-01T00:00:00Z", "2000-02-29T12:00:00Z", "2026-12-31T23:59:59Z", "2100-03-01T00:00:00Z"]
        {
            assert_eq!(read(text).map(show).as_deref(), Some(text));
        }
    }
}
