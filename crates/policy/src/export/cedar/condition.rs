//! Conditions in Cedar: for each what is true exactly where the condition is true, or where it is false.
//! An error is neither: a negation goes down to the comparisons, so that nothing turns an error into an answer.

use super::Unsaid;
use super::literal;
use crate::condition::{Combinator, Combined, Condition};
use crate::operator::Sense;

/// What holds where the condition is what is wanted, true or false.
pub(super) fn holds(condition: &Condition, sense: Sense, want: bool) -> Result<String, Unsaid> {
    match condition {
        Condition::Compare(comparison) => literal::holds(comparison, sense, want),
        // Its place is that of the rule it stands in.
        Condition::Expression(_) => Err(Unsaid {
            pointer: String::new(),
            offset: 0,
            why: "an expression has no equivalent in Cedar".to_owned(),
        }),
        Condition::Combined(Combined { by, conditions }) => match by {
            Combinator::All => all(conditions, sense, want, &holds),
            Combinator::Any => joined(conditions, sense, want, if want { " || " } else { " && " }, &holds),
            Combinator::Not => all(conditions, sense, !want, &holds),
        },
    }
}

type Holds = dyn Fn(&Condition, Sense, bool) -> Result<String, Unsaid>;

/// What holds where all conditions together are what is wanted.
pub(super) fn all(
    conditions: &[Condition],
    sense: Sense,
    want: bool,
    holds: &Holds,
) -> Result<String, Unsaid> {
    joined(conditions, sense, want, if want { " && " } else { " || " }, holds)
}

fn joined(
    conditions: &[Condition],
    sense: Sense,
    want: bool,
    by: &str,
    holds: &Holds,
) -> Result<String, Unsaid> {
    let parts: Vec<String> =
        conditions.iter().map(|condition| holds(condition, sense, want)).collect::<Result<_, _>>()?;
    Ok(match parts.as_slice() {
        [] => want.to_string(),
        [one] => one.clone(),
        _ => format!("({})", parts.join(by)),
    })
}
