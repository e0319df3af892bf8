//! Whether a call that was provably never sent gives back what it reserved.

/// What becomes of the units of a call of which no byte was written to the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum Release {
    /// They stay used. What nobody states means this, and it outweighs the other.
    #[default]
    Never,
    /// They are given back.
    NotSent,
}

impl Release {
    /// As a document writes it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Never => "never",
            Self::NotSent => "not_sent",
        }
    }

    /// What holds for a call: of each limit that applies to it what is stated, and what its parts state besides.
    pub(crate) fn of_call(
        limits: impl Iterator<Item = Option<Self>>,
        parts: impl Iterator<Item = Option<Self>>,
    ) -> Self {
        let limits = limits.map(Option::unwrap_or_default);
        limits.chain(parts.flatten()).min().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_strictest_holds_and_silence_is_strict() {
        let (never, not_sent) = (Some(Release::Never), Some(Release::NotSent));
        let check = |limits: &[Option<Release>], parts: &[Option<Release>], expected| {
            assert_eq!(Release::of_call(limits.iter().copied(), parts.iter().copied()), expected);
        };
        check(&[], &[], Release::Never);
        check(&[not_sent], &[None], Release::NotSent);
        check(&[not_sent, None], &[], Release::Never);
        check(&[not_sent, not_sent], &[not_sent, never], Release::Never);
        check(&[not_sent, never], &[not_sent], Release::Never);
    }
}
