//! One tool, both ways round: what one side allows and the other denies, rule by rule.

use super::checks;
use super::{Diff, Direction, Example, RuleRef, Undecided};
use crate::analysis::call::{Call, Outcome};
use crate::analysis::formula::Formula;
use crate::analysis::search::Search;
use crate::analysis::side::{self, Way};
use crate::analysis::solve::{Model, Solved, Solver};
use crate::analysis::store::Store;
use crate::analysis::subject::Subject;
use crate::analysis::view::View;
use crate::bound::Bound;
use crate::rule::RuleId;
use crate::stack::Stack;

/// A tool, bound to both stacks.
pub(super) struct Pair<'a> {
    pub(super) subject: &'a Subject<'a>,
    pub(super) old_bound: Bound,
    pub(super) new_bound: Bound,
    old: &'a Stack,
    new: &'a Stack,
}

/// One side of a comparison.
#[derive(Clone, Copy)]
pub(super) struct Side<'a> {
    pub(super) stack: &'a Stack,
    pub(super) bound: &'a Bound,
}

impl<'a> Pair<'a> {
    pub(super) fn of(subject: &'a Subject<'a>, old: &'a Stack, new: &'a Stack) -> Self {
        Self { subject, old_bound: subject.bind(old), new_bound: subject.bind(new), old, new }
    }

    /// Adds all differences between the calls of the tool.
    pub(super) fn compare(&self, solver: &mut Solver, budget: u64, found: &mut Diff) {
        let old = Side { stack: self.old, bound: &self.old_bound };
        let new = Side { stack: self.new, bound: &self.new_bound };
        for (direction, one, other) in [
            (Direction::Opens, new, old),
            (Direction::Closes, old, new),
            (Direction::AsksNow, old, new),
            (Direction::AsksNoMore, new, old),
        ] {
            let comparison = Comparison { subject: self.subject, direction, one, other };
            let view = comparison.view();
            match direction {
                Direction::Opens | Direction::Closes => comparison.calls(&view, solver, budget, found),
                Direction::AsksNow | Direction::AsksNoMore => {
                    comparison.approvals(&view, solver, budget, found)
                }
            }
        }
    }
}

/// What the one side allows and the other denies, or what only the other asks an approval for.
pub(super) struct Comparison<'a> {
    pub(super) subject: &'a Subject<'a>,
    direction: Direction,
    pub(super) one: Side<'a>,
    pub(super) other: Side<'a>,
}

