//! The log as the one writer appends to it: lines in segments.
//! Must never number a record that is not written, nor begin a segment that does not say which calls are open.

use crate::audit::head::Head;
use crate::audit::key::AuditKey;
use crate::audit::line::Chain;
use crate::audit::segment;
use crate::error::OpenError;
use crate::files;
use crate::id::CallId;
use crate::log_file::LogFile;
use crate::time::{DAY_MS, Timestamp};
use json::ObjectWriter;
use std::collections::HashSet;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Bytes that the outcome of one call may need.
pub(crate) const OUTCOME_RESERVE: u64 = 640;
/// After so many bytes a checkpoint lists the open calls, so that a restart reads no further back.
const CHECKPOINT_EVERY: u64 = 4 * 1024 * 1024;
/// Between segments a checkpoint of more open calls than this waits until there are fewer.
const MAX_OPEN_LISTED: usize = 4096;

/// The log, ready to be appended to.
#[derive(Debug)]
pub(crate) struct AuditLog {
    folder: PathBuf,
    key: AuditKey,
    pub(crate) log: LogFile,
    segment: u64,
    segment_since: Timestamp,
    max_segment_bytes: u64,
    chain: Chain,
    /// Calls with an intent and no end yet.
    open: HashSet<CallId>,
    n_since_checkpoint: u64,
    /// Segments that ended and may not be on disk yet.
    ended: Vec<Arc<File>>,
    draft: Draft,
}

/// Lines that are not written yet.
#[derive(Debug)]
struct Draft {
    chain: Chain,
    lines: Vec<u8>,
    time: String,
    at: Timestamp,
}

/// Where a log goes on.
#[derive(Debug)]
pub(crate) struct Position {
    pub(crate) log: LogFile,
    pub(crate) segment: u64,
    pub(crate) segment_since: Timestamp,
    pub(crate) chain: Chain,
    pub(crate) open: HashSet<CallId>,
}

impl AuditLog {
    /// Begins a log in a data folder that has none.
    pub(crate) fn create(
        data_folder: &Path,
        key: AuditKey,
        max_segment_bytes: u64,
        at: Timestamp,
    ) -> Result<Self, OpenError> {
        let folder = data_folder.join(segment::FOLDER);
        files::private_folder(&folder)?;
        let path = segment::path(&folder, 1);
        let fail = |error: io::Error| OpenError::io("creating the audit segment", &path, &error);
        files::remove_if_there(&path).map_err(fail)?;
        let (log, chain) =
            begin_segment(&folder, 1, Chain::START, &HashSet::new(), &key, at, None).map_err(fail)?;
        let position = Position { log, segment: 1, segment_since: at, chain, open: HashSet::new() };
        files::sync_folder(&folder).map_err(fail)?;
        Ok(Self::at(folder, key, max_segment_bytes, position))
    }

    /// Goes on at a position.
    pub(crate) fn at(folder: PathBuf, key: AuditKey, max_segment_bytes: u64, position: Position) -> Self {
        let Position { log, segment, segment_since, chain, open } = position;
        let draft = Draft { chain, lines: Vec::new(), time: String::new(), at: Timestamp::default() };
        let (n_since_checkpoint, ended) = (0, Vec::new());
        Self {
            folder,
            key,
            log,
            segment,
            segment_since,
            max_segment_bytes,
            chain,
            open,
            n_since_checkpoint,
            ended,
            draft,
        }
    }

    /// Begins to put lines together; what was not written is forgotten.
    pub(crate) fn begin(&mut self, at: Timestamp) {
        self.draft.chain = self.chain;
        self.draft.lines.clear();
        if self.draft.at != at || self.draft.time.is_empty() {
            (self.draft.at, self.draft.time) = (at, at.to_string());
        }
    }

    /// Adds a record.
    pub(crate) fn add(&mut self, body: &[u8]) {
        let Draft { chain, lines, time, .. } = &mut self.draft;
        chain.seal(lines, time, body, &self.key);
    }

    /// Bytes put together.
    pub(crate) fn draft_len(&self) -> u64 {
        self.draft.lines.len() as u64
    }

    /// Writes the lines; on failure the log is as before.
    pub(crate) fn write(&mut self) -> io::Result<()> {
        self.log.append(&self.draft.lines)?;
        self.n_since_checkpoint += self.draft_len();
        self.chain = self.draft.chain;
        self.draft.lines.clear();
        Ok(())
    }

