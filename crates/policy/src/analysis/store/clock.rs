//! When a call is made: from one time on, and before another. Claims no conflict where a time is left.

use super::Conflict;

/// Some stretch of time, in milliseconds of Unix time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Clock {
    start_ms: u64,
    end_ms: u64,
}

impl Clock {
    /// Any time.
    pub(crate) const ANY: Self = Self { start_ms: 0, end_ms: u64::MAX };

    /// Leaves what is before this.
    pub(crate) fn end_by(&mut self, end_ms: u64) -> Result<(), Conflict> {
        self.end_ms = self.end_ms.min(end_ms);
        self.check()
    }

    /// Leaves what is not before this.
    pub(crate) fn start_at(&mut self, start_ms: u64) -> Result<(), Conflict> {
        self.start_ms = self.start_ms.max(start_ms);
        self.check()
    }

    fn check(self) -> Result<(), Conflict> {
        if self.start_ms < self.end_ms { Ok(()) } else { Err(Conflict) }
    }

    /// Whether a time is left.
    pub(crate) const fn has(self, now_ms: u64) -> bool {
        self.start_ms <= now_ms && now_ms < self.end_ms
    }

    /// The time nearest to this one.
    pub(crate) fn near(self, now_ms: u64) -> u64 {
        now_ms.min(self.end_ms.saturating_sub(1)).max(self.start_ms)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_is_between_the_two() {
        let mut clock = Clock::ANY;
        assert_eq!(clock.near(7), 7);
        assert!(clock.end_by(20).is_ok() && clock.start_at(10).is_ok());
        assert_eq!((clock.near(7), clock.near(15), clock.near(30)), (10, 15, 19));
        assert!(clock.has(10) && !clock.has(20));
        assert!(clock.start_at(20).is_err());
    }
}
