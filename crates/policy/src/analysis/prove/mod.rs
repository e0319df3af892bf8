//! Proves statements about every call that a stack allows, or finds a call that disproves them.

mod expression;
mod parse;
mod token;

pub use parse::Statement;

use super::call::{Call, Outcome};
use super::formula::Formula;
use super::search::Search;
use super::side;
use super::solve::{Model, Solved, Solver};
use super::store::Store;
use super::subject::Subject;
use super::universe::{Told, Universe};
use super::view::View;
use crate::bound::Bound;
use crate::decision::Arguments;
use crate::stack::Stack;

/// What is wrong with a statement.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{why}")]
pub struct StatementError {
    /// Where, in bytes.
    pub offset: usize,
    /// What.
    pub why: String,
    /// What was probably meant.
    pub meant: Option<String>,
}

/// A call that is allowed against a statement, as the evaluator decided it.
#[derive(Debug)]
pub struct Counterexample {
    /// The call.
    pub call: Call,
    /// What the tool stands for, where no document names it.
    pub stands_for: Option<String>,
    /// Whether it is allowed only after an approval.
    pub after_approval: bool,
}

/// A tool of which nobody knows whether the statement holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unproved {
    /// The id of the server.
    pub server: String,
    /// The tool.
    pub tool: String,
    /// Why nobody knows.
    pub why: String,
}

/// The answer to one statement.
#[derive(Debug, Default)]
pub struct Proof {
    /// How many tools were looked at.
    pub n_tools: usize,
    /// Calls that disprove it, one for each tool.
    pub counterexamples: Vec<Counterexample>,
    /// What could not be answered.
    pub undecided: Vec<Unproved>,
    /// What the answer takes for granted.
    pub assumptions: Vec<String>,
}

impl Proof {
    /// Whether the statement is proved.
    #[must_use]
    pub fn is_proved(&self) -> bool {
        self.counterexamples.is_empty() && self.undecided.is_empty()
    }
}

/// Proves or disproves a statement over some tools, or over all that documents and statement tell apart where `tools`
/// is nothing. `budget` is the number of steps that one question may take.
#[must_use]
pub fn prove(stack: &Stack, statement: &Statement, tools: Option<Vec<Subject<'_>>>, budget: u64) -> Proof {
    let mut told = Told::default();
    stack.policies().iter().for_each(|policy| told.add(policy));
    let documents: Vec<&str> = stack.policies().iter().flat_map(|policy| policy.tool_names()).collect();
    statement.never.tell(&mut told);
    let universe = Universe::told(told, tools);
    let mut proof =
        Proof { n_tools: universe.subjects.len(), assumptions: universe.assumptions, ..Proof::default() };
    for name in statement.never.tool_names() {
        if !expression::is_known(name, &universe.subjects, &documents) {
            proof.assumptions.push(format!("no document and no known tool has the name `{name}`"));
        }
    }
    proof.undecided.extend(universe.gave_up.map(|why| Unproved {
        server: String::new(),
        tool: "(tools that were not looked at)".to_owned(),
        why: why.to_owned(),
    }));
    let mut solver = Solver::new(budget);
    for subject in &universe.subjects {
        solver.begin(budget);
        let bound = subject.bind(stack);
        let view = View::of(subject, &bound);
        let formula =
            Formula::all([side::allowed(&bound, &view), statement.never.formula(&bound, &view, true)]);
        if formula.is_false() {
            continue;
        }
        let mut accept = |model: &Model| counterexample(model, subject, stack, &bound, statement);
        match (Search { solver: &mut solver, accept: &mut accept }).run(Store::of_call(&view), &formula) {
            Solved::Found(found) => proof.counterexamples.push(found),
            Solved::Impossible => {}
            Solved::GaveUp(why) => proof.undecided.push(Unproved {
                server: subject.definition.server.clone(),
                tool: subject.definition.name.clone(),
                why: why.to_owned(),
            }),
        }
    }
    proof
}

/// The call, if it is allowed and disproves the statement.
fn counterexample(
    model: &Model,
    subject: &Subject<'_>,
    stack: &Stack,
    bound: &Bound,
    statement: &Statement,
) -> Option<Counterexample> {
    let call = Call::of(model, subject)?;
    let outcome = call.judged(subject, stack, bound);
    if !outcome.is_open() {
        return None;
    }
    let annotated = call.bound(subject, stack);
    let bound = annotated.as_ref().unwrap_or(bound);
    let facts = call.facts();
    let arguments = Arguments::Known(call.arguments.root());
    let repaired = bound.check_arguments(arguments).ok()?;
    let input = bound.input(&facts, arguments, repaired.as_ref());
    let holds = statement.never.holds(bound, input, &outcome);
    let after_approval = matches!(outcome, Outcome::Approval);
    holds.then(|| Counterexample {
        call: call.clone(),
        stands_for: subject.stands_for.clone(),
        after_approval,
    })
}
