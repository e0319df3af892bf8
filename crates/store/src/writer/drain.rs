//! Drains the queue into the files, and lets those who wait know.
//! Must never let two drain at once, nor let a waiter sleep when the writer is free.

use crate::audit::Head;
use crate::error::StoreError;
use crate::store::Durability;
use crate::writer::commit::Writer;
use crate::writer::item::Item;
use crate::writer::queue::Abandoned;
use crate::writer::shared::Shared;
use std::fs::File;
use std::path::Path;
use std::pin::pin;
use std::sync::atomic::Ordering;
use std::sync::{Arc, MutexGuard, TryLockError};

impl Shared {
    /// Waits until a ticket is resolved, for its result; in `process` mode the first to get here writes for all.
    ///
    /// # Errors
    /// When the store failed before: what became of the ticket is not known then.
    pub(crate) async fn wait_for(&self, ticket: u64) -> Result<Result<(), StoreError>, StoreError> {
        let writes_itself = self.durability == Durability::Process;
        if writes_itself {
            // All calls of this turn of the event loop queue their records before the first runs again.
            tokio::task::yield_now().await;
            if let Some(result) = self.result(ticket) {
                return Ok(result);
            }
        }
        loop {
            let mut changed = pin!(self.changed.notified());
            changed.as_mut().enable();
            if writes_itself {
                self.try_write();
            }
            if let Some(result) = self.result(ticket) {
                return Ok(result);
            }
            self.check()?;
            changed.await;
        }
    }

    fn result(&self, ticket: u64) -> Option<Result<(), StoreError>> {
        if self.done.load(Ordering::Acquire) <= ticket {
            return None;
        }
        if self.n_failed.load(Ordering::Acquire) == 0 {
            return Some(Ok(()));
        }
        let mut queue = self.queue();
        let result = queue.result(ticket);
        self.n_failed.store(queue.n_failed(), Ordering::Release);
        Some(result)
    }

    /// Writes all that waits, unless another is at it, who will tell when the writer is free.
    fn try_write(&self) {
        match self.writer.try_lock() {
            Ok(writer) => self.write_and_tell(writer),
            Err(TryLockError::WouldBlock) => {}
            Err(TryLockError::Poisoned(_)) => self.fail("the writer failed"),
        }
    }

    /// Writes all that waits.
    pub(crate) fn write_now(&self) {
        if let Some(writer) = self.lock_writer() {
            self.write_and_tell(writer);
        }
    }

