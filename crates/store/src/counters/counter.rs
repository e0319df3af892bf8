//! One counter: what is in flight and what was used when.
//! Must never forget a unit that some window of the counter still holds, nor move one to an earlier time.

use crate::counters::view::View;
use crate::time::{DAY_MS, HOUR_MS, Timestamp};
use crate::window::Window;
use json::Decimal;
use std::collections::VecDeque;

/// So many latest units keep their exact time.
pub(crate) const EXACT_UNITS: usize = 256;
/// Units beyond the exact ones are joined when so many more have gathered, so that joining costs little per unit.
const SLACK: usize = 128;
/// History is kept at least this long, so that a window that an edit makes longer finds it.
const MIN_KEPT_MS: u64 = DAY_MS;
/// What no window holds any more is kept in so many parts.
const TAIL_PARTS: u64 = 64;
/// So many different windows of one counter are remembered.
const MAX_WINDOWS: usize = 8;

/// Used units: the latest of their times and their sum.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Settled {
    pub(crate) at: Timestamp,
    pub(crate) amount: Decimal,
}

/// Adds a window to the latest ones that are remembered; false when it is there already.
pub(crate) fn remember(windows: &mut Vec<Window>, window: Window) -> bool {
    if windows.contains(&window) {
        return false;
    }
    if windows.len() >= MAX_WINDOWS {
        windows.remove(0);
    }
    windows.push(window);
    true
}

/// Whether an amount fits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fit {
    /// It fits.
    Fits,
    /// It will fit at this time at the earliest; nothing for never.
    Full { free_at: Option<Timestamp> },
    /// The sum cannot be expressed.
    Uncountable,
}

/// What a window of a counter holds at a moment, for people.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct State {
    /// What was used in the window; nothing where the sum cannot be expressed.
    pub used: Option<Decimal>,
    /// What is reserved by calls that have not ended.
    pub in_flight: Decimal,
    /// When the first of what was used leaves the window.
    pub frees_at: Option<Timestamp>,
}

/// A counter's state.
#[derive(Clone, Debug)]
pub(crate) struct Counter {
    /// The windows it was asked for, latest last: they say how long history matters.
    views: Vec<View>,
    in_flight: Decimal,
    n_in_flight: u64,
    /// INVARIANT: ordered by time.
    settled: VecDeque<Settled>,
    /// At so many settled units the old ones are joined.
    join_at: usize,
}

impl Default for Counter {
    fn default() -> Self {
        let (in_flight, n_in_flight) = (Decimal::ZERO, 0);
        let join_at = EXACT_UNITS + SLACK;
        Self { views: Vec::new(), in_flight, n_in_flight, settled: VecDeque::new(), join_at }
    }
}

impl Counter {
    /// Whether an amount fits under a maximum now.
    pub(crate) fn fit(&mut self, amount: Decimal, max: Decimal, window: Window, now: Timestamp) -> Fit {
        if amount.is_negative() {
            return Fit::Uncountable;
        }
        let Some(sum) = self.in_flight.checked_add(&amount) else { return Fit::Uncountable };
        if amount > max {
            return Fit::Full { free_at: None };
        }
        if sum > max {
            // What is in flight counts in full until it is written, which is now at the earliest.
            return Fit::Full { free_at: Some(window.frees_at(now)) };
        }
        let view = self.views.iter_mut().find(|view| view.window == window);
        let used = view.and_then(|view| view.used(now, &self.settled));
        match used.and_then(|used| used.checked_add(&sum)) {
            Some(all) if all <= max => Fit::Fits,
            Some(_) | None => self.fit_unit_by_unit(sum, max, window, now),
        }
    }

    /// Whether what a window holds fits beside a sum, and if not, which unit must leave first.
    fn fit_unit_by_unit(&self, mut sum: Decimal, max: Decimal, window: Window, now: Timestamp) -> Fit {
        let start = window.start(now);
        for unit in self.settled.iter().rev().take_while(|unit| unit.at >= start) {
            match sum.checked_add(&unit.amount) {
                Some(more) if more <= max => sum = more,
                // All that is later fits beside the amount; this unit must leave first.
                Some(_) => return Fit::Full { free_at: Some(window.frees_at(unit.at)) },
                None => return Fit::Uncountable,
            }
        }
        Fit::Fits
    }

    /// What a window holds now; nothing used where the sum cannot be expressed.
    pub(crate) fn state(&self, window: Window, now: Timestamp) -> State {
        let start = window.start(now);
        let held = || self.settled.iter().skip_while(|unit| unit.at < start);
        let used = held().try_fold(Decimal::ZERO, |sum, unit| sum.checked_add(&unit.amount));
        State {
            used,
            in_flight: self.in_flight,
            frees_at: held().next().map(|unit| window.frees_at(unit.at)),
        }
    }

