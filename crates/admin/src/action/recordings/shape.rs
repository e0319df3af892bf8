//! What is told of recordings, and what is asked of them. Must never hold a value but in [`Shown`].

use serde::{Deserialize, Serialize};
use std::path::PathBuf;
use store::Timestamp;
use store::recordings::{Filter, Pattern};

/// Whether calls are recorded, and how that goes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct State {
    /// Whether calls are recorded now.
    pub is_on: bool,
    /// Where recordings are.
    pub folder: PathBuf,
    /// Bytes of them on the disk.
    pub n_bytes: u64,
    /// Written since the start of the gateway.
    pub n_written: u64,
    /// Dropped since then because too many waited.
    pub n_dropped: u64,
    /// Lost since then because they could not be written.
    pub n_lost: u64,
    /// Why nothing can be written, while that is so.
    pub problem: Option<String>,
}

/// What there is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stats {
    /// Whether calls are recorded, and how that goes.
    #[serde(flatten)]
    pub state: State,
    /// Recordings.
    pub n_recordings: u64,
    /// When the earliest was decided.
    pub first: Option<String>,
    /// When the latest was.
    pub last: Option<String>,
    /// By tool.
    pub tools: Vec<OfTool>,
    /// What could not be read.
    pub problems: Vec<String>,
}

/// The recordings of one tool.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct OfTool {
    /// Its server.
    pub server: String,
    /// Its name.
    pub tool: String,
    /// Recordings.
    pub n_recordings: u64,
    /// Of them, denied calls.
    pub n_denied: u64,
    /// Of them, with their result.
    pub n_results: u64,
    /// Bytes of all documents.
    pub n_bytes: u64,
}

/// Which recordings are meant; what is left out is not asked.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Which {
    /// Of this server, with `*`.
    #[serde(default)]
    pub server: Option<String>,
    /// Of this tool, with `*`.
    #[serde(default)]
    pub tool: Option<String>,
    /// Of this grant, with `*`.
    #[serde(default)]
    pub grant: Option<String>,
    /// Decided before this time, in milliseconds since 1970-01-01 UTC.
    #[serde(default)]
    pub before_ms: Option<u64>,
    /// Decided at this time or later.
    #[serde(default)]
    pub since_ms: Option<u64>,
}

impl Which {
    pub(super) fn filter(&self) -> Filter {
        let pattern = |text: &Option<String>| text.as_deref().map(Pattern::new);
        Filter {
            server: pattern(&self.server),
            tool: pattern(&self.tool),
            grant: pattern(&self.grant),
            before_ms: self.before_ms,
            since_ms: self.since_ms,
        }
    }

    pub(super) fn details(&self) -> Vec<(String, String)> {
        let time = |ms: Option<u64>| ms.map(|ms| Timestamp::from_ms(ms).to_string());
        let details = [
            ("server", self.server.clone()),
            ("tool", self.tool.clone()),
            ("grant", self.grant.clone()),
            ("before", time(self.before_ms)),
            ("since", time(self.since_ms)),
        ];
        details.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).collect()
    }
}

/// A question for recordings.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Question {
    /// Which.
    #[serde(default)]
    pub which: Which,
    /// The latest so many of them.
    #[serde(default)]
    pub limit: Option<usize>,
}

/// A recording without its values.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Row {
    /// Its number.
    pub seq: u64,
    /// When it was decided.
    pub time: String,
    /// The call's id.
    pub call: String,
    /// Whose it was.
    pub grant: String,
    /// The grant's labels then.
    pub labels: Vec<String>,
    /// The server.
    pub server: String,
    /// The tool.
    pub tool: String,
    /// The hash of its definition; empty where the tool was not known.
    pub definition: String,
    /// `allow` or `deny`.
    pub effect: String,
    /// The rule that denied it.
    pub rule: String,
    /// Bytes of the arguments; nothing where they were not kept.
    pub arguments_bytes: Option<u64>,
    /// Where values were dropped out of the arguments.
    pub redacted: Vec<String>,
    /// Bytes of the result; nothing where it was not kept.
    pub result_bytes: Option<u64>,
    /// Where values were dropped out of the result.
    pub redacted_result: Vec<String>,
    /// Whether the call failed at the server; nothing where no whole answer came.
    pub is_error: Option<bool>,
}

/// Recordings without their values.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rows {
    /// In the order in which they were written.
    pub recordings: Vec<Row>,
    /// How many more were meant.
    pub n_more: u64,
    /// What could not be read.
    pub problems: Vec<String>,
}

/// Which recording is shown, and how.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct One {
    /// Its number, or its call's id.
    pub id: String,
    /// With its values, which is recorded in the audit.
    #[serde(default)]
    pub values: bool,
}

/// One recording.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shown {
    /// Without its values.
    #[serde(flatten)]
    pub row: Row,
    /// The JSON text of the arguments, where values were asked for and it was kept.
    pub arguments: Option<String>,
    /// The JSON text of the result.
    pub result: Option<String>,
}

/// Which recordings are removed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Purge {
    /// Which.
    #[serde(default)]
    pub which: Which,
    /// All of them, which must be said.
    #[serde(default)]
    pub all: bool,
}

/// What was removed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Purged {
    /// Recordings.
    pub n_recordings: u64,
    /// What could not be read and is still there.
    pub problems: Vec<String>,
}
