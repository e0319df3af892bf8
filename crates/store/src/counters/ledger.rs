//! The counters behind one short lock.
//! Must never await or do I/O while it is held.

use crate::counters::{CounterKey, Demand, Held, Refused, Reservation, State, Table, Unit};
use crate::id::CallId;
use crate::time::Timestamp;
use crate::window::Window;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The counters of all limits.
#[derive(Debug)]
pub struct Ledger {
    table: Mutex<Table>,
}

impl Ledger {
    pub(crate) fn new(table: Table) -> Arc<Self> {
        Arc::new(Self { table: Mutex::new(table) })
    }

    fn lock(&self) -> Result<MutexGuard<'_, Table>, Refused> {
        self.table.lock().map_err(|_| Refused::Broken)
    }

    /// Whether all demands would fit now; reserves nothing.
    ///
    /// # Errors
    /// The first full limit and the time after which all have room.
    pub fn peek(&self, demands: &[Demand<'_>], now: Timestamp) -> Result<(), Refused> {
        if demands.is_empty() { Ok(()) } else { self.lock()?.check(demands, now) }
    }

    /// Reserves all demands or none, in memory.
    ///
    /// # Errors
    /// As [`Ledger::peek`].
    pub fn reserve(
        self: &Arc<Self>,
        call: CallId,
        demands: &[Demand<'_>],
        now: Timestamp,
    ) -> Result<Reservation, Refused> {
        let units = if demands.is_empty() { Vec::new() } else { self.lock()?.reserve(demands, now)? };
        Ok(Reservation { call, held: Held::new(self.clone(), units) })
    }

    /// What a window of a counter holds now, for people; nothing is reserved or remembered.
    ///
    /// # Errors
    /// [`Refused::Broken`].
    pub fn state(&self, key: &CounterKey, window: Window, now: Timestamp) -> Result<State, Refused> {
        Ok(self.lock()?.state(key.as_str(), window, now))
    }

    /// Counters that are kept at present.
    #[must_use]
    pub fn n_counters(&self) -> usize {
        self.giving().len()
    }

    /// The table for steps that never allow more: ending a reservation must not fail, and after a failure
    /// `reserve` refuses anyway.
    fn giving(&self) -> MutexGuard<'_, Table> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn settle(&self, units: &[Unit], at: Timestamp, now: Timestamp) {
        self.giving().settle(units, at, now);
    }

    pub(crate) fn give_back(&self, units: &[Unit]) {
        self.giving().give_back(units);
    }

    pub(crate) fn sweep(&self, now: Timestamp) {
        self.giving().sweep(now);
    }
}
