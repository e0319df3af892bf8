//! How a forwarded call ended.
//! Must never need more room than was reserved for it when the call began.

use crate::audit::judged::{begin, capped};
use crate::id::CallId;

/// Longest detail.
const MAX_DETAIL_BYTES: usize = 80;

/// What is known of a call's end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum OutcomeKind {
    /// The upstream answered with a result.
    Answered,
    /// The upstream answered with an error of the protocol.
    Error,
    /// The upstream answered that the tool failed.
    ToolError,
    /// Provably no byte was written to the upstream.
    NotSent,
    /// Something was written and no whole answer came: it may have been executed.
    Unknown,
}

impl OutcomeKind {
    /// Its name in records.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Answered => "answered",
            Self::Error => "error",
            Self::ToolError => "tool_error",
            Self::NotSent => "not_sent",
            Self::Unknown => "unknown",
        }
    }
}

/// The end of a call.
#[derive(Clone, Copy, Debug)]
pub struct Outcome<'a> {
    /// What is known.
    pub kind: OutcomeKind,
    /// The upstream's HTTP status, where it has one.
    pub upstream_status: Option<u16>,
    /// Bytes written to the upstream.
    pub n_sent: u64,
    /// Bytes of the reply.
    pub n_received: u64,
    /// From the intent to the end, in microseconds.
    pub duration_us: u64,
    /// A word on the cause, such as `timeout` or `cancelled`; no text of a peer.
    pub detail: &'a str,
}

impl Outcome<'_> {
    /// A call of which nothing more is known.
    #[must_use]
    pub const fn bare(kind: OutcomeKind, detail: &str) -> Outcome<'_> {
        Outcome { kind, upstream_status: None, n_sent: 0, n_received: 0, duration_us: 0, detail }
    }
}

/// The body of an outcome.
pub(crate) fn outcome_body(call: CallId, outcome: &Outcome<'_>, is_given_back: bool) -> Vec<u8> {
    let mut out = Vec::with_capacity(256);
    let mut object = begin(&mut out, "outcome", call);
    object.str("outcome", outcome.kind.name());
    if let Some(status) = outcome.upstream_status {
        object.u64("upstream_status", u64::from(status));
    }
    object.u64("sent", outcome.n_sent).u64("received", outcome.n_received);
    object.u64("duration_us", outcome.duration_us);
    if is_given_back {
        object.bool("given_back", true);
    }
    if !outcome.detail.is_empty() {
        // Escapes would make its length hard to bound.
        let plain: String = outcome.detail.chars().map(|c| if needs_escape(c) { '?' } else { c }).collect();
        object.str("detail", &capped(&plain, MAX_DETAIL_BYTES));
    }
    object.end();
    out
}

fn needs_escape(c: char) -> bool {
    c.is_control() || c == '"' || c == '\\'
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audit::OUTCOME_RESERVE;
    use crate::audit::key::AuditKey;
    use crate::audit::line::Chain;

    #[test]
    fn the_longest_outcome_fits_its_room() {
        let outcome = Outcome {
            kind: OutcomeKind::ToolError,
            upstream_status: Some(u16::MAX),
            n_sent: u64::MAX,
            n_received: u64::MAX,
            duration_us: u64::MAX,
            detail: &"\u{1}€\"".repeat(100),
        };
        let body = outcome_body(CallId::new(u64::MAX, u64::MAX), &outcome, true);
        let mut chain = Chain { next_seq: u64::MAX, prev: [0xFF; 32] };
        let mut line = Vec::new();
        chain.seal(&mut line, "2026-11-20T13:10:51.007Z", &body, &AuditKey::from_secret(&[0; 32]));
        assert!(line.len() as u64 <= OUTCOME_RESERVE, "{}", line.len());
    }
}
