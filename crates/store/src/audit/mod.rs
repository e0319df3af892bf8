//! The audit: a tamper-evident log of what was judged, forwarded and changed.
//! Must never hold values: no argument, token, credential or result.

mod append;
mod change;
mod error;
mod export;
mod flood;
mod head;
mod judged;
mod key;
mod line;
mod outcome;
mod problem;
mod query;
mod reader;
mod resume;
mod retention;
mod run;
mod segment;
mod statement;
mod stub;
mod tail;
mod tally;
mod verify;

pub(crate) use append::{AuditLog, OUTCOME_RESERVE};
pub(crate) use change::change_body;
pub use change::{Change, ChangeKind};
pub use error::AuditError;
pub use export::export;
pub(crate) use flood::{FloodRow, Floods};
pub use head::Head;
pub use judged::{ArgumentFacts, Judged, OperandFact, PolicyRef, ShadowFact};
pub(crate) use judged::{denied_body, intent_body};
pub use key::{AuditKey, Digest};
pub(crate) use outcome::outcome_body;
pub use outcome::{Outcome, OutcomeKind};
pub use problem::{Problem, ProblemKind};
pub use query::{Filter, query};
pub(crate) use resume::{Resumed, finished_calls, resume};
pub use retention::Retention;
pub(crate) use run::{Recovery, Start, clock_body, recovered_body, start_body, unauthenticated_body};
pub use tail::Tail;
pub use tally::Tally;
pub use verify::{Report, verify, verify_export};
