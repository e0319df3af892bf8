//! What two stacks of policies decide differently: an example call for each way, or the proof that there is none.

mod channels;
mod checks;
mod direction;
mod flows;
mod limits;

pub use channels::ChannelChange;
pub use checks::CheckChange;
pub use flows::{Difference, FlowChange};
pub use limits::LimitChange;

use super::call::Call;
use super::solve::Solver;
use super::subject::Subject;
use super::universe::Universe;
use crate::decision::Denial;
use crate::stack::Stack;

/// In which sense two stacks differ about calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Direction {
    /// The new one allows what the old one denied.
    Opens,
    /// The new one denies what the old one allowed.
    Closes,
    /// Both allow; only the old one asks for an approval.
    AsksNoMore,
    /// Both allow; only the new one asks for an approval.
    AsksNow,
}

/// A rule of a document, or one of the fixed ones.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RuleRef {
    /// Its id.
    pub rule: String,
    /// Its exact place; empty where no document has one.
    pub pointer: String,
    /// The policy that it is in.
    pub policy: Option<String>,
}

/// A call that is decided differently, judged by the evaluator on both sides.
#[derive(Debug)]
pub struct Example {
    /// In which sense.
    pub direction: Direction,
    /// The call.
    pub call: Call,
    /// What the tool stands for, where no document names it.
    pub stands_for: Option<String>,
    /// The rule of the side that denies, or that asks for an approval.
    pub rule: RuleRef,
}

/// A question without an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Undecided {
    /// In which sense the sides may differ.
    pub direction: Direction,
    /// The id of the server.
    pub server: String,
    /// The tool.
    pub tool: String,
    /// The rule that may decide differently.
    pub rule: RuleRef,
    /// Why nobody knows.
    pub why: String,
}

/// All differences between two stacks.
#[derive(Debug, Default)]
pub struct Diff {
    /// How many tools were looked at.
    pub n_tools: usize,
    /// How many questions were answered or left open.
    pub n_questions: usize,
    /// Calls that are decided differently.
    pub examples: Vec<Example>,
    /// Differences of how arguments are checked, of tools whose schema is not known.
    pub checks: Vec<CheckChange>,
    /// Differences of limits.
    pub limits: Vec<LimitChange>,
    /// Differences of flows and labels.
    pub flows: Vec<FlowChange>,
    /// Channels that are open on one side only.
    pub channels: Vec<ChannelChange>,
    /// What could not be answered.
    pub undecided: Vec<Undecided>,
    /// What the answers take for granted.
    pub assumptions: Vec<String>,
}

impl Diff {
    /// Whether any difference was found.
    #[must_use]
    pub fn is_any(&self) -> bool {
        let Self { examples, checks, limits, flows, channels, .. } = self;
        !(examples.is_empty()
            && checks.is_empty()
            && limits.is_empty()
            && flows.is_empty()
            && channels.is_empty())
    }

    /// Whether it is proved that the sides never differ.
    #[must_use]
    pub fn is_none(&self) -> bool {
        !self.is_any() && self.undecided.is_empty()
    }
}

/// Compares two stacks over some tools, or over all that the documents tell apart where `tools` is nothing. `budget` is
/// the number of steps that one question may take.
#[must_use]
pub fn diff(old: &Stack, new: &Stack, tools: Option<Vec<Subject<'_>>>, budget: u64) -> Diff {
    let universe = Universe::of(&[old, new], tools);
    let mut found = Diff {
        n_tools: universe.subjects.len(),
        assumptions: universe.assumptions.clone(),
        ..Diff::default()
    };
    let mut solver = Solver::new(budget);
    for subject in &universe.subjects {
        let pair = direction::Pair::of(subject, old, new);
        pair.compare(&mut solver, budget, &mut found);
        checks::compare(subject, &pair.old_bound, &pair.new_bound, &mut found.checks);
        limits::compare(subject, &pair.old_bound, &pair.new_bound, &mut found.limits);
        flows::compare(subject, &pair.old_bound, &pair.new_bound, &mut found.flows);
    }
    found.undecided.extend(universe.gave_up.map(Undecided::of_tools));
    channels::compare(old, new, &mut found);
    found
}

impl Undecided {
    /// That some tools were not looked at.
    fn of_tools(why: &str) -> Self {
        Self {
            direction: Direction::Opens,
            server: String::new(),
            tool: "(tools that were not looked at)".to_owned(),
            rule: RuleRef { rule: "(any)".to_owned(), pointer: String::new(), policy: None },
            why: why.to_owned(),
        }
    }
}

impl RuleRef {
    pub(crate) fn of_denial(denial: &Denial) -> Self {
        Self {
            rule: denial.rule.to_string(),
            pointer: denial.pointer.clone(),
            policy: denial.policy.as_ref().map(ToString::to_string),
        }
    }
}

impl Direction {
    /// The word of the JSON output.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Opens => "opens",
            Self::Closes => "closes",
            Self::AsksNoMore => "asks_no_more",
            Self::AsksNow => "asks_now",
        }
    }
}
