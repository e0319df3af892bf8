//! What waits to be recorded. Must never let anybody wait who puts something in, nor grow without bound.

use super::Problem;
use super::draft::Draft;
use super::filter::Filter;
use super::plan::Plan;
use super::purge::Purged;
use crate::writer::Bell;
use std::sync::mpsc::Sender;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// So many calls may wait; a disk that is slow for a second has that much at a high rate.
pub(super) const MAX_DRAFTS: usize = 8_192;
/// So many bytes of them.
pub(super) const MAX_BYTES: usize = 32 << 20;

/// What the writing thread is told to do.
#[derive(Debug)]
pub(super) enum Order {
    /// Record by this from now on.
    Plan(Arc<Plan>),
    /// Say when all that waited before is written.
    Flush(Sender<()>),
    /// Remove recordings.
    Purge(Filter, Sender<Result<Purged, Problem>>),
    /// End.
    Stop,
}

/// Calls and orders that wait for the writing thread.
#[derive(Debug, Default)]
pub(super) struct Queue {
    waiting: Mutex<Waiting>,
    bell: Bell,
}

/// What waits.
#[derive(Debug, Default)]
pub(super) struct Waiting {
    pub(super) drafts: Vec<Draft>,
    pub(super) orders: Vec<Order>,
    n_bytes: usize,
}

impl Queue {
    /// Puts a call in; false when there is no room for it.
    #[must_use]
    pub(super) fn put(&self, draft: Draft) -> bool {
        let n_bytes = draft.n_bytes();
        {
            let mut waiting = self.waiting();
            if waiting.drafts.len() >= MAX_DRAFTS || waiting.n_bytes + n_bytes > MAX_BYTES {
                return false;
            }
            waiting.n_bytes += n_bytes;
            waiting.drafts.push(draft);
        }
        self.bell.ring();
        true
    }

    /// Puts an order in; there is always room.
    pub(super) fn order(&self, order: Order) {
        self.waiting().orders.push(order);
        self.bell.ring();
    }

    /// Takes all that waits, waiting a while for something.
    pub(super) fn take(&self, at_most: Duration) -> Waiting {
        self.bell.wait(at_most);
        self.bell.silence();
        std::mem::take(&mut *self.waiting())
    }

    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
