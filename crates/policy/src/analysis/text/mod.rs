//! Finds a text that answers several comparisons as is wanted, or proves that there is none.
//! Never says "impossible" where that is not proved, and never shows a text that the operators themselves did not judge.

mod automaton;
mod bounds;
mod folders;
mod hosts;
mod language;
mod machine;
mod networks;
mod product;
mod schema;
mod search;
#[cfg(test)]
mod tests;

pub(crate) use language::Language;

use crate::operator::Test;
use crate::truth::Truth;
use bounds::Bounds;
use product::{Patterns, Product};
use search::Found;

/// States of one query, over all its texts. A million of them take some hundred megabytes and about a second; the
/// searches of real policies take some hundred.
const MAX_STATES: usize = 400_000;
/// Texts that are offered in one search. Where the languages are exact, the first is taken.
const MAX_OFFERS: usize = 48;

const GIVEN_UP_ON_STATES: GaveUp = GaveUp("the texts have too many states to search them all");
const GIVEN_UP_ON_PATTERN: GaveUp = GaveUp("a pattern needs too many states");
const GIVEN_UP_ON_OFFERS: GaveUp = GaveUp("none of the texts that were tried is judged as wanted");

/// Why a search ended without an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct GaveUp(&'static str);

/// What a comparison has to answer, before it is negated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Want {
    /// True.
    True,
    /// False or an error.
    NotTrue,
    /// False.
    False,
    /// True or an error.
    NotFalse,
}

impl Want {
    /// Whether this is such an answer.
    pub(crate) fn is_met_by(self, answer: Truth) -> bool {
        match self {
            Self::True => answer == Truth::True,
            Self::NotTrue => answer != Truth::True,
            Self::False => answer == Truth::False,
            Self::NotFalse => answer != Truth::False,
        }
    }
}

/// One demand on a text.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Demand<'a> {
    pub(crate) test: &'a Test,
    pub(crate) want: Want,
}

/// What a search says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Answer {
    /// A text that meets all demands.
    Witness(String),
    /// There is none: proved.
    Impossible,
    /// Nobody knows, and why.
    GaveUp(&'static str),
}

/// What a search for several texts says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Several {
    /// As many different texts as were asked for.
    Witnesses(Vec<String>),
    /// There are not so many: proved.
    Impossible,
    /// Nobody knows, and why.
    GaveUp(&'static str),
}

/// What a query may cost, over all its searches. No clock: the same query always ends in the same way.
pub(crate) struct Budget {
    states_left: usize,
    patterns: Patterns,
}

impl Default for Budget {
    fn default() -> Self {
        Self { states_left: MAX_STATES, patterns: Patterns::default() }
    }
}

impl Budget {
    /// A budget of so many states.
    pub(crate) fn of_states(states_left: usize) -> Self {
        Self { states_left, patterns: Patterns::default() }
    }

    /// How many states are left.
    pub(crate) const fn states_left(&self) -> usize {
        self.states_left
    }

    fn take_state(&mut self) -> Result<(), GaveUp> {
        self.states_left = self.states_left.checked_sub(1).ok_or(GIVEN_UP_ON_STATES)?;
        Ok(())
    }
}

/// A text that answers all demands as they want it, is in all of `also`, and is taken by `accept`, which is asked of
/// every candidate: the caller runs the evaluator.
pub(crate) fn solve(
    demands: &[Demand<'_>],
    also: &[Language],
    accept: &mut dyn FnMut(&str) -> bool,
    budget: &mut Budget,
) -> Answer {
    match Question::new(demands, also).answer(accept, budget) {
        Ok(Some(text)) => Answer::Witness(text),
        Ok(None) => Answer::Impossible,
        Err(GaveUp(why)) => Answer::GaveUp(why),
    }
}

/// So many different texts of this kind, for lists whose elements must differ.
pub(crate) fn distinct(
    count: usize,
    demands: &[Demand<'_>],
    also: &[Language],
    accept: &mut dyn FnMut(&str) -> bool,
    budget: &mut Budget,
) -> Several {
    let mut texts: Vec<String> = Vec::new();
    while texts.len() < count {
        let others = Language::texts(texts.iter().map(String::as_str)).not();
        let also: Vec<_> = also.iter().cloned().chain([others]).collect();
        match solve(demands, &also, accept, budget) {
            Answer::Witness(text) => texts.push(text),
            Answer::Impossible => return Several::Impossible,
            Answer::GaveUp(why) => return Several::GaveUp(why),
        }
    }
    Several::Witnesses(texts)
}

/// A text of a language, such as a name that some patterns cover and others do not.
pub(crate) fn example(
    language: &Language,
    accept: &mut dyn FnMut(&str) -> bool,
    budget: &mut Budget,
) -> Answer {
    solve(&[], std::slice::from_ref(language), accept, budget)
}

/// What is asked of one text.
struct Question<'a> {
    demands: &'a [Demand<'a>],
    also: &'a [Language],
    /// Holds every text that meets all of it.
    outer: Language,
}

/// What became of the texts that were offered.
#[derive(Default)]
struct Offers {
    refused: Vec<Box<str>>,
    /// Whether the caller refused one that the operators judge as wanted; then emptiness proves nothing.
    caller_refused: bool,
}

