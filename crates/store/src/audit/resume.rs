//! Finds where the log of an earlier run ended, and which of its calls have no end.
//! Must never make a changed record look right: what is cut off is kept beside the log, what is changed stays.

use crate::audit::append::{AuditLog, Position};
use crate::audit::key::AuditKey;
use crate::audit::line::{Chain, Sealed};
use crate::audit::segment::{self, Segment};
use crate::error::OpenError;
use crate::files;
use crate::id::CallId;
use crate::log_file::LogFile;
use crate::time::Timestamp;
use json::{Document, Limits};
use std::collections::HashSet;
use std::io;
use std::path::Path;

/// A log of an earlier run.
#[derive(Debug)]
pub(crate) struct Resumed {
    pub(crate) log: AuditLog,
    /// Calls with an intent and no end, in order.
    pub(crate) unresolved: Vec<CallId>,
    /// Bytes of a line that was never written whole.
    pub(crate) n_torn: u64,
    /// Bytes of lines at the end that are no records; they were put aside.
    pub(crate) n_aside: u64,
    /// The time of the last record.
    pub(crate) last_at: Timestamp,
}

/// Goes on with the log in a data folder; nothing when there is none.
pub(crate) fn resume(
    data_folder: &Path,
    key: &AuditKey,
    max_segment_bytes: u64,
) -> Result<Option<Resumed>, OpenError> {
    let folder = data_folder.join(segment::FOLDER);
    if !folder.is_dir() {
        return Ok(None);
    }
    let mut segments = list(&folder)?;
    while let Some(last) = segments.pop() {
        let fail = |error: io::Error| OpenError::io("reading the audit segment", &last.path, &error);
        let bytes = std::fs::read(&last.path).map_err(fail)?;
        let Some(end) = End::of(&bytes) else {
            // A segment takes effect with its first record; a crash before it leaves a file to be removed.
            put_aside(&last.path, 0, whole_lines(&bytes))?;
            files::remove_if_there(&last.path).map_err(fail)?;
            continue;
        };
        let offset = end.len as usize;
        let beyond = whole_lines(&bytes).get(offset..).unwrap_or_default();
        put_aside(&last.path, end.len, beyond)?;
        let log = files::open(&last.path).and_then(|file| LogFile::attach(file, &last.path, end.len));
        let log = log.map_err(fail)?;
        let (segment, segment_since, chain, open) = (last.number, end.first_at, end.chain, end.open);
        let mut unresolved: Vec<CallId> = open.iter().copied().collect();
        unresolved.sort_unstable();
        let position = Position { log, segment, segment_since, chain, open };
        let n_aside = beyond.len() as u64;
        let n_torn = bytes.len() as u64 - end.len - n_aside;
        let log = AuditLog::at(folder, key.clone(), max_segment_bytes, position);
        return Ok(Some(Resumed { log, unresolved, n_torn, n_aside, last_at: end.last_at }));
    }
    Ok(None)
}

fn list(folder: &Path) -> Result<Vec<Segment>, OpenError> {
    segment::list(folder).map_err(|error| OpenError::io("listing the audit segments in", folder, &error))
}

/// The bytes up to the last line feed.
fn whole_lines(bytes: &[u8]) -> &[u8] {
    let n_torn = bytes.iter().rev().take_while(|byte| **byte != b'\n').count();
    bytes.get(..bytes.len() - n_torn).unwrap_or_default()
}

/// Keeps bytes that are cut off a segment in a file of their own.
fn put_aside(segment: &Path, offset: u64, bytes: &[u8]) -> Result<(), OpenError> {
    if bytes.is_empty() {
        return Ok(());
    }
    files::replace(&segment.with_extension(format!("cut-at-{offset}")), bytes)
}

/// How a segment ends.
struct End {
    /// Bytes up to the end of the last record.
    len: u64,
    first_at: Timestamp,
    last_at: Timestamp,
    chain: Chain,
    /// Calls without an end.
    open: HashSet<CallId>,
}

impl End {
    /// Reads a segment from its end back to the last checkpoint; nothing when it has no record.
    fn of(bytes: &[u8]) -> Option<Self> {
        let mut lines = Lines { rest: whole_lines(bytes) };
        let (len, last) =
            std::iter::from_fn(|| lines.next()).find_map(|(end, line)| Some((end, Sealed::parse(line)?)))?;
        let first_at = bytes.split(|byte| *byte == b'\n').find_map(Sealed::parse)?.time;
        let (mut open, mut ended) = (HashSet::new(), HashSet::new());
        let last_line = Some((len, bytes.get(..len).and_then(last_line)?));
        for (_, line) in last_line.into_iter().chain(lines) {
            let Some(record) = Sealed::parse(line) else { continue };
            match (record.kind, record.call) {
                ("outcome" | "recovered", Some(call)) => drop(ended.insert(call)),
                ("intent", Some(call)) => drop((!ended.contains(&call)).then(|| open.insert(call))),
                ("checkpoint", _) => {
                    open.extend(open_in(line).into_iter().filter(|call| !ended.contains(call)));
                    break;
                }
                _ => {}
            }
        }
        Some(Self { len: len as u64, first_at, last_at: last.time, chain: last.chain(), open })
    }
}

fn last_line(bytes: &[u8]) -> Option<&[u8]> {
    Lines { rest: bytes }.next().map(|(_, line)| line)
}

/// Whole lines from the last to the first, each with the offset of its end.
struct Lines<'a> {
    rest: &'a [u8],
}

impl<'a> Iterator for Lines<'a> {
    type Item = (usize, &'a [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        let end = self.rest.len();
        let line = self.rest.strip_suffix(b"\n")?;
        let n_line = line.iter().rev().take_while(|byte| **byte != b'\n').count();
        let (rest, line) = line.split_at_checked(line.len() - n_line)?;
        self.rest = rest;
        Some((end, line))
    }
}

/// The calls that a checkpoint lists as open.
pub(crate) fn open_in(line: &[u8]) -> Vec<CallId> {
    let Ok(document) = Document::scan(line.to_vec(), &Limits::default()) else { return Vec::new() };
    let open = document.root().get("open");
    let calls = open.iter().flat_map(json::Value::elements).filter_map(|call| call.as_str());
    calls.filter_map(|call| CallId::parse(&call)).collect()
}

/// Calls that ended within the last two segments: more than a crash can put between journal and audit.
pub(crate) fn finished_calls(data_folder: &Path) -> Result<HashSet<CallId>, OpenError> {
    let segments = list(&data_folder.join(segment::FOLDER))?;
    let mut finished = HashSet::new();
    for segment in segments.iter().rev().take(2) {
        let fail = |error: io::Error| OpenError::io("reading the audit segment", &segment.path, &error);
        let bytes = std::fs::read(&segment.path).map_err(fail)?;
        let records = bytes.split(|byte| *byte == b'\n').filter_map(Sealed::parse);
        let ends = records.filter(|record| matches!(record.kind, "outcome" | "recovered"));
        finished.extend(ends.filter_map(|record| record.call));
    }
    Ok(finished)
}
