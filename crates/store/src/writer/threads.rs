//! The store's threads: one writes what no task waits for, one syncs and maintains.
//! Must never end while something is queued.

use crate::error::OpenError;
use crate::store::Durability;
use crate::writer::shared::Shared;
use std::path::Path;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

/// Ends of calls may wait so long for a batch of calls to join before they are written alone.
const GATHER: Duration = Duration::from_millis(2);
/// A sync starts so long after the first write that needs it; with its own time it stays within a second.
const SYNC_AFTER: Duration = Duration::from_millis(400);
/// Without anything to sync, maintenance comes so often.
const MAINTAIN_EVERY: Duration = Duration::from_secs(5);
/// Without a ring the writing thread only looks up.
const LOOK_UP_EVERY: Duration = Duration::from_secs(3600);

/// The threads of an open store.
#[derive(Debug)]
pub(crate) struct Threads {
    shared: Arc<Shared>,
    handles: Mutex<Vec<JoinHandle<()>>>,
}

impl Threads {
    /// Starts them.
    pub(crate) fn start(shared: &Arc<Shared>) -> Result<Self, OpenError> {
        let threads = Self { shared: shared.clone(), handles: Mutex::default() };
        threads.spawn("store-write", write)?;
        threads.spawn("store-sync", sync)?;
        Ok(threads)
    }

    fn spawn(&self, name: &str, run: fn(&Shared)) -> Result<(), OpenError> {
        let shared = self.shared.clone();
        let spawned = std::thread::Builder::new().name(name.to_owned()).spawn(move || run(&shared));
        let fail = |error| OpenError::io("starting a thread for", Path::new(name), &error);
        self.handles.lock().unwrap_or_else(PoisonError::into_inner).push(spawned.map_err(fail)?);
        Ok(())
    }

    /// Refuses new calls, writes and syncs all that waits, and ends the threads. Calls that are open still can end.
    pub(crate) fn stop(&self) {
        let shared = &self.shared;
        shared.queue().close();
        let handles = std::mem::take(&mut *self.handles.lock().unwrap_or_else(PoisonError::into_inner));
        if handles.is_empty() {
            return;
        }
        shared.is_stopping.store(true, Ordering::Release);
        [&shared.hurry, &shared.to_write, &shared.to_sync].into_iter().for_each(|bell| bell.ring());
        for handle in handles {
            if handle.join().is_err() {
                tracing::error!("a thread of the store failed");
            }
        }
        shared.summarise(shared.timeline.now(), true);
        shared.write_now();
        shared.compact_at_end();
        shared.end_files();
    }
}

impl Shared {
    /// Leaves the files so that the next start has little to read.
    fn end_files(&self) {
        let now = self.timeline.now();
        let ended = self.with_writer(|writer| {
            let checkpoint = writer.audit.checkpoint(now);
            let told = writer.journal.write(now);
            writer.journal.clear();
            checkpoint.and(told.map(drop))
        });
        if ended.is_none_or(|ended| ended.is_err()) {
            tracing::warn!("writing the last checkpoint failed; the next start reads a little more");
        }
        if self.sync_now().is_err() {
            return;
        }
        // Space allocated ahead is for calls that are still open; without any it is given back.
        self.with_writer(|writer| {
            if writer.audit.n_open() == 0 {
                let _ = writer.audit.log.give_room_back().and_then(|()| writer.journal.log.give_room_back());
            }
        });
    }
}

fn write(shared: &Shared) {
    while !shared.is_stopping.load(Ordering::Acquire) {
        if shared.to_write.wait(LOOK_UP_EVERY) {
            if shared.durability == Durability::Process {
                std::thread::sleep(GATHER);
            }
            shared.to_write.silence();
            shared.write_now();
        }
    }
}

fn sync(shared: &Shared) {
    while !shared.is_stopping.load(Ordering::Acquire) {
        if shared.to_sync.wait(MAINTAIN_EVERY) {
            shared.hurry.wait(SYNC_AFTER);
            shared.hurry.silence();
            shared.to_sync.silence();
            if shared.sync_now().is_err() {
                // Every call is denied from now on; there is nothing left to sync.
                return;
            }
        }
        shared.maintain();
    }
}
