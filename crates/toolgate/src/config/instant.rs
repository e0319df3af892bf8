//! Points in time as RFC 3339, `2027-01-31T18:00:00Z`, turned into Unix milliseconds.
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

#[cfg(test)]
mod tests {
    use super::unix_ms;

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
}
