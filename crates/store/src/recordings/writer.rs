//! Writes recordings into segments. One at a time writes to a data folder.
//! Must never go on with a segment after a write that failed, nor with one of an earlier run.

use super::filter::Filter;
use super::frames::{self, END_BYTES, Span};
use super::purge::{self, Purged};
use super::seal::{Kind, Seal};
use super::{Key, Problem, Recording, Retention, Segment, codec, recover, segment};
use crate::log_file::LogFile;
use crate::{fault, files};
use std::path::{Path, PathBuf};

/// Writes the recordings of a data folder.
#[derive(Debug)]
pub struct Writer {
    folder: PathBuf,
    key: Key,
    retention: Retention,
    /// What is written to; nothing until there is something to write.
    open: Option<Open>,
    /// Segments that a failed write left without their end.
    unended: Vec<Segment>,
    /// The segments that are ended, oldest first.
    ended: Vec<Ended>,
    next_number: u64,
    next_seq: u64,
}

/// A segment that is written to.
#[derive(Debug)]
struct Open {
    segment: Segment,
    seal: Seal,
    log: LogFile,
    span: Span,
    /// Sealed frames that are not written yet.
    pending: Vec<u8>,
}

/// A segment that is not written to any more.
#[derive(Clone, Debug)]
pub(super) struct Ended {
    pub(super) segment: Segment,
    pub(super) span: Span,
    pub(super) n_bytes: u64,
}

impl Writer {
    /// Opens the recordings of a data folder, which the caller must own. What a crash left is put in order: a torn
    /// tail is cut off and logged.
    ///
    /// # Errors
    /// When something there was sealed with another key or by a newer program, or the system refuses.
    pub fn open(data_folder: &Path, key: &Key) -> Result<Self, Problem> {
        let folder = data_folder.join(segment::FOLDER);
        let ended = recover::all(&folder, key)?;
        let next_number = segment::list(&folder)?.last().map_or(1, |segment| segment.number + 1);
        let next_seq = ended.iter().map(|ended| ended.span.last_seq + 1).max().unwrap_or(1);
        let (key, retention, unended) = (key.clone(), Retention::default(), Vec::new());
        Ok(Self { folder, key, retention, open: None, unended, ended, next_number, next_seq })
    }

    /// Keeps recordings so long from now on.
    pub fn set_retention(&mut self, retention: Retention) {
        self.retention = retention;
    }

    /// Removes what is kept no longer, and ends a segment that spans long enough; how many segments were removed.
    ///
    /// # Errors
    /// When the system refuses; what is left is tried again the next time.
    pub fn keep_in_order(&mut self, now_ms: u64) -> Result<usize, Problem> {
        // Removing comes first: it may be what makes room for an end.
        let n_removed = self.retain(now_ms)?;
        let span = self.open.as_ref().map_or(Span::default(), |open| open.span);
        if span.n > 0 && now_ms.saturating_sub(span.first_ms) >= self.retention.max_span_ms() {
            self.end()?;
            return Ok(n_removed + self.retain(now_ms)?);
        }
        Ok(n_removed)
    }

    fn retain(&mut self, now_ms: u64) -> Result<usize, Problem> {
        let n_open = self.open.as_ref().map_or(0, |open| open.log.len());
        self.retention.apply(&mut self.ended, n_open, now_ms)
    }

    /// The number for the next recording.
    pub fn next_seq(&mut self) -> u64 {
        let seq = self.next_seq;
        self.next_seq += 1;
        seq
    }

