//! Queries: the records that fit a filter, oldest first.
//! Must never need more memory than the calls that are open while it reads.

use crate::audit::AuditError;
use crate::audit::line::Sealed;
use crate::audit::reader::{Found, Lines, first_line};
use crate::audit::segment::{self, Segment};
use crate::id::CallId;
use crate::time::Timestamp;
use json::{Document, Limits, Value};
use std::collections::HashSet;
use std::ops::ControlFlow;
use std::path::Path;

/// Which records are wanted; what is absent fits all.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// Not before.
    pub from: Option<Timestamp>,
    /// Not after.
    pub to: Option<Timestamp>,
    /// Of this grant.
    pub grant: Option<String>,
    /// To this server.
    pub server: Option<String>,
    /// Of this tool.
    pub tool: Option<String>,
    /// `allow` or `deny`.
    pub effect: Option<String>,
    /// Of this kind: `intent`, `outcome`, `denied`, …
    pub kind: Option<String>,
    /// Of this call.
    pub call: Option<CallId>,
    /// Only what parts in shadow would have denied.
    pub in_shadow: bool,
}

/// Hands each record that fits to `each`, as its line, until that breaks off.
///
/// The end of a call fits when its intent does.
///
/// # Errors
/// When there is no audit, or a file cannot be read.
pub fn query(
    data_folder: &Path,
    filter: &Filter,
    each: &mut dyn FnMut(&str) -> ControlFlow<()>,
) -> Result<(), AuditError> {
    let folder = data_folder.join(segment::FOLDER);
    if !folder.is_dir() {
        return Err(AuditError::NotThere { path: data_folder.to_path_buf() });
    }
    let listed = |error: std::io::Error| AuditError::io("listing the audit segments in", &folder, &error);
    let segments = segment::list(&folder).map_err(listed)?;
    let mut matcher = Matcher { filter, calls: HashSet::new() };
    let mut line = Vec::new();
    for segment in segments.get(first_wanted(&segments, filter.from)?..).unwrap_or_default() {
        let mut lines = Lines::open(&segment.path)?;
        while lines.next(&mut line)? == Found::Line {
            let Some(record) = Sealed::parse(&line) else { continue };
            if filter.to.is_some_and(|to| record.time > to) {
                return Ok(());
            }
            let text = std::str::from_utf8(&line).ok().filter(|_| matcher.fits(&record, &line));
            if text.is_some_and(|text| each(text).is_break()) {
                return Ok(());
            }
        }
    }
    Ok(())
}

/// The last segment that begins before what is wanted.
fn first_wanted(segments: &[Segment], from: Option<Timestamp>) -> Result<usize, AuditError> {
    let Some(from) = from else { return Ok(0) };
    for (n, segment) in segments.iter().enumerate().rev() {
        let first = first_line(&segment.path)?;
        if first.as_deref().and_then(Sealed::parse).is_some_and(|record| record.time < from) {
            // A call may have begun one segment before it ended.
            return Ok(n.saturating_sub(1));
        }
    }
    Ok(0)
}

struct Matcher<'a> {
    filter: &'a Filter,
    /// Calls whose intent fits and whose end was not seen yet.
    calls: HashSet<CallId>,
}

impl Matcher<'_> {
    fn fits(&mut self, record: &Sealed<'_>, line: &[u8]) -> bool {
        let filter = self.filter;
        if filter.call.is_some() && filter.call != record.call {
            return false;
        }
        let has_subject =
            [&filter.grant, &filter.server, &filter.tool, &filter.effect].iter().any(|part| part.is_some());
        if (has_subject || filter.in_shadow) && !self.fits_subject(record, line) {
            return false;
        }
        filter.from.is_none_or(|from| record.time >= from)
            && filter.kind.as_ref().is_none_or(|kind| kind == record.kind)
    }

    fn fits_subject(&mut self, record: &Sealed<'_>, line: &[u8]) -> bool {
        let ended = record.call.filter(|_| matches!(record.kind, "outcome" | "recovered"));
        if let Some(call) = ended {
            return self.calls.remove(&call);
        }
        let Ok(document) = Document::scan(line.to_vec(), &Limits::default()) else { return false };
        let root = document.root();
        let filter = self.filter;
        let fits = is(root, "grant", filter.grant.as_deref())
            && is(root, "server", filter.server.as_deref())
            && is(root, "tool", filter.tool.as_deref())
            && is(root, "effect", filter.effect.as_deref())
            && (!filter.in_shadow || root.get("shadow").is_some());
        if let Some(call) = record.call.filter(|_| fits && record.kind == "intent") {
            self.calls.insert(call);
        }
        fits
    }
}

fn is(record: Value<'_>, key: &str, wanted: Option<&str>) -> bool {
    let Some(wanted) = wanted else { return true };
    record.get(key).and_then(|value| value.as_str()).is_some_and(|value| value == wanted)
}
