//! Answers about all calls at once: what documents allow, what they can never allow, and where two of them differ.
//! Claims nothing that is not proved, and shows no example that the evaluator did not judge.

mod ask;
mod call;
mod diff;
mod formula;
mod kind;
mod prove;
mod search;
mod side;
mod solve;
mod store;
mod subject;
#[expect(dead_code, reason = "explanations ask for the rest of it")]
pub(crate) mod text;
mod universe;
mod view;
mod want;

pub use call::Call;
pub use diff::{
    ChannelChange, CheckChange, Diff, Difference, Direction, Example, FlowChange, LimitChange, RuleRef,
    Undecided, diff,
};
pub use prove::{Counterexample, Proof, Statement, StatementError, Unproved, prove};
pub use subject::Subject;

/// The steps that one question may take unless somebody says otherwise. Questions about real documents take some hundred.
pub const DEFAULT_BUDGET: u64 = 20_000;
