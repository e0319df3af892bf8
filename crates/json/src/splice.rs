//! Replaces spans of a text and leaves every other byte as it is. Must never let two edits touch the same byte.

use std::borrow::Cow;
use std::fmt;

use crate::span::Span;
use crate::value::Value;

/// Why an edit was refused; the edits before it stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SpliceError {
    /// It touches bytes that another edit replaces.
    Overlap,
    /// It reaches behind the end of the text.
    OutOfRange,
    /// The value stands in another text than the one that is edited.
    ForeignValue,
}

impl fmt::Display for SpliceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Overlap => "two edits touch the same part of a message",
            Self::OutOfRange => "an edit reaches behind the end of a message",
            Self::ForeignValue => "an edit names a value of another message",
        })
    }
}

impl std::error::Error for SpliceError {}

/// Collects edits of one text, in any order, and applies them at once.
#[derive(Debug)]
pub struct Splicer<'a> {
    text: &'a [u8],
    // INVARIANT: sorted by span, none overlaps another.
    edits: Vec<Edit<'a>>,
    thinned: Vec<Thinned>,
}

#[derive(Debug)]
struct Edit<'a> {
    span: Span,
    bytes: Cow<'a, [u8]>,
}

/// An object that loses members. Which commas go with them is known only when all of them are.
#[derive(Debug)]
struct Thinned {
    start: usize,
    members: Vec<(Span, bool)>,
}

impl<'a> Splicer<'a> {
    /// Edits of this text, none so far.
    #[must_use]
    pub fn new(text: &'a [u8]) -> Self {
        Self { text, edits: Vec::new(), thinned: Vec::new() }
    }

    /// Puts bytes in place of a span; an empty span inserts before its byte, in the order of the calls.
    ///
    /// # Errors
    /// Where another edit touches the span, or it is not inside the text.
    pub fn replace(&mut self, span: Span, bytes: impl Into<Cow<'a, [u8]>>) -> Result<(), SpliceError> {
        if span.start > span.end || span.end > self.text.len() {
            return Err(SpliceError::OutOfRange);
        }
        let before = |edit: &Edit<'_>| (edit.span.start, edit.span.end) <= (span.start, span.end);
        let place = self.edits.partition_point(before);
        let previous = place.checked_sub(1).and_then(|index| self.edits.get(index));
        if previous.into_iter().chain(self.edits.get(place)).any(|edit| overlap(edit.span, span)) {
            return Err(SpliceError::Overlap);
        }
        self.edits.insert(place, Edit { span, bytes: bytes.into() });
        Ok(())
    }

    /// Takes a member out of an object, and one comma with it; false where the object has no such member or it
    /// is gone already.
    ///
    /// # Errors
    /// Where another edit touches the member, or the object stands in another text.
    pub fn remove_member(&mut self, object: &Value<'_>, key: &str) -> Result<bool, SpliceError> {
        let span = object.span();
        if self.text.get(span.start..span.end) != Some(object.raw().as_bytes()) {
            return Err(SpliceError::ForeignValue);
        }
        let Some(position) = object.members().position(|member| member.key == *key) else { return Ok(false) };
        let object_index = self.thinned_index(object, span.start);
        let member = self.thinned.get(object_index).and_then(|object| object.members.get(position)).copied();
        let Some((member_span, false)) = member else { return Ok(false) };
        self.replace(member_span, &[][..])?;
        if let Some(object) = self.thinned.get_mut(object_index)
            && let Some(member) = object.members.get_mut(position)
        {
            member.1 = true;
        }
        Ok(true)
    }

    fn thinned_index(&mut self, object: &Value<'_>, start: usize) -> usize {
        if let Some(index) = self.thinned.iter().position(|thinned| thinned.start == start) {
            return index;
        }
        let members = object.members().map(|member| (member.span(), false)).collect();
        self.thinned.push(Thinned { start, members });
        self.thinned.len() - 1
    }

    /// The text with all edits applied.
    #[must_use]
    pub fn finish(mut self) -> Vec<u8> {
        for object in std::mem::take(&mut self.thinned) {
            for span in object.commas() {
                self.edits.push(Edit { span, bytes: Cow::Borrowed(&[]) });
            }
        }
        self.edits.sort_by_key(|edit| (edit.span.start, edit.span.end));
        let n_added: usize = self.edits.iter().map(|edit| edit.bytes.len()).sum();
        let mut out = Vec::with_capacity(self.text.len() + n_added);
        let mut from = 0;
        for edit in &self.edits {
            out.extend_from_slice(self.text.get(from..edit.span.start).unwrap_or_default());
            out.extend_from_slice(&edit.bytes);
            from = from.max(edit.span.end);
        }
        out.extend_from_slice(self.text.get(from..).unwrap_or_default());
        out
    }
}

impl Thinned {
    /// The stretches between members that go: one behind each member that goes, or, where all behind it go too,
    /// the one before.
    fn commas(&self) -> Vec<Span> {
        let last_kept = self.members.iter().rposition(|(_, is_gone)| !is_gone);
        let pairs = self.members.iter().zip(self.members.iter().skip(1)).enumerate();
        let goes = |&(index, ((_, is_gone), _)): &(usize, (&(Span, bool), _))| {
            *is_gone || last_kept.is_none_or(|last| last <= index)
        };
        pairs.filter(goes).map(|(_, (left, right))| Span { start: left.0.end, end: right.0.start }).collect()
    }
}

fn overlap(left: Span, right: Span) -> bool {
    left.start < right.end && right.start < left.end
}

/// Puts spaces in place of line breaks. In a scanned text they stand between tokens only: inside strings the
/// grammar does not allow them.
pub fn flatten_newlines(text: &mut [u8]) {
    for byte in text {
        if matches!(byte, b'\n' | b'\r') {
            *byte = b' ';
        }
    }
}
