//! The journal as a file that is appended to, one frame per batch.
//! Must never write a reservation before its counter's key, nor keep in memory what is not in the file.

use crate::counters::{KeyId, Unit, remember};
use crate::error::OpenError;
use crate::files;
use crate::journal::frame::{self, FRAME_HEAD, HEADER};
use crate::journal::record::{Ending, put_complete, put_end, put_key, put_mark, put_reserve};
use crate::journal::replay::Replay;
use crate::log_file::LogFile;
use crate::time::Timestamp;
use crate::timeline::Mark;
use crate::window::Window;
use std::collections::HashMap;
use std::fs::File;
use std::io;
use std::path::Path;
use std::sync::Arc;

/// Bytes that the end of one call may need: its record in a frame of its own.
pub(crate) const END_RESERVE: u64 = FRAME_HEAD as u64 + 24;

/// The journal, ready to be appended to.
#[derive(Debug)]
pub(crate) struct Journal {
    pub(crate) log: LogFile,
    seq: u64,
    synced: u64,
    /// The keys, and windows of each, that the file has.
    defined: HashMap<KeyId, Vec<Window>>,
    /// The frame that is being put together.
    frame: Vec<u8>,
    /// What the frame defines: undone when it is not written.
    fresh: Vec<KeyId>,
}

/// What is needed to take the last frame back.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Written {
    previous_len: u64,
}

impl Journal {
    /// Begins a journal in a folder that has none.
    pub(crate) fn create(path: &Path, run: u64, mark: &Mark, at: Timestamp) -> Result<Self, OpenError> {
        let mut first = Vec::new();
        frame::open(&mut first);
        put_mark(&mut first, run, mark);
        put_complete(&mut first);
        let is_closed = frame::close(&mut first, 1, 0, at);
        debug_assert!(is_closed, "a mark fits a frame");
        let content = [HEADER, &first].concat();
        files::replace(path, &content)?;
        Self::open(path, content.len() as u64, 1, HashMap::new())
    }

    /// Goes on with a journal that was recovered.
    pub(crate) fn go_on(path: &Path, len: u64, replay: &Replay) -> Result<Self, OpenError> {
        Self::open(path, len, replay.seq, defined_by(replay))
    }

    fn open(
        path: &Path,
        len: u64,
        seq: u64,
        defined: HashMap<KeyId, Vec<Window>>,
    ) -> Result<Self, OpenError> {
        let log = files::open(path).and_then(|file| LogFile::attach(file, path, len));
        let log = log.map_err(|error| OpenError::io("opening the journal", path, &error))?;
        let mut journal = Self { log, seq, synced: 0, defined, frame: Vec::new(), fresh: Vec::new() };
        journal.clear();
        Ok(journal)
    }

    /// Goes on in a snapshot that has been put in the journal's place.
    pub(crate) fn swap(&mut self, log: LogFile, replay: &Replay) {
        self.log = log;
        self.defined = defined_by(replay);
    }

    /// Adds the start of a run to the frame.
    pub(crate) fn add_mark(&mut self, run: u64, mark: &Mark) {
        put_mark(&mut self.frame, run, mark);
    }

    /// Adds a reservation to the frame, with the keys that the file does not have.
    pub(crate) fn add_reserve(&mut self, n: u64, units: &[Unit]) {
        for unit in units {
            let windows = self.defined.entry(unit.id).or_default();
            for window in std::iter::once(&unit.window).chain(&unit.more_windows) {
                if remember(windows, *window) {
                    self.fresh.push(unit.id);
                    put_key(&mut self.frame, unit.id, *window, unit.key.as_str());
                }
            }
        }
        put_reserve(&mut self.frame, n, units);
    }

    /// Adds the end of a reservation to the frame.
    pub(crate) fn add_end(&mut self, n: u64, ending: Ending) {
        put_end(&mut self.frame, n, ending);
    }

    /// Bytes of the frame; 0 when nothing was added.
    pub(crate) fn frame_len(&self) -> u64 {
        if self.frame.len() > FRAME_HEAD { self.frame.len() as u64 } else { 0 }
    }

    /// Writes the frame, also an empty one, which only tells the time; on failure the file is as before.
    pub(crate) fn write(&mut self, at: Timestamp) -> io::Result<Written> {
        let previous_len = self.log.len();
        let is_closed = frame::close(&mut self.frame, self.seq.saturating_add(1), self.synced, at);
        let written =
            if is_closed { self.log.append(&self.frame) } else { Err(io::ErrorKind::FileTooLarge.into()) };
        match written {
            Ok(()) => {
                self.seq += 1;
                Ok(Written { previous_len })
            }
            Err(error) => {
                self.drop_frame();
                Err(error)
            }
        }
    }

    /// Accepts the frame that was written.
    pub(crate) fn clear(&mut self) {
        self.fresh.clear();
        frame::open(&mut self.frame);
    }

    /// Forgets the frame that was not written.
    pub(crate) fn drop_frame(&mut self) {
        // A key is forgotten with all its windows; it is only defined once more.
        self.fresh.drain(..).for_each(|id| drop(self.defined.remove(&id)));
        frame::open(&mut self.frame);
    }

    /// Takes the last frame back; an error leaves it to be cut off before the next write.
    pub(crate) fn undo(&mut self, written: Written) -> io::Result<()> {
        self.seq = self.seq.saturating_sub(1);
        self.drop_frame();
        self.log.cut_to(written.previous_len)
    }

    /// The number of the last frame.
    pub(crate) fn seq(&self) -> u64 {
        self.seq
    }

    /// The number of the last frame that is known to be on disk.
    #[cfg(test)]
    pub(crate) fn synced(&self) -> u64 {
        self.synced
    }

    /// Notes that all frames up to this number are on disk.
    pub(crate) fn note_synced(&mut self, seq: u64) {
        self.synced = self.synced.max(seq);
    }

    /// The file, to be synced.
    pub(crate) fn file(&self) -> &Arc<File> {
        self.log.file()
    }
}

fn defined_by(replay: &Replay) -> HashMap<KeyId, Vec<Window>> {
    replay.defined().collect()
}
