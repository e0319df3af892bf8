//! Calls that were made once: from recordings, the audit log or a file, as far as each of them tells.
//! Must never make more of a call than was kept of it: what is not there is unknown.

mod audit;
mod call;
mod feed;
mod lines;
mod recordings;
mod stored;

pub use audit::Audit;
pub use call::{Call, Given, Known, Was};
pub use feed::{Block, Feed, Sieve, Skipped};
pub use lines::{Lines, read_line};
pub use recordings::Recordings;
pub use stored::{Match, Tools};
