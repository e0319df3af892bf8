//! Values that may answer wishes on one path, the nearest first, each tried on the whole call.
//! Numbers come from the bounds of the policy, texts from a search over its patterns; nothing is invented that a rule
//! does not ask for.

use json::{Decimal, Document, Kind, Limits};

use super::Change;
use super::case::{Case, Rule, decide};
use super::say;
use super::wish::Wish;
use crate::analysis::text::{Answer, Budget, Demand, Want, solve};
use crate::bound::Bound;
use crate::decision::Decision;
use crate::fact::Fact;
use crate::operator::{Check, Scalar, Sense, Test};
use crate::path::Source;

/// Calls that are judged for one explanation; each takes some microseconds.
const MAX_TRIES: usize = 4_000;
/// States of the search for texts for one explanation.
const MAX_STATES: usize = 60_000;
/// How far another time is looked for: a week, in quarters of an hour.
const MAX_QUARTERS: u64 = 7 * 24 * 4;
const QUARTER_MS: u64 = 15 * 60 * 1000;

/// What is left for trying.
pub(super) struct Trial<'b> {
    bound: &'b Bound,
    tries_left: usize,
    budget: Budget,
}

/// Whether a changed call is what is looked for.
type Accept<'c, 'b> = &'c mut dyn FnMut(&mut Trial<'b>, &Case<'_>) -> bool;

/// A value to be tried; nothing to leave it out.
struct Candidate {
    raw: Option<String>,
    is_of_call: bool,
}

impl Candidate {
    fn new(raw: impl Into<String>) -> Self {
        Self { raw: Some(raw.into()), is_of_call: false }
    }
}

impl<'b> Trial<'b> {
    pub(super) fn new(bound: &'b Bound) -> Self {
        Self { bound, tries_left: MAX_TRIES, budget: Budget::of_states(MAX_STATES) }
    }

    pub(super) fn decide(&mut self, case: &Case<'_>) -> Decision {
        decide(self.bound, case)
    }

