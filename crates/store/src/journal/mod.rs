//! The journal of reservations, `counters.journal`: what makes limits survive the process.
//! Must never lose a reservation that was answered for, nor apply one that was not written whole.

pub(crate) mod codec;
mod compact;
mod file;
mod frame;
mod record;
mod recover;
mod replay;
#[cfg(test)]
mod tests;

pub(crate) use compact::Snapshot;
pub(crate) use file::{END_RESERVE, Journal};
pub(crate) use record::Ending;
pub(crate) use recover::{Recovered, recover};
