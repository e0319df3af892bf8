//! What the gateway records of itself: its start, calls that a crash left open, steps of the clock.
//! Must never claim more than is known: a call without an end counts as executed.

use crate::audit::judged::{begin, capped};
use crate::id::CallId;
use crate::timeline::Jump;
use json::ObjectWriter;
use std::sync::Arc;

/// Longest text of a peer.
const MAX_BYTES: usize = 256;

/// The facts of a start.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Start<'a> {
    pub(crate) run: u64,
    pub(crate) boot: &'a str,
    pub(crate) durability: &'a str,
    /// Bytes of records that were never written whole and were cut off.
    pub(crate) n_journal_torn: u64,
    pub(crate) n_audit_torn: u64,
    /// Bytes that were no records and were put aside.
    pub(crate) n_audit_aside: u64,
    /// The operator emptied the journal: all limits start anew.
    pub(crate) limits_reset: bool,
    /// Wall clock minus timeline.
    pub(crate) wall_lead_ms: i64,
}

/// The body of a start.
pub(crate) fn start_body(start: &Start<'_>) -> Vec<u8> {
    let mut out = Vec::with_capacity(256);
    let mut object = ObjectWriter::begin(&mut out);
    object.str("kind", "start").str("version", env!("CARGO_PKG_VERSION"));
    object.str("run", &format!("{:016x}", start.run)).str("boot", start.boot);
    object.str("durability", start.durability).raw("wall_lead_ms", &start.wall_lead_ms.to_string());
    for (name, n_bytes) in [
        ("journal_torn_bytes", start.n_journal_torn),
        ("audit_torn_bytes", start.n_audit_torn),
        ("audit_aside_bytes", start.n_audit_aside),
    ] {
        if n_bytes > 0 {
            object.u64(name, n_bytes);
        }
    }
    if start.limits_reset {
        object.bool("limits_reset", true);
    }
    object.end();
    out
}

/// What a crash left of a call.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Recovery<'a> {
    /// Its intent.
    Intent,
    /// Its reservation only: it was not forwarded, but its units count.
    Reservation {
        /// The counters.
        keys: &'a [Arc<str>],
    },
}

/// The body of a recovered call.
pub(crate) fn recovered_body(call: CallId, recovery: Recovery<'_>) -> Vec<u8> {
    let mut out = Vec::with_capacity(256);
    let mut object = begin(&mut out, "recovered", call);
    match recovery {
        Recovery::Intent => {
            object.str("from", "intent").str("outcome", "unknown");
        }
        Recovery::Reservation { keys } => {
            object.str("from", "journal").str("outcome", "unknown");
            let counters: Vec<String> = keys.iter().map(|key| format!("{{\"counter\":{key}}}")).collect();
            object.raw("reservations", &format!("[{}]", counters.join(",")));
        }
    }
    object.end();
    out
}

/// The body of a step of the wall clock.
pub(crate) fn clock_body(jump: Jump) -> Vec<u8> {
    let mut out = Vec::with_capacity(128);
    let mut object = ObjectWriter::begin(&mut out);
    object.str("kind", "clock").raw("wall_lead_before_ms", &jump.before_ms.to_string());
    object.raw("wall_lead_ms", &jump.after_ms.to_string());
    object.end();
    out
}

/// The body of an attempt without a valid grant.
pub(crate) fn unauthenticated_body(source: &str, reason: &str) -> Vec<u8> {
    let mut out = Vec::with_capacity(128);
    let mut object = ObjectWriter::begin(&mut out);
    object
        .str("kind", "denied")
        .str("effect", "deny")
        .str("rule", "(no grant)")
        .str("cause", "unauthenticated");
    object.str("source", &capped(source, MAX_BYTES)).str("reason", &capped(reason, MAX_BYTES));
    object.end();
    out
}
