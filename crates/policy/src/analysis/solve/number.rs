//! Numbers that meet all demands. The bounds that the demands name cut the doubles into stretches in which all of them
//! answer alike, but for whole numbers and others; so one of each in every stretch is enough to try, and to prove.

use json::Decimal;

use super::{NOT_MET, Solved, is_met};
use crate::analysis::ask::Asked;
use crate::analysis::store::Node;
use crate::operator::{Scalar, Test};

/// From here on every double is whole.
const ALL_WHOLE: f64 = 4_503_599_627_370_496.0;

/// Longer numbers are not read by rules.
const MAX_READ_DIGITS: usize = 40;

/// A number that a double holds exactly.
pub(super) fn exact(node: &Node<'_>) -> Solved<String> {
    if let Some(values) = node.listed() {
        // To a schema a number is every number of the same double.
        let both = |value: &json::Value<'_>| {
            [value.raw().to_owned(), double(*value).map_or_else(String::new, write)]
        };
        let mut numbers = values.iter().filter(|value| value.is_number()).flat_map(both);
        return match numbers.find(|number| !node.is_avoided(number) && is_met(node, number)) {
            Some(number) => Solved::Found(number),
            None if node.is_opaque() => Solved::GaveUp(NOT_MET),
            None => Solved::Impossible,
        };
    }
    let mut bounds = bounds(node);
    bounds.sort_by(f64::total_cmp);
    bounds.dedup();
    let mut candidates = candidates(&bounds);
    candidates.sort_by(|one, other| cost(*one).total_cmp(&cost(*other)));
    let fits = |number: &f64| fits_schemas(node, *number);
    let mut written = candidates.into_iter().filter(fits).map(write);
    match written.find(|number| !node.is_avoided(number) && is_met(node, number)) {
        Some(number) => Solved::Found(number),
        None if node.is_opaque() || steps(node).next().is_some() => Solved::GaveUp(NOT_MET),
        None => Solved::Impossible,
    }
}

fn double(value: json::Value<'_>) -> Option<f64> {
    value.as_number()?.as_f64()
}

/// A number that no double holds: which of them are read, and how, only the evaluator says.
pub(super) fn inexact(node: &Node<'_>) -> Solved<String> {
    let mut candidates: Vec<String> =
        ["9007199254740993", "-9007199254740993", "0.10000000000000000001", "1e-2000"]
            .map(str::to_owned)
            .to_vec();
    // More digits than are read, though they say nothing: a schema takes these for the number before the point.
    let zeros = "0".repeat(MAX_READ_DIGITS + 1);
    let near = |bound: f64| [bound - 1.0, bound, bound + 1.0];
    for number in bounds(node).into_iter().chain([0.0, 1.0]).flat_map(near).map(write) {
        if !number.contains(['e', '.']) {
            candidates.push(format!("{number}.00000000000000000001"));
            candidates.push(format!("{number}.{zeros}"));
        } else if !number.contains('e') {
            candidates.push(format!("{number}00000000000000000001"));
        }
    }
    let fits = |text: &String| text.parse().is_ok_and(|number| fits_schemas(node, number));
    candidates.retain(fits);
    candidates.retain(|number| node.listed().is_none() && is_met(node, number));
    candidates.into_iter().next().map_or(Solved::GaveUp(NOT_MET), Solved::Found)
}

/// The numbers at which a demand may change its answer.
fn bounds(node: &Node<'_>) -> Vec<f64> {
    let mut found: Vec<f64> = node.avoided.iter().filter_map(|text| text.parse().ok()).collect();
    let mut push = |number: &Decimal| found.extend(number.to_string().parse::<f64>());
    for ask in &node.asks {
        match ask.asked {
            Asked::Check(check) => match &check.test {
                Test::Equals(Scalar::Number(number)) => push(number),
                Test::OneOf(set) => set.numbers().iter().for_each(&mut push),
                Test::Order { bound, .. } => push(bound),
                Test::Equals(Scalar::String(_) | Scalar::Bool(_))
                | Test::Present(_)
                | Test::Matches { .. }
                | Test::Contains(_)
                | Test::Affix { .. }
                | Test::HostIn(_)
                | Test::InNetwork(_)
                | Test::Under(_)
                | Test::Length { .. }
                | Test::Types(_)
                | Test::Quantified(_)
                | Test::SameAs(_)
                | Test::Within(_) => {}
            },
            Asked::Countable { .. } => push(&Decimal::ZERO),
            Asked::Element(Scalar::Number(number)) => push(number),
            Asked::OneOf(_) | Asked::Element(Scalar::String(_) | Scalar::Bool(_)) => {}
        }
    }
    for schema in &node.schemas {
        let keys = ["minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"];
        found.extend(keys.into_iter().filter_map(|key| schema.get(key)?.as_number()?.as_f64()));
    }
    found.extend(steps(node));
    found
}

