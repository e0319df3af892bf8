//! What single comparisons have to answer so that conditions answer as is wanted.
//! Exact over `all`, `any` and `not`; of many choices only the first are looked at, and that is said.

use std::sync::Arc;

use super::{one_is_enough, turned};
use crate::analysis::text::Want;
use crate::condition::{Combinator, Comparison, Condition};

/// Choices that are looked at for one rule; rules of real policies have one or two.
const MAX_CHOICES: usize = 12;

/// What one comparison has to answer.
#[derive(Debug, Clone, Copy)]
pub(super) struct Wish<'b> {
    pub(super) comparison: &'b Comparison,
    pub(super) want: Want,
}

impl Wish<'_> {
    pub(super) fn path(&self) -> &Arc<str> {
        self.comparison.path.text()
    }
}

/// Wishes of which all have to be met.
pub(super) type Choice<'b> = Vec<Wish<'b>>;

/// The choices for conditions that all count, and whether these are all there are.
pub(super) fn alternatives(conditions: &[Condition], want: Want) -> (Vec<Choice<'_>>, bool) {
    let mut choices = of_all(conditions, want);
    let is_complete = choices.len() <= MAX_CHOICES && !conditions.iter().any(has_expression);
    choices.truncate(MAX_CHOICES);
    (choices, is_complete)
}

fn of_all(conditions: &[Condition], want: Want) -> Vec<Choice<'_>> {
    if one_is_enough(want) { one_of(conditions, want) } else { each_of(conditions, want) }
}

/// The mirror image.
fn of_any(conditions: &[Condition], want: Want) -> Vec<Choice<'_>> {
    if one_is_enough(turned(want)) { one_of(conditions, want) } else { each_of(conditions, want) }
}

fn one_of(conditions: &[Condition], want: Want) -> Vec<Choice<'_>> {
    conditions.iter().flat_map(|condition| of_one(condition, want)).take(MAX_CHOICES + 1).collect()
}

fn each_of(conditions: &[Condition], want: Want) -> Vec<Choice<'_>> {
    let mut choices: Vec<Choice<'_>> = vec![Vec::new()];
    for condition in conditions {
        let own = of_one(condition, want);
        let mut joined = Vec::new();
        for choice in &choices {
            joined.extend(own.iter().map(|more| [choice.as_slice(), more].concat()));
        }
        joined.truncate(MAX_CHOICES + 1);
        choices = joined;
    }
    choices
}

fn of_one(condition: &Condition, want: Want) -> Vec<Choice<'_>> {
    match condition {
        Condition::Compare(comparison) => vec![vec![Wish { comparison, want }]],
        // What an expression reads is not looked into: the evaluator says whether it stands in the way.
        Condition::Expression(_) => vec![Vec::new()],
        Condition::Combined(combined) => match combined.by {
            Combinator::All => of_all(&combined.conditions, want),
            Combinator::Not => of_all(&combined.conditions, turned(want)),
            Combinator::Any => of_any(&combined.conditions, want),
        },
    }
}

fn has_expression(condition: &Condition) -> bool {
    match condition {
        Condition::Compare(_) => false,
        Condition::Expression(_) => true,
        Condition::Combined(combined) => combined.conditions.iter().any(has_expression),
    }
}
