//! Predicates that no call can make true: conditions on one argument that exclude each other.
//! Finds the plain cases only; what it does not find may still be one.

use std::collections::BTreeMap;

use json::Decimal;

use super::{Part, Warnings, parts};
use crate::condition::{Comparison, Condition};
use crate::diagnostic::code;
use crate::operator::{Relation, Scalar, Test};
use crate::policy::{Policy, Predicate};

/// What the conditions of one predicate ask of one argument.
#[derive(Default)]
struct Asked<'a> {
    /// The largest lower bound, and whether the bound itself is excluded.
    above: Option<(Decimal, bool)>,
    /// The smallest upper bound, and whether the bound itself is excluded.
    below: Option<(Decimal, bool)>,
    equals: Vec<&'a Scalar>,
    is_absent: bool,
    is_present: bool,
}

pub(super) fn check(policy: &Policy, warnings: &mut Warnings) {
    for Part { rules, .. } in parts(policy) {
        for predicate in rules.require.iter().filter(|predicate| excludes_itself(predicate)) {
            let message = "no call can meet these conditions, so every call is denied";
            warnings.warn(code::NEVER_FIRES, predicate.place(), message);
        }
        for predicate in rules.deny_if.iter().filter(|predicate| excludes_itself(predicate)) {
            let message = "no call can meet these conditions, so this rule never fires";
            warnings.warn(code::NEVER_FIRES, predicate.place(), message);
        }
    }
}

fn excludes_itself(predicate: &Predicate) -> bool {
    let mut by_path: BTreeMap<&str, Asked<'_>> = BTreeMap::new();
    for comparison in predicate.conditions.iter().flat_map(Condition::needed) {
        by_path.entry(comparison.path.text()).or_default().add(comparison);
    }
    by_path.values().any(Asked::is_impossible)
}

impl<'a> Asked<'a> {
    fn add(&mut self, comparison: &'a Comparison) {
        if comparison.check.negated {
            return;
        }
        match &comparison.check.test {
            Test::Present(wanted) => {
                self.is_absent |= !wanted;
                self.is_present |= wanted;
                return;
            }
            Test::Equals(value) => self.equals.push(value),
            Test::Order { relation, bound } => self.add_bound(*relation, *bound),
            Test::Quantified(_) => return,
            Test::OneOf(_)
            | Test::Matches { .. }
            | Test::Contains(_)
            | Test::Affix { .. }
            | Test::HostIn(_)
            | Test::InNetwork(_)
            | Test::Under(_)
            | Test::Length { .. }
            | Test::Types(_)
            | Test::SameAs(_)
            | Test::Within(_) => {}
        }
        self.is_present = true;
    }

    fn add_bound(&mut self, relation: Relation, bound: Decimal) {
        match relation {
            Relation::Greater | Relation::GreaterOrEqual => {
                let new = (bound, relation == Relation::Greater);
                self.above = Some(self.above.map_or(new, |old| old.max(new)));
            }
            Relation::Less | Relation::LessOrEqual => {
                let new = (bound, relation == Relation::Less);
                let smaller =
                    |old: (Decimal, bool)| if (new.0, !new.1) < (old.0, !old.1) { new } else { old };
                self.below = Some(self.below.map_or(new, smaller));
            }
        }
    }

    fn is_impossible(&self) -> bool {
        let interval_is_empty = match (self.above, self.below) {
            (Some((low, open_low)), Some((high, open_high))) => {
                low > high || (low == high && (open_low || open_high))
            }
            (None, _) | (_, None) => false,
        };
        let differ = self.equals.iter().zip(self.equals.iter().skip(1)).any(|(one, other)| one != other);
        interval_is_empty || differ || (self.is_absent && self.is_present)
    }
}
