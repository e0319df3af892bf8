//! What is computed of values: comparisons, arithmetic, conversions. Exact, or an error.
//! Values of two types are never equal and never unequal: that is an error, as everywhere in the language.

use std::cmp::Ordering;

use json::Decimal;

use super::tree::{Comparing, Computing, Convert, Kind};
use super::value::{Answer, Cause, Fault, Value};
use crate::number::exact_text;

/// Longer spellings of numbers differ between implementations of CEL.
const MAX_PLAIN_DIGITS: usize = 15;

/// Whether two values are one.
pub(super) fn equal(left: &Value<'_>, right: &Value<'_>) -> Result<bool, Fault> {
    match (left, right) {
        (Value::Bool(left), Value::Bool(right)) => Ok(left == right),
        (Value::Number(left), Value::Number(right)) => Ok(left == right),
        (Value::Text(left), Value::Text(right)) => Ok(left == right),
        (Value::Bool(_) | Value::Number(_) | Value::Text(_) | Value::Inner(_), _) => {
            Err(Fault::of(Cause::WrongType))
        }
    }
}

pub(super) fn compare(by: Comparing, left: &Value<'_>, right: &Value<'_>) -> Result<bool, Fault> {
    let ordering = match (left, right) {
        (Value::Number(left), Value::Number(right)) => Some(left.cmp(right)),
        // By bytes of UTF-8, which is the order of the code points.
        (Value::Text(left), Value::Text(right)) => Some(left.cmp(right)),
        (Value::Bool(_) | Value::Number(_) | Value::Text(_) | Value::Inner(_), _) => None,
    };
    let ordered = |holds: fn(Ordering) -> bool| ordering.map(holds).ok_or(Fault::of(Cause::WrongType));
    match by {
        Comparing::Equal => equal(left, right),
        Comparing::Unequal => equal(left, right).map(|equal| !equal),
        Comparing::Less => ordered(Ordering::is_lt),
        Comparing::LessOrEqual => ordered(Ordering::is_le),
        Comparing::Greater => ordered(Ordering::is_gt),
        Comparing::GreaterOrEqual => ordered(Ordering::is_ge),
    }
}

pub(super) fn compute<'a>(by: Computing, left: Value<'a>, right: Value<'a>, kind: Kind) -> Answer<'a> {
    if by == Computing::Add && matches!((&left, &right), (Value::Text(_), Value::Text(_))) {
        let mut joined = left.text()?.into_owned();
        joined.push_str(&right.text()?);
        return Ok(Value::Text(joined.into()));
    }
    let (left, right) = (left.number()?, right.number()?);
    let result = match by {
        Computing::Add => left.checked_add(&right),
        Computing::Subtract => left.checked_sub(&right),
        Computing::Multiply => left.checked_mul(&right),
        // Where both are what CEL calls `int` it would cut the fraction off; what has two readings is an error.
        Computing::Divide => {
            left.checked_div(&right).filter(|quotient| kind != Kind::Int || quotient.is_integer())
        }
        Computing::Rest => left.checked_rem(&right),
    };
    result.map(Value::Number).ok_or(Fault::of(Cause::Arithmetic))
}

pub(super) fn convert(to: Convert, value: Value<'_>) -> Answer<'_> {
    let wrong = Fault::of(Cause::WrongType);
    match (to, value) {
        (Convert::Text, Value::Text(text)) => Ok(Value::Text(text)),
        (Convert::Text, Value::Bool(holds)) => Ok(Value::Text(holds.to_string().into())),
        (Convert::Text, Value::Number(number)) => plain(&number).map(|text| Value::Text(text.into())),
        (Convert::Int | Convert::Double, Value::Number(number)) => of_kind(to, number),
        (Convert::Int | Convert::Double, Value::Text(text)) => {
            of_kind(to, exact_text(&text).ok_or(Fault::of(Cause::Inexact))?)
        }
        (Convert::Int | Convert::Double, Value::Bool(_))
        | (Convert::Int | Convert::Double | Convert::Text, Value::Inner(_)) => Err(wrong),
    }
}

fn of_kind<'a>(to: Convert, number: Decimal) -> Answer<'a> {
    // CEL would cut the fraction off.
    if to == Convert::Int && !number.is_integer() {
        return Err(Fault::of(Cause::Arithmetic));
    }
    Ok(Value::Number(number))
}

/// A number as a text, where all implementations of CEL write it alike.
fn plain(number: &Decimal) -> Result<String, Fault> {
    let text = number.to_string();
    let n_digits = text.bytes().filter(u8::is_ascii_digit).count();
    let is_tiny = text.trim_start_matches('-').starts_with("0.000");
    if n_digits > MAX_PLAIN_DIGITS || is_tiny || text.contains('e') {
        return Err(Fault::of(Cause::Arithmetic));
    }
    Ok(text)
}

/// The place of an element in a list.
pub(super) fn index(number: Decimal) -> Result<usize, Fault> {
    number.to_string().parse().map_err(|_| Fault::of(Cause::NoElement))
}