    /// Notes that a call's intent was written.
    pub(crate) fn note_open(&mut self, call: CallId) {
        self.open.insert(call);
    }

    /// Notes that a call's end was written.
    pub(crate) fn note_ended(&mut self, call: CallId) {
        self.open.remove(&call);
    }

    /// Calls that have an intent and no end.
    pub(crate) fn n_open(&self) -> u64 {
        self.open.len() as u64
    }

    /// Begins a new segment or writes a checkpoint when it is time; an error leaves the log as it was.
    pub(crate) fn keep_in_order(&mut self, at: Timestamp) -> io::Result<()> {
        let is_long = self.log.len() >= self.max_segment_bytes;
        // Retention removes whole segments, so a segment must not grow old where little happens.
        let is_old = at.ms_since(self.segment_since) >= DAY_MS;
        if is_long || is_old {
            return self.next_segment(at);
        }
        if self.n_since_checkpoint >= CHECKPOINT_EVERY && self.open.len() <= MAX_OPEN_LISTED {
            return self.checkpoint(at);
        }
        Ok(())
    }

    /// Writes which calls are open.
    pub(crate) fn checkpoint(&mut self, at: Timestamp) -> io::Result<()> {
        self.begin(at);
        self.add(&checkpoint_body(self.segment, &self.open));
        self.log.make_room(self.draft_len() + self.n_open() * OUTCOME_RESERVE)?;
        self.write()?;
        self.n_since_checkpoint = 0;
        Ok(())
    }

    fn next_segment(&mut self, at: Timestamp) -> io::Result<()> {
        let segment = self.segment + 1;
        let (log, chain) =
            begin_segment(&self.folder, segment, self.chain, &self.open, &self.key, at, Some(&self.log))?;
        let mut old = std::mem::replace(&mut self.log, log);
        // What was allocated ahead is only space; the segment is complete without it.
        let _ = old.give_room_back();
        self.ended.push(old.file().clone());
        (self.segment, self.segment_since, self.chain, self.n_since_checkpoint) = (segment, at, chain, 0);
        Ok(())
    }

    /// The files that must be synced: ended segments and the present one. Ended ones are handed out once.
    pub(crate) fn files_to_sync(&mut self) -> Vec<Arc<File>> {
        let mut files = std::mem::take(&mut self.ended);
        files.push(self.log.file().clone());
        files
    }

    /// The folder of the segments.
    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    /// The last record.
    pub(crate) fn head(&self, at: Timestamp) -> Head {
        Head::new(self.chain.next_seq - 1, self.chain.prev, at, &self.key)
    }
}

/// Creates a segment with its first record; on failure nothing of it stays.
fn begin_segment(
    folder: &Path,
    number: u64,
    mut chain: Chain,
    open: &HashSet<CallId>,
    key: &AuditKey,
    at: Timestamp,
    old: Option<&LogFile>,
) -> io::Result<(LogFile, Chain)> {
    let path = segment::path(folder, number);
    let file = files::create_new(&path)?;
    let mut line = Vec::new();
    chain.seal(&mut line, &at.to_string(), &checkpoint_body(number, open), key);
    let begun = LogFile::attach(file, &path, 0).and_then(|log| {
        let mut log = log.on_the_disk_of(old);
        log.make_room(line.len() as u64 + open.len() as u64 * OUTCOME_RESERVE)?;
        log.append(&line)?;
        Ok(log)
    });
    match begun {
        Ok(log) => Ok((log, chain)),
        Err(error) => {
            // A leftover without a whole record is removed at the next start.
            let _ = files::remove_if_there(&path);
            Err(error)
        }
    }
}

fn checkpoint_body(segment: u64, open: &HashSet<CallId>) -> Vec<u8> {
    let mut open: Vec<CallId> = open.iter().copied().collect();
    open.sort_unstable();
    let open: Vec<String> = open.iter().map(CallId::to_string).collect();
    let mut out = Vec::with_capacity(128);
    let mut object = ObjectWriter::begin(&mut out);
    object.str("kind", "checkpoint").u64("format", 1).u64("segment", segment);
    object.strings("open", open.iter().map(String::as_str));
    object.end();
    out
}