    /// Notes a window that the counter is asked for.
    pub(crate) fn note_window(&mut self, window: Window) {
        if self.views.iter().all(|view| view.window != window) {
            if self.views.len() >= MAX_WINDOWS {
                self.views.remove(0);
            }
            self.views.push(View::new(window, &self.settled));
        }
    }

    /// Takes an amount that [`Counter::fit`] found to fit; false when the sum cannot be expressed.
    #[must_use]
    pub(crate) fn reserve(&mut self, amount: Decimal) -> bool {
        let Some(in_flight) = self.in_flight.checked_add(&amount) else { return false };
        self.in_flight = in_flight;
        self.n_in_flight += 1;
        true
    }

    /// Gives an amount back that was reserved.
    pub(crate) fn give_back(&mut self, amount: Decimal) {
        self.n_in_flight = self.n_in_flight.saturating_sub(1);
        // The sum of what remains is expressible; were it not, keeping the larger sum errs on the full side.
        self.in_flight = match self.n_in_flight {
            0 => Decimal::ZERO,
            _ => self.in_flight.checked_sub(&amount).unwrap_or(self.in_flight),
        };
    }

    /// Turns a reserved amount into one used at a time.
    pub(crate) fn settle(&mut self, amount: Decimal, at: Timestamp, now: Timestamp) {
        self.give_back(amount);
        self.add(Settled { at, amount });
        self.tidy(now);
    }

    /// Adds used units without joining or forgetting any.
    pub(crate) fn add(&mut self, unit: Settled) {
        if unit.amount.is_zero() {
            return;
        }
        self.views.iter_mut().for_each(|view| view.note_added(&unit));
        let n_later = self.settled.iter().rev().take_while(|other| other.at > unit.at).count();
        self.settled.insert(self.settled.len() - n_later, unit);
    }

    /// Forgets what no window can hold any more and joins old units where there are many.
    pub(crate) fn tidy(&mut self, now: Timestamp) {
        let kept_from = self.kept_from(now);
        while let Some(unit) = self.settled.pop_front_if(|unit| unit.at < kept_from) {
            self.views.iter_mut().for_each(|view| view.note_removed(&unit));
        }
        if self.settled.len() >= self.join_at {
            self.join_old(now, kept_from);
            self.join_at = self.settled.len().max(EXACT_UNITS) + SLACK;
        }
    }

    fn kept_from(&self, now: Timestamp) -> Timestamp {
        let starts = self.views.iter().map(|view| view.window.start(now));
        starts.min().unwrap_or(now).min(now.minus_ms(MIN_KEPT_MS))
    }

    /// Joins neighbours that every window has in one part, except for the latest units.
    fn join_old(&mut self, now: Timestamp, kept_from: Timestamp) {
        let n_old = self.settled.len().saturating_sub(EXACT_UNITS);
        let tail_ms = (now.ms_since(kept_from) / TAIL_PARTS).max(HOUR_MS);
        let part = |window: Window, at| window.part(at, now, tail_ms);
        let mut joined: Vec<Settled> = Vec::with_capacity(n_old);
        for unit in self.settled.drain(..n_old) {
            let same_part = |other: &Settled| {
                self.views.iter().all(|view| part(view.window, other.at) == part(view.window, unit.at))
            };
            let last = joined.last_mut().filter(|last| same_part(last));
            match last.and_then(|last| last.amount.checked_add(&unit.amount).map(|sum| (last, sum))) {
                Some((last, sum)) => *last = Settled { at: unit.at, amount: sum },
                None => joined.push(unit),
            }
        }
        joined.into_iter().rev().for_each(|unit| self.settled.push_front(unit));
        // Joining moves units to later times, some of them into a view that had let them go.
        self.views.iter_mut().for_each(|view| view.add_up(&self.settled));
    }

    /// True when nothing of it matters any more.
    pub(crate) fn is_idle(&self, now: Timestamp) -> bool {
        let kept_from = self.kept_from(now);
        self.n_in_flight == 0 && self.settled.back().is_none_or(|unit| unit.at < kept_from)
    }

    /// The windows it was asked for.
    pub(crate) fn windows(&self) -> impl Iterator<Item = Window> {
        self.views.iter().map(|view| view.window)
    }

    /// The used units, in order of time.
    pub(crate) fn settled(&self) -> impl Iterator<Item = &Settled> {
        self.settled.iter()
    }
}
