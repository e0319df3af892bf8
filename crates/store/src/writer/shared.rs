//! What the tasks and threads of the store share.
//! Must never take the queue's lock while holding the counters'; the writer's comes before the queue's.

use crate::audit::{AuditKey, FloodRow, Floods, Outcome, OutcomeKind, Retention, outcome_body};
use crate::counters::{Held, Ledger};
use crate::error::StoreError;
use crate::id::CallId;
use crate::journal::Ending;
use crate::owner::DataFolder;
use crate::store::Durability;
use crate::time::Timestamp;
use crate::timeline::Timeline;
use crate::writer::bell::Bell;
use crate::writer::commit::Writer;
use crate::writer::item::Item;
use crate::writer::maintain::Schedule;
use crate::writer::opening::Waiting;
use crate::writer::queue::{Abandoned, Queue};
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::Notify;

/// What opening a folder yields.
#[derive(Debug)]
pub(crate) struct Parts {
    pub(crate) folder: DataFolder,
    pub(crate) timeline: Timeline,
    pub(crate) ledger: Arc<Ledger>,
    pub(crate) key: AuditKey,
    pub(crate) writer: Writer,
    pub(crate) run: u64,
}

/// The shared state.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) timeline: Timeline,
    pub(crate) ledger: Arc<Ledger>,
    pub(crate) key: AuditKey,
    pub(crate) durability: Durability,
    pub(crate) retention: Retention,
    pub(super) queue: Mutex<Queue>,
    pub(super) writer: Mutex<Writer>,
    pub(super) floods: Mutex<Floods>,
    pub(super) schedule: Mutex<Schedule>,
    /// Told whenever tickets are resolved, something is synced, or the writer is free again.
    pub(super) changed: Notify,
    /// Tickets below are resolved; follows the queue's own number.
    pub(super) done: AtomicU64,
    pub(super) n_failed: AtomicUsize,
    /// Batches known to be on disk.
    pub(super) n_synced: AtomicU64,
    /// Something waits that no task waits for.
    pub(super) to_write: Bell,
    /// Something was written that is not on disk yet.
    pub(super) to_sync: Bell,
    /// Somebody waits for the disk.
    pub(super) hurry: Bell,
    pub(super) is_broken: AtomicBool,
    pub(super) is_stopping: AtomicBool,
    max_waiting: usize,
    run: u64,
    next_call: AtomicU64,
    folder: DataFolder,
}

impl Shared {
    pub(crate) fn new(
        parts: Parts,
        durability: Durability,
        retention: Retention,
        max_waiting: usize,
    ) -> Arc<Self> {
        let Parts { folder, timeline, ledger, key, writer, run } = parts;
        let schedule = Mutex::new(Schedule::new(timeline.now()));
        Arc::new(Self {
            timeline,
            ledger,
            key,
            durability,
            retention,
            queue: Mutex::default(),
            writer: Mutex::new(writer),
            floods: Mutex::default(),
            schedule,
            changed: Notify::new(),
            done: AtomicU64::new(0),
            n_failed: AtomicUsize::new(0),
            n_synced: AtomicU64::new(0),
            to_write: Bell::default(),
            to_sync: Bell::default(),
            hurry: Bell::default(),
            is_broken: AtomicBool::new(false),
            is_stopping: AtomicBool::new(false),
            max_waiting,
            run,
            next_call: AtomicU64::new(1),
            folder,
        })
    }

    pub(crate) fn folder(&self) -> &DataFolder {
        &self.folder
    }

    pub(crate) fn next_call(&self) -> CallId {
        CallId::new(self.run, self.next_call.fetch_add(1, Ordering::Relaxed))
    }

    /// The queue. A task that failed while holding it left a list of items, which is still one.
    pub(super) fn queue(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn floods(&self) -> MutexGuard<'_, Floods> {
        self.floods.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// True when a denial is to be recorded in full; else it was counted.
    pub(crate) fn admit(&self, row: FloodRow<'_>) -> bool {
        self.floods().admit(row, self.timeline.now())
    }

    /// Queues something that somebody waits for.
    pub(crate) fn push_awaited(&self, item: impl FnOnce(u64) -> Item) -> Result<u64, StoreError> {
        self.check()?;
        let ticket = self.queue().push_awaited(self.max_waiting, item)?;
        if self.durability == Durability::Power {
            self.to_write.ring();
        }
        Ok(ticket)
    }

    /// Fails when nothing can be trusted any more.
    pub(crate) fn check(&self) -> Result<(), StoreError> {
        if self.is_broken.load(Ordering::Acquire) { Err(StoreError::Broken) } else { Ok(()) }
    }

    /// Queues something that nobody waits for.
    pub(crate) fn push(&self, item: Item) {
        self.queue().push(item);
        if self.is_stopping.load(Ordering::Acquire) {
            // No thread will come for it.
            self.write_now();
        } else {
            self.to_write.ring();
        }
    }

    /// The task of a waiting call went away.
    pub(crate) fn abandon(&self, ticket: u64, waiting: Waiting) {
        let abandoned = self.queue().abandon(ticket, waiting);
        self.settle_abandoned(abandoned);
    }

    /// The task of a waiting change went away.
    pub(crate) fn forget(&self, ticket: u64) {
        let mut queue = self.queue();
        queue.forget(ticket);
        self.n_failed.store(queue.n_failed(), Ordering::Release);
    }

    pub(super) fn settle_abandoned(&self, abandoned: Abandoned) {
        match abandoned {
            // Dropping what it holds gives it back.
            Abandoned::Unwritten(waiting) => drop(waiting),
            Abandoned::Undecided => {}
            Abandoned::Written(Waiting { call, mut held }) => {
                let outcome = Outcome::bare(OutcomeKind::NotSent, "abandoned");
                self.finish(call, &mut held, None, &outcome, false);
            }
        }
    }

    /// Ends a call: its units count from when it was written, else from now, or are given back.
    pub(crate) fn finish(
        &self,
        call: CallId,
        held: &mut Held,
        written: Option<Timestamp>,
        outcome: &Outcome<'_>,
        give_back: bool,
    ) {
        let now = self.timeline.now();
        let at = written.unwrap_or(now);
        let is_given_back = give_back && written.is_none() && held.give_back();
        held.settle(at, now);
        let ending = (!held.units().is_empty()).then_some(if is_given_back {
            Ending::GivenBack
        } else {
            Ending::Used(at)
        });
        let body = outcome_body(call, outcome, is_given_back);
        self.push(Item::Finish { call, ending, body });
    }
}
