//! Recordings: the values of calls, kept where the operator asked for it, sealed, for replay and suggestions.
//!
//! Must never be written unless asked for, nor hand a value to anything but a reader that holds the key.

mod codec;
mod frames;
mod key;
mod problem;
mod reader;
mod recording;
mod recover;
mod retention;
mod seal;
mod segment;
#[cfg(test)]
mod tests;
mod writer;

pub use key::Key;
pub use problem::Problem;
pub use reader::{Reader, Records};
pub use recording::{Effect, Recording};
pub use retention::Retention;
pub use segment::Segment;
pub use writer::Writer;
