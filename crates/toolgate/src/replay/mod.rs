//! Recorded calls against other policies: what each would be answered now.
//! Must never claim an answer that depends on a value that was not kept.

mod judge;
mod limits;
mod outcome;
mod run;
mod tally;

pub use judge::Standing;
pub use outcome::{Judged, Outcome};
pub use run::{Plan, Progress, Report, run};
pub use tally::{Change, Group, Notes};
