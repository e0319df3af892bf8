//! Follows the log: the last records, then new ones as they are written.
//! Must never hand out half a record, nor skip one when a segment ends.

use crate::audit::AuditError;
use crate::audit::segment;
use std::collections::VecDeque;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

/// A place in the log.
#[derive(Debug)]
pub struct Tail {
    folder: PathBuf,
    number: u64,
    offset: u64,
}

impl Tail {
    /// The last `n_lines` records of the log in a data folder, and the place behind them.
    ///
    /// # Errors
    /// When there is no audit, or a file cannot be read.
    pub fn new(data_folder: &Path, n_lines: usize) -> Result<(Self, Vec<String>), AuditError> {
        let folder = data_folder.join(segment::FOLDER);
        if !folder.is_dir() {
            return Err(AuditError::NotThere { path: data_folder.to_path_buf() });
        }
        let numbers = numbers(&folder)?;
        let mut n_back = 1;
        loop {
            let first = numbers.len().saturating_sub(n_back);
            let number = numbers.get(first).copied().unwrap_or(1);
            let mut tail = Self { folder: folder.clone(), number, offset: 0 };
            let mut last: VecDeque<String> = VecDeque::new();
            tail.read(&mut |line| {
                if last.len() == n_lines {
                    last.pop_front();
                }
                if n_lines > 0 {
                    last.push_back(line);
                }
            })?;
            if last.len() == n_lines || first == 0 {
                return Ok((tail, last.into()));
            }
            n_back += 1;
        }
    }

    /// The records that were written since the last call; none when there are none.
    ///
    /// # Errors
    /// When a file cannot be read.
    pub fn poll(&mut self) -> Result<Vec<String>, AuditError> {
        let mut lines = Vec::new();
        self.read(&mut |line| lines.push(line))?;
        Ok(lines)
    }

    fn read(&mut self, each: &mut dyn FnMut(String)) -> Result<(), AuditError> {
        loop {
            // Asked before reading: a segment that has a successor gets nothing more.
            let next = numbers(&self.folder)?.into_iter().find(|number| *number > self.number);
            self.read_segment(each)?;
            let Some(next) = next else { return Ok(()) };
            (self.number, self.offset) = (next, 0);
        }
    }

    fn read_segment(&mut self, each: &mut dyn FnMut(String)) -> Result<(), AuditError> {
        let path = segment::path(&self.folder, self.number);
        let mut file = match File::open(&path) {
            Ok(file) => file,
            // Retention was faster; the next segment follows.
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
            Err(error) => return Err(AuditError::io("opening", &path, &error)),
        };
        let mut bytes = Vec::new();
        let read = file.seek(SeekFrom::Start(self.offset)).and_then(|_| file.read_to_end(&mut bytes));
        read.map_err(|error| AuditError::io("reading", &path, &error))?;
        for line in bytes.split_inclusive(|byte| *byte == b'\n') {
            let Some(whole) = line.strip_suffix(b"\n") else { break };
            self.offset += line.len() as u64;
            each(String::from_utf8_lossy(whole).into_owned());
        }
        Ok(())
    }
}

fn numbers(folder: &Path) -> Result<Vec<u64>, AuditError> {
    let segments = segment::list(folder);
    let segments =
        segments.map_err(|error| AuditError::io("listing the audit segments in", folder, &error))?;
    Ok(segments.into_iter().map(|segment| segment.number).collect())
}