/// The steps that schemas allow.
fn steps<'n>(node: &'n Node<'_>) -> impl Iterator<Item = f64> + 'n {
    node.schemas.iter().filter_map(|schema| schema.get("multipleOf")?.as_number()?.as_f64())
}

/// Every bound, and in every stretch between two a whole number and another, where it has them.
fn candidates(bounds: &[f64]) -> Vec<f64> {
    let mut all = vec![0.0, 1.0];
    all.extend(bounds);
    let ends = bounds.iter().copied();
    let lows = [f64::NEG_INFINITY].into_iter().chain(ends.clone());
    let highs = ends.chain([f64::INFINITY]);
    for (low, high) in lows.zip(highs) {
        let inside = |number: &f64| number.is_finite() && low < *number && *number < high;
        let up = low.next_up();
        let down = high.next_down();
        let near = [
            0.0,
            1.0,
            0.5,
            -0.5,
            low.floor() + 1.0,
            high.ceil() - 1.0,
            low.floor() + 2.0,
            high.ceil() - 2.0,
            low.floor() + 1.5,
            high.ceil() - 1.5,
            low + 0.5,
            high - 0.5,
            up,
            up.next_up(),
            down,
            down.next_down(),
            5e-324,
            -5e-324,
            0.5 - ALL_WHOLE,
            ALL_WHOLE - 0.5,
            f64::midpoint(low, high),
            low * 2.0,
            high * 2.0,
        ];
        all.extend(near.into_iter().filter(inside));
    }
    all
}

/// How odd a number is to read.
fn cost(number: f64) -> f64 {
    write(number).len() as f64 + if number < 0.0 { 0.5 } else { 0.0 } + number.abs().min(1e9) / 1e10
}

/// The shortest way to write a double.
fn write(number: f64) -> String {
    // Zero and minus zero are one number.
    let number = if number == 0.0 { 0.0 } else { number };
    let is_plain = number == 0.0 || (1e-5..1e15).contains(&number.abs());
    if is_plain { format!("{number}") } else { format!("{number:e}") }
}

fn fits_schemas(node: &Node<'_>, number: f64) -> bool {
    node.schemas.iter().all(|schema| {
        let limit =
            |key: &str| schema.get(key).and_then(|limit| limit.as_number()).and_then(|limit| limit.as_f64());
        let is_whole_wanted = schema.get("type").is_some_and(|wanted| {
            let is_integer = |name: json::Value<'_>| name.as_str().as_deref() == Some("integer");
            is_integer(wanted)
                || (wanted.is_array()
                    && wanted.elements().any(is_integer)
                    && !wanted.elements().any(|name| name.as_str().as_deref() == Some("number")))
        });
        limit("minimum").is_none_or(|limit| number >= limit)
            && limit("maximum").is_none_or(|limit| number <= limit)
            && limit("exclusiveMinimum").is_none_or(|limit| number > limit)
            && limit("exclusiveMaximum").is_none_or(|limit| number < limit)
            && limit("multipleOf").is_none_or(|step| step == 0.0 || (number / step).fract() == 0.0)
            && (!is_whole_wanted || number.fract() == 0.0)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_stretch_has_a_whole_number_and_another_where_there_are() {
        let check = |low: f64, high: f64, whole: bool, other: bool| {
            let inside: Vec<_> =
                candidates(&[low, high]).into_iter().filter(|n| low < *n && *n < high).collect();
            assert_eq!(inside.iter().any(|n| n.fract() == 0.0), whole, "{low} {high}");
            assert_eq!(inside.iter().any(|n| n.fract() != 0.0), other, "{low} {high}");
        };
        check(0.0, 1.0, false, true);
        check(1.0, 2.0, false, true);
        check(0.5, 1.5, true, true);
        check(0.1, 0.1_f64.next_up(), false, false);
        check(0.1, 0.1_f64.next_up().next_up(), false, true);
        check(0.0_f64.next_down(), 0.0_f64.next_up(), true, false);
        check(1.0_f64.next_down(), 1.0_f64.next_up(), true, false);
        check(9_007_199_254_740_992.0, 9_007_199_254_740_994.0, false, false);
        check(9_007_199_254_740_992.0, 9_007_199_254_740_996.0, true, false);
        check(-1e300, -4_503_599_627_370_495.0, true, true);
        check(4_503_599_627_370_495.0, 1e300, true, true);
        check(-2.0, -1.0, false, true);
        check(-1.0, 1.0, true, true);
    }

    #[test]
    fn numbers_are_written_as_json() {
        for (number, text) in
            [(0.0, "0"), (-0.0, "0"), (5.0, "5"), (0.1, "0.1"), (1e300, "1e300"), (5e-324, "5e-324")]
        {
            assert_eq!(write(number), text);
        }
    }
}
