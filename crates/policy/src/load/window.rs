//! The texts of windows: names, durations and calendar units.

use super::reader::{Place, Problem, Reader};
use crate::diagnostic::code;
use crate::limit::{CalendarUnit, Window};
use crate::registry::{CALENDAR_WINDOWS, WINDOWS};

/// The longest sliding window, a leap year; history has to be kept that long.
const MAX_SECONDS: u64 = 366 * 86_400;

/// Reads a window that slides.
pub(super) fn read_sliding(reader: &mut Reader, place: &Place<'_>) -> Option<Window> {
    let text = reader.text(place)?;
    match sliding(&text) {
        Ok(window) => Some(window),
        Err(problem) => {
            reader.report(place, problem);
            None
        }
    }
}

/// The window that a text names.
pub(super) fn sliding(text: &str) -> Result<Window, Problem> {
    match text {
        "minute" => return Ok(Window::MINUTE),
        "hour" => return Ok(Window::HOUR),
        "day" => return Ok(Window::DAY),
        "week" | "month" => {
            let message = format!(
                "`{text}` is a calendar window; add `\"align\": \"calendar\"`, or write days, such as `7d`"
            );
            return Err(Problem::new(code::BAD_VALUE, message));
        }
        _ => {}
    }
    match duration_seconds(text) {
        Some(seconds) => seconds_window(seconds),
        None => Err(unknown(text)),
    }
}

/// A sliding window of so many seconds.
pub(super) fn seconds_window(seconds: u64) -> Result<Window, Problem> {
    if (1..=MAX_SECONDS).contains(&seconds) {
        return Ok(Window::Sliding { ms: seconds * 1000 });
    }
    Err(Problem::new(code::BAD_VALUE, "a window has at least 1 second and at most 366 days"))
}

/// The seconds of `90s`, `15m`, `2h`, `7d`; nothing for any other text.
pub(super) fn duration_seconds(text: &str) -> Option<u64> {
    let unit = match text.chars().last()? {
        's' => 1,
        'm' => 60,
        'h' => 3600,
        'd' => 86_400,
        _ => return None,
    };
    let digits = text.get(..text.len() - 1)?;
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    Some(digits.parse::<u64>().ok().and_then(|count| count.checked_mul(unit)).unwrap_or(u64::MAX))
}

fn unknown(text: &str) -> Problem {
    let message = format!(
        "unknown window `{text}`; use {} or a duration such as `90s`, `15m`, `2h`, `7d`",
        WINDOWS.built_names()
    );
    let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let meant = if is_number { Some(format!("{text}s")) } else { WINDOWS.nearest(text).map(str::to_owned) };
    Problem::new(code::UNKNOWN_VALUE, message).meant(meant)
}

/// Reads a window beside `"align": "calendar"`.
pub(super) fn read_calendar(reader: &mut Reader, place: &Place<'_>) -> Option<Window> {
    let is_duration = place.value.as_str().is_some_and(|text| duration_seconds(&text).is_some());
    if is_duration {
        let message = format!(
            "a duration has no boundary in the calendar; use one of {}",
            CALENDAR_WINDOWS.built_names()
        );
        reader.report(place, Problem::new(code::BAD_VALUE, message));
        return None;
    }
    let unit = match reader.word(place, &CALENDAR_WINDOWS)? {
        "minute" => CalendarUnit::Minute,
        "hour" => CalendarUnit::Hour,
        "day" => CalendarUnit::Day,
        "week" => CalendarUnit::Week,
        "month" => CalendarUnit::Month,
        _ => return None,
    };
    Some(Window::Calendar(unit))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_of_sliding_windows() {
        for (text, seconds) in [
            ("minute", 60),
            ("hour", 3600),
            ("day", 86_400),
            ("90s", 90),
            ("15m", 900),
            ("2h", 7200),
            ("7d", 604_800),
        ] {
            assert_eq!(sliding(text).ok(), Some(Window::Sliding { ms: seconds * 1000 }), "{text}");
        }
        for text in [
            "",
            "s",
            "1",
            "-1s",
            "+1s",
            "1.5h",
            "1w",
            "0s",
            "367d",
            "99999999999999999999d",
            "1 m",
            "week",
            "é",
        ] {
            assert!(sliding(text).is_err(), "{text}");
        }
    }

    #[test]
    fn slips_get_a_suggestion() {
        for (text, meant) in [("minutes", "minute"), ("60", "60s"), ("Hour", "hour")] {
            assert_eq!(sliding(text).err().and_then(|problem| problem.suggestion).as_deref(), Some(meant));
        }
    }
}