impl<'a> Question<'a> {
    fn new(demands: &'a [Demand<'a>], also: &'a [Language]) -> Self {
        let outer = demands.iter().map(|demand| {
            let Bounds { when_true, when_false } = Bounds::of(demand.test);
            match demand.want {
                Want::True => when_true.outer,
                Want::NotTrue => when_true.inner.not(),
                Want::False => when_false.outer,
                Want::NotFalse => when_false.inner.not(),
            }
        });
        Self { demands, also, outer: Language::all(outer.chain(also.iter().cloned())) }
    }

    /// A text, or nothing where it is proved that there is none.
    fn answer(
        &self,
        accept: &mut dyn FnMut(&str) -> bool,
        budget: &mut Budget,
    ) -> Result<Option<String>, GaveUp> {
        let mut offers = Offers::default();
        if let Some(texts) = listed(&self.outer) {
            let found = self.try_each(texts, &mut offers, accept, budget)?;
            return if found.is_none() && offers.caller_refused {
                Err(GIVEN_UP_ON_OFFERS)
            } else {
                Ok(found)
            };
        }
        if self.no_address_does() {
            return Ok(None);
        }
        if let Some(found) = self.try_each(&self.examples(), &mut offers, accept, budget)? {
            return Ok(Some(found));
        }
        self.search(&mut offers, accept, budget)
    }

    /// Searches again without the texts that were refused, until one is taken or none is left.
    fn search(
        &self,
        offers: &mut Offers,
        accept: &mut dyn FnMut(&str) -> bool,
        budget: &mut Budget,
    ) -> Result<Option<String>, GaveUp> {
        loop {
            let n_refused = offers.refused.len();
            let others = Language::Texts(offers.refused.clone()).not();
            let language = Language::all([self.outer.clone(), others]);
            let found = search::search(&language, budget, &mut |text, budget| {
                self.offer(text, offers, accept, budget)
            })?;
            match found {
                Found::Text(text) => return Ok(Some(text)),
                Found::Nothing if offers.refused.len() == n_refused => break,
                Found::Nothing => {}
            }
        }
        if offers.caller_refused { Err(GIVEN_UP_ON_OFFERS) } else { Ok(None) }
    }

    fn try_each<T: AsRef<str>>(
        &self,
        texts: &[T],
        offers: &mut Offers,
        accept: &mut dyn FnMut(&str) -> bool,
        budget: &mut Budget,
    ) -> Result<Option<String>, GaveUp> {
        let outer = Product::new(&self.outer, &mut budget.patterns)?;
        for text in texts.iter().map(AsRef::as_ref) {
            if outer.holds(text, &mut budget.patterns)? && self.is_met_by(text) {
                if accept(text) {
                    return Ok(Some(text.to_owned()));
                }
                offers.caller_refused = true;
                offers.refused.push(text.into());
            }
        }
        Ok(None)
    }

    /// Whether a text of the outer language is what was asked for.
    fn offer(
        &self,
        text: &str,
        offers: &mut Offers,
        accept: &mut dyn FnMut(&str) -> bool,
        budget: &mut Budget,
    ) -> Result<bool, GaveUp> {
        budget.take_state()?;
        let is_met = self.is_met_by(text);
        if is_met && accept(text) {
            return Ok(true);
        }
        offers.caller_refused |= is_met;
        offers.refused.push(text.into());
        if offers.refused.len() > MAX_OFFERS { Err(GIVEN_UP_ON_OFFERS) } else { Ok(false) }
    }

    /// Whether the operators judge a text as is wanted, as far as they read nothing else.
    fn is_met_by(&self, text: &str) -> bool {
        let is_met = |demand: &Demand<'_>| demand.want.is_met_by(demand.test.judge_text(text));
        self.demands.iter().filter(|demand| demand.test.reads_text_only()).all(is_met)
    }

    /// Whether the demands on networks alone contradict each other: every way in which an address can lie is tried.
    fn no_address_does(&self) -> bool {
        let demands: Vec<_> =
            self.demands.iter().filter(|demand| matches!(demand.test, Test::InNetwork(_))).collect();
        let borders = networks::examples(demands.iter().map(|demand| demand.test));
        !borders
            .iter()
            .any(|text| demands.iter().all(|demand| demand.want.is_met_by(demand.test.judge_text(text))))
    }

    /// Readable texts of operators that read more into a text than its letters.
    fn examples(&self) -> Vec<String> {
        let mut texts = Vec::new();
        for demand in self.demands {
            match demand.test {
                Test::HostIn(patterns) => texts.extend(hosts::examples(patterns)),
                Test::InNetwork(_) => texts.extend(networks::examples([demand.test].into_iter())),
                Test::Under(folders) => texts.extend(folders::examples(folders)),
                Test::Equals(_)
                | Test::OneOf(_)
                | Test::Order { .. }
                | Test::Present(_)
                | Test::Matches { .. }
                | Test::Contains(_)
                | Test::Affix { .. }
                | Test::Length { .. }
                | Test::Types(_)
                | Test::Quantified(_)
                | Test::SameAs(_)
                | Test::Within(_) => {}
            }
        }
        texts
    }
}

/// The shortest of the lists that a text has to be in, if there is one.
fn listed(language: &Language) -> Option<&[Box<str>]> {
    match language {
        Language::Texts(texts) => Some(texts),
        Language::All(parts) => parts.iter().filter_map(listed).min_by_key(|texts| texts.len()),
        Language::Nothing => Some(&[]),
        Language::Everything
        | Language::Matching(_)
        | Language::Length { .. }
        | Language::Not(_)
        | Language::Any(_) => None,
    }
}
