//! Calls of the recordings, with the values that were kept.
//! Must never take a value that was dropped for one that was there.

use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Arc;

use json::{Document, Limits};
use store::recordings::{Effect, Key, Problem, Reader, Recording};

use super::{Block, Call, Feed, Given, Known, Sieve, Was};

/// The recordings of a data folder.
#[derive(Debug)]
pub struct Recordings(Arc<Reader>);

/// Recordings of one file.
pub struct Segment {
    reader: Arc<Reader>,
    segment: store::recordings::Segment,
}

impl Recordings {
    /// Opens the recordings of a data folder.
    ///
    /// # Errors
    /// When they cannot be listed.
    pub fn open(data: &Path, key: &Key) -> Result<Self, Problem> {
        Ok(Self(Arc::new(Reader::open(data, key)?)))
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.segments().is_empty()
    }
}

impl Feed for Recordings {
    fn blocks(&mut self, each: &mut dyn FnMut(Block) -> ControlFlow<()>) -> anyhow::Result<()> {
        for segment in self.0.segments() {
            let segment = Segment { reader: Arc::clone(&self.0), segment: segment.clone() };
            if each(Block::Recordings(segment)).is_break() {
                break;
            }
        }
        Ok(())
    }

    fn noun(&self) -> &'static str {
        "recording"
    }

    fn n_bytes(&self) -> Option<u64> {
        let size =
            |segment: &store::recordings::Segment| segment.path().metadata().map_or(0, |file| file.len());
        Some(self.0.segments().iter().map(size).sum())
    }
}

impl Segment {
    /// Its size.
    pub(super) fn n_bytes(&self) -> u64 {
        self.segment.path().metadata().map_or(0, |file| file.len())
    }

    /// The calls in it that are wanted.
    pub(super) fn read(&self, sieve: &Sieve) -> Result<Vec<Call>, Problem> {
        let records = match self.reader.read(&self.segment) {
            // Retention or a purge removed it since.
            Err(_) if !self.segment.path().exists() => return Ok(Vec::new()),
            records => records?,
        };
        let mut calls = Vec::new();
        for recording in records {
            let call = call(recording?);
            if sieve.wants(&call) {
                calls.push(call);
            }
        }
        Ok(calls)
    }
}

fn call(recording: Recording) -> Call {
    let allowed = match recording.effect {
        Effect::Allow => true,
        Effect::Deny => false,
    };
    Call {
        number: recording.seq,
        id: recording.call,
        time_ms: Some(recording.time_ms),
        grant: recording.grant,
        labels: Some(recording.labels),
        server: recording.server,
        tool: recording.tool,
        definition: recording.definition,
        was: Some(Was { allowed, rule: recording.rule }),
        given: given(recording.arguments, recording.redacted),
    }
}

fn given(arguments: Option<Vec<u8>>, redacted: Vec<String>) -> Given {
    let Some(text) = arguments else {
        let none = || Document::scan(b"{}".to_vec(), &Limits::default()).map(Known::whole);
        return if redacted.is_empty() {
            none().map_or(Given::Unknown, Given::Whole)
        } else {
            Given::Unknown
        };
    };
    match Document::scan(text, &Limits::default()).map(Known::whole) {
        Ok(known) if redacted.is_empty() => Given::Whole(known),
        Ok(known) => Given::Without(known, redacted),
        Err(_) => Given::Unknown,
    }
}
