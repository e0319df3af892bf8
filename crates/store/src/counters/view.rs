//! What a window holds, kept up to date so that a check need not add it up.
//! Must never hold less than the units that count.

use crate::counters::Settled;
use crate::time::Timestamp;
use crate::window::Window;
use json::Decimal;
use std::collections::VecDeque;

/// A window of a counter and the sum of what it holds.
#[derive(Clone, Copy, Debug)]
pub(crate) struct View {
    pub(crate) window: Window,
    /// Units from here on are in the sum.
    start: Timestamp,
    /// Nothing when it cannot be expressed.
    sum: Option<Decimal>,
}

impl View {
    /// A window over some units.
    pub(crate) fn new(window: Window, settled: &VecDeque<Settled>) -> Self {
        let mut view = Self { window, start: Timestamp::default(), sum: None };
        view.add_up(settled);
        view
    }

    /// Adds the units up anew.
    pub(crate) fn add_up(&mut self, settled: &VecDeque<Settled>) {
        let held = settled.iter().rev().take_while(|unit| unit.at >= self.start);
        self.sum =
            held.map(|unit| unit.amount).try_fold(Decimal::ZERO, |sum, amount| sum.checked_add(&amount));
    }

    /// Notes a unit that was added.
    pub(crate) fn note_added(&mut self, unit: &Settled) {
        if unit.at >= self.start {
            self.sum = self.sum.and_then(|sum| sum.checked_add(&unit.amount));
        }
    }

    /// Notes a unit that was removed.
    pub(crate) fn note_removed(&mut self, unit: &Settled) {
        if unit.at >= self.start {
            self.sum = self.sum.and_then(|sum| sum.checked_sub(&unit.amount));
        }
    }

    /// The sum of what counts now; nothing when it cannot be expressed.
    pub(crate) fn used(&mut self, now: Timestamp, settled: &VecDeque<Settled>) -> Option<Decimal> {
        let start = self.window.start(now);
        if start > self.start {
            let first = settled.partition_point(|unit| unit.at < self.start);
            let leaving = settled.range(first..).take_while(|unit| unit.at < start);
            self.sum = leaving.fold(self.sum, |sum, unit| sum?.checked_sub(&unit.amount));
            self.start = start;
        }
        if self.sum.is_none() {
            // What made it too long may have left.
            self.add_up(settled);
        }
        self.sum
    }
}
