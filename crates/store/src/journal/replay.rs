//! Applies a journal's records to a state, for recovery and for snapshots alike.
//! Must never accept a record that refers to something unknown.

use crate::counters::{Counter, KeyId, Table};
use crate::journal::codec::Reader;
use crate::journal::frame::Frame;
use crate::journal::record::{Ending, Record};
use crate::time::Timestamp;
use crate::timeline::Mark;
use crate::window::Window;
use json::Decimal;
use std::collections::BTreeMap;
use std::sync::Arc;

/// A counter as a journal knows it.
#[derive(Debug)]
pub(crate) struct Known {
    pub(crate) text: Arc<str>,
    pub(crate) counter: Counter,
}

/// The state that a journal describes.
#[derive(Debug, Default)]
pub(crate) struct Replay {
    pub(crate) counters: BTreeMap<KeyId, Known>,
    /// Calls of the present run whose reservation did not end.
    pub(crate) open: BTreeMap<u64, Vec<(KeyId, Decimal)>>,
    pub(crate) run: u64,
    pub(crate) mark: Option<Mark>,
    /// The snapshot at its beginning was read to its end.
    pub(crate) is_complete: bool,
    pub(crate) seq: u64,
    pub(crate) last_at: Timestamp,
}

impl Replay {
    /// Applies a frame; false when it does not fit to what came before.
    #[must_use]
    pub(crate) fn apply(&mut self, frame: &Frame<'_>) -> bool {
        let is_first = self.mark.is_none();
        let follows = frame.seq == self.seq || frame.seq == self.seq.saturating_add(1);
        if !(is_first || follows) {
            return false;
        }
        self.seq = frame.seq;
        self.last_at = self.last_at.max(frame.at);
        let mut reader = Reader::new(frame.payload);
        while !reader.is_done() {
            let applied = Record::read(&mut reader).and_then(|record| self.apply_record(record));
            if applied.is_none() {
                return false;
            }
        }
        true
    }

    fn apply_record(&mut self, record: Record<'_>) -> Option<()> {
        match record {
            Record::Mark { run, mark } => {
                self.run = run;
                self.mark = Some(mark);
                // A run begins with nothing open: the run before it ended its calls, or recovery did.
                self.open.is_empty().then_some(())
            }
            Record::Key { id, window, text } => {
                let new = || Known { text: text.into(), counter: Counter::default() };
                let known = self.counters.entry(id).or_insert_with(new);
                known.counter.note_window(window);
                (*known.text == *text).then_some(())
            }
            Record::Reserve { n, units } => self.reserve(n, units),
            Record::End { n, ending } => self.end(n, ending),
            Record::History { id, units } => {
                let counter = &mut self.counters.get_mut(&id)?.counter;
                units.into_iter().for_each(|unit| counter.add(unit));
                Some(())
            }
            Record::Complete => {
                self.is_complete = true;
                Some(())
            }
        }
    }

    fn reserve(&mut self, n: u64, units: Vec<(KeyId, Decimal)>) -> Option<()> {
        for (id, amount) in &units {
            self.counters.get_mut(id)?.counter.reserve(*amount).then_some(())?;
        }
        self.open.insert(n, units).is_none().then_some(())
    }

    fn end(&mut self, n: u64, ending: Ending) -> Option<()> {
        let now = self.last_at;
        for (id, amount) in self.open.remove(&n)? {
            let counter = &mut self.counters.get_mut(&id)?.counter;
            match ending {
                Ending::Used(at) => counter.settle(amount, at, now),
                Ending::GivenBack => counter.give_back(amount),
            }
        }
        Some(())
    }

    /// Lets all open reservations count as used from now on; the calls that they belong to.
    pub(crate) fn settle_open(&mut self, now: Timestamp) -> Vec<(u64, Vec<Arc<str>>)> {
        let mut settled = Vec::new();
        for (n, units) in std::mem::take(&mut self.open) {
            let mut keys = Vec::new();
            for (id, amount) in units {
                if let Some(known) = self.counters.get_mut(&id) {
                    known.counter.settle(amount, now, now);
                    keys.push(known.text.clone());
                }
            }
            settled.push((n, keys));
        }
        settled
    }

    /// Drops counters that no longer matter.
    pub(crate) fn drop_idle(&mut self, now: Timestamp) {
        self.counters.retain(|_, known| {
            known.counter.tidy(now);
            !known.counter.is_idle(now)
        });
    }

    /// The keys and windows that the journal has defined.
    pub(crate) fn defined(&self) -> impl Iterator<Item = (KeyId, Vec<Window>)> {
        self.counters.iter().map(|(id, known)| (*id, known.counter.windows().collect()))
    }

    /// The live table of this state.
    pub(crate) fn into_table(self) -> Table {
        let mut table = Table::default();
        for (id, known) in self.counters {
            table.restore(id, known.text, known.counter);
        }
        table
    }
}
