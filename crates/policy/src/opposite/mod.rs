//! What would have to change in one call for the opposite answer: the nearest changes of what rules read, one rule after
//! the other, everything else as it is.
//! Every way that is shown was judged by the evaluator. Where none is found that is no proof that there is none, and
//! it is said so. Shows what a policy says, and no value of the call.

mod candidate;
mod case;
mod never;
mod rules;
mod say;
mod wish;
mod write;

use std::sync::Arc;

use crate::analysis::text::Want;
use crate::bound::Bound;
use crate::decision::{Arguments, Decision, Denial, DenialKind, Facts};
use crate::rule::RuleId;
use crate::terms::Moment;
use candidate::Trial;
use case::{Case, Rule};
pub use rules::Asked;
use wish::Wish;

/// Ways that are shown; more than a few are no help.
const MAX_WAYS: usize = 3;
/// Rules that are mended one after the other in one way.
const MAX_ROUNDS: usize = 6;

/// What would have to change for the opposite answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Opposite {
    /// Each of them is enough; the one with the fewest changes first.
    pub ways: Vec<Way>,
    /// What is to be said besides, or why there is no way.
    pub note: Option<Note>,
}

/// Some changes that together are enough.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Way {
    /// The changes.
    pub changes: Vec<Change>,
    /// The rule that then denies; empty where the call is then allowed.
    pub rule: RuleId,
}

impl Way {
    /// Few changes before many, and what an agent can change before what an operator can.
    fn distance(&self) -> (bool, usize) {
        let is_of_call =
            |change: &Change| change.path.starts_with("args.") || change.path.starts_with("input.");
        (!self.changes.iter().all(is_of_call), self.changes.len())
    }
}

/// One change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// The path that has to lead to something else.
    pub path: Arc<str>,
    /// What of: "be at most 100". Holds only what the policy says.
    pub demand: String,
    /// A value for which it was judged, as JSON; nothing where the value is to be left out.
    pub example: Option<Box<str>>,
    /// Whether the example is another value of the same call, and not one made from the policy.
    pub is_of_call: bool,
}

/// What is known where no way is shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Note {
    /// No other call of this kind gets the opposite answer: proved. What to do instead.
    Never(String),
    /// Something has to be mended before rules are asked at all.
    First(String),
    /// Nobody knows, and why.
    Undecided(String),
}

impl Note {
    /// How programs read it.
    #[must_use]
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Never(_) => "never",
            Self::First(_) => "first",
            Self::Undecided(_) => "undecided",
        }
    }

    /// What it says.
    #[must_use]
    pub fn text(&self) -> &str {
        match self {
            Self::Never(text) | Self::First(text) | Self::Undecided(text) => text,
        }
    }
}

impl Bound {
    /// What would have to change for the opposite answer.
    #[must_use]
    pub fn opposite(&self, facts: &Facts<'_>, arguments: Arguments<'_>) -> Opposite {
        match self.decide(facts, arguments) {
            Decision::Allow(_) => self.ways_to_deny(&Case::new(self, facts, arguments)),
            Decision::Deny(denial) => match self.note_on(&denial) {
                Some(note) => Opposite { ways: Vec::new(), note: Some(note) },
                None => self.ways_to_allow(&Case::new(self, facts, arguments), &denial),
            },
        }
    }

    /// What is said of a denial that no argument changes.
    fn note_on(&self, denial: &Denial) -> Option<Note> {
        if let Some(text) = never::of_gate(self, denial) {
            return Some(Note::Never(text));
        }
        match denial.kind {
            DenialKind::Arguments => {
                let said = denial.reason.as_deref().unwrap_or("the arguments do not fit the schema");
                Some(Note::First(format!("the arguments have to fit the tool's schema: {said}")))
            }
            DenialKind::Flow => {
                let said = denial.reason.as_deref().unwrap_or("a flow denies it");
                Some(Note::First(format!("what was done before has to be another: {said}")))
            }
            DenialKind::NoPolicy
            | DenialKind::Hidden
            | DenialKind::DefaultDeny
            | DenialKind::UnknownTool
            | DenialKind::Quarantined
            | DenialKind::Action
            | DenialKind::Require
            | DenialKind::DenyIf
            | DenialKind::Limit
            | DenialKind::Approval
            | DenialKind::Error
            | DenialKind::Closed => None,
        }
    }

    fn ways_to_allow(&self, case: &Case<'_>, denial: &Denial) -> Opposite {
        let mut trial = Trial::new(self);
        let rules = case::rules(self, Moment::Call(case.now_ms()));
        let first = trial.denying(case, &rules).into_iter().next();
        let Some(rule) = first.and_then(|index| rules.get(index)) else {
            return undecided(format!(
                "`{}` is not one of the rules that can be looked through",
                denial.rule
            ));
        };
        let (choices, is_complete) = rule.choices(rule.passing());
        let mut ways = Vec::new();
        for choice in &choices {
            let changed = trial.mend(case, &rules, rule, choice);
            let way = changed.and_then(|(case, changes)| trial.allow(case, &rules, changes));
            ways.extend(way.map(|changes| Way { changes, rule: RuleId::new("") }));
        }
        ways.sort_by_key(Way::distance);
        ways.dedup();
        ways.truncate(MAX_WAYS);
        if !ways.is_empty() {
            return Opposite { ways, note: None };
        }
        let fixed = is_complete.then(|| never::of_fixed(&choices, case, rule.sense(), self)).flatten();
        match fixed {
            Some(text) => Opposite { ways, note: Some(Note::Never(text)) },
            None => undecided(format!("no change was found that `{}` and the other rules pass", denial.rule)),
        }
    }

