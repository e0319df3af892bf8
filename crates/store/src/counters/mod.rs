//! Counters of limits: what was used in which window, and what is reserved.
//! Must never free a unit early, count one twice, or wait for anything.

mod counter;
mod demand;
mod family;
mod key;
mod ledger;
mod rehearsal;
mod reservation;
mod table;
#[cfg(test)]
mod tests;
mod view;

pub use counter::State as CounterState;
pub(crate) use counter::State;
pub(crate) use counter::{Counter, Settled, remember};
pub use demand::{Demand, Refused};
pub use key::CounterKey;
pub use ledger::Ledger;
pub use rehearsal::Rehearsal;
pub use reservation::Reservation;
pub(crate) use reservation::{Held, Unit};
pub(crate) use table::{KeyId, Table};
