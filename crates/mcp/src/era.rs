//! The protocol revisions and the two eras they fall into, and how a connection shows which one it speaks.
//! It must never guess a revision from a string that is not in the list: dates sort, but peers send anything.

use crate::envelope::{Message, MessageKind};
use crate::errors::Refusal;

/// How a revision carries its version and capabilities.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Era {
    /// An `initialize` handshake opens a session (2025-11-25 and earlier).
    Legacy,
    /// Every request carries its own envelope in `params._meta` (2026-07-28 and later).
    Modern,
}

/// A published protocol revision, oldest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Version {
    /// 2024-11-05, the first revision.
    V2024_11_05,
    /// 2025-03-26: streamable HTTP, batches.
    V2025_03_26,
    /// 2025-06-18: elicitation, the version header, no batches.
    V2025_06_18,
    /// 2025-11-25: experimental tasks; the last with a handshake.
    V2025_11_25,
    /// 2026-07-28: stateless requests, header checks, multi-round calls.
    V2026_07_28,
}

impl Version {
    /// Every revision, oldest first.
    pub const ALL: [Version; 5] = [
        Version::V2024_11_05,
        Version::V2025_03_26,
        Version::V2025_06_18,
        Version::V2025_11_25,
        Version::V2026_07_28,
    ];
    /// The revisions with a handshake, oldest first.
    pub const LEGACY: [Version; 4] =
        [Version::V2024_11_05, Version::V2025_03_26, Version::V2025_06_18, Version::V2025_11_25];
    /// The revisions with a per-request envelope, oldest first.
    pub const MODERN: [Version; 1] = [Version::V2026_07_28];
    /// What a legacy HTTP request without a version header and without a negotiated revision speaks
    /// (2025-11-25, Protocol Version Header).
    pub const UNSTATED: Version = Version::V2025_03_26;
    /// The newest revision that a handshake can negotiate.
    pub const NEWEST_LEGACY: Version = Version::V2025_11_25;
    /// The newest revision of all.
    pub const NEWEST: Version = Version::V2026_07_28;

    /// The revision with exactly this name.
    pub fn parse(text: &str) -> Option<Version> {
        Version::ALL.into_iter().find(|version| version.as_str() == text)
    }

    /// The name on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Version::V2024_11_05 => "2024-11-05",
            Version::V2025_03_26 => "2025-03-26",
            Version::V2025_06_18 => "2025-06-18",
            Version::V2025_11_25 => "2025-11-25",
            Version::V2026_07_28 => "2026-07-28",
        }
    }

    /// The era that the revision belongs to.
    pub const fn era(self) -> Era {
        match self {
            Version::V2024_11_05 | Version::V2025_03_26 | Version::V2025_06_18 | Version::V2025_11_25 => {
                Era::Legacy
            }
            Version::V2026_07_28 => Era::Modern,
        }
    }
}

impl std::fmt::Display for Version {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The era of an HTTP request: the version header decides; without one, the body does.
///
/// A value that names no known revision counts as modern, so that the envelope check answers it with the list of
/// supported revisions. A request without the header but with a modern envelope is modern too, and then refused
/// for the missing header; everything else without the header is legacy.
pub fn of_http(version_header: Option<&str>, message: &Message) -> Era {
    match version_header {
        Some(text) => Version::parse(text).map_or(Era::Modern, Version::era),
        None if opens_modern(message) => Era::Modern,
        None => Era::Legacy,
    }
}

/// The era of a stdio connection, decided once by the client's first request.
#[derive(Clone, Copy, Debug, Default)]
pub struct EraLock {
    era: Option<Era>,
}

impl EraLock {
    /// A connection that has not shown its era yet.
    pub fn new() -> EraLock {
        EraLock::default()
    }

    /// The era, once a request has decided it.
    pub fn era(&self) -> Option<Era> {
        self.era
    }

    /// Looks at the next message of the client: the first request decides the era, a later claim of the other era
    /// is refused. Notifications and responses decide nothing and pass.
    pub fn observe(&mut self, message: &Message) -> Result<Option<Era>, Refusal> {
        if !matches!(message.kind(), MessageKind::Request { .. }) {
            return Ok(self.era);
        }
        let claim = if opens_modern(message) { Era::Modern } else { Era::Legacy };
        match (self.era, claim) {
            (None, _) => self.era = Some(claim),
            (Some(Era::Legacy), Era::Modern) => return Err(envelope_on_legacy(message)),
            (Some(Era::Modern), Era::Legacy) if message.method() == Some("initialize") => {
                return Err(initialize_on_modern(message));
            }
            // A request without an envelope on a modern connection is left to the envelope check.
            (Some(Era::Modern), Era::Legacy)
            | (Some(Era::Legacy), Era::Legacy)
            | (Some(Era::Modern), Era::Modern) => {}
        }
        Ok(self.era)
    }
}

/// Whether a request carries the modern envelope. `initialize` does not exist in the modern era, so it never does;
/// the version key alone decides, so that a half-built envelope is told what it lacks.
pub fn opens_modern(message: &Message) -> bool {
    message.method() != Some("initialize") && message.protocol_version_meta().is_some()
}

/// The refusal of a modern envelope where the handshake era is spoken.
pub fn envelope_on_legacy(message: &Message) -> Refusal {
    Refusal::invalid_request(
        "this connection speaks the handshake era; send requests without the 2026-07-28 envelope in `_meta`",
    )
    .with_id_of(message)
}

fn initialize_on_modern(message: &Message) -> Refusal {
    let requested = message.params().and_then(|params| params.get("protocolVersion"));
    let requested = requested.and_then(|value| value.as_str());
    Refusal::unsupported_version(&Version::MODERN, requested.as_deref()).with_id_of(message)
}
