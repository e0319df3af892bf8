//! Counters that nothing depends on: what limits would have said of calls that are gone through again.
//! Must never touch the counters of a gateway, nor count otherwise than they do.

use crate::audit::Digest;
use crate::counters::{Demand, Refused, Table};
use crate::time::Timestamp;

/// Idle counters are looked for once in so many calls.
const SWEEP_EVERY: u32 = 256;

/// Counters in memory, for calls in the order of their times.
#[derive(Debug, Default)]
pub struct Rehearsal {
    table: Table,
    now: Timestamp,
    n_calls: u32,
}

impl Rehearsal {
    /// Empty counters.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The digest of values that tell counters apart. It is for these counters only and never kept.
    #[must_use]
    pub fn digest(values: &[u8]) -> Digest {
        Digest::rehearsed(values)
    }

    /// Takes what a call demands, all or nothing, as used at this time. A time before that of an earlier call counts as
    /// that one.
    ///
    /// # Errors
    /// The first full limit; nothing is taken then.
    pub fn take(&mut self, demands: &[Demand<'_>], at: Timestamp) -> Result<(), Refused> {
        self.now = self.now.max(at);
        self.n_calls = self.n_calls.wrapping_add(1);
        if self.n_calls.is_multiple_of(SWEEP_EVERY) {
            self.table.sweep(self.now);
        }
        let units = self.table.reserve(demands, self.now)?;
        self.table.settle(&units, self.now, self.now);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::counters::CounterKey;
    use crate::window::Window;
    use json::Decimal;

    #[test]
    fn a_window_holds_no_more_than_its_maximum() {
        let key = CounterKey::new("p", Some("s"), "c", "calls", &["g"]);
        let (max, window) = (Decimal::parse("2").unwrap(), Window::Sliding { ms: 1000 });
        let mut rehearsal = Rehearsal::new();
        let mut take = |at_ms| {
            let demand = Demand { key: &key, amount: Decimal::ONE, max, window, max_keys: None, index: 7 };
            rehearsal.take(&[demand], Timestamp::from_ms(at_ms))
        };
        let full = |retry_after_ms| Err(Refused::Full { index: 7, retry_after_ms: Some(retry_after_ms) });
        assert_eq!((take(10_000), take(10_500), take(10_900)), (Ok(()), Ok(()), full(101)));
        assert_eq!((take(11_001), take(11_002)), (Ok(()), full(499)));
        assert_eq!(take(5), full(499), "an earlier time is that of the call before");
        assert_eq!(take(20_000), Ok(()));
    }
}
