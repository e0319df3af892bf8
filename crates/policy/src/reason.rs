//! The texts of denials: one sentence that ends in what the agent should do next.
//! Never the value of an argument; names of arguments only as far as the tool's schema declares them.

use crate::condition::Leaf;
use crate::decision::OperandOutcome;
use crate::operator::Sense;
use crate::path::{Path, Source};
use crate::schema::Schema;
use crate::truth::Truth;

/// What to do after an explicit deny.
pub(crate) const DO_NOT_RETRY: &str = "do not retry";
/// What to do when other arguments may be allowed.
pub(crate) const NOT_WITH_THESE: &str = "do not retry with these arguments";
/// What to do when the arguments are malformed.
pub(crate) const CORRECT: &str = "correct it and call again";

/// The text and what to do next, as one sentence or, where the text is a sentence of its own, as two.
pub(crate) fn advise(text: &str, advice: &str) -> String {
    let text = text.trim_end();
    if text.ends_with(['.', '!', '?']) {
        let mut letters = advice.chars();
        let first: String = letters.next().into_iter().flat_map(char::to_uppercase).collect();
        return format!("{text} {first}{}.", letters.as_str());
    }
    if text.is_empty() { advice.to_owned() } else { format!("{text}; {advice}") }
}

/// How an argument is called: by its name as far as the schema declares it, else without one.
pub(crate) fn argument(path: &Path, names: Option<&Schema>) -> String {
    match path.source() {
        Source::Args => {}
        Source::Input => return "an answer".to_owned(),
        Source::Annotations => return "the tool".to_owned(),
        Source::Fact(fact) => return fact.noun().to_owned(),
    }
    let is_known = path.names().all(|name| names.is_some_and(|schema| schema.knows_name(name)));
    if is_known { path.names().collect::<Vec<_>>().join(".") } else { "an argument".to_owned() }
}

/// The text of a predicate that says none of its own.
pub(crate) fn of_predicate<'a>(
    leaves: impl Iterator<Item = Leaf<'a>>,
    operands: &[OperandOutcome],
    sense: Sense,
    names: Option<&Schema>,
) -> String {
    let decides = |truth: Truth| match sense {
        Sense::Require => truth != Truth::True,
        Sense::DenyIf => true,
    };
    let mut subjects: Vec<String> = Vec::new();
    for (leaf, _) in leaves.zip(operands).filter(|(_, outcome)| decides(outcome.truth)) {
        for subject in leaf.paths().iter().map(|path| argument(path, names)) {
            if !subjects.contains(&subject) {
                subjects.push(subject);
            }
        }
    }
    // Under `not` what holds is what stands against the call.
    let subjects = if subjects.is_empty() { "its arguments".to_owned() } else { subjects.join(" and ") };
    match sense {
        Sense::Require => {
            advise(&format!("the policy does not allow this value of {subjects}"), NOT_WITH_THESE)
        }
        Sense::DenyIf => {
            advise(&format!("the policy denies this call because of {subjects}"), NOT_WITH_THESE)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_operators_text_stays_as_it_is() {
        assert_eq!(advise("No exports.", DO_NOT_RETRY), "No exports. Do not retry.");
        assert_eq!(advise("no exports", DO_NOT_RETRY), "no exports; do not retry");
        assert_eq!(advise("Why? ", DO_NOT_RETRY), "Why? Do not retry.");
        assert_eq!(advise("", DO_NOT_RETRY), "do not retry");
    }
}
