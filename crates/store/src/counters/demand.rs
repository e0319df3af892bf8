//! What a call asks of the counters, and why it may be refused.

use crate::counters::CounterKey;
use crate::window::Window;
use json::Decimal;

/// One limit that a call must fit under.
#[derive(Clone, Copy, Debug)]
pub struct Demand<'a> {
    /// The counter; a call adds to it once, however many of its demands name it.
    pub key: &'a CounterKey,
    /// What the call adds.
    pub amount: Decimal,
    /// What the window may hold at most.
    pub max: Decimal,
    /// The window.
    pub window: Window,
    /// How many keys of one family the counters may hold; nothing for a key without values.
    pub max_keys: Option<usize>,
    /// The caller's own number of the limit, returned when it refuses.
    pub index: usize,
}

/// Why nothing was reserved. Nothing was consumed either.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// A limit is full.
    #[error("a limit is full")]
    Full {
        /// The first full limit, by the caller's number.
        index: usize,
        /// After this time all limits have room, if nothing else is reserved and calls in flight are written now;
        /// nothing when the amount alone is more than a limit's maximum.
        retry_after_ms: Option<u64>,
    },
    /// An amount is negative, or its sum with what was used is too long to be counted exactly.
    #[error("an amount cannot be counted exactly")]
    Uncountable {
        /// The limit, by the caller's number.
        index: usize,
    },
    /// The key is new, and its family has as many keys as it may.
    #[error("as many different values are counted as may be")]
    TooManyKeys {
        /// The limit, by the caller's number.
        index: usize,
    },
    /// The counters failed; the gateway must be restarted.
    #[error("the counters have failed; restart the gateway")]
    Broken,
}
