//! A call on its way to being recorded, and what is kept of it.
//! Must never be logged or printed: it holds values as they came.

use super::plan::Plan;
use super::redact::{Kept, Redaction};
use super::{Effect, Recording};
use std::fmt;

/// A call as it was judged, before anything is dropped.
pub struct Draft {
    /// When it was decided: milliseconds since 1970-01-01 UTC.
    pub time_ms: u64,
    /// The call's id.
    pub call: String,
    /// Whose it was.
    pub grant: String,
    /// The grant's labels.
    pub labels: Vec<String>,
    /// The server.
    pub server: String,
    /// The tool.
    pub tool: String,
    /// The hash of its definition; empty where the tool is not known.
    pub definition: String,
    /// What was decided.
    pub effect: Effect,
    /// The rule that denied it.
    pub rule: String,
    /// The arguments as judged.
    pub arguments: Held,
    /// The result, where it is wanted.
    pub result: Held,
    /// Whether the server said that the call failed.
    pub is_error: Option<bool>,
}

impl fmt::Debug for Draft {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Draft").field("call", &self.call).finish_non_exhaustive()
    }
}

/// A document of a call.
#[derive(Default)]
pub enum Held {
    /// There is none, or it is not wanted.
    #[default]
    Nothing,
    /// It was too long to be held.
    TooLong,
    /// Its JSON text.
    Text(Vec<u8>),
}

impl Held {
    fn n_bytes(&self) -> usize {
        match self {
            Self::Nothing | Self::TooLong => 0,
            Self::Text(text) => text.len(),
        }
    }

    fn kept(self, redaction: &Redaction<'_>) -> Kept {
        match self {
            Self::Nothing => Kept { text: None, dropped: Vec::new() },
            Self::TooLong => Kept::nothing(),
            Self::Text(text) => redaction.apply(text),
        }
    }
}

impl Draft {
    /// The bytes that it takes in memory, about.
    pub(super) fn n_bytes(&self) -> usize {
        512 + self.arguments.n_bytes() + self.result.n_bytes()
    }

    /// The recording of it.
    pub(super) fn recorded(self, seq: u64, plan: &Plan) -> Recording {
        let (mut of_arguments, mut of_result) = (Vec::new(), Vec::new());
        let redaction = plan.redaction(&plan.redact, &self.server, &self.tool, &mut of_arguments);
        let mut arguments = self.arguments.kept(&redaction);
        let redaction = plan.redaction(&plan.redact_results, &self.server, &self.tool, &mut of_result);
        let mut result = self.result.kept(&redaction);
        let size = |kept: &Kept| kept.text.as_ref().map_or(0, |text| text.len() as u64);
        if size(&arguments) + size(&result) > plan.max_record_bytes && result.text.is_some() {
            result = Kept::nothing();
        }
        if size(&arguments) > plan.max_record_bytes {
            arguments = Kept::nothing();
        }
        Recording {
            seq,
            time_ms: self.time_ms,
            call: self.call,
            grant: self.grant,
            labels: self.labels,
            server: self.server,
            tool: self.tool,
            definition: self.definition,
            effect: self.effect,
            rule: self.rule,
            arguments: arguments.text,
            redacted: arguments.dropped,
            result: result.text,
            redacted_result: result.dropped,
            is_error: self.is_error,
        }
    }
}
