//! All counters by key, in slots that are used again once a counter is idle.
//! Must never reserve part of what a call demands, nor give up a slot with something in flight.

use crate::counters::counter::Fit;
use crate::counters::family::Families;
use crate::counters::{Counter, Demand, Refused, State, Unit};
use crate::time::Timestamp;
use crate::window::Window;
use std::collections::HashMap;
use std::sync::Arc;

/// A counter's number in the journal; never used for another key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct KeyId(pub(crate) u64);

/// So many slots are looked at for idle counters in one go.
const SWEPT_AT_ONCE: usize = 256;

#[derive(Debug)]
struct Slot {
    id: KeyId,
    text: Arc<str>,
    counter: Counter,
}

/// The counters.
#[derive(Debug, Default)]
pub(crate) struct Table {
    index: HashMap<Arc<str>, usize>,
    slots: Vec<Option<Slot>>,
    free: Vec<usize>,
    families: Families,
    next_id: u64,
    swept_to: usize,
}

impl Table {
    /// Puts a counter back that a journal held.
    pub(crate) fn restore(&mut self, id: KeyId, text: Arc<str>, counter: Counter) {
        self.next_id = self.next_id.max(id.0.saturating_add(1));
        match self.index.get(&text).copied() {
            Some(slot) => self.join(slot, id, &counter),
            None => {
                self.insert(id, text, counter);
            }
        }
    }

    /// Adds the history of an older counter of the same key.
    fn join(&mut self, slot: usize, id: KeyId, older: &Counter) {
        let Some(Some(slot)) = self.slots.get_mut(slot) else { return };
        slot.id = slot.id.max(id);
        older.windows().for_each(|window| slot.counter.note_window(window));
        older.settled().for_each(|unit| slot.counter.add(*unit));
    }

    fn insert(&mut self, id: KeyId, text: Arc<str>, counter: Counter) -> usize {
        let filled = Some(Slot { id, text: text.clone(), counter });
        let slot = match self.free.pop() {
            Some(slot) => slot,
            None => {
                self.slots.push(None);
                self.slots.len() - 1
            }
        };
        if let Some(place) = self.slots.get_mut(slot) {
            *place = filled;
        }
        self.families.add(&text, slot);
        self.index.insert(text, slot);
        slot
    }

