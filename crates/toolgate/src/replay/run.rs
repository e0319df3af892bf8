//! A whole replay: one thread reads blocks of calls, several judge them, this one counts; limits come last, in order.
//! Must never end as if all were judged when something could not be read.

use std::ops::ControlFlow;
use std::sync::mpsc::{Receiver, Sender, SyncSender, channel, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};

use super::judge::{Judge, Standing};
use super::limits::rehearse;
use super::outcome::Judged;
use super::tally::{Group, Notes, Tally};
use crate::traffic::{Block, Feed, Sieve};

/// Blocks that wait for each thread, so that none is idle and none piles up.
const WAITING: usize = 2;

/// What is replayed.
pub struct Plan {
    /// Where the calls come from.
    pub feed: Box<dyn Feed>,
    /// Which of them.
    pub sieve: Sieve,
    /// By what they are judged.
    pub standing: Standing,
    /// Whether every call is told.
    pub each: bool,
    /// So many threads judge.
    pub n_threads: usize,
}

/// How far a replay is.
#[derive(Debug, Clone, Copy, Default)]
pub struct Progress {
    /// Calls that were judged.
    pub n_calls: u64,
    /// Bytes of their source that were read.
    pub n_bytes: u64,
}

/// What came out.
#[derive(Debug)]
pub struct Report {
    /// All calls that were judged.
    pub n_calls: u64,
    /// The calls by what changes.
    pub groups: Vec<Group>,
    /// What has to be known beside.
    pub notes: Notes,
    /// Every call in order of time, where that was asked for.
    pub each: Vec<Judged>,
}

/// What one block became.
struct Batch {
    calls: Vec<Judged>,
    n_bytes: u64,
    notes: Notes,
}

/// Replays.
///
/// # Errors
/// When the calls cannot be read, or one of them is none.
pub fn run(plan: Plan, mut progress: impl FnMut(Progress)) -> anyhow::Result<Report> {
    let Plan { mut feed, sieve, standing, each, n_threads } = plan;
    let mut collected = Collected { each, ..Collected::default() };
    std::thread::scope(|scope| {
        let (blocks, waiting) = sync_channel(n_threads * WAITING);
        let (batches, judged) = channel();
        let waiting = Arc::new(Mutex::new(waiting));
        for _ in 0..n_threads {
            let (waiting, batches) = (Arc::clone(&waiting), batches.clone());
            let (standing, sieve) = (&standing, &sieve);
            scope.spawn(move || judge_blocks(standing, sieve, &waiting, &batches));
        }
        drop(waiting);
        scope.spawn(move || read_blocks(&mut *feed, &blocks, &batches));
        // Everything ends by itself once this end is gone: nobody waits for a batch to be taken.
        for batch in judged {
            collected.take(batch?);
            progress(collected.progress);
        }
        anyhow::Ok(())
    })?;
    Ok(collected.finish())
}

fn read_blocks(feed: &mut dyn Feed, blocks: &SyncSender<Block>, batches: &Sender<anyhow::Result<Batch>>) {
    let mut each = |block: Block| match blocks.send(block) {
        Ok(()) => ControlFlow::Continue(()),
        Err(_) => ControlFlow::Break(()),
    };
    if let Err(error) = feed.blocks(&mut each) {
        // Whoever counts has ended already where this fails.
        let _ = batches.send(Err(error));
    }
}

fn judge_blocks(
    standing: &Standing,
    sieve: &Sieve,
    waiting: &Mutex<Receiver<Block>>,
    batches: &Sender<anyhow::Result<Batch>>,
) {
    let mut judge = Judge::new(standing);
    loop {
        let next = waiting.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok(block) = next else { return };
        if batches.send(judge_block(&mut judge, sieve, block)).is_err() {
            return;
        }
    }
}

fn judge_block(judge: &mut Judge<'_>, sieve: &Sieve, block: Block) -> anyhow::Result<Batch> {
    let n_bytes = block.n_bytes();
    let (calls, skipped) = block.calls(sieve)?;
    let calls = calls.iter().map(|call| judge.judge(call)).collect();
    let notes = Notes { skipped, ..std::mem::take(&mut judge.notes) };
    Ok(Batch { calls, n_bytes, notes })
}

/// What is known so far.
#[derive(Default)]
struct Collected {
    each: bool,
    tally: Tally,
    /// Calls that limits still have to be asked for, or that are to be told one by one.
    kept: Vec<Judged>,
    notes: Notes,
    progress: Progress,
}

impl Collected {
    fn take(&mut self, batch: Batch) {
        self.progress.n_calls += batch.calls.len() as u64;
        self.progress.n_bytes += batch.n_bytes;
        self.notes = self.notes.and(batch.notes);
        for call in batch.calls {
            let has_demands = call.was.demands.is_some() || call.now.demands.is_some();
            self.notes.n_without_time += u64::from(has_demands && call.time_ms.is_none());
            if has_demands || self.each {
                self.kept.push(call);
            } else {
                self.tally.add(call);
            }
        }
    }

    fn finish(mut self) -> Report {
        rehearse(&mut self.kept);
        if self.each {
            self.kept.iter().for_each(|call| self.tally.add(call.clone()));
        } else {
            std::mem::take(&mut self.kept).into_iter().for_each(|call| self.tally.add(call));
        }
        Report {
            n_calls: self.progress.n_calls,
            groups: self.tally.into_groups(),
            notes: self.notes,
            each: self.kept,
        }
    }
}