    /// The rules that deny the call, by their places.
    pub(super) fn denying(&mut self, case: &Case<'_>, rules: &[Rule<'_>]) -> Vec<usize> {
        let all = || rules.iter().enumerate();
        let denying = case.ask_input(self.bound, |input| {
            all().filter(|(_, rule)| rule.denies(input)).map(|(index, _)| index).collect()
        });
        denying.unwrap_or_else(|| all().map(|(index, _)| index).collect())
    }

    /// Whether the arguments are what the tool takes, as they stand.
    pub(super) fn fits(&self, case: &Case<'_>) -> bool {
        case.ask(|_, arguments| {
            self.bound.check_arguments(arguments).is_ok_and(|repaired| repaired.is_none())
        })
        .unwrap_or(false)
    }

    pub(super) fn is_met(&self, case: &Case<'_>, wish: &Wish<'_>, sense: Sense) -> bool {
        case.ask_input(self.bound, |input| wish.want.is_met_by(wish.comparison.judge(input, sense)))
            .unwrap_or(false)
    }

    /// The nearest change on the path of these wishes, all of one path.
    pub(super) fn change<'a>(
        &mut self,
        case: &Case<'a>,
        wishes: &[&Wish<'_>],
        sense: Sense,
        accept: Accept<'_, 'b>,
    ) -> Option<(Case<'a>, Change)> {
        let path = &wishes.first()?.comparison.path;
        let unmet: Vec<&Wish<'_>> =
            wishes.iter().copied().filter(|wish| !self.is_met(case, wish, sense)).collect();
        let mut check = |trial: &mut Self, next: &Case<'_>| {
            trial.tries_left = trial.tries_left.saturating_sub(1);
            trial.tries_left > 0
                && wishes.iter().all(|wish| trial.is_met(next, wish, sense))
                && accept(trial, next)
        };
        let (next, candidate) = match path.source() {
            Source::Args | Source::Input => self.another_value(case, wishes, &mut check)?,
            Source::Fact(Fact::GrantLabels) => self.another_label(case, wishes, &mut check)?,
            Source::Fact(Fact::Hour | Fact::Minute | Fact::Weekday | Fact::Date) => {
                self.another_time(case, &mut check)?
            }
            Source::Annotations | Source::Fact(Fact::GrantId | Fact::ServerId | Fact::ToolName) => {
                return None;
            }
        };
        let said = if unmet.is_empty() { wishes } else { &unmet };
        let change = Change {
            path: std::sync::Arc::clone(path.text()),
            demand: if candidate.raw.is_none() { "be left out".to_owned() } else { say::demands(said) },
            example: candidate.raw.map(String::into_boxed_str),
            is_of_call: candidate.is_of_call,
        };
        Some((next, change))
    }

    fn another_value<'a>(
        &mut self,
        case: &Case<'a>,
        wishes: &[&Wish<'_>],
        check: Accept<'_, 'b>,
    ) -> Option<(Case<'a>, Candidate)> {
        let path = &wishes.first()?.comparison.path;
        let old = case.raw(self.bound, path);
        let mut attempt = |trial: &mut Self, candidate: Candidate| {
            let next = case.with(path, candidate.raw.as_deref())?;
            check(trial, &next).then_some((next, candidate))
        };
        let near = numbers(wishes, old.as_deref()).into_iter().chain(written(wishes)).map(Candidate::new);
        for candidate in near.collect::<Vec<_>>() {
            if let Some(found) = attempt(self, candidate) {
                return Some(found);
            }
        }
        if let Some(text) =
            self.text(wishes, &mut |trial, text| attempt(trial, text_candidate(text)).is_some())
            && let Some(found) = attempt(self, text_candidate(&text))
        {
            return Some(found);
        }
        let same = wishes.iter().filter_map(|wish| {
            if let Test::SameAs(other) = &wish.comparison.check.test {
                case.raw(self.bound, other)
            } else {
                None
            }
        });
        let same: Vec<_> = same.map(|raw| Candidate { raw: Some(raw), is_of_call: true }).collect();
        let lists = lists(wishes, old.as_deref());
        let plain = ["true", "false", "0", "\"a\"", "[]", "{}"].map(Candidate::new);
        let left_out = Candidate { raw: None, is_of_call: false };
        for candidate in same.into_iter().chain(lists).chain(plain).chain([left_out]) {
            if let Some(found) = attempt(self, candidate) {
                return Some(found);
            }
        }
        None
    }

    /// A text that the operators judge as is wanted, and the whole call with it too.
    fn text(
        &mut self,
        wishes: &[&Wish<'_>],
        accept: &mut dyn FnMut(&mut Self, &str) -> bool,
    ) -> Option<String> {
        let demands: Vec<Demand<'_>> =
            wishes.iter().map(|wish| demand(&wish.comparison.check, wish.want)).collect();
        let mut budget = std::mem::take(&mut self.budget);
        let answer = solve(&demands, &[], &mut |text| accept(self, text), &mut budget);
        self.budget = budget;
        match answer {
            Answer::Witness(text) => Some(text),
            Answer::Impossible | Answer::GaveUp(_) => None,
        }
    }

    fn another_label<'a>(
        &mut self,
        case: &Case<'a>,
        wishes: &[&Wish<'_>],
        check: Accept<'_, 'b>,
    ) -> Option<(Case<'a>, Candidate)> {
        for text in written(wishes) {
            let document = scan(&text)?;
            let Some(label) = document.root().as_str() else { continue };
            let next = case.with_label(&label);
            if check(self, &next) {
                return Some((next, Candidate::new(text)));
            }
        }
        None
    }

    fn another_time<'a>(&mut self, case: &Case<'a>, check: Accept<'_, 'b>) -> Option<(Case<'a>, Candidate)> {
        let now_ms = case.now_ms()?;
        let first = now_ms - now_ms % QUARTER_MS;
        for quarter in 1..=MAX_QUARTERS {
            let next = case.at(first.checked_add(quarter * QUARTER_MS)?);
            if check(self, &next) {
                let at = jiff::Timestamp::from_millisecond(i64::try_from(next.now_ms()?).ok()?).ok()?;
                return Some((next, Candidate::new(format!("\"{at}\""))));
            }
        }
        None
    }
}

