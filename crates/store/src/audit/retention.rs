//! Removes whole old segments and leaves the stub.
//! Must never remove the present segment, nor one that the stub does not stand for yet.

use crate::audit::AuditError;
use crate::audit::key::AuditKey;
use crate::audit::line::{Chain, Sealed};
use crate::audit::reader::first_line;
use crate::audit::segment::{self, Segment};
use crate::audit::stub::Stub;
use crate::files;
use crate::time::Timestamp;
use std::path::Path;

/// How long records are kept. Both limits hold; nothing is removed where neither is set.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Retention {
    /// Segments whose records are all older are removed.
    pub max_age_ms: Option<u64>,
    /// The oldest segments are removed while all together are larger.
    pub max_bytes: Option<u64>,
}

/// What was removed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Removed {
    pub(crate) n_segments: u64,
    /// The last removed record.
    pub(crate) last_seq: u64,
}

impl Retention {
    /// Removes what is not to be kept of an audit folder.
    pub(crate) fn apply(
        self,
        folder: &Path,
        key: &AuditKey,
        now: Timestamp,
    ) -> Result<Option<Removed>, AuditError> {
        let listed = |error: std::io::Error| AuditError::io("listing the audit segments in", folder, &error);
        let mut segments = segment::list(folder).map_err(listed)?;
        let stub = Stub::read(folder, Some(key))?;
        let gone = segments.extract_if(.., |segment| stub.is_some_and(|stub| segment.number <= stub.segment));
        gone.for_each(remove);
        let Some((n_old, first_kept)) = self.choose(&segments, now)? else { return Ok(None) };
        let old: Vec<Segment> = segments.drain(..n_old.min(segments.len())).collect();
        let Some(last) = old.last() else { return Ok(None) };
        Stub::write(folder, key, last.number, first_kept, now)?;
        let n_segments = old.len() as u64;
        old.into_iter().for_each(remove);
        Ok(Some(Removed { n_segments, last_seq: first_kept.next_seq.saturating_sub(1) }))
    }

    /// How many of the oldest segments go, and where the chain stands behind them.
    fn choose(self, segments: &[Segment], now: Timestamp) -> Result<Option<(usize, Chain)>, AuditError> {
        let size = |segment: &Segment| segment.path.metadata().map_or(0, |metadata| metadata.len());
        let mut n_bytes: u64 = segments.iter().map(size).sum();
        let mut chosen = None;
        for (n, pair) in segments.windows(2).enumerate() {
            let [old, next] = pair else { break };
            // All that the older one holds was written before the younger one began.
            let Some(line) = first_line(&next.path)? else { break };
            let Some(first) = Sealed::parse(&line).filter(Sealed::hash_is_right) else { break };
            let is_old = self.max_age_ms.is_some_and(|max| now.ms_since(first.time) > max);
            let is_much = self.max_bytes.is_some_and(|max| n_bytes > max);
            if !is_old && !is_much {
                break;
            }
            n_bytes = n_bytes.saturating_sub(size(old));
            chosen = Some((n + 1, Chain { next_seq: first.seq, prev: first.prev }));
        }
        Ok(chosen)
    }
}

/// Removes a segment that the stub stands for; one that stays is tried again next time.
fn remove(segment: Segment) {
    if let Err(error) = files::remove_if_there(&segment.path) {
        tracing::warn!(path = %segment.path.display(), %error, "removing an old audit segment failed");
    }
}