    /// Where the segments are.
    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }

    /// Seals a recording, to be written by [`Writer::flush`].
    ///
    /// # Errors
    /// When a segment cannot be begun; then nothing is kept.
    pub fn add(&mut self, recording: &Recording) -> Result<(), Problem> {
        if self.open.is_none() {
            self.end_unended()?;
        }
        let open = match &mut self.open {
            Some(open) => open,
            None => self.open.insert(Open::begin(&self.folder, &self.key, &mut self.next_number)?),
        };
        let put = |out: &mut Vec<u8>| codec::put(out, recording);
        if frames::put(&mut open.pending, &open.seal, open.span.n, put) {
            open.span = open.span.and(recording.time_ms, recording.seq);
        }
        Ok(())
    }

    /// Writes what was added.
    ///
    /// # Errors
    /// When that fails; then what was added since the last flush is lost.
    pub fn flush(&mut self) -> Result<(), Problem> {
        let Some(open) = &mut self.open else { return Ok(()) };
        if let Err(problem) = open.write() {
            self.unended.extend(self.open.take().map(|open| open.segment));
            return Err(problem);
        }
        let is_long = open.log.len() + END_BYTES as u64 >= self.retention.max_segment_bytes();
        if is_long { self.end() } else { Ok(()) }
    }

    /// Writes what was added and ends the segment, if one was begun.
    ///
    /// # Errors
    /// As [`Writer::flush`].
    pub fn end(&mut self) -> Result<(), Problem> {
        let Some(open) = self.open.take() else { return Ok(()) };
        let segment = open.segment.clone();
        match open.end() {
            Ok(ended) => self.ended.push(ended),
            Err(problem) => {
                self.unended.push(segment);
                return Err(problem);
            }
        }
        Ok(())
    }

    /// Ends what a failed write left without its end.
    fn end_unended(&mut self) -> Result<(), Problem> {
        while let Some(segment) = self.unended.last() {
            self.ended.extend(recover::one(segment, &self.key)?);
            self.unended.pop();
        }
        Ok(())
    }

    /// Removes what a filter means.
    ///
    /// # Errors
    /// When the system refuses.
    pub(super) fn purge(&mut self, filter: &Filter) -> Result<Purged, Problem> {
        if filter.is_all() {
            // Nothing is ended for it, which a full disk might refuse.
            let open = self.open.take().map_or(0, |open| open.span.n);
            let n_recordings = open + self.ended.iter().map(|ended| ended.span.n).sum::<u64>();
            purge::all(&self.folder)?;
            self.ended.clear();
            self.unended.clear();
            return Ok(Purged { n_recordings, problems: Vec::new() });
        }
        self.end()?;
        self.end_unended()?;
        Ok(purge::some(&mut self.ended, &self.key, filter))
    }
}

impl Open {
    fn begin(folder: &Path, key: &Key, next_number: &mut u64) -> Result<Self, Problem> {
        files::private_folder(folder).map_err(|error| Problem::Io {
            doing: "making the folder",
            path: folder.to_path_buf(),
            reason: error.to_string(),
            is_full: matches!(error, crate::OpenError::DiskFull { .. }),
        })?;
        let segment = Segment::new(folder, *next_number);
        let path = segment.path().to_path_buf();
        let (seal, head) = Seal::begin(key, segment.number, &path)?;
        let file = files::create_new(&path).map_err(|error| Problem::io("creating", &path, &error))?;
        *next_number += 1;
        fault::point("recordings-segment-begun");
        let log = LogFile::attach(file, &path, 0).map_err(|error| Problem::io("creating", &path, &error))?;
        Ok(Self { segment, seal, log, span: Span::default(), pending: head })
    }

    fn write(&mut self) -> Result<(), Problem> {
        let written = self.log.append(&self.pending);
        self.pending.clear();
        fault::point("recordings-written");
        written.map_err(|error| Problem::io("writing", self.log.path(), &error))
    }

    fn end(mut self) -> Result<Ended, Problem> {
        fault::point("recordings-before-end");
        if !frames::put_end(&mut self.pending, &self.seal, Kind::End, self.span) {
            return Err(Problem::damaged(self.log.path(), self.log.len(), "its end cannot be sealed"));
        }
        self.write()?;
        let synced = self.log.file().sync_data();
        synced.map_err(|error| Problem::io("syncing", self.log.path(), &error))?;
        Ok(Ended { segment: self.segment, span: self.span, n_bytes: self.log.len() })
    }
}
