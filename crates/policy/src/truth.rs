//! The truth of a condition and how conditions combine.
//! Two-valued logic is not enough to fail closed: a missing value and a value of the wrong type are
//! neither true nor false, and a list is made before anybody knows the arguments.

/// What a condition answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Truth {
    /// It holds.
    True,
    /// It does not hold.
    False,
    /// It compares a value that is missing (or null).
    Undefined,
    /// It cannot be judged: a value of the wrong type, or a number that a double cannot hold.
    Error,
    /// Not known yet: any of the other four is possible.
    Unknown,
}

impl Truth {
    /// True or false.
    pub(crate) const fn from_bool(holds: bool) -> Self {
        if holds { Self::True } else { Self::False }
    }

    /// Kleene negation: what is neither true nor false stays what it is.
    pub(crate) const fn negate(self) -> Self {
        match self {
            Self::True => Self::False,
            Self::False => Self::True,
            Self::Undefined | Self::Error | Self::Unknown => self,
        }
    }

    /// Both hold. A false decides whatever the other is, in either order, so that a guard before or
    /// after a condition that errs works; an unknown decides nothing, because it may be false.
    pub(crate) fn and(self, other: Self) -> Self {
        if self.weight_in_and() >= other.weight_in_and() { self } else { other }
    }

    /// At least one holds. The mirror image of [`Truth::and`].
    pub(crate) fn or(self, other: Self) -> Self {
        self.negate().and(other.negate()).negate()
    }

    /// The order in which one operand of an `and` decides over the other.
    const fn weight_in_and(self) -> u8 {
        match self {
            Self::True => 0,
            Self::Undefined => 1,
            Self::Error => 2,
            Self::Unknown => 3,
            Self::False => 4,
        }
    }

    /// How a message names it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::True => "true",
            Self::False => "false",
            Self::Undefined => "undefined",
            Self::Error => "error",
            Self::Unknown => "unknown",
        }
    }
}

/// The answers that are possible while something is not known: a set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Possible(u8);

/// What a condition can answer once everything is known.
const KNOWN: [Truth; 4] = [Truth::True, Truth::False, Truth::Undefined, Truth::Error];

impl Possible {
    /// The answers that this one stands for.
    pub(crate) const fn of(truth: Truth) -> Self {
        Self(match truth {
            Truth::True => 1,
            Truth::False => 2,
            Truth::Undefined => 4,
            Truth::Error => 8,
            Truth::Unknown => 15,
        })
    }

    /// The answers of both sets.
    pub(crate) const fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Whether this answer is among them.
    pub(crate) const fn has(self, truth: Truth) -> bool {
        self.0 & Self::of(truth).0 != 0
    }

    /// Whether this is the only answer.
    pub(crate) fn is_only(self, truth: Truth) -> bool {
        self == Self::of(truth)
    }

    /// These answers and those.
    pub(crate) const fn or_else(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// All answers that both sides together can have. Takes the two sides to be independent of each other.
    pub(crate) fn and(self, other: Self) -> Self {
        let mut all = 0;
        for one in KNOWN.into_iter().filter(|one| self.has(*one)) {
            for two in KNOWN.into_iter().filter(|two| other.has(*two)) {
                all |= Self::of(one.and(two)).0;
            }
        }
        Self(all)
    }

    /// The mirror image of [`Possible::and`].
    pub(crate) fn or(self, other: Self) -> Self {
        self.negate().and(other.negate()).negate()
    }

    /// The negation of each.
    pub(crate) fn negate(self) -> Self {
        let negated = KNOWN.into_iter().filter(|one| self.has(*one)).map(Truth::negate);
        Self(negated.fold(0, |all, one| all | Self::of(one).0))
    }
}

#[cfg(test)]
mod tests {
    use super::Truth::{Error, False, True, Undefined, Unknown};
    use super::*;

    const ALL: [Truth; 5] = [True, False, Undefined, Error, Unknown];

    #[test]
    fn and_follows_the_table() {
        let rows = [
            (True, [True, False, Undefined, Error, Unknown]),
            (False, [False, False, False, False, False]),
            (Undefined, [Undefined, False, Undefined, Error, Unknown]),
            (Error, [Error, False, Error, Error, Unknown]),
            (Unknown, [Unknown, False, Unknown, Unknown, Unknown]),
        ];
        for (left, expected) in rows {
            for (right, answer) in ALL.into_iter().zip(expected) {
                assert_eq!(left.and(right), answer, "{left:?} and {right:?}");
                assert_eq!(right.and(left), answer, "{right:?} and {left:?}");
            }
        }
    }

    #[test]
    fn or_follows_the_table() {
        let rows = [
            (True, [True, True, True, True, True]),
            (False, [True, False, Undefined, Error, Unknown]),
            (Undefined, [True, Undefined, Undefined, Error, Unknown]),
            (Error, [True, Error, Error, Error, Unknown]),
            (Unknown, [True, Unknown, Unknown, Unknown, Unknown]),
        ];
        for (left, expected) in rows {
            for (right, answer) in ALL.into_iter().zip(expected) {
                assert_eq!(left.or(right), answer, "{left:?} or {right:?}");
            }
        }
    }

    /// Unknown stands for every possibility: where it decides, all possibilities must agree.
    #[test]
    fn unknown_decides_only_where_all_agree() {
        for other in ALL {
            let answer = Unknown.and(other);
            for possible in [True, False, Undefined, Error] {
                assert!(answer == Unknown || possible.and(other) == answer, "{possible:?} and {other:?}");
            }
        }
    }

    #[test]
    fn sets_hold_what_their_members_answer() {
        for (one, two) in ALL.into_iter().flat_map(|one| ALL.map(|two| (one, two))) {
            let (both, either) =
                (Possible::of(one).and(Possible::of(two)), Possible::of(one).or(Possible::of(two)));
            if one != Unknown && two != Unknown {
                assert_eq!(both, Possible::of(one.and(two)));
                assert_eq!(either, Possible::of(one.or(two)));
            }
        }
        let unknown = Possible::of(Unknown);
        assert!(!unknown.and(Possible::of(Undefined)).has(True));
        assert!(!unknown.or(Possible::of(Error)).has(False));
        assert!(unknown.and(Possible::of(True)).has(True));
        assert_eq!(unknown.negate(), unknown);
    }
}
