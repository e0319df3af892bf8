//! What is due from time to time: summaries, steps of the clock, idle counters, snapshots, retention.
//! Must never hold the writer for longer than a few frames take to copy.

use crate::audit::{Change, ChangeKind, change_body, clock_body};
use crate::journal::Snapshot;
use crate::store::Durability;
use crate::time::{HOUR_MS, MINUTE_MS, Timestamp};
use crate::writer::commit::Writer;
use crate::writer::item::Item;
use crate::writer::shared::Shared;
use std::io;
use std::sync::PoisonError;

/// A journal shorter than this is not compacted; as much is read in some 20 ms at a start.
const COMPACT_FROM: u64 = 1024 * 1024;
/// At a shutdown it is compacted from this length on.
const COMPACT_AT_END_FROM: u64 = 64 * 1024;
/// A journal is compacted when it is so many times as long as its last snapshot.
const COMPACT_FACTOR: u64 = 4;

/// When what was last done.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Schedule {
    told_time: Timestamp,
    applied_retention: Timestamp,
    compact_at: u64,
}

impl Schedule {
    /// The schedule of a store that was opened now.
    pub(crate) fn new(now: Timestamp) -> Self {
        Self { told_time: now, applied_retention: Timestamp::default(), compact_at: COMPACT_FROM }
    }
}

impl Shared {
    /// Does what is due.
    pub(crate) fn maintain(&self) {
        let now = self.timeline.now();
        if let Some(jump) = self.timeline.take_jump() {
            tracing::warn!(?jump, "the wall clock was set; limits do not follow it");
            self.push(Item::Note { body: clock_body(jump) });
        }
        self.summarise(now, false);
        self.ledger.sweep(now);
        if self.with_writer(|writer| writer.is_stuck()) == Some(true) {
            self.write_now();
        }
        let mut schedule = *self.schedule.lock().unwrap_or_else(PoisonError::into_inner);
        if now.ms_since(schedule.told_time) >= MINUTE_MS {
            schedule.told_time = now;
            self.tell_time(now);
        }
        if now.ms_since(schedule.applied_retention) >= HOUR_MS {
            schedule.applied_retention = now;
            self.apply_retention(now);
        }
        self.compact_when_long(&mut schedule, now);
        *self.schedule.lock().unwrap_or_else(PoisonError::into_inner) = schedule;
    }

    /// Writes the counts of denials that were not recorded one by one.
    pub(crate) fn summarise(&self, now: Timestamp, at_once: bool) {
        let due = self.floods().take_due(now, at_once);
        due.into_iter().for_each(|body| self.push(Item::Note { body }));
    }

    /// Records the time, so that it does not fall behind after a reboot with a wrong wall clock.
    fn tell_time(&self, now: Timestamp) {
        let told = self.with_writer(|writer| {
            let told = writer.journal.write(now);
            writer.journal.clear();
            told
        });
        if told.is_some_and(|told| told.is_ok()) {
            self.to_sync.ring();
        }
    }

    fn apply_retention(&self, now: Timestamp) {
        let Some(folder) = self.with_writer(|writer| writer.audit.folder().to_path_buf()) else { return };
        match self.retention.apply(&folder, &self.key, now) {
            Ok(None) => {}
            Ok(Some(removed)) => {
                let details = [
                    ("segments", removed.n_segments.to_string()),
                    ("through_record", removed.last_seq.to_string()),
                ];
                let details = details.each_ref().map(|(key, value)| (*key, value.as_str()));
                let (kind, actor, action) = (ChangeKind::Admin, "gateway", "audit.retention");
                let change = Change { kind, actor, action, target: "audit", details: &details };
                self.push(Item::Note { body: change_body(&change) });
            }
            Err(error) => {
                tracing::warn!(%error, "removing old audit segments failed; it is tried again in an hour")
            }
        }
    }

    fn compact_when_long(&self, schedule: &mut Schedule, now: Timestamp) {
        let len = self.with_writer(|writer| writer.journal.log.len()).unwrap_or(0);
        if len < schedule.compact_at {
            return;
        }
        // A failure must not cost a reading of the journal with every turn.
        schedule.compact_at = len.saturating_mul(2);
        match self.compact(now) {
            Ok(new_len) => schedule.compact_at = COMPACT_FROM.max(new_len.saturating_mul(COMPACT_FACTOR)),
            Err(error) => {
                tracing::warn!(%error, "compacting the journal failed; it is used further as it is")
            }
        }
    }

    /// Leaves a short journal to the next start, where little of it still matters.
    pub(crate) fn compact_at_end(&self) {
        let len = self.with_writer(|writer| writer.journal.log.len()).unwrap_or(0);
        if len < COMPACT_AT_END_FROM {
            return;
        }
        if let Err(error) = self.compact(self.timeline.now()) {
            tracing::warn!(%error, "compacting the journal failed; the next start reads it as it is");
        }
    }

    /// Puts a snapshot in the journal's place; its length.
    pub(crate) fn compact(&self, now: Timestamp) -> io::Result<u64> {
        let with = |step: &mut dyn FnMut(&mut Writer) -> io::Result<u64>| {
            self.with_writer(|writer| step(writer))
                .unwrap_or_else(|| Err(io::Error::other("the writer failed")))
        };
        let mut journal = None;
        let len = with(&mut |writer| {
            let log = &writer.journal.log;
            journal = Some((log.file().clone(), log.path().to_path_buf()));
            Ok(log.len())
        })?;
        let (file, path) = journal.ok_or_else(|| io::Error::other("the writer failed"))?;
        let result = Snapshot::of(file, &path, len, now).and_then(|mut snapshot| {
            // What was written meanwhile is brought to disk here, so that little is left for when the writer is held.
            snapshot.catch_up(with(&mut |writer| Ok(writer.journal.log.len()))?)?;
            snapshot.sync()?;
            let mut snapshot = Some(snapshot);
            with(&mut |writer| match snapshot.take() {
                Some(snapshot) => take_over(snapshot, writer, self.durability),
                None => Ok(0),
            })
        });
        match result {
            Ok(len) => {
                self.to_sync.ring();
                crate::files::sync_folder(self.folder().path())?;
                Ok(len)
            }
            Err(error) => {
                Snapshot::discard(&path);
                Err(error)
            }
        }
    }
}

fn take_over(mut snapshot: Snapshot, writer: &mut Writer, durability: Durability) -> io::Result<u64> {
    snapshot.catch_up(writer.journal.log.len())?;
    if durability == Durability::Power {
        // Its last frames were answered for as being on disk, where so far only the old journal has them.
        snapshot.sync()?;
    }
    snapshot.take_over(&mut writer.journal)?;
    Ok(writer.journal.log.len())
}
