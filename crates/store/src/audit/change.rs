//! What people and files changed: administration and configuration.
//! Must never hold a token or secret; the caller passes names, ids and hashes.

use crate::audit::judged::{capped, texts};
use json::ObjectWriter;

/// Longest text of a change.
const MAX_BYTES: usize = 1024;

/// Who changes: a person or file, or the gateway's own configuration as a set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ChangeKind {
    /// An action of a person or command.
    Admin,
    /// A set of configuration files taken into use, or refused.
    Config,
}

/// One change.
#[derive(Clone, Copy, Debug)]
pub struct Change<'a> {
    /// Which kind.
    pub kind: ChangeKind,
    /// Who did it: an account, `local`, `file`, `gateway`.
    pub actor: &'a str,
    /// What was done, such as `grant.create`.
    pub action: &'a str,
    /// To what: an id or name.
    pub target: &'a str,
    /// More facts, by name.
    pub details: &'a [(&'a str, &'a str)],
}

/// The body of a change.
pub(crate) fn change_body(change: &Change<'_>) -> Vec<u8> {
    let kind = match change.kind {
        ChangeKind::Admin => "admin",
        ChangeKind::Config => "config",
    };
    let mut out = Vec::with_capacity(256);
    let mut object = ObjectWriter::begin(&mut out);
    object.str("kind", kind).str("actor", &capped(change.actor, MAX_BYTES));
    object.str("action", &capped(change.action, MAX_BYTES)).str("target", &capped(change.target, MAX_BYTES));
    if !change.details.is_empty() {
        texts(&mut object, "details", change.details.iter().copied(), MAX_BYTES);
    }
    object.end();
    out
}
