//! Puts segments in order that a crash left without their end.
//! Must never throw a whole recording away, nor touch a segment that has its end.

use super::frames::{self, Found, Frames, Span};
use super::seal::{HEAD_BYTES, Kind};
use super::segment::{self, Segment};
use super::writer::Ended;
use super::{Key, Problem, codec};
use crate::files;
use std::fs::{File, Metadata};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

/// The segments of a folder, each with its end, which is put where it is missing.
///
/// # Errors
/// When one was sealed with another key or by a newer program, or the system refuses.
pub(super) fn all(folder: &Path, key: &Key) -> Result<Vec<Ended>, Problem> {
    let mut ended = Vec::new();
    for segment in segment::list(folder)? {
        ended.extend(one(&segment, key)?);
    }
    Ok(ended)
}

/// A segment with its end, which is put where it is missing; nothing where nothing was written to it.
///
/// # Errors
/// As [`all`].
pub(super) fn one(segment: &Segment, key: &Key) -> Result<Option<Ended>, Problem> {
    if metadata(segment)?.len() < HEAD_BYTES as u64 {
        // Without its head nothing can be read of it, and with its head nothing was written behind it yet.
        let removed = files::remove_if_there(segment.path());
        removed.map_err(|error| Problem::io("removing", segment.path(), &error))?;
        return Ok(None);
    }
    let span = match span(segment, key) {
        Err(Problem::Damaged { path, offset, problem }) => {
            tracing::warn!(file = %path.display(), offset, problem, "recordings are damaged");
            // What it held is not known; when it was last written is, which is what retention asks.
            Span { last_ms: modified_ms(segment)?, ..Span::default() }
        }
        span => span?,
    };
    let n_bytes = metadata(segment)?.len();
    Ok(Some(Ended { segment: segment.clone(), span, n_bytes }))
}

fn metadata(segment: &Segment) -> Result<Metadata, Problem> {
    segment.path().metadata().map_err(|error| Problem::io("reading", segment.path(), &error))
}

fn modified_ms(segment: &Segment) -> Result<u64, Problem> {
    let modified = metadata(segment)?.modified().ok();
    let since = modified.and_then(|modified| modified.duration_since(UNIX_EPOCH).ok());
    Ok(since.and_then(|since| u64::try_from(since.as_millis()).ok()).unwrap_or_default())
}

fn span(segment: &Segment, key: &Key) -> Result<Span, Problem> {
    match frames::quick_span(segment, key)? {
        Some(span) => Ok(span),
        None => end(segment, key),
    }
}

/// Puts the end to a segment: after its last whole recording. What follows there is set aside.
fn end(segment: &Segment, key: &Key) -> Result<Span, Problem> {
    let mut frames = Frames::open(segment, key)?;
    let mut span = Span::default();
    let problem = loop {
        match frames.next() {
            Ok(Found::Recording(bytes)) => match codec::read(bytes) {
                Some(recording) => span = span.and(recording.time_ms, recording.seq),
                None => span = Span { n: span.n + 1, ..span },
            },
            Ok(Found::End(span)) => return Ok(span),
            Ok(Found::Torn(0)) => break None,
            Ok(Found::Torn(_)) => break Some("a recording is torn"),
            Err(Problem::Damaged { problem, .. }) => break Some(problem),
            Err(problem) => return Err(problem),
        }
    };
    let offset = frames.offset();
    if let Some(problem) = problem {
        let fail = |error: io::Error| Problem::io("setting the torn end aside of", segment.path(), &error);
        let n_bytes = set_aside(segment, offset).map_err(fail)?;
        tracing::warn!(
            file = %segment.path().display(), offset, n_bytes, problem,
            "the end of a file of recordings was cut off and set aside"
        );
    }
    let mut frame = Vec::new();
    if !frames::put_end(&mut frame, &frames.into_seal(), Kind::LateEnd, span) {
        return Err(Problem::damaged(segment.path(), offset, "its end cannot be sealed"));
    }
    let written = write_end(segment.path(), offset, &frame);
    written.map_err(|error| Problem::io("ending", segment.path(), &error))?;
    Ok(span)
}

/// What the names of files begin with that hold what was cut off a segment.
const ASIDE: &str = "cut-at-";

/// Where the bytes go that are cut off a segment.
fn aside(segment: &Segment, offset: u64) -> PathBuf {
    segment.path().with_extension(format!("{ASIDE}{offset}"))
}

/// The files that hold what was cut off a segment.
pub(super) fn asides(segment: &Segment) -> io::Result<Vec<PathBuf>> {
    let path = segment.path();
    let mut asides = Vec::new();
    for entry in std::fs::read_dir(path.parent().unwrap_or(path))? {
        let other = entry?.path();
        let is_aside = other.extension().is_some_and(|end| end.to_string_lossy().starts_with(ASIDE));
        if is_aside && other.file_stem() == path.file_stem() {
            asides.push(other);
        }
    }
    Ok(asides)
}

fn set_aside(segment: &Segment, offset: u64) -> io::Result<u64> {
    let mut rest = Vec::new();
    let mut file = File::open(segment.path())?;
    file.seek(SeekFrom::Start(offset))?;
    file.read_to_end(&mut rest)?;
    let path = aside(segment, offset);
    files::remove_if_there(&path)?;
    let mut kept = files::create_new(&path)?;
    kept.write_all(&rest)?;
    kept.sync_all()?;
    Ok(rest.len() as u64)
}

fn write_end(path: &Path, offset: u64, frame: &[u8]) -> io::Result<()> {
    let mut file = files::open(path)?;
    file.set_len(offset)?;
    file.seek(SeekFrom::Start(offset))?;
    file.write_all(frame)?;
    file.sync_all()
}
