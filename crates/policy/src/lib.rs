//! Decides: the policy language, its loader with diagnostics, the binder and the evaluator.
//! Pure: no I/O, clock, randomness or async. The same arguments always get the same decision.

mod analysis;
mod approval;
mod bound;
mod canonical;
mod cel;
mod channel;
mod class;
mod condition;
mod cost;
mod coverage;
mod datum;
mod decision;
pub mod diagnostic;
mod evaluate;
mod example;
mod explain;
mod export;
mod fact;
mod flow;
mod gap;
mod gate;
mod hash;
mod input;
mod limit;
mod lint;
mod load;
mod member;
mod normalise;
mod number;
mod observe;
mod operator;
mod opposite;
mod past;
mod path;
mod policy;
mod reason;
pub mod registry;
mod rule;
mod schema;
mod scoped;
mod section;
mod stack;
mod suggest;
mod terms;
#[cfg(test)]
mod testing;
mod truth;
mod zone;

pub use analysis::{
    Call, ChannelChange, CheckChange, Counterexample, DEFAULT_BUDGET, Diff, Difference, Direction, Example,
    FlowChange, LimitChange, Proof, RuleRef, Statement, StatementError, Subject, Undecided, Unproved, diff,
    prove,
};
pub use bound::{Bound, Foreseen, Foresight};
pub use cel::Cause;
pub use channel::Channel;
pub use class::{Category, Classes, Risk};
pub use coverage::{Coverage, RuleSeen};
pub use decision::{
    Allowed, Arguments, Decision, Denial, DenialKind, Facts, Operand, OperandOutcome, Repaired,
};
pub use diagnostic::{Diagnostic, Severity};
pub use example::{Cases, TestOutcome, Tried, run_tests, try_tests};
pub use explain::{Answer, Explanation, Finding, Step};
pub use export::{CedarExport, export_cedar};
pub use flow::{FlowStep, History, LabelSet, SetLabel, StepState, TakenStep};
pub use hash::Hash;
pub use limit::{CalendarUnit, LimitDemand, LimitKey, LimitSpec, Release, Scope, ScopeWord, Window};
pub use lint::{KnownTool, STRICTER_RULES, StricterRule};
pub use load::{
    Format, ImportNote, ImportOptions, Imported, import, load, load_as, load_cases, load_with, stricter,
};
pub use normalise::normalise;
pub use observe::{Observation, Observed, Reason, Suggesting, Suggestion, suggest};
pub use operator::{OPERATORS, Operator};
pub use opposite::{Asked, Change, Note, Opposite, Way};
pub use policy::{Effect, Policy};
pub use rule::RuleId;
pub use schema::{Schema, SchemaError};
pub use stack::{Definition, Stack};
pub use terms::Reveal;
pub use truth::Truth;
