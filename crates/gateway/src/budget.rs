//! How much a server may say beside its replies on one stream.
//! It must never hold back a reply or a question: only notices are counted, and those beyond it are dropped.

/// Notices at once.
const MAX_NOTICES: u64 = 2_000;
/// Notices of each second from then on.
const NOTICES_PER_S: u64 = 200;
/// Bytes of them at once.
const MAX_BYTES: u64 = 8 << 20;
/// Bytes of each second from then on.
const BYTES_PER_S: u64 = 1 << 20;

/// What is left for one stream.
#[derive(Debug)]
pub struct Budget {
    // In thousandths, so that a millisecond counts.
    notices: u64,
    bytes: u64,
    at_ms: u64,
}

impl Budget {
    /// All of it, at `now_ms`.
    #[must_use]
    pub fn new(now_ms: u64) -> Self {
        Self { notices: MAX_NOTICES * 1_000, bytes: MAX_BYTES * 1_000, at_ms: now_ms }
    }

    /// Takes a notice of so many bytes; false where it is to be dropped.
    pub fn spend(&mut self, now_ms: u64, n_bytes: usize) -> bool {
        let passed_ms = now_ms.saturating_sub(self.at_ms);
        self.at_ms = now_ms.max(self.at_ms);
        let grown = |left: u64, per_s: u64, max: u64| {
            left.saturating_add(passed_ms.saturating_mul(per_s)).min(max * 1_000)
        };
        self.notices = grown(self.notices, NOTICES_PER_S, MAX_NOTICES);
        self.bytes = grown(self.bytes, BYTES_PER_S, MAX_BYTES);
        let wanted = (n_bytes as u64).saturating_mul(1_000);
        if self.notices < 1_000 || self.bytes < wanted {
            return false;
        }
        self.notices -= 1_000;
        self.bytes -= wanted;
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flood_is_bounded_and_a_pause_makes_room() {
        let mut budget = Budget::new(5);
        let spend = |budget: &mut Budget, now_ms, n_bytes| {
            (0..10_000).filter(|_| budget.spend(now_ms, n_bytes)).count() as u64
        };
        assert_eq!(spend(&mut budget, 5, 10), MAX_NOTICES);
        assert_eq!(spend(&mut budget, 1_005, 10), NOTICES_PER_S);
        assert_eq!(spend(&mut budget, 0, 10), 0, "time does not run backwards");
        assert_eq!(spend(&mut budget, u64::MAX, 1 << 20), 8);
    }
}
