//! What a part of a document says of itself besides its rule: until when it holds, and what a denial may tell.
//! Whether it has ended is asked of the time of each call; nothing here reads a clock.

use jiff::Timestamp;

/// The end of a part.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Expiry {
    /// From this time on it has ended, in milliseconds of Unix time.
    pub(crate) at_ms: u64,
    /// Whether its restrictions end too, and not only what it opens.
    pub(crate) relaxes: bool,
}

/// For which time it is asked what holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Moment {
    /// For a call at this time, where it is known. What is not known to hold opens nothing, and what is not known to
    /// have ended restricts.
    Call(Option<u64>),
    /// For all calls from this time on, where it is known: what lists are about. What may still open counts as open,
    /// and what may end restricts nothing.
    List(Option<u64>),
}

/// What a denial tells the agent, the most first.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Reveal {
    /// The reason, the rule and its policy.
    Full,
    /// The reason.
    #[default]
    Reason,
    /// One text that is the same for every denial.
    Nothing,
}

impl Expiry {
    /// As a document writes it, in UTC.
    pub(crate) fn written(self) -> String {
        written(self.at_ms)
    }
}

/// A time as a document writes it, in UTC.
pub(crate) fn written(at_ms: u64) -> String {
    let at = i64::try_from(at_ms).ok().and_then(|ms| Timestamp::from_millisecond(ms).ok());
    at.unwrap_or(Timestamp::MAX).to_string()
}

impl Moment {
    /// Whether a part that ends then opens something.
    pub(crate) const fn opens(self, ends_ms: Option<u64>) -> bool {
        match (ends_ms, self) {
            (None, _) | (Some(_), Self::List(None)) => true,
            (Some(_), Self::Call(None)) => false,
            (Some(ends_ms), Self::Call(Some(now_ms)) | Self::List(Some(now_ms))) => now_ms < ends_ms,
        }
    }

    /// Whether a part that ends then restricts.
    pub(crate) const fn restricts(self, ends_ms: Option<u64>) -> bool {
        match (ends_ms, self) {
            (None, _) | (Some(_), Self::Call(None)) => true,
            (Some(_), Self::List(_)) => false,
            (Some(ends_ms), Self::Call(Some(now_ms))) => now_ms < ends_ms,
        }
    }
}

impl Reveal {
    /// As a document writes it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Full => "full",
            Self::Reason => "reason",
            Self::Nothing => "none",
        }
    }

    /// Of a part that only plausibly means a tool: what tells less than the default.
    pub(crate) const fn restricting(self) -> Option<Self> {
        match self {
            Self::Full => None,
            Self::Reason | Self::Nothing => Some(self),
        }
    }
}

/// The earlier of two ends.
pub(crate) fn earlier(one: Option<u64>, two: Option<u64>) -> Option<u64> {
    match (one, two) {
        (Some(one), Some(two)) => Some(one.min(two)),
        (ends, None) | (None, ends) => ends,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_known_fails_closed_for_calls_and_stays_listed() {
        for (moment, opens, restricts) in [
            (Moment::Call(Some(9)), true, true),
            (Moment::Call(Some(10)), false, false),
            (Moment::Call(None), false, true),
            (Moment::List(Some(9)), true, false),
            (Moment::List(Some(10)), false, false),
            (Moment::List(None), true, false),
        ] {
            assert_eq!(moment.opens(Some(10)), opens, "{moment:?}");
            assert_eq!(moment.restricts(Some(10)), restricts, "{moment:?}");
            assert!(moment.opens(None) && moment.restricts(None));
        }
    }

    #[test]
    fn times_are_written_as_they_are_read() {
        for text in ["2026-12-01T00:00:00Z", "2026-12-01T00:00:00.25Z"] {
            let at: Timestamp = text.parse().unwrap();
            let at_ms = u64::try_from(at.as_millisecond()).unwrap();
            assert_eq!(Expiry { at_ms, relaxes: false }.written(), text);
        }
    }

    #[test]
    fn the_strictest_tells_least() {
        assert_eq!(Reveal::Full.max(Reveal::Nothing), Reveal::Nothing);
        assert_eq!(Reveal::Full.max(Reveal::default()), Reveal::Reason);
        assert_eq!(Reveal::Full.restricting(), None);
    }
}
