//! Removes recordings that the operator names. Must never remove one that was not meant.

use super::filter::Filter;
use super::frames::{self, Found, Frames, Span};
use super::retention::remove;
use super::seal::{Kind, Seal};
use super::writer::Ended;
use super::{Key, Problem, codec, recover, segment};
use crate::files;
use std::io::{self, BufWriter, Write};
use std::path::Path;

/// What a purge did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Purged {
    /// Recordings that were removed, as far as they could be read.
    pub n_recordings: u64,
    /// Why segments could not be searched; they are as they were.
    pub problems: Vec<Problem>,
}

/// Removes every file of recordings, which takes no key; how many segments that were.
pub(super) fn all(folder: &Path) -> Result<u64, Problem> {
    let segments = segment::list(folder)?;
    for segment in &segments {
        remove(segment)?;
    }
    Ok(segments.len() as u64)
}

/// Removes what a filter means out of segments that are ended.
pub(super) fn some(ended: &mut Vec<Ended>, key: &Key, filter: &Filter) -> Purged {
    let mut purged = Purged::default();
    ended.retain_mut(|one| match thin(one, key, filter) {
        Ok((n_removed, span)) => {
            purged.n_recordings += n_removed;
            one.span = span;
            one.n_bytes = one.segment.path().metadata().map_or(0, |file| file.len());
            span.n > 0 || n_removed == 0
        }
        Err(problem) => {
            purged.problems.push(problem);
            true
        }
    });
    purged
}

/// Removes what is meant out of a segment; how many that were, and what is left.
fn thin(ended: &Ended, key: &Key, filter: &Filter) -> Result<(u64, Span), Problem> {
    let n_meant = count(ended, key, filter)?;
    if n_meant == 0 {
        return Ok((0, ended.span));
    }
    let path = ended.segment.path();
    let fail = |error: io::Error| Problem::io("writing anew", path, &error);
    let fresh = path.with_extension("new");
    files::remove_if_there(&fresh).map_err(fail)?;
    let span = match rewrite(ended, key, filter, &fresh) {
        Ok(span) => span,
        Err(problem) => {
            // What is left of the attempt is of no use; the problem is what matters.
            let _ = std::fs::remove_file(&fresh);
            return Err(problem);
        }
    };
    if span.n == 0 {
        files::remove_if_there(&fresh).map_err(fail)?;
        remove(&ended.segment)?;
    } else {
        files::rename(&fresh, path).map_err(fail)?;
        // What was set aside may hold what was meant.
        for aside in recover::asides(&ended.segment).map_err(fail)? {
            files::remove_if_there(&aside).map_err(fail)?;
        }
    }
    Ok((n_meant, span))
}

fn count(ended: &Ended, key: &Key, filter: &Filter) -> Result<u64, Problem> {
    let mut n_meant = 0;
    each(ended, key, |recording, _| {
        n_meant += u64::from(codec::read(recording).is_some_and(|recording| filter.fits(&recording)));
        Ok(())
    })?;
    Ok(n_meant)
}

/// Writes the recordings that stay, sealed with a key of their own.
fn rewrite(ended: &Ended, key: &Key, filter: &Filter, fresh: &Path) -> Result<Span, Problem> {
    let fail = |error: io::Error| Problem::io("writing", fresh, &error);
    let (seal, head) = Seal::begin(key, ended.segment.number, fresh)?;
    let mut file = BufWriter::new(files::create_new(fresh).map_err(fail)?);
    file.write_all(&head).map_err(fail)?;
    let (mut span, mut frame) = (Span::default(), Vec::new());
    each(ended, key, |bytes, path| {
        let known = codec::read(bytes);
        if known.as_ref().is_some_and(|recording| filter.fits(recording)) {
            return Ok(());
        }
        frame.clear();
        if !frames::put(&mut frame, &seal, span.n, |out| out.extend_from_slice(bytes)) {
            return Err(Problem::damaged(path, 0, "a recording cannot be sealed anew"));
        }
        span = known.map_or(Span { n: span.n + 1, ..span }, |known| span.and(known.time_ms, known.seq));
        file.write_all(&frame).map_err(fail)
    })?;
    // Numbers do not begin anew because the highest is gone.
    span.last_seq = ended.span.last_seq;
    frame.clear();
    if !frames::put_end(&mut frame, &seal, Kind::End, span) {
        return Err(Problem::damaged(fresh, 0, "its end cannot be sealed"));
    }
    file.write_all(&frame).map_err(fail)?;
    let file = file.into_inner().map_err(|error| fail(error.into_error()))?;
    file.sync_all().map_err(fail)?;
    Ok(span)
}

fn each(
    ended: &Ended,
    key: &Key,
    mut take: impl FnMut(&[u8], &Path) -> Result<(), Problem>,
) -> Result<(), Problem> {
    let path = ended.segment.path();
    let mut frames = Frames::open(&ended.segment, key)?;
    loop {
        let offset = frames.offset();
        match frames.next()? {
            Found::Recording(bytes) => take(bytes, path)?,
            Found::End(_) => return Ok(()),
            Found::Torn(_) => return Err(Problem::damaged(path, offset, "its end is missing")),
        }
    }
}