impl<'a> Comparison<'a> {
    fn view(&self) -> View<'a> {
        View::of(self.subject, self.one.bound)
    }

    fn calls(&self, view: &View<'_>, solver: &mut Solver, budget: u64, found: &mut Diff) {
        if side::closed(self.one.bound).is_some() {
            return;
        }
        let allowed = side::allowed(self.one.bound, view);
        let said = side::sayings(self.one.bound);
        let mut ways = side::denied(self.other.bound, view);
        ways.retain(|way| way.saying.as_ref().is_none_or(|saying| !said.contains(saying)));
        ways.extend(checks::ways(self.subject, self.one.bound, self.other.bound));
        for way in &ways {
            solver.begin(budget);
            found.n_questions += 1;
            let formula = Formula::all([allowed.clone(), way.formula.clone()]);
            let answer = match self.search(view, &formula, solver, way) {
                (Solved::GaveUp(_), Some(_)) => self.only_by(view, formula, solver, budget, way),
                (answer, _) => answer,
            };
            self.note(way, answer, found);
        }
    }

    /// A call that this rule denies, or else one that another rule denies before it.
    fn search(
        &self,
        view: &View<'_>,
        formula: &Formula<'_>,
        solver: &mut Solver,
        way: &Way<'_>,
    ) -> (Solved<Example>, Option<Example>) {
        let mut by_another = None;
        let mut accept = |model: &Model| {
            let example = self.example(model, way)?;
            if example.rule.pointer == way.pointer || way.saying.is_none() {
                return Some(example);
            }
            by_another.get_or_insert(example);
            None
        };
        let answer = Search { solver, accept: &mut accept }.run(Store::of_call(view), formula);
        (answer, by_another)
    }

    /// A call that this rule denies and none before it.
    fn only_by(
        &self,
        view: &View<'_>,
        formula: Formula<'_>,
        solver: &mut Solver,
        budget: u64,
        way: &Way<'_>,
    ) -> Solved<Example> {
        solver.begin(budget);
        let before = side::passed(self.other.bound, view).into_iter().take(way.n_before);
        let formula = Formula::all(before.chain([formula]));
        match self.search(view, &formula, solver, way) {
            (Solved::Found(example), _) => Solved::Found(example),
            // Each such call is denied by a rule before it too; that one has its own question.
            (Solved::Impossible, _) => Solved::Impossible,
            (Solved::GaveUp(why), None) => Solved::GaveUp(why),
            (Solved::GaveUp(_), Some(example)) => Solved::Found(example),
        }
    }

    /// The call as the evaluator judges it; nothing where both sides agree.
    fn example(&self, model: &Model, way: &Way<'_>) -> Option<Example> {
        let call = Call::of(model, self.subject)?;
        let calls = if way.rule.as_str() == RuleId::ARGUMENTS { checks::variants(&call) } else { vec![call] };
        calls.into_iter().find_map(|call| self.judged(call))
    }

    fn judged(&self, call: Call) -> Option<Example> {
        if !call.judged(self.subject, self.one.stack, self.one.bound).is_open() {
            return None;
        }
        match call.judged(self.subject, self.other.stack, self.other.bound) {
            Outcome::Allowed | Outcome::Approval => None,
            Outcome::Denied(denial) => Some(self.shown(call, RuleRef::of_denial(&denial))),
        }
    }

    fn shown(&self, call: Call, rule: RuleRef) -> Example {
        Example { direction: self.direction, call, stands_for: self.subject.stands_for.clone(), rule }
    }

    fn note(&self, way: &Way<'_>, answer: Solved<Example>, found: &mut Diff) {
        match answer {
            Solved::Found(example) => {
                let is_known = found.examples.iter().rev().any(|known| {
                    known.direction == example.direction
                        && known.call.tool == example.call.tool
                        && known.call.server == example.call.server
                        && known.rule == example.rule
                });
                if !is_known {
                    found.examples.push(example);
                }
            }
            Solved::Impossible => {}
            Solved::GaveUp(why) => found.undecided.push(Undecided {
                direction: self.direction,
                server: self.subject.definition.server.clone(),
                tool: self.subject.definition.name.clone(),
                rule: RuleRef {
                    rule: way.rule.to_string(),
                    pointer: way.pointer.clone(),
                    policy: way.policy.as_ref().map(ToString::to_string),
                },
                why: why.to_owned(),
            }),
        }
    }

    /// Calls that both allow, and for which only the other side asks for an approval.
    fn approvals(&self, view: &View<'_>, solver: &mut Solver, budget: u64, found: &mut Diff) {
        let asked =
            |bound: &Bound| -> Vec<String> { side::approvals(bound).map(|(_, _, saying)| saying).collect() };
        let (own, others) = (asked(self.one.bound), asked(self.other.bound));
        let is_plain = self.one.bound.numbers() == self.other.bound.numbers();
        let Some((policy, approval, _)) = side::approvals(self.other.bound).next() else { return };
        if is_plain && others.iter().all(|saying| own.contains(saying)) {
            return;
        }
        solver.begin(budget);
        found.n_questions += 1;
        let formula = Formula::all([
            side::allowed(self.one.bound, view),
            side::allowed(self.other.bound, view),
            side::approval(self.one.bound, view, false),
            side::approval(self.other.bound, view, true),
        ]);
        let rule = RuleRef {
            rule: RuleId::APPROVAL.to_owned(),
            pointer: approval.pointer.clone(),
            policy: Some(policy.to_string()),
        };
        let mut accept = |model: &Model| {
            let call = Call::of(model, self.subject)?;
            let one = call.judged(self.subject, self.one.stack, self.one.bound);
            let other = call.judged(self.subject, self.other.stack, self.other.bound);
            matches!((one, other), (Outcome::Allowed, Outcome::Approval))
                .then(|| self.shown(call, rule.clone()))
        };
        let answer = Search { solver, accept: &mut accept }.run(Store::of_call(view), &formula);
        let way = Way {
            rule: RuleId::new(RuleId::APPROVAL),
            pointer: rule.pointer.clone(),
            policy: Some(std::sync::Arc::clone(policy)),
            formula: Formula::TRUE,
            saying: None,
            n_before: 0,
        };
        self.note(&way, answer, found);
    }
}