fn text_candidate(text: &str) -> Candidate {
    Candidate::new(serde_json::Value::from(text).to_string())
}

/// A wish as a demand on a text, before any negation. Lists are asked for each element.
fn demand(check: &Check, want: Want) -> Demand<'_> {
    let want = if check.negated { super::turned(want) } else { want };
    match check.quantified() {
        Some(quantified) => demand(&quantified.check, want),
        None => Demand { test: &check.test, want },
    }
}

fn scan(text: &str) -> Option<Document> {
    Document::scan(text.as_bytes().to_vec(), &Limits::default()).ok()
}

/// The test of a check, or that of the elements of a list.
fn test(check: &Check) -> &Test {
    check.quantified().map_or(&check.test, |quantified| test(&quantified.check))
}

/// The numbers that the wishes name and those beside them, the nearest to the old one first.
fn numbers(wishes: &[&Wish<'_>], old: Option<&str>) -> Vec<String> {
    let mut named: Vec<Decimal> = Vec::new();
    for wish in wishes {
        if let Test::Order { bound: number, .. } | Test::Equals(Scalar::Number(number)) =
            test(&wish.comparison.check)
        {
            named.push(*number);
        }
    }
    let beside = |number: &Decimal| {
        let whole = number.to_string().split('.').next().and_then(|whole| Decimal::parse(whole).ok());
        let around = |number: Decimal| {
            [Some(number), number.checked_add(&Decimal::ONE), number.checked_sub(&Decimal::ONE)]
        };
        [Some(*number), whole].into_iter().flatten().flat_map(around).collect::<Vec<_>>()
    };
    let mut all: Vec<Decimal> = named.iter().flat_map(beside).flatten().collect();
    let old = old.and_then(|old| Decimal::parse(old).ok()).unwrap_or(Decimal::ZERO);
    let distance = |number: &Decimal| {
        let (above, below) = (number.checked_sub(&old), old.checked_sub(number));
        above.into_iter().chain(below).max().unwrap_or(Decimal::ZERO)
    };
    all.sort_by_key(distance);
    all.iter().map(ToString::to_string).collect()
}

/// The values that the wishes name, as the policy writes them.
fn written(wishes: &[&Wish<'_>]) -> Vec<String> {
    let mut texts = Vec::new();
    for wish in wishes.iter().filter(|wish| names_values(test(&wish.comparison.check))) {
        let Some(document) = scan(&wish.comparison.value) else { continue };
        let root = document.root();
        match root.kind() {
            Kind::Array => texts.extend(root.elements().map(|element| element.raw().to_owned())),
            Kind::String | Kind::Number | Kind::Bool => texts.push(root.raw().to_owned()),
            Kind::Null | Kind::Object => {}
        }
    }
    texts
}

/// Whether the value that the policy writes is one that the call could have.
fn names_values(test: &Test) -> bool {
    match test {
        Test::Equals(_) | Test::OneOf(_) | Test::Contains(_) | Test::Affix { .. } => true,
        Test::Order { .. }
        | Test::Present(_)
        | Test::Matches { .. }
        | Test::HostIn(_)
        | Test::InNetwork(_)
        | Test::Under(_)
        | Test::Length { .. }
        | Test::Types(_)
        | Test::Quantified(_)
        | Test::SameAs(_)
        | Test::Within(_) => false,
    }
}

/// The old list with what the wishes name, and without it.
fn lists(wishes: &[&Wish<'_>], old: Option<&str>) -> Vec<Candidate> {
    let Some(document) = old.and_then(scan).filter(|document| document.root().is_array()) else {
        return Vec::new();
    };
    let elements: Vec<&str> = document.root().elements().map(|element| element.raw()).collect();
    let named = written(wishes);
    let with = elements.iter().copied().chain(named.iter().map(String::as_str)).collect::<Vec<_>>();
    let without: Vec<&str> =
        elements.iter().copied().filter(|element| !named.iter().any(|name| name == element)).collect();
    let list =
        |elements: &[&str]| Candidate { raw: Some(format!("[{}]", elements.join(","))), is_of_call: true };
    vec![list(&with), list(&without)]
}
