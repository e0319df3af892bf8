//! Recordings: the values of calls, kept where the operator asked for it, sealed, for replay and suggestions.
//!
//! Must never be written unless asked for, nor hand a value to anything but a reader that holds the key.

mod codec;
mod draft;
mod filter;
mod frames;
mod key;
mod plan;
mod problem;
mod purge;
mod queue;
mod reader;
mod recorder;
#[cfg(test)]
mod recorder_tests;
mod recording;
mod recover;
mod redact;
mod retention;
mod seal;
mod secret;
mod segment;
mod stats;
#[cfg(test)]
mod tests;
mod worker;
mod writer;

pub use draft::{Draft, Held};
pub use filter::Filter;
pub use key::Key;
pub use plan::{KeySource, Pattern, Plan, Redact, Tools, Wanted};
pub use problem::Problem;
pub use purge::Purged;
pub use reader::{Reader, Records};
pub use recorder::Recorder;
pub use recording::{Effect, Recording};
pub use redact::ValuePath;
pub use retention::Retention;
pub use secret::sounds_secret;
pub use segment::Segment;
pub use stats::Stats;
pub use writer::Writer;
