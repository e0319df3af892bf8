//! Reads a journal at the start of a run.
//! Must never take a damaged journal for one that merely ends early: limits would start from less than was used.

use crate::error::OpenError;
use crate::files;
use crate::journal::frame::{self, Frame, HEADER, KNOWN, TITLE};
use crate::journal::replay::Replay;
use std::path::Path;

/// What a journal holds.
#[derive(Debug)]
pub(crate) struct Recovered {
    /// Its state.
    pub(crate) replay: Replay,
    /// Bytes that are good.
    pub(crate) len: u64,
    /// Bytes behind them, of a frame that was never written whole.
    pub(crate) n_torn: u64,
}

/// Reads the journal at a path; nothing when there is none, or an empty one that accepts that limits start anew.
pub(crate) fn recover(path: &Path) -> Result<Option<Recovered>, OpenError> {
    let Some(bytes) = files::read_if_there(path)?.filter(|bytes| !bytes.is_empty()) else { return Ok(None) };
    let Some(frames) = bytes.strip_prefix(HEADER) else { return Err(unknown_header(path, &bytes)) };
    let damaged = |rest: &[u8], problem| {
        let offset = (bytes.len() - rest.len()) as u64;
        OpenError::Damaged { path: path.to_path_buf(), offset, problem }
    };
    let mut replay = Replay::default();
    let rest = apply_all(&mut replay, frames)
        .map_err(|rest| damaged(rest, "a frame does not fit to those before"))?;
    let lost = replay.seq.saturating_add(1);
    // A frame behind a bad one that was written once the bad one was on disk: no crash leaves that.
    if frame::find_all(rest).any(|later| later.synced >= lost) {
        return Err(damaged(rest, "a frame that had reached the disk is not what was written"));
    }
    // A journal takes its place only once its snapshot is on disk, so no crash leaves part of one.
    if replay.mark.is_none() || !replay.is_complete {
        return Err(damaged(rest, "its snapshot is not whole"));
    }
    Ok(Some(Recovered { replay, len: (bytes.len() - rest.len()) as u64, n_torn: rest.len() as u64 }))
}

/// Applies whole frames; what follows them, or, as an error, what begins with a frame that does not fit.
pub(crate) fn apply_all<'a>(replay: &mut Replay, frames: &'a [u8]) -> Result<&'a [u8], &'a [u8]> {
    let mut rest = frames;
    while let Some(frame) = Frame::read(rest) {
        if !replay.apply(&frame) {
            return Err(rest);
        }
        rest = rest.get(frame.length..).unwrap_or_default();
    }
    Ok(rest)
}

fn unknown_header(path: &Path, bytes: &[u8]) -> OpenError {
    let path = path.to_path_buf();
    let number = bytes.strip_prefix(TITLE).and_then(|rest| rest.split(|byte| *byte == b'\n').next());
    let found = number.and_then(|number| std::str::from_utf8(number).ok()?.parse().ok());
    match found {
        Some(found) if found > KNOWN => OpenError::Newer { path, found, known: KNOWN },
        _ => OpenError::Damaged { path, offset: 0, problem: "it is no journal" },
    }
}
