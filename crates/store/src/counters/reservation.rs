//! What a call holds of the counters until it ends.
//! Must never outlive its holder: what is dropped before it was recorded is given back.

use crate::counters::{CounterKey, KeyId, Ledger};
use crate::id::CallId;
use crate::time::Timestamp;
use crate::window::Window;
use json::Decimal;
use std::sync::Arc;

/// One reserved amount of one counter.
#[derive(Clone, Debug)]
pub(crate) struct Unit {
    pub(crate) slot: usize,
    pub(crate) id: KeyId,
    pub(crate) key: CounterKey,
    pub(crate) amount: Decimal,
    /// The window of the call's demand on the key.
    pub(crate) window: Window,
    /// The windows of its further demands on the same key.
    pub(crate) more_windows: Vec<Window>,
}

/// The reserved units of a call, in memory only. Dropped, they are given back; `Store::begin` makes them durable.
#[derive(Debug)]
#[must_use = "a reservation that is dropped is given back"]
pub struct Reservation {
    pub(crate) call: CallId,
    pub(crate) held: Held,
}

impl Reservation {
    /// The call that it is for.
    #[must_use]
    pub fn call(&self) -> CallId {
        self.call
    }

    /// Holds what another reservation of the same call holds too.
    pub fn join(mut self, mut other: Self) -> Self {
        self.held.join(&mut other.held);
        self
    }

    /// The counters that it holds units of.
    pub fn keys(&self) -> impl Iterator<Item = &CounterKey> {
        self.held.units().iter().map(|unit| &unit.key)
    }
}

/// Units that are given back when dropped, unless they were settled.
#[derive(Debug)]
pub(crate) struct Held {
    ledger: Arc<Ledger>,
    units: Option<Arc<[Unit]>>,
    is_live: bool,
}

impl Held {
    pub(crate) fn new(ledger: Arc<Ledger>, units: Vec<Unit>) -> Self {
        let units = if units.is_empty() { None } else { Some(units.into()) };
        Self { ledger, is_live: units.is_some(), units }
    }

    /// Takes over what another one holds, of other counters. Both were not settled yet.
    fn join(&mut self, other: &mut Self) {
        debug_assert!(self.is_live == self.units.is_some() && other.is_live == other.units.is_some());
        let Some(more) = other.units.take().filter(|_| std::mem::take(&mut other.is_live)) else { return };
        self.units = Some(self.units().iter().chain(more.iter()).cloned().collect());
        self.is_live = true;
    }

    /// The units, shared; nothing when there are none.
    pub(crate) fn shared(&self) -> Option<Arc<[Unit]>> {
        self.units.clone()
    }

    pub(crate) fn units(&self) -> &[Unit] {
        self.units.as_deref().unwrap_or_default()
    }

    /// Starts their ageing; only the first time counts.
    pub(crate) fn settle(&mut self, at: Timestamp, now: Timestamp) {
        if std::mem::take(&mut self.is_live) {
            self.ledger.settle(self.units(), at, now);
        }
    }

    /// Gives them back, unless they were settled; true when it did.
    pub(crate) fn give_back(&mut self) -> bool {
        let was_live = std::mem::take(&mut self.is_live);
        if was_live {
            self.ledger.give_back(self.units());
        }
        was_live
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.give_back();
    }
}
