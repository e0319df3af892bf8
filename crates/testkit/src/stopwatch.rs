//! Measures durations from outside the product, for the benches.
//!
//! Must never: be used by the product or decide the outcome of a test.

use rustix::time::{ClockId, clock_gettime};

/// Nanoseconds of the kernel's monotonic clock.
pub fn monotonic_ns() -> u64 {
    let now = clock_gettime(ClockId::Monotonic);
    let seconds = u64::try_from(now.tv_sec).unwrap_or_default();
    let nanoseconds = u64::try_from(now.tv_nsec).unwrap_or_default();
    seconds.saturating_mul(1_000_000_000).saturating_add(nanoseconds)
}
