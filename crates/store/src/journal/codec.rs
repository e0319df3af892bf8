//! Numbers and texts as bytes: variable-length integers, texts with their length before them.
//! Must never read past the end, nor accept a number in two forms.

use crate::window::{CalendarUnit, Window};
use crate::zone::Zone;
use json::Decimal;

/// Appends a number, seven bits a byte, the lowest first.
pub(crate) fn put_u64(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push((value & 0x7F) as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

/// Appends a text with its length before it.
pub(crate) fn put_text(out: &mut Vec<u8>, text: &str) {
    put_u64(out, text.len() as u64);
    out.extend_from_slice(text.as_bytes());
}

/// Appends an amount: nothing for one, which nearly all are, else its text.
pub(crate) fn put_amount(out: &mut Vec<u8>, amount: &Decimal) {
    if *amount == Decimal::ONE {
        out.push(0);
    } else {
        put_text(out, &amount.to_string());
    }
}

/// Appends a window.
pub(crate) fn put_window(out: &mut Vec<u8>, window: Window) {
    match window {
        Window::Sliding { ms } => {
            out.push(0);
            put_u64(out, ms);
        }
        Window::Calendar(unit) => out.push(unit_tag(unit)),
        Window::Zoned(unit, zone) => {
            out.push(ZONED + unit_tag(unit));
            put_text(out, zone.name());
        }
    }
}

/// Added to the tag of a unit whose zone follows.
const ZONED: u8 = 16;

fn unit_tag(unit: CalendarUnit) -> u8 {
    match unit {
        CalendarUnit::Minute => 1,
        CalendarUnit::Hour => 2,
        CalendarUnit::Day => 3,
        CalendarUnit::Week => 4,
        CalendarUnit::Month => 5,
    }
}

fn unit_of(tag: u8) -> Option<CalendarUnit> {
    Some(match tag {
        1 => CalendarUnit::Minute,
        2 => CalendarUnit::Hour,
        3 => CalendarUnit::Day,
        4 => CalendarUnit::Week,
        5 => CalendarUnit::Month,
        _ => return None,
    })
}

/// Reads what the functions above wrote.
#[derive(Debug)]
pub(crate) struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    /// True when all was read.
    pub(crate) fn is_done(&self) -> bool {
        self.rest.is_empty()
    }

    pub(crate) fn byte(&mut self) -> Option<u8> {
        let (first, rest) = self.rest.split_first()?;
        self.rest = rest;
        Some(*first)
    }

    pub(crate) fn u64(&mut self) -> Option<u64> {
        let mut value = 0_u64;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            let bits = u64::from(byte & 0x7F);
            if bits > u64::MAX >> shift {
                return None;
            }
            value |= bits << shift;
            if byte & 0x80 == 0 {
                return (byte != 0 || shift == 0).then_some(value);
            }
        }
        None
    }

    pub(crate) fn text(&mut self) -> Option<&'a str> {
        let length = usize::try_from(self.u64()?).ok()?;
        let (text, rest) = self.rest.split_at_checked(length)?;
        self.rest = rest;
        std::str::from_utf8(text).ok()
    }

    pub(crate) fn amount(&mut self) -> Option<Decimal> {
        match self.text()? {
            "" => Some(Decimal::ONE),
            text => Decimal::parse(text).ok(),
        }
    }

    pub(crate) fn window(&mut self) -> Option<Window> {
        match self.byte()? {
            0 => Some(Window::Sliding { ms: self.u64()? }),
            tag if tag < ZONED => unit_of(tag).map(Window::Calendar),
            tag => Some(Window::Zoned(unit_of(tag - ZONED)?, Zone::named(self.text()?)?)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_come_back() {
        for value in [0, 1, 127, 128, 16_383, 16_384, u64::from(u32::MAX), u64::MAX - 1, u64::MAX] {
            let mut out = Vec::new();
            put_u64(&mut out, value);
            let mut reader = Reader::new(&out);
            assert_eq!((reader.u64(), reader.is_done()), (Some(value), true));
        }
    }

    #[test]
    fn numbers_have_one_form() {
        for bad in [&[][..], &[0x80], &[0x80, 0], &[0xFF; 9], &[0xFF; 10], &[0x80; 11]] {
            assert_eq!(Reader::new(bad).u64(), None, "{bad:?}");
        }
    }

    #[test]
    fn amounts_and_windows_come_back() {
        for text in ["1", "0", "12.5", "99999999999999999999999999999999999999", "1e300", "1e-300"] {
            let (mut out, amount) = (Vec::new(), Decimal::parse(text).unwrap());
            put_amount(&mut out, &amount);
            assert_eq!(Reader::new(&out).amount(), Some(amount));
        }
        use CalendarUnit::{Day, Hour, Minute, Month, Week};
        let calendar = [Minute, Hour, Day, Week, Month].map(Window::Calendar);
        let berlin = Zone::named("Europe/Berlin").unwrap();
        let zoned = [Minute, Hour, Day, Week, Month].map(|unit| Window::Zoned(unit, berlin));
        for window in calendar.into_iter().chain(zoned).chain([Window::Sliding { ms: 90_000 }]) {
            let mut out = Vec::new();
            put_window(&mut out, window);
            assert_eq!(Reader::new(&out).window(), Some(window));
        }
    }

    #[test]
    fn a_window_that_nobody_knows_is_refused() {
        for bad in [&[6][..], &[15], &[16, 3, b'U', b'T', b'C'], &[17, 3, b'U', b'T', b'X'], &[22]] {
            assert_eq!(Reader::new(bad).window(), None, "{bad:?}");
        }
    }

    #[test]
    fn a_text_longer_than_the_rest_is_refused() {
        assert_eq!(Reader::new(&[5, b'a', b'b']).text(), None);
        assert_eq!(Reader::new(&[0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 1]).text(), None);
    }
}
