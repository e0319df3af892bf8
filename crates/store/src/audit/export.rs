//! Export: whole segments as one file that verifies on its own.
//! Must never leave a record out of the segments that it takes.

use crate::audit::AuditError;
use crate::audit::key::AuditKey;
use crate::audit::line::{Chain, Sealed};
use crate::audit::reader::{Found, Lines, first_line};
use crate::audit::segment::{self, Segment};
use crate::audit::statement::{self, Statement};
use crate::hex;
use crate::time::Timestamp;
use std::io::{self, Write};
use std::path::Path;

const KIND: &str = "export";

/// The first line of an export.
pub(crate) struct Header {
    pub(crate) statement: Statement,
    /// Where the chain stood before the first record.
    pub(crate) chain: Chain,
    /// The last record.
    pub(crate) last_seq: u64,
}

/// Reads an export's first line.
pub(crate) fn read_header(path: &Path, lines: &mut Lines) -> Result<Header, AuditError> {
    let mut line = Vec::new();
    lines.next(&mut line)?;
    let header = Statement::read(KIND, &line).and_then(|statement| {
        let chain = Chain { next_seq: statement.number("first_seq")?, prev: statement.hash("prev")? };
        let last_seq = statement.number("last_seq")?;
        Some(Header { statement, chain, last_seq })
    });
    let malformed = || AuditError::Malformed {
        path: path.to_path_buf(),
        problem: "it does not begin as an export of format 1; for a data folder name the folder",
    };
    header.ok_or_else(malformed)
}

/// Writes the segments that hold records between two times, and how many records that is.
///
/// # Errors
/// When there is no audit or no key, or a file cannot be read or written.
pub fn export(
    data_folder: &Path,
    from: Option<Timestamp>,
    to: Option<Timestamp>,
    now: Timestamp,
    out: &mut dyn Write,
) -> Result<u64, AuditError> {
    let folder = data_folder.join(segment::FOLDER);
    if !folder.is_dir() {
        return Err(AuditError::NotThere { path: data_folder.to_path_buf() });
    }
    let key = AuditKey::load(data_folder)?.ok_or(AuditError::NoKey { path: data_folder.to_path_buf() })?;
    let segments = choose(&folder, from, to)?;
    let none = || AuditError::NotThere { path: folder.clone() };
    let (first, last) = segments.first().zip(segments.last()).ok_or_else(none)?;
    let first_line = first_line(&first.path)?.ok_or_else(none)?;
    let before = Sealed::parse(&first_line).ok_or_else(none)?;
    // The present segment may grow meanwhile, so its end is fixed before the first line is written.
    let (last_seq, last_bytes) = end_of(&last.path)?.ok_or_else(none)?;
    let header = statement::write(KIND, &key, |object| {
        object.str("created", &now.to_string()).u64("first_seq", before.seq);
        object.str("prev", &hex::text(&before.prev)).u64("last_seq", last_seq);
    });
    let write = |error: io::Error| AuditError::io("writing the export of", &folder, &error);
    out.write_all(&header).and_then(|()| out.write_all(b"\n")).map_err(write)?;
    for segment in &segments {
        let n_bytes = if segment == last { last_bytes } else { u64::MAX };
        copy(&segment.path, n_bytes, out)?;
    }
    out.flush().map_err(write)?;
    Ok(last_seq.saturating_sub(before.seq) + 1)
}

/// The segments that may hold records between two times, without a gap.
fn choose(folder: &Path, from: Option<Timestamp>, to: Option<Timestamp>) -> Result<Vec<Segment>, AuditError> {
    let listed = |error: io::Error| AuditError::io("listing the audit segments in", folder, &error);
    let segments = segment::list(folder).map_err(listed)?;
    let mut first = 0;
    let mut chosen = Vec::new();
    for (n, segment) in segments.into_iter().enumerate() {
        let Some(begins) =
            first_line(&segment.path)?.as_deref().and_then(Sealed::parse).map(|record| record.time)
        else {
            continue;
        };
        if to.is_some_and(|to| begins > to) {
            break;
        }
        if from.is_some_and(|from| begins <= from) {
            first = n;
        }
        chosen.push((n, segment));
    }
    Ok(chosen.into_iter().filter(|(n, _)| *n >= first).map(|(_, segment)| segment).collect())
}

/// The number of a segment's last record and the bytes up to its end.
fn end_of(path: &Path) -> Result<Option<(u64, u64)>, AuditError> {
    let (mut lines, mut line) = (Lines::open(path)?, Vec::new());
    let mut end = None;
    while lines.next(&mut line)? == Found::Line {
        if let Some(record) = Sealed::parse(&line) {
            end = Some((record.seq, lines.n_bytes));
        }
    }
    Ok(end)
}

fn copy(path: &Path, n_bytes: u64, out: &mut dyn Write) -> Result<(), AuditError> {
    let fail = |error: io::Error| AuditError::io("exporting", path, &error);
    let file = std::fs::File::open(path).map_err(fail)?;
    io::copy(&mut io::Read::take(file, n_bytes), out).map_err(fail)?;
    Ok(())
}
