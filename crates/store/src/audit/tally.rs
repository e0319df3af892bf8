//! What the records of a log add up to.

use crate::audit::line::Sealed;
use json::{Document, Limits};

/// Numbers of records.
///
/// Of the intents, each call was forwarded, provably not sent, left unresolved by a crash, or is open.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// All records.
    pub records: u64,
    /// Calls that were allowed.
    pub intents: u64,
    /// Messages that were denied, those counted in summaries included.
    pub denied: u64,
    /// Calls that the upstream answered with a result.
    pub answered: u64,
    /// Calls that the upstream answered with an error.
    pub errors: u64,
    /// Calls whose tool failed.
    pub tool_errors: u64,
    /// Calls of which provably nothing was sent.
    pub not_sent: u64,
    /// Calls that were sent and got no whole answer.
    pub unknown: u64,
    /// Calls with an intent whose end a crash left unknown.
    pub recovered: u64,
    /// Calls that had reserved and, at a crash, no intent yet.
    pub recovered_reservations: u64,
}

impl Tally {
    /// Calls of which something was written to an upstream.
    #[must_use]
    pub const fn forwarded(&self) -> u64 {
        self.answered + self.errors + self.tool_errors + self.unknown
    }

    /// Calls whose end a crash left unknown; they count as executed.
    #[must_use]
    pub const fn unresolved(&self) -> u64 {
        self.recovered + self.recovered_reservations
    }

    pub(crate) fn count(&mut self, record: &Sealed<'_>, line: &[u8]) {
        self.records += 1;
        match record.kind {
            "intent" => self.intents += 1,
            "denied" => self.denied += 1,
            "summary" => self.denied += number(line, "count").unwrap_or(0),
            "outcome" => self.count_outcome(text(line, "outcome").as_deref()),
            "recovered" if text(line, "from").as_deref() == Some("journal") => {
                self.recovered_reservations += 1
            }
            "recovered" => self.recovered += 1,
            _ => {}
        }
    }

    fn count_outcome(&mut self, outcome: Option<&str>) {
        match outcome {
            Some("answered") => self.answered += 1,
            Some("error") => self.errors += 1,
            Some("tool_error") => self.tool_errors += 1,
            Some("not_sent") => self.not_sent += 1,
            _ => self.unknown += 1,
        }
    }
}

fn scan(line: &[u8]) -> Option<Document> {
    Document::scan(line.to_vec(), &Limits::default()).ok()
}

/// A text of a record.
pub(crate) fn text(line: &[u8], key: &str) -> Option<String> {
    Some(scan(line)?.root().get(key)?.as_str()?.into_owned())
}

fn number(line: &[u8], key: &str) -> Option<u64> {
    scan(line)?.root().get(key)?.as_number()?.as_u64()
}