    /// The writer; nothing when it failed.
    fn lock_writer(&self) -> Option<MutexGuard<'_, Writer>> {
        self.writer.lock().map_err(|_| self.fail("the writer failed")).ok()
    }

    /// Does something with the writer, then tells those who waited for it.
    pub(crate) fn with_writer<T>(&self, step: impl FnOnce(&mut Writer) -> T) -> Option<T> {
        let result = self.lock_writer().map(|mut writer| step(&mut writer));
        self.changed.notify_waiters();
        result
    }

    fn write_and_tell(&self, mut writer: MutexGuard<'_, Writer>) {
        let n_before = writer.n_batches();
        let abandoned = self.drain(&mut writer);
        let is_written = writer.n_batches() > n_before;
        drop(writer);
        if is_written && self.durability == Durability::Process {
            self.to_sync.ring();
        }
        self.changed.notify_waiters();
        // Ending one may write, so the writer must be free.
        abandoned.into_iter().for_each(|one| self.settle_abandoned(one));
    }

    /// Writes a batch; the calls in it whose task went away meanwhile.
    fn drain(&self, writer: &mut Writer) -> Vec<Abandoned> {
        let mut batch = writer.take_spare();
        self.queue().take(&mut batch);
        if batch.is_empty() && !writer.is_stuck() {
            writer.keep_spare(batch);
            return Vec::new();
        }
        let tickets: Vec<u64> = match self.durability {
            Durability::Process => Vec::new(),
            Durability::Power => batch.iter().filter_map(Item::ticket).collect(),
        };
        let now = self.timeline.now();
        let mut verdict = writer.commit(&mut batch, now);
        writer.keep_spare(batch);
        if self.durability == Durability::Power && self.sync(writer).is_err() {
            verdict.failed = tickets.into_iter().map(|ticket| (ticket, StoreError::Broken)).collect();
        }
        if verdict.n_unwritten > 0 {
            self.floods().count_unwritten(verdict.n_unwritten, now);
        }
        self.publish(verdict.failed)
    }

    fn publish(&self, failed: Vec<(u64, StoreError)>) -> Vec<Abandoned> {
        let mut queue = self.queue();
        let abandoned = queue.resolve(failed);
        self.n_failed.store(queue.n_failed(), Ordering::Release);
        self.done.store(queue.done(), Ordering::Release);
        abandoned
    }

    /// Brings all that was written to disk while the writer is held.
    fn sync(&self, writer: &mut Writer) -> Result<(), StoreError> {
        let (files, mark) = to_sync(writer);
        self.sync_files(&files, writer.audit.folder())?;
        self.note_synced(writer, mark);
        Ok(())
    }

    /// Brings all that was written to disk; the writer is free meanwhile.
    pub(super) fn sync_now(&self) -> Result<(), StoreError> {
        let taken = self.with_writer(|writer| (to_sync(writer), writer.audit.folder().to_path_buf()));
        let ((files, mark), folder) = taken.ok_or(StoreError::Broken)?;
        self.sync_files(&files, &folder)?;
        self.with_writer(|writer| self.note_synced(writer, mark)).ok_or(StoreError::Broken)
    }

    fn sync_files(&self, files: &[Arc<File>], folder: &Path) -> Result<(), StoreError> {
        let synced = files.iter().try_for_each(|file| file.sync_data());
        // More than the journal and one segment: a new segment's name must last too.
        let named =
            synced.and_then(|()| if files.len() > 2 { crate::files::sync_folder(folder) } else { Ok(()) });
        named.map_err(|error| {
            // After a failed sync the system may have dropped what was not written: nothing is known any more.
            tracing::error!(%error, "syncing the store failed; all calls are denied until a restart");
            self.fail("a sync failed");
            StoreError::Broken
        })
    }

    fn note_synced(&self, writer: &mut Writer, mark: SyncMark) {
        writer.journal.note_synced(mark.journal_seq);
        self.n_synced.fetch_max(mark.n_batches, Ordering::AcqRel);
    }

    /// Waits until all that was written by now is on disk.
    pub(crate) async fn wait_for_disk(&self) -> Result<(), StoreError> {
        let n_batches = self.with_writer(|writer| writer.n_batches()).ok_or(StoreError::Broken)?;
        loop {
            let mut changed = pin!(self.changed.notified());
            changed.as_mut().enable();
            self.check()?;
            if self.n_synced.load(Ordering::Acquire) >= n_batches {
                return Ok(());
            }
            self.hurry.ring();
            self.to_sync.ring();
            changed.await;
        }
    }

    /// Denies everything from now on.
    fn fail(&self, reason: &'static str) {
        if !self.is_broken.swap(true, Ordering::AcqRel) {
            tracing::error!(reason, "the store denies all calls until a restart");
        }
        self.changed.notify_waiters();
    }

    /// The last record.
    pub(crate) fn head(&self) -> Result<Head, StoreError> {
        let now = self.timeline.now();
        self.with_writer(|writer| writer.audit.head(now)).ok_or(StoreError::Broken)
    }
}

/// How far a sync reaches.
#[derive(Clone, Copy, Debug)]
struct SyncMark {
    journal_seq: u64,
    n_batches: u64,
}

fn to_sync(writer: &mut Writer) -> (Vec<Arc<File>>, SyncMark) {
    let mark = SyncMark { journal_seq: writer.journal.seq(), n_batches: writer.n_batches() };
    // The journal first: an intent on disk without its reservation would let a limit forget it.
    let mut files = vec![writer.journal.file().clone()];
    files.extend(writer.audit.files_to_sync());
    (files, mark)
}
