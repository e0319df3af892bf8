//! The thread that writes recordings. Must never end with something unwritten that could be written, nor log more
//! than once that it cannot write.

use super::draft::{Draft, Held};
use super::plan::Plan;
use super::queue::{Order, Queue, Waiting};
use super::stats::Stats;
use super::{Problem, Writer};
use crate::files;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// Without anything to record the thread looks so often for what is kept no longer.
const LOOK: Duration = Duration::from_secs(1);
/// After a failure it is tried again so much later.
const RETRY_MS: u64 = 5_000;

/// What the thread and those who ask about it share.
#[derive(Debug)]
pub(super) struct Shared {
    pub(super) queue: Queue,
    pub(super) stats: Arc<Stats>,
    /// Why nothing can be written, while that is so.
    pub(super) problem: Mutex<Option<String>>,
    pub(super) now: Now,
}

/// Tells the time in milliseconds since 1970-01-01 UTC.
#[derive(Clone)]
pub(super) struct Now(pub(super) Arc<dyn Fn() -> u64 + Send + Sync>);

impl std::fmt::Debug for Now {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Now")
    }
}

/// The thread's own.
#[derive(Debug)]
pub(super) struct Worker {
    pub(super) shared: Arc<Shared>,
    pub(super) writer: Writer,
    pub(super) plan: Arc<Plan>,
    /// Nothing is tried before, after a failure.
    pub(super) retry_at_ms: u64,
}

impl Worker {
    /// Writes until it is told to stop.
    pub(super) fn run(mut self) {
        loop {
            let Waiting { drafts, orders, .. } = self.shared.queue.take(LOOK);
            self.record(drafts);
            let mut is_over = false;
            for order in orders {
                is_over |= self.follow(order);
            }
            if is_over {
                let ended = self.writer.end();
                self.note(ended, 0);
                return;
            }
            self.keep_in_order();
        }
    }

    /// Follows an order; true when it is to stop.
    fn follow(&mut self, order: Order) -> bool {
        match order {
            Order::Plan(plan) => {
                self.writer.set_retention(plan.retention);
                self.plan = plan;
            }
            // Whoever asked may have gone.
            Order::Flush(done) => drop(done.send(())),
            Order::Purge(filter, done) => drop(done.send(self.writer.purge(&filter))),
            Order::Stop => return true,
        }
        false
    }

    fn record(&mut self, drafts: Vec<Draft>) {
        let n_drafts = drafts.len() as u64;
        if n_drafts == 0 {
            return;
        }
        if (self.shared.now.0)() < self.retry_at_ms {
            return self.shared.stats.count_lost(n_drafts);
        }
        let written = self.write(drafts).map(|n_written| self.shared.stats.count_written(n_written));
        self.note(written, n_drafts);
    }

    /// Writes the calls; how many that were.
    fn write(&mut self, drafts: Vec<Draft>) -> Result<u64, Problem> {
        check_space(self.writer.folder(), self.plan.min_free_bytes)?;
        let mut n_written = 0;
        for draft in drafts {
            // What was handed over under another plan may be wanted no more.
            let Some(wanted) = self.plan.wanted(&draft.server, &draft.tool) else { continue };
            let draft = if wanted.result { draft } else { Draft { result: Held::Nothing, ..draft } };
            let seq = self.writer.next_seq();
            self.writer.add(&draft.recorded(seq, &self.plan))?;
            n_written += 1;
        }
        self.writer.flush()?;
        Ok(n_written)
    }

    fn keep_in_order(&mut self) {
        let now_ms = (self.shared.now.0)();
        if now_ms >= self.retry_at_ms {
            let kept = self.writer.keep_in_order(now_ms).map(drop);
            if kept.is_err() {
                self.note(kept, 0);
            }
        }
    }

    /// Takes note of how it went; a failure is logged when it begins and when it ends.
    fn note(&mut self, result: Result<(), Problem>, n_drafts: u64) {
        let mut present = self.shared.problem.lock().unwrap_or_else(PoisonError::into_inner);
        match result {
            Ok(()) => {
                if present.take().is_some() {
                    tracing::info!(n_lost = self.shared.stats.lost(), "calls are recorded again");
                }
                self.shared.stats.set_failing(false);
            }
            Err(problem) => {
                self.shared.stats.count_lost(n_drafts);
                self.shared.stats.set_failing(true);
                self.retry_at_ms = (self.shared.now.0)().saturating_add(RETRY_MS);
                if present.is_none() {
                    tracing::error!(%problem, "calls are not recorded until this is mended; calls pass all the same");
                }
                *present = Some(problem.to_string());
            }
        }
    }
}

/// Recordings leave the last of the disk to the audit.
fn check_space(folder: &Path, min_free_bytes: u64) -> Result<(), Problem> {
    let volume = folder.parent().unwrap_or(folder);
    let free =
        files::free_bytes(volume).map_err(|error| Problem::io("asking for free space on", volume, &error))?;
    if free < min_free_bytes {
        let (free_mib, min_mib) = (free >> 20, min_free_bytes >> 20);
        return Err(Problem::LowSpace { folder: volume.to_path_buf(), free_mib, min_mib });
    }
    Ok(())
}
