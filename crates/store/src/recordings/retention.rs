//! Removes recordings that are too old or too many, by whole segments, the oldest first.
//! Must never remove the segment that is written to.

use super::writer::Ended;
use super::{Problem, Segment, recover};
use crate::files;

/// A segment spans so small a part of what is kept, so that retention is that exact.
const PARTS: u64 = 8;
/// A segment spans no more than this.
const MAX_SPAN_MS: u64 = crate::time::DAY_MS;
/// A segment is no larger than this.
const MAX_SEGMENT_BYTES: u64 = 16 * 1024 * 1024;

/// How long recordings are kept. Without either they are kept for ever.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Retention {
    /// Milliseconds after which a recording may go.
    pub max_age_ms: Option<u64>,
    /// Bytes of all segments together.
    pub max_bytes: Option<u64>,
}

impl Retention {
    /// A segment whose first recording is so old is ended.
    pub(super) fn max_span_ms(&self) -> u64 {
        self.max_age_ms.map_or(MAX_SPAN_MS, |age| (age / PARTS).clamp(1, MAX_SPAN_MS))
    }

    /// A segment beyond this size is ended.
    pub(super) fn max_segment_bytes(&self) -> u64 {
        self.max_bytes.map_or(MAX_SEGMENT_BYTES, |bytes| (bytes / PARTS).clamp(1, MAX_SEGMENT_BYTES))
    }

    /// How many of these segments, oldest first, must go; `n_open` bytes are in the one that is written to.
    fn n_expired(&self, ended: &[Ended], n_open: u64, now_ms: u64) -> usize {
        let oldest = self.max_age_ms.map_or(0, |age| now_ms.saturating_sub(age));
        let n_old = ended.iter().take_while(|ended| ended.span.last_ms < oldest).count();
        let mut n_bytes = n_open + ended.iter().skip(n_old).map(|ended| ended.n_bytes).sum::<u64>();
        let is_too_much = |ended: &&Ended| {
            let is_too_much = self.max_bytes.is_some_and(|max| n_bytes > max);
            n_bytes = n_bytes.saturating_sub(ended.n_bytes);
            is_too_much
        };
        n_old + ended.iter().skip(n_old).take_while(is_too_much).count()
    }

    /// Removes what must go; how many segments that were.
    pub(super) fn apply(&self, ended: &mut Vec<Ended>, n_open: u64, now_ms: u64) -> Result<usize, Problem> {
        let n_expired = self.n_expired(ended, n_open, now_ms);
        for _ in 0..n_expired {
            if let Some(first) = ended.first() {
                remove(&first.segment)?;
                ended.remove(0);
            }
        }
        Ok(n_expired)
    }
}

/// Removes a segment, and what was cut off it.
pub(super) fn remove(segment: &Segment) -> Result<(), Problem> {
    let path = segment.path();
    recover::asides(segment)
        .and_then(|asides| asides.iter().try_for_each(|aside| files::remove_if_there(aside)))
        .and_then(|()| files::remove_if_there(path))
        .map_err(|error| Problem::io("removing", path, &error))
}
