//! Writes a batch: the journal first, then the audit; all of it, or what must not wait.
//! Must never write an intent without its reservation before it, nor keep either when the other failed.

use crate::audit::{AuditLog, OUTCOME_RESERVE};
use crate::error::{StoreError, is_full};
use crate::fault;
use crate::journal::{END_RESERVE, Journal};
use crate::time::Timestamp;
use crate::writer::item::Item;
use crate::writer::space::Space;
use std::io;

/// The files, and what must still be written to them.
#[derive(Debug)]
pub(crate) struct Writer {
    pub(crate) journal: Journal,
    pub(crate) audit: AuditLog,
    pub(crate) space: Space,
    /// Ends of calls that could not be written yet.
    stuck: Vec<Item>,
    /// Batches written; what was synced is told by them.
    n_batches: u64,
    /// An empty list that is used again.
    spare: Vec<Item>,
}

/// How a batch went.
#[derive(Debug, Default)]
pub(crate) struct Verdict {
    /// Tickets whose records are not there, and why.
    pub(crate) failed: Vec<(u64, StoreError)>,
    /// Notes that could not be written.
    pub(crate) n_unwritten: u64,
}

impl Writer {
    pub(crate) fn new(journal: Journal, audit: AuditLog, space: Space) -> Self {
        Self { journal, audit, space, stuck: Vec::new(), n_batches: 0, spare: Vec::new() }
    }

    /// Writes a batch and empties it.
    pub(crate) fn commit(&mut self, batch: &mut Vec<Item>, now: Timestamp) -> Verdict {
        let mut verdict = Verdict::default();
        if !self.stuck.is_empty() {
            self.stuck.append(batch);
            std::mem::swap(&mut self.stuck, batch);
        }
        // On a failure the calls are refused, then the changes; the ends of calls have room and come through.
        let keeps: [fn(&Item) -> bool; 2] = [Item::is_no_begin, Item::is_finish];
        let mut keeps = keeps.into_iter();
        while let Err(error) = self.write(batch, now) {
            if !keeps.any(|keep| verdict.refuse(batch, keep, &error)) {
                tracing::error!(%error, n_calls = batch.len(), "the ends of calls wait for the disk");
                self.stuck.append(batch);
                return verdict;
            }
        }
        batch.clear();
        self.keep_in_order(now);
        verdict
    }

    /// An empty list to fill.
    pub(crate) fn take_spare(&mut self) -> Vec<Item> {
        std::mem::take(&mut self.spare)
    }

    /// Takes an emptied list back.
    pub(crate) fn keep_spare(&mut self, batch: Vec<Item>) {
        self.spare = batch;
    }

    /// True when ends of calls wait for the disk.
    pub(crate) fn is_stuck(&self) -> bool {
        !self.stuck.is_empty()
    }

    /// Batches written so far.
    pub(crate) fn n_batches(&self) -> u64 {
        self.n_batches
    }

    fn write(&mut self, batch: &[Item], now: Timestamp) -> Result<(), StoreError> {
        if batch.is_empty() {
            return Ok(());
        }
        let n_begins = batch.iter().filter(|item| matches!(item, Item::Begin { .. })).count() as u64;
        if n_begins > 0 {
            self.space.check(&self.audit.log, now)?;
        }
        self.put_together(batch, now);
        let written = self.make_room(batch, n_begins).and_then(|()| self.write_both(n_begins, now));
        if let Err(error) = written {
            self.journal.drop_frame();
            return Err(self.explain(&error));
        }
        self.journal.clear();
        self.note(batch);
        self.n_batches += 1;
        Ok(())
    }

    fn put_together(&mut self, batch: &[Item], now: Timestamp) {
        self.audit.begin(now);
        for item in batch {
            match item {
                Item::Begin { call, units, body, .. } => {
                    if let Some(units) = units {
                        self.journal.add_reserve(call.n, units);
                    }
                    self.audit.add(body);
                }
                Item::Finish { call, ending, body } => {
                    if let Some(ending) = ending {
                        self.journal.add_end(call.n, *ending);
                    }
                    self.audit.add(body);
                }
                Item::Change { body, .. } | Item::Note { body } => self.audit.add(body),
            }
        }
    }

    /// Room for the batch and for the end of every call that is open then.
    fn make_room(&mut self, batch: &[Item], n_begins: u64) -> io::Result<()> {
        let n_ends = batch.iter().filter(|item| item.is_finish()).count() as u64;
        let n_open = (self.audit.n_open() + n_begins).saturating_sub(n_ends);
        self.journal.log.make_room(self.journal.frame_len() + n_open * END_RESERVE)?;
        self.audit.log.make_room(self.audit.draft_len() + n_open * OUTCOME_RESERVE)
    }

    fn write_both(&mut self, n_begins: u64, now: Timestamp) -> io::Result<()> {
        let in_journal = if self.journal.frame_len() > 0 { Some(self.journal.write(now)?) } else { None };
        (0..n_begins).for_each(|_| fault::point("after-journal"));
        if let Err(error) = self.audit.write() {
            if let Some(in_journal) = in_journal {
                // Should this fail too, it is done before the next write.
                let _ = self.journal.undo(in_journal);
            }
            return Err(error);
        }
        (0..n_begins).for_each(|_| fault::point("after-intent"));
        Ok(())
    }

    fn note(&mut self, batch: &[Item]) {
        for item in batch {
            match item {
                Item::Begin { call, .. } => self.audit.note_open(*call),
                Item::Finish { call, .. } => self.audit.note_ended(*call),
                Item::Change { .. } | Item::Note { .. } => {}
            }
        }
    }

    /// Rotates or marks the log; it works on without, so a failure only waits for the next time.
    fn keep_in_order(&mut self, now: Timestamp) {
        if let Err(error) = self.audit.keep_in_order(now) {
            tracing::warn!(%error, "beginning a new audit segment failed; the present one is used further");
        }
    }

    fn explain(&self, error: &io::Error) -> StoreError {
        let (doing, folder) = ("recording a call", self.space.folder().to_owned());
        if is_full(error) {
            return StoreError::DiskFull { doing, folder };
        }
        StoreError::Write { doing, reason: error.to_string(), folder }
    }
}

impl Item {
    fn is_no_begin(&self) -> bool {
        !matches!(self, Self::Begin { .. })
    }

    fn is_finish(&self) -> bool {
        matches!(self, Self::Finish { .. })
    }
}

impl Verdict {
    /// Takes out of a batch what is not kept for the next attempt; true when that is something.
    fn refuse(&mut self, batch: &mut Vec<Item>, keep: fn(&Item) -> bool, error: &StoreError) -> bool {
        let n_before = batch.len();
        for item in batch.extract_if(.., |item| !keep(item)) {
            match item.ticket() {
                Some(ticket) => self.failed.push((ticket, error.clone())),
                None => self.n_unwritten += 1,
            }
        }
        batch.len() < n_before
    }
}
