//! What a server's answer to the first message of an era says of whether it speaks that era.
//! An outage is never taken for a word about an era.

use crate::era::{Era, Version};
use crate::errors::{HEADER_MISMATCH, MISSING_CAPABILITY, UNSUPPORTED_VERSION};
use crate::reply::{Reply, ReplyKind};

/// Whether a server speaks an era.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It does.
    Spoken,
    /// It does not, as far as this answer tells.
    NotSpoken,
    /// The answer says nothing of eras.
    Unclear,
}

/// What an answer to `server/discover` says of the modern era. `message` is `None` where the body was none.
#[must_use]
pub fn of_discovery(status: u16, message: Option<&Reply>) -> Verdict {
    let Some(message) = message else { return of_status(status) };
    let names = |era| message.supported_versions().into_iter().any(|version| version.era() == era);
    match message.kind() {
        ReplyKind::Result if names(Era::Modern) => Verdict::Spoken,
        ReplyKind::Result => Verdict::NotSpoken,
        ReplyKind::Error => match message.error_code() {
            // These codes exist in the modern era only.
            Some(HEADER_MISMATCH | MISSING_CAPABILITY) => Verdict::Spoken,
            // Without a handshake revision it speaks a modern one that is not known here.
            Some(UNSUPPORTED_VERSION) if !names(Era::Legacy) => Verdict::Unclear,
            Some(_) | None => of_error_status(status),
        },
        ReplyKind::Request { .. } | ReplyKind::Notification { .. } => Verdict::Unclear,
    }
}

/// What an answer to `initialize` says of the handshake era.
#[must_use]
pub fn of_handshake(status: u16, message: Option<&Reply>) -> Verdict {
    let Some(message) = message else { return of_status(status) };
    match message.kind() {
        ReplyKind::Result => match message.negotiated_version().map(Version::era) {
            Some(Era::Legacy) => Verdict::Spoken,
            Some(Era::Modern) | None => Verdict::Unclear,
        },
        ReplyKind::Error => of_error_status(status),
        ReplyKind::Request { .. } | ReplyKind::Notification { .. } => Verdict::Unclear,
    }
}

fn of_error_status(status: u16) -> Verdict {
    if status == 200 { Verdict::NotSpoken } else { of_status(status) }
}

/// Servers of the other era answer with any of the client errors; those of access and load say nothing.
fn of_status(status: u16) -> Verdict {
    match status {
        401 | 403 | 407 | 408 | 425 | 429 => Verdict::Unclear,
        400..=499 | 501 => Verdict::NotSpoken,
        _ => Verdict::Unclear,
    }
}
