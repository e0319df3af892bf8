//! Which recordings are meant: to be listed or purged. What it does not ask is not asked.

use super::Recording;
use super::plan::Pattern;

/// Asks for recordings; all that it asks must hold.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    /// The server, with `*`.
    pub server: Option<Pattern>,
    /// The tool, with `*`.
    pub tool: Option<Pattern>,
    /// The grant, with `*`.
    pub grant: Option<Pattern>,
    /// Decided before this time, in milliseconds since 1970-01-01 UTC.
    pub before_ms: Option<u64>,
    /// Decided at this time or later.
    pub since_ms: Option<u64>,
}

impl Filter {
    /// Whether it asks nothing, so that every recording is meant.
    #[must_use]
    pub fn is_all(&self) -> bool {
        *self == Self::default()
    }

    /// Whether a recording is meant.
    #[must_use]
    pub fn fits(&self, recording: &Recording) -> bool {
        let fits =
            |pattern: &Option<Pattern>, text: &str| pattern.as_ref().is_none_or(|pattern| pattern.fits(text));
        fits(&self.server, &recording.server)
            && fits(&self.tool, &recording.tool)
            && fits(&self.grant, &recording.grant)
            && self.before_ms.is_none_or(|before| recording.time_ms < before)
            && self.since_ms.is_none_or(|since| recording.time_ms >= since)
    }
}