    fn ways_to_deny(&self, case: &Case<'_>) -> Opposite {
        let mut trial = Trial::new(self);
        let rules = case::rules(self, Moment::Call(case.now_ms()));
        let mut ways = Vec::new();
        for rule in &rules {
            let (choices, _) = rule.choices(rule.denying());
            let way = choices.iter().find_map(|choice| trial.break_rule(case, rule, choice));
            ways.extend(way);
        }
        ways.sort_by_key(Way::distance);
        ways.truncate(MAX_WAYS);
        if !ways.is_empty() {
            return Opposite { ways, note: None };
        }
        if rules.iter().all(|rule| matches!(rule, Rule::Limit(_))) {
            let text = "no rule with conditions applies to this tool; only the check of its arguments and a full \
                        limit can deny it";
            return Opposite { ways, note: Some(Note::Never(text.to_owned())) };
        }
        undecided("no change was found that one of the rules denies".to_owned())
    }
}

impl Trial<'_> {
    /// Changes the call until this rule passes, without a new one denying.
    fn mend<'a>(
        &mut self,
        case: &Case<'a>,
        rules: &[Rule<'_>],
        rule: &Rule<'_>,
        choice: &[Wish<'_>],
    ) -> Option<(Case<'a>, Vec<Change>)> {
        let before = self.denying(case, rules);
        let (mut case, mut changes) = (case.clone(), Vec::new());
        let open: Vec<&Wish<'_>> =
            choice.iter().filter(|wish| !self.is_met(&case, wish, rule.sense())).collect();
        let mut paths: Vec<&Arc<str>> = open.iter().map(|wish| wish.path()).collect();
        paths.dedup();
        if paths.is_empty() {
            return None;
        }
        for (index, path) in paths.iter().enumerate() {
            let here: Vec<&Wish<'_>> = choice.iter().filter(|wish| wish.path() == *path).collect();
            let is_last = index + 1 == paths.len();
            let (next, change) = self.change(&case, &here, rule.sense(), &mut |trial, next| {
                let now = trial.denying(next, rules);
                let passes =
                    !is_last || !now.iter().any(|one| rules.get(*one).is_some_and(|one| one.is(rule)));
                passes && now.iter().all(|one| before.contains(one)) && trial.fits(next)
            })?;
            case = next;
            changes.push(change);
        }
        Some((case, changes))
    }

    /// Goes on with what still denies, until the evaluator allows the call.
    fn allow(
        &mut self,
        mut case: Case<'_>,
        rules: &[Rule<'_>],
        mut changes: Vec<Change>,
    ) -> Option<Vec<Change>> {
        for _ in 0..MAX_ROUNDS {
            if self.decide(&case).is_allow() {
                return Some(changes);
            }
            let first = self.denying(&case, rules).into_iter().next()?;
            let rule = rules.get(first)?;
            let (choices, _) = rule.choices(rule.passing());
            let (next, more) = choices.iter().find_map(|choice| self.mend(&case, rules, rule, choice))?;
            case = next;
            changes.retain(|change| !more.iter().any(|later| later.path == change.path));
            changes.extend(more);
        }
        None
    }

    /// Changes one value of the call so that this rule denies it.
    fn break_rule(&mut self, case: &Case<'_>, rule: &Rule<'_>, choice: &[Wish<'_>]) -> Option<Way> {
        let open: Vec<&Wish<'_>> =
            choice.iter().filter(|wish| !self.is_met(case, wish, rule.sense())).collect();
        let path = open.first()?.path();
        if open.iter().any(|wish| wish.path() != path) {
            return None;
        }
        let here: Vec<&Wish<'_>> = choice.iter().filter(|wish| wish.path() == path).collect();
        let mut denied_by = RuleId::new("");
        let (_, change) =
            self.change(case, &here, rule.sense(), &mut |trial, next| match trial.decide(next) {
                Decision::Deny(denial) if rule.made(&denial) => {
                    denied_by = denial.rule;
                    true
                }
                Decision::Deny(_) | Decision::Allow(_) => false,
            })?;
        Some(Way { changes: vec![change], rule: denied_by })
    }
}

fn undecided(text: String) -> Opposite {
    Opposite { ways: Vec::new(), note: Some(Note::Undecided(text)) }
}

/// The opposite demand.
const fn turned(want: Want) -> Want {
    match want {
        Want::True => Want::False,
        Want::False => Want::True,
        Want::NotTrue => Want::NotFalse,
        Want::NotFalse => Want::NotTrue,
    }
}

/// Whether it can be met in several ways by one condition of many: then one of them is enough.
const fn one_is_enough(want: Want) -> bool {
    match want {
        Want::False | Want::NotTrue => true,
        Want::True | Want::NotFalse => false,
    }
}

#[cfg(test)]
mod tests;
