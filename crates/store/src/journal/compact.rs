//! Snapshots: a new journal with the state of the old one, put in its place by renaming.
//! Must never hold calls up for longer than the last few frames take to copy, nor lose what was on disk.

use crate::files;
use crate::journal::file::{END_RESERVE, Journal};
use crate::journal::frame::{self, HEADER};
use crate::journal::record::{put_amounts, put_complete, put_history, put_key, put_mark};
use crate::journal::recover::apply_all;
use crate::journal::replay::Replay;
use crate::log_file::LogFile;
use crate::time::Timestamp;
use std::fs::File;
use std::io::{self, Write};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Frames of a snapshot are closed beyond this size.
const FRAME_BYTES: usize = 16 * 1024;

/// A snapshot that is being written beside the journal.
pub(crate) struct Snapshot {
    journal: Arc<File>,
    /// Bytes of the journal that it covers.
    covered: u64,
    replay: Replay,
    file: File,
    path: PathBuf,
    len: u64,
}

impl Snapshot {
    /// Writes the state that the first `len` bytes of a journal describe.
    pub(crate) fn of(journal: Arc<File>, path: &Path, len: u64, now: Timestamp) -> io::Result<Self> {
        let path = path.with_extension("new");
        files::remove_if_there(&path)?;
        let file = files::create_new(&path)?;
        let mut snapshot =
            Self { journal, covered: HEADER.len() as u64, replay: Replay::default(), file, path, len: 0 };
        snapshot.read_to(len)?;
        snapshot.replay.drop_idle(now);
        let content = encode(&snapshot.replay)?;
        snapshot.file.write_all(&content)?;
        snapshot.len = content.len() as u64;
        snapshot.file.sync_all()?;
        Ok(snapshot)
    }

    /// Applies the journal up to `len`; the bytes that were applied.
    fn read_to(&mut self, len: u64) -> io::Result<Vec<u8>> {
        let n_bytes = usize::try_from(len.saturating_sub(self.covered)).map_err(io::Error::other)?;
        let mut bytes = vec![0; n_bytes];
        self.journal.read_exact_at(&mut bytes, self.covered)?;
        match apply_all(&mut self.replay, &bytes) {
            Ok([]) => {}
            Ok(_) | Err(_) => {
                return Err(io::Error::other("the journal does not read back as it was written"));
            }
        }
        self.covered = len;
        Ok(bytes)
    }

    /// Copies what the journal has got since.
    pub(crate) fn catch_up(&mut self, len: u64) -> io::Result<()> {
        let bytes = self.read_to(len)?;
        self.file.write_all(&bytes)?;
        self.len += bytes.len() as u64;
        Ok(())
    }

    /// Makes it durable.
    pub(crate) fn sync(&self) -> io::Result<()> {
        self.file.sync_all()
    }

    /// Puts it in the journal's place; the caller holds the journal, has caught up, and syncs the folder later.
    pub(crate) fn take_over(self, journal: &mut Journal) -> io::Result<()> {
        let path = journal.log.path().to_path_buf();
        let log = LogFile::attach(self.file.try_clone()?, &self.path, self.len)?;
        let mut log = log.on_the_disk_of(Some(&journal.log));
        log.make_room(self.replay.open.len() as u64 * END_RESERVE)?;
        std::fs::rename(&self.path, &path)?;
        log.moved_to(&path);
        journal.swap(log, &self.replay);
        Ok(())
    }

    /// Gives it up.
    pub(crate) fn discard(path: &Path) {
        // A leftover is overwritten by the next attempt.
        let _ = files::remove_if_there(&path.with_extension("new"));
    }
}

fn encode(replay: &Replay) -> io::Result<Vec<u8>> {
    let mut frames =
        Frames { content: HEADER.to_vec(), frame: Vec::new(), seq: replay.seq, at: replay.last_at };
    frame::open(&mut frames.frame);
    if let Some(mark) = &replay.mark {
        put_mark(&mut frames.frame, replay.run, mark);
    }
    for (id, known) in &replay.counters {
        for window in known.counter.windows() {
            put_key(&mut frames.frame, *id, window, &known.text);
        }
        let settled: Vec<_> = known.counter.settled().collect();
        if !settled.is_empty() {
            put_history(&mut frames.frame, *id, &settled);
        }
        frames.close_when(FRAME_BYTES)?;
    }
    for (n, units) in &replay.open {
        put_amounts(&mut frames.frame, *n, units.iter().map(|(id, amount)| (*id, amount)));
        frames.close_when(FRAME_BYTES)?;
    }
    put_complete(&mut frames.frame);
    frames.close_when(0)?;
    Ok(frames.content)
}

struct Frames {
    content: Vec<u8>,
    frame: Vec<u8>,
    seq: u64,
    at: Timestamp,
}

impl Frames {
    fn close_when(&mut self, n_bytes: usize) -> io::Result<()> {
        if self.frame.len() < n_bytes {
            return Ok(());
        }
        // All of a snapshot reaches the disk before it takes over, so what it holds counts as synced.
        if !frame::close(&mut self.frame, self.seq, self.seq, self.at) {
            return Err(io::Error::other("a counter's history does not fit a frame"));
        }
        self.content.extend_from_slice(&self.frame);
        frame::open(&mut self.frame);
        Ok(())
    }
}
