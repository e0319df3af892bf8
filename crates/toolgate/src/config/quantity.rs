//! Durations and sizes as people write them: `90s`, `5m`, `4 MiB`.
//! A number without a unit is refused for durations, so that nobody has to guess which unit was meant.

/// Reads `30s`, `5m`, `2h`, `7d` into milliseconds; `1h30m` adds up, `250ms` is possible.
///
/// # Errors
/// Says what is expected; the caller adds the place.
pub fn duration_ms(text: &str) -> Result<u64, &'static str> {
    const EXPECTED: &str = "must be a duration such as `30s`, `5m`, `2h` or `7d`";
    let mut rest = text.trim();
    let mut total_ms: u64 = 0;
    if rest.is_empty() {
        return Err(EXPECTED);
    }
    while !rest.is_empty() {
        let (number, tail) = split_number(rest).ok_or(EXPECTED)?;
        let (unit, tail) = split_letters(tail);
        let unit_ms = match unit {
            "ms" => 1,
            "s" => 1_000,
            "m" => 60_000,
            "h" => 3_600_000,
            "d" => 86_400_000,
            _ => return Err(EXPECTED),
        };
        let part_ms = number.checked_mul(unit_ms).ok_or("is too long")?;
        total_ms = total_ms.checked_add(part_ms).ok_or("is too long")?;
        rest = tail.trim_start();
    }
    Ok(total_ms)
}

/// Reads `4 MiB`, `64KiB`, `1 GB` or `512 B` into bytes.
///
/// # Errors
/// Says what is expected; the caller adds the place.
pub fn size_bytes(text: &str) -> Result<u64, &'static str> {
    const EXPECTED: &str = "must be a number of bytes or a size such as `64 KiB`, `4 MiB` or `1 GiB`";
    let (number, tail) = split_number(text.trim()).ok_or(EXPECTED)?;
    let unit_bytes: u64 = match tail.trim_start() {
        "" | "B" => 1,
        "kB" | "KB" => 1_000,
        "MB" => 1_000_000,
        "GB" => 1_000_000_000,
        "KiB" => 1 << 10,
        "MiB" => 1 << 20,
        "GiB" => 1 << 30,
        _ => return Err(EXPECTED),
    };
    number.checked_mul(unit_bytes).ok_or("is too large")
}

/// Writes a size with the largest unit that divides it.
#[must_use]
pub fn show_size(size_bytes: u64) -> String {
    for (unit, unit_bytes) in [("GiB", 1_u64 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10)] {
        if size_bytes >= unit_bytes && size_bytes.is_multiple_of(unit_bytes) {
            return format!("{} {unit}", size_bytes / unit_bytes);
        }
    }
    format!("{size_bytes} B")
}

fn split_number(text: &str) -> Option<(u64, &str)> {
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (digits, tail) = text.split_at_checked(end)?;
    Some((digits.parse().ok()?, tail))
}

fn split_letters(text: &str) -> (&str, &str) {
    let end = text.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(text.len());
    text.split_at_checked(end).unwrap_or((text, ""))
}

#[cfg(test)]
mod tests {
    use super::{duration_ms, show_size, size_bytes};

    #[test]
    fn durations() {
        for (text, expected) in [
            ("250ms", Some(250)),
            ("90s", Some(90_000)),
            ("5m", Some(300_000)),
            ("1h30m", Some(5_400_000)),
            ("1h 30m", Some(5_400_000)),
            ("7d", Some(604_800_000)),
            ("0s", Some(0)),
            ("", None),
            ("5", None),
            ("m", None),
            ("-5m", None),
            ("5 minutes", None),
            ("1.5h", None),
            ("99999999999999999999s", None),
            ("18446744073709551615d", None),
        ] {
            assert_eq!(duration_ms(text).ok(), expected, "`{text}`");
        }
    }

    #[test]
    fn sizes() {
        for (text, expected) in [
            ("512", Some(512)),
            ("512 B", Some(512)),
            ("4 MiB", Some(4 << 20)),
            ("4MiB", Some(4 << 20)),
            ("64 KiB", Some(64 << 10)),
            ("1 GB", Some(1_000_000_000)),
            ("4 mib", None),
            ("4 M", None),
            ("", None),
            ("MiB", None),
            ("99999999999 GiB", None),
        ] {
            assert_eq!(size_bytes(text).ok(), expected, "`{text}`");
        }
    }

    #[test]
    fn sizes_read_back() {
        for size in [0, 1, 1023, 1024, 4 << 20, 5 << 30, 1_000_000] {
            assert_eq!(size_bytes(&show_size(size)), Ok(size));
        }
    }
}