    /// Whether all demands fit now.
    pub(crate) fn check(&mut self, demands: &[Demand<'_>], now: Timestamp) -> Result<(), Refused> {
        let mut full: Option<(usize, Option<Timestamp>)> = None;
        for (n, demand) in demands.iter().enumerate() {
            let earlier = demands.iter().take(n).find(|other| other.key == demand.key);
            if earlier.is_some_and(|earlier| earlier.amount != demand.amount) {
                return Err(Refused::Uncountable { index: demand.index });
            }
            let Demand { key, amount, max, window, .. } = *demand;
            let fit = match self.counter(key.as_str()) {
                Some(counter) => counter.fit(amount, max, window, now),
                None => {
                    if !self.has_room_for(demand, now) {
                        return Err(Refused::TooManyKeys { index: demand.index });
                    }
                    Counter::default().fit(amount, max, window, now)
                }
            };
            match fit {
                Fit::Fits => {}
                Fit::Uncountable => return Err(Refused::Uncountable { index: demand.index }),
                Fit::Full { free_at } => {
                    // The call fits once all full limits have room; one that never has room outweighs all.
                    let (index, so_far) = full.unwrap_or((demand.index, Some(now)));
                    full = Some((index, so_far.zip(free_at).map(|(a, b)| a.max(b))));
                }
            }
        }
        match full {
            None => Ok(()),
            Some((index, free_at)) => {
                let retry_after_ms = free_at.map(|free_at| free_at.ms_since(now).max(1));
                Err(Refused::Full { index, retry_after_ms })
            }
        }
    }

    /// Whether the family of a new key may have one more, once idle ones are forgotten.
    fn has_room_for(&mut self, demand: &Demand<'_>, now: Timestamp) -> bool {
        let Some(max_keys) = demand.max_keys else { return true };
        let Some(candidates) = self.families.search_list(demand.key.as_str(), max_keys, now) else {
            return true;
        };
        for slot in candidates {
            self.forget_if_idle(slot, now);
        }
        self.families.n_keys(demand.key.as_str()) < max_keys
    }

    fn forget_if_idle(&mut self, slot: usize, now: Timestamp) {
        let Some(place) = self.slots.get_mut(slot) else { return };
        if let Some(idle) = place.take_if(|slot| slot.counter.is_idle(now)) {
            self.index.remove(&idle.text);
            self.families.remove(&idle.text, slot);
            self.free.push(slot);
        }
    }

    /// What a window of a counter holds; the state of an unused one where there is none.
    pub(crate) fn state(&self, key: &str, window: Window, now: Timestamp) -> State {
        let slot = self.index.get(key).and_then(|slot| self.slots.get(*slot)?.as_ref());
        slot.map_or_else(|| Counter::default().state(window, now), |slot| slot.counter.state(window, now))
    }

    fn counter(&mut self, key: &str) -> Option<&mut Counter> {
        let slot = *self.index.get(key)?;
        self.slots.get_mut(slot)?.as_mut().map(|slot| &mut slot.counter)
    }

    /// Reserves all demands or none.
    pub(crate) fn reserve(&mut self, demands: &[Demand<'_>], now: Timestamp) -> Result<Vec<Unit>, Refused> {
        self.check(demands, now)?;
        let mut units: Vec<Unit> = Vec::with_capacity(demands.len());
        for demand in demands {
            if let Some(unit) = units.iter_mut().find(|unit| unit.key == *demand.key) {
                unit.more_windows.push(demand.window);
                self.note_window(unit.slot, demand);
                continue;
            }
            let Some(unit) = self.take(demand) else {
                self.give_back(&units);
                return Err(Refused::Uncountable { index: demand.index });
            };
            units.push(unit);
        }
        Ok(units)
    }

    fn note_window(&mut self, slot: usize, demand: &Demand<'_>) {
        if let Some(Some(slot)) = self.slots.get_mut(slot) {
            slot.counter.note_window(demand.window);
        }
    }

    fn take(&mut self, demand: &Demand<'_>) -> Option<Unit> {
        let slot = match self.index.get(demand.key.as_str()) {
            Some(slot) => *slot,
            None => {
                let id = KeyId(self.next_id);
                self.next_id += 1;
                self.insert(id, demand.key.text().clone(), Counter::default())
            }
        };
        let place = self.slots.get_mut(slot)?.as_mut()?;
        place.counter.note_window(demand.window);
        let is_reserved = place.counter.reserve(demand.amount);
        is_reserved.then(|| Unit {
            slot,
            id: place.id,
            key: demand.key.clone(),
            amount: demand.amount,
            window: demand.window,
            more_windows: Vec::new(),
        })
    }

    /// Gives reserved units back as if they had never been reserved.
    pub(crate) fn give_back(&mut self, units: &[Unit]) {
        for unit in units {
            if let Some(Some(slot)) = self.slots.get_mut(unit.slot) {
                slot.counter.give_back(unit.amount);
            }
        }
    }

    /// Turns reserved units into units used at a time.
    pub(crate) fn settle(&mut self, units: &[Unit], at: Timestamp, now: Timestamp) {
        for unit in units {
            if let Some(Some(slot)) = self.slots.get_mut(unit.slot) {
                slot.counter.settle(unit.amount, at, now);
            }
        }
    }

    /// Reclaims some idle counters; repeated calls reach all.
    pub(crate) fn sweep(&mut self, now: Timestamp) {
        let n_slots = self.slots.len();
        for _ in 0..n_slots.min(SWEPT_AT_ONCE) {
            self.swept_to = if self.swept_to + 1 < n_slots { self.swept_to + 1 } else { 0 };
            self.forget_if_idle(self.swept_to, now);
        }
    }

    /// Counters that are kept.
    pub(crate) fn len(&self) -> usize {
        self.index.len()
    }
}
