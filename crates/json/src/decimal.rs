//! Exact decimals for limits and comparisons. Must never round: what does not fit is an error.

use std::cmp::Ordering;
use std::fmt;

/// Digits that fit a mantissa in every case: u128 reaches 3.4e38.
const MAX_SIGNIFICANT: u32 = 38;
/// Longest written number in digits, leading and trailing zeros included, the exponent's not.
const MAX_DIGITS: usize = 40;
/// Largest exponent in either direction: all finite doubles stay well inside.
const MAX_EXPONENT: i32 = 1000;
const MANTISSA_END: u128 = 10_u128.pow(MAX_SIGNIFICANT);

/// An exact decimal number of up to 38 significant digits.
// INVARIANT: mantissa < 10^38 and not divisible by 10; zero is mantissa 0, exponent 0, not negative. So equal
// numbers are equal field by field.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Decimal {
    negative: bool,
    mantissa: u128,
    exponent: i32,
}

/// Why a number has no exact decimal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum NumberError {
    /// It is no number as JSON writes them.
    Invalid,
    /// It has more digits, or a larger exponent, than are compared exactly.
    TooLong,
}

impl fmt::Display for NumberError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Invalid => "not a number as json writes them",
            Self::TooLong => "number with too many digits to be compared exactly, write it with fewer",
        })
    }
}

impl std::error::Error for NumberError {}

impl Decimal {
    /// Zero.
    pub const ZERO: Self = Self { negative: false, mantissa: 0, exponent: 0 };
    /// One.
    pub const ONE: Self = Self { negative: false, mantissa: 1, exponent: 0 };

    /// The value of a number in JSON's grammar.
    ///
    /// # Errors
    /// [`NumberError::TooLong`] beyond 40 digits as written, 38 that matter, or an exponent beyond 1000.
    pub fn parse(text: &str) -> Result<Self, NumberError> {
        if !is_number(text) {
            return Err(NumberError::Invalid);
        }
        let (negative, unsigned) = match text.strip_prefix('-') {
            Some(unsigned) => (true, unsigned),
            None => (false, text),
        };
        let (digits, exponent) = match unsigned.split_once(['e', 'E']) {
            Some((digits, exponent)) => (digits, parse_exponent(exponent)),
            None => (unsigned, Ok(0)),
        };
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
        if whole.len() + fraction.len() > MAX_DIGITS {
            return Err(NumberError::TooLong);
        }
        let fraction = fraction.trim_end_matches('0');
        let kept = if fraction.is_empty() { whole.trim_end_matches('0') } else { whole };
        let mantissa = parse_digits(kept, fraction).ok_or(NumberError::TooLong)?;
        if mantissa == 0 {
            return Ok(Self::ZERO);
        }
        let shift = (whole.len() - kept.len()) as i32 - fraction.len() as i32;
        Self::normal(negative, mantissa, exponent? + shift).ok_or(NumberError::TooLong)
    }

    /// Brings a number to its one form.
    fn normal(negative: bool, mut mantissa: u128, mut exponent: i32) -> Option<Self> {
        if mantissa == 0 {
            return Some(Self::ZERO);
        }
        // Dividing a u128 is slow, and most numbers fit a u64.
        while u64::try_from(mantissa).map_or(mantissa.is_multiple_of(10), |small| small.is_multiple_of(10)) {
            mantissa /= 10;
            exponent += 1;
        }
        let fits = mantissa < MANTISSA_END && exponent.abs() <= MAX_EXPONENT;
        fits.then_some(Self { negative, mantissa, exponent })
    }

    /// Whether it is below zero.
    #[must_use]
    pub fn is_negative(&self) -> bool {
        self.negative
    }

    /// Whether it is zero.
    #[must_use]
    pub fn is_zero(&self) -> bool {
        self.mantissa == 0
    }

    /// Whether it has no fraction.
    #[must_use]
    pub fn is_integer(&self) -> bool {
        self.exponent >= 0
    }

    /// The exact sum; nothing where it has more digits than fit.
    #[must_use]
    pub fn checked_add(&self, other: &Self) -> Option<Self> {
        if self.is_zero() {
            return Some(*other);
        }
        if other.is_zero() {
            return Some(*self);
        }
        let exponent = self.exponent.min(other.exponent);
        let (left, right) = (self.scaled_to(exponent)?, other.scaled_to(exponent)?);
        let (negative, mantissa) = match (self.negative == other.negative, left >= right) {
            (true, _) => (self.negative, left.checked_add(right)?),
            (false, true) => (self.negative, left - right),
            (false, false) => (other.negative, right - left),
        };
        Self::normal(negative, mantissa, exponent)
    }

    /// The exact difference; nothing where it has more digits than fit.
    #[must_use]
    pub fn checked_sub(&self, other: &Self) -> Option<Self> {
        self.checked_add(&other.negated())
    }

    /// The exact product; nothing where it has more digits than fit.
    #[must_use]
    pub fn checked_mul(&self, other: &Self) -> Option<Self> {
        let mantissa = self.mantissa.checked_mul(other.mantissa)?;
        Self::normal(self.negative != other.negative, mantissa, self.exponent + other.exponent)
    }

