//! How calls reach those who judge them: in blocks, so that several threads can read them at once.
//! Must never drop a call without counting it.

use std::ops::ControlFlow;

use store::Timestamp;
use store::recordings::Problem;

use super::{Call, audit, lines, recordings};

/// Something that calls come from.
pub trait Feed: Send {
    /// Hands its calls on in blocks, in their order, until that breaks off.
    ///
    /// # Errors
    /// When it cannot be read.
    fn blocks(&mut self, each: &mut dyn FnMut(Block) -> ControlFlow<()>) -> anyhow::Result<()>;

    /// How its places are called: `record` or `line`.
    fn noun(&self) -> &'static str;

    /// How many bytes it has, where that is known, for the progress.
    fn n_bytes(&self) -> Option<u64>;
}

/// Some calls that follow each other, not read yet.
pub enum Block {
    /// Lines of a file, from this number on.
    Lines {
        /// The number of the first line.
        first: u64,
        /// Whole lines.
        text: Vec<u8>,
    },
    /// Records of the audit log.
    Audit(Vec<String>),
    /// A segment of recordings.
    Recordings(recordings::Segment),
}

/// What was not taken for a call.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Skipped {
    /// Messages that are no calls of tools, or that were refused before any policy was asked.
    pub other_messages: u64,
    /// Denials of which only their number was kept.
    pub summarised: u64,
}

impl Skipped {
    /// Both together.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        Self {
            other_messages: self.other_messages + other.other_messages,
            summarised: self.summarised + other.summarised,
        }
    }
}

impl Block {
    /// Reads the calls.
    ///
    /// # Errors
    /// What is wrong with one of them, and its place.
    pub fn calls(self, sieve: &Sieve) -> anyhow::Result<(Vec<Call>, Skipped)> {
        match self {
            Self::Lines { first, text } => Ok((lines::read(first, &text, sieve)?, Skipped::default())),
            Self::Audit(records) => Ok(audit::read(&records, sieve)),
            Self::Recordings(segment) => {
                let read: Result<_, Problem> = segment.read(sieve);
                Ok((read?, Skipped::default()))
            }
        }
    }

    /// Its size, for the progress.
    #[must_use]
    pub fn n_bytes(&self) -> u64 {
        match self {
            Self::Lines { text, .. } => text.len() as u64,
            Self::Audit(records) => records.iter().map(|record| record.len() as u64).sum(),
            Self::Recordings(segment) => segment.n_bytes(),
        }
    }
}

/// Which calls are wanted; what is absent fits all.
#[derive(Debug, Clone, Default)]
pub struct Sieve {
    /// Not before.
    pub since: Option<Timestamp>,
    /// Not after.
    pub until: Option<Timestamp>,
    /// To this server.
    pub server: Option<String>,
    /// Of this tool.
    pub tool: Option<String>,
    /// Of this grant.
    pub grant: Option<String>,
    /// Of one of these grants, to its server.
    pub pairs: Option<Vec<(String, String)>>,
}

impl Sieve {
    /// Whether a call is wanted. One without a time is not where a time is asked for.
    #[must_use]
    pub fn wants(&self, call: &Call) -> bool {
        let is =
            |wanted: &Option<String>, value: &str| wanted.as_deref().is_none_or(|wanted| wanted == value);
        let time = call.time_ms.map(Timestamp::from_ms);
        let is_pair = |(grant, server): &(String, String)| *grant == call.grant && *server == call.server;
        is(&self.server, &call.server)
            && is(&self.tool, &call.tool)
            && is(&self.grant, &call.grant)
            && self.pairs.as_ref().is_none_or(|pairs| pairs.iter().any(is_pair))
            && self.since.is_none_or(|since| time.is_some_and(|time| time >= since))
            && self.until.is_none_or(|until| time.is_some_and(|time| time <= until))
    }
}
