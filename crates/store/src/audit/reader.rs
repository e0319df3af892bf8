//! Reads a log line by line.
//! Must never hold more than one line, nor take a line that is still being written for a whole one.

use crate::audit::AuditError;
use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

/// Longest line: a segment's first one lists the open calls.
const MAX_LINE_BYTES: u64 = 16 * 1024 * 1024;

/// What a read found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Found {
    /// A line, without its line feed.
    Line,
    /// Bytes without a line feed at the end: a line that is being written, or was never written whole.
    Torn,
    /// Nothing more.
    End,
}

/// The lines of a file.
#[derive(Debug)]
pub(crate) struct Lines {
    path: PathBuf,
    reader: BufReader<File>,
    /// The number of the last line, from 1.
    pub(crate) number: u64,
    /// Bytes of whole lines that were read.
    pub(crate) n_bytes: u64,
}

impl Lines {
    pub(crate) fn open(path: &Path) -> Result<Self, AuditError> {
        let file = File::open(path).map_err(|error| AuditError::io("opening", path, &error))?;
        Ok(Self {
            path: path.to_path_buf(),
            reader: BufReader::with_capacity(128 * 1024, file),
            number: 0,
            n_bytes: 0,
        })
    }

    /// Reads the next line.
    pub(crate) fn next(&mut self, line: &mut Vec<u8>) -> Result<Found, AuditError> {
        line.clear();
        let read = self.reader.by_ref().take(MAX_LINE_BYTES).read_until(b'\n', line);
        let n_read = read.map_err(|error| AuditError::io("reading", &self.path, &error))?;
        if n_read == 0 {
            return Ok(Found::End);
        }
        if line.pop_if(|byte| *byte == b'\n').is_none() {
            // A line beyond the longest is taken in pieces, none of which is a record.
            return Ok(if n_read as u64 == MAX_LINE_BYTES { Found::Line } else { Found::Torn });
        }
        self.number += 1;
        self.n_bytes += n_read as u64;
        Ok(Found::Line)
    }
}

/// The first line of a file; nothing when it has no whole one.
pub(crate) fn first_line(path: &Path) -> Result<Option<Vec<u8>>, AuditError> {
    let mut line = Vec::new();
    let found = Lines::open(path)?.next(&mut line)?;
    Ok((found == Found::Line).then_some(line))
}