    /// The exact quotient; nothing where it has no end or more digits than fit, or the divisor is zero.
    #[must_use]
    pub fn checked_div(&self, other: &Self) -> Option<Self> {
        if other.is_zero() {
            return None;
        }
        let shared = greatest_divisor(self.mantissa, other.mantissa);
        let mut rest = other.mantissa / shared;
        let n_twos = rest.trailing_zeros();
        rest >>= n_twos;
        let mut n_fives = 0;
        while rest.is_multiple_of(5) {
            rest /= 5;
            n_fives += 1;
        }
        // A quotient has an end only where nothing but twos and fives is left to divide by.
        if rest != 1 {
            return None;
        }
        let n_places = n_twos.max(n_fives);
        let filled =
            2_u128.checked_pow(n_places - n_twos)?.checked_mul(5_u128.checked_pow(n_places - n_fives)?)?;
        let mantissa = (self.mantissa / shared).checked_mul(filled)?;
        let exponent = self.exponent - other.exponent - i32::try_from(n_places).ok()?;
        Self::normal(self.negative != other.negative, mantissa, exponent)
    }

    /// What is left of a division of whole numbers, with the sign of the dividend; nothing for other numbers, for very
    /// large ones, and where the divisor is zero.
    #[must_use]
    pub fn checked_rem(&self, other: &Self) -> Option<Self> {
        if !self.is_integer() || !other.is_integer() {
            return None;
        }
        let mantissa = self.scaled_to(0)?.checked_rem(other.scaled_to(0)?)?;
        Self::normal(self.negative, mantissa, 0)
    }

    /// Whether it is so short that it surely survives a double: fifteen digits always do, in the normal range.
    pub(crate) fn is_short(&self) -> bool {
        const SURE_DIGITS: u128 = 10_u128.pow(15);
        const SURE_EXPONENT: i32 = 290;
        self.mantissa < SURE_DIGITS && self.exponent.abs() <= SURE_EXPONENT
    }

    /// The number with the other sign.
    #[must_use]
    pub fn negated(&self) -> Self {
        Self { negative: !self.negative && !self.is_zero(), ..*self }
    }

    /// The mantissa for a lower exponent.
    fn scaled_to(&self, exponent: i32) -> Option<u128> {
        let n_zeros = u32::try_from(self.exponent - exponent).ok()?;
        10_u128.checked_pow(n_zeros)?.checked_mul(self.mantissa)
    }

    fn n_digits(&self) -> i32 {
        self.mantissa.checked_ilog10().map_or(0, |log| log as i32 + 1)
    }

    fn cmp_magnitude(&self, other: &Self) -> Ordering {
        if self.exponent == other.exponent || self.is_zero() || other.is_zero() {
            return self.mantissa.cmp(&other.mantissa);
        }
        let orders = (self.n_digits() + self.exponent).cmp(&(other.n_digits() + other.exponent));
        orders.then_with(|| {
            // INVARIANT: of the same order both have at most 38 digits at the lower exponent, so both scale.
            let exponent = self.exponent.min(other.exponent);
            self.scaled_to(exponent).cmp(&other.scaled_to(exponent))
        })
    }
}

/// The greatest number that divides both; the second is not zero.
fn greatest_divisor(left: u128, right: u128) -> u128 {
    let (mut left, mut right) = (left, right);
    while right != 0 {
        (left, right) = (right, left % right);
    }
    left
}

/// Whether a text is a number in JSON's grammar.
fn is_number(text: &str) -> bool {
    matches!(crate::literal::number_grammar(text.as_bytes(), 0), Ok(number) if number.end == text.len())
}

/// The number that the digits of two texts in a row make.
fn parse_digits(whole: &str, fraction: &str) -> Option<u128> {
    /// So many digits fit a u64.
    const SHORT: usize = 19;
    let digits = whole.bytes().chain(fraction.bytes()).map(|digit| digit - b'0');
    if whole.len() + fraction.len() <= SHORT {
        return Some(u128::from(digits.fold(0_u64, |number, digit| number * 10 + u64::from(digit))));
    }
    let mut digits = digits;
    digits.try_fold(0_u128, |number, digit| number.checked_mul(10)?.checked_add(u128::from(digit)))
}

fn parse_exponent(text: &str) -> Result<i32, NumberError> {
    let exponent: i32 = text.parse().map_err(|_| NumberError::TooLong)?;
    if exponent.abs() <= 2 * MAX_EXPONENT { Ok(exponent) } else { Err(NumberError::TooLong) }
}

impl PartialOrd for Decimal {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Decimal {
    fn cmp(&self, other: &Self) -> Ordering {
        match (self.negative, other.negative) {
            (false, true) => Ordering::Greater,
            (true, false) => Ordering::Less,
            (false, false) => self.cmp_magnitude(other),
            (true, true) => other.cmp_magnitude(self),
        }
    }
}

impl From<u64> for Decimal {
    fn from(value: u64) -> Self {
        Self::normal(false, u128::from(value), 0).unwrap_or(Self::ZERO)
    }
}

impl std::str::FromStr for Decimal {
    type Err = NumberError;

    fn from_str(text: &str) -> Result<Self, NumberError> {
        Self::parse(text)
    }
}

impl fmt::Display for Decimal {
    /// Writes it plainly ("12.5") where 40 digits suffice, else with an exponent; `parse` reads both back.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.negative { "-" } else { "" };
        let Self { mantissa, exponent, .. } = *self;
        let n_whole = self.n_digits() + exponent;
        let n_written = n_whole.max(1) + (-exponent).max(0);
        if n_written > MAX_DIGITS as i32 {
            return write!(f, "{sign}{mantissa}e{exponent}");
        }
        match u32::try_from(-exponent) {
            Err(_) | Ok(0) => write!(f, "{sign}{mantissa}{:0<1$}", "", exponent.max(0) as usize),
            Ok(n_fraction) => {
                // A mantissa of fewer digits than the power is all fraction.
                let power = 10_u128.checked_pow(n_fraction).unwrap_or(u128::MAX);
                let width = n_fraction as usize;
                write!(f, "{sign}{}.{:0>width$}", mantissa / power, mantissa % power)
            }
        }
    }
}
