//! What a question wants a condition to answer. Only four wishes matter: a requirement passes where it is true and a
//! `deny_if` where it is false; everything else denies. They push down into combined conditions without loss.

use super::text;
use crate::operator::Sense;
use crate::truth::Truth;

/// The wanted answer of a condition.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Want {
    /// True.
    True,
    /// Anything but true.
    NotTrue,
    /// False.
    False,
    /// Anything but false.
    NotFalse,
}

impl Want {
    /// The wish under which a predicate of this list lets a call pass.
    pub(crate) const fn to_pass(sense: Sense) -> Self {
        match sense {
            Sense::Require => Self::True,
            Sense::DenyIf => Self::False,
        }
    }

    /// Whether an answer is as wanted.
    pub(crate) fn met(self, truth: Truth) -> bool {
        match self {
            Self::True => truth == Truth::True,
            Self::NotTrue => truth != Truth::True,
            Self::False => truth == Truth::False,
            Self::NotFalse => truth != Truth::False,
        }
    }

    /// The wish that is met exactly where this one is not.
    pub(crate) const fn opposite(self) -> Self {
        match self {
            Self::True => Self::NotTrue,
            Self::NotTrue => Self::True,
            Self::False => Self::NotFalse,
            Self::NotFalse => Self::False,
        }
    }

    /// The wish for a condition whose negation is wanted so.
    pub(crate) const fn negated(self) -> Self {
        match self {
            Self::True => Self::False,
            Self::NotTrue => Self::NotFalse,
            Self::False => Self::True,
            Self::NotFalse => Self::NotTrue,
        }
    }
}

impl From<Want> for text::Want {
    fn from(want: Want) -> Self {
        match want {
            Want::True => Self::True,
            Want::NotTrue => Self::NotTrue,
            Want::False => Self::False,
            Want::NotFalse => Self::NotFalse,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wishes_mirror_the_answers() {
        let truths = [Truth::True, Truth::False, Truth::Undefined, Truth::Error];
        for want in [Want::True, Want::NotTrue, Want::False, Want::NotFalse] {
            for truth in truths {
                assert_eq!(want.met(truth), want.negated().met(truth.negate()), "{want:?} {truth:?}");
                assert_ne!(want.met(truth), want.opposite().met(truth), "{want:?} {truth:?}");
            }
        }
    }
}
