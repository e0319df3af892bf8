//! The time that the gateway trusts: it follows boot time within a boot and never falls behind what was recorded.
//! Must never follow a step of the wall clock within a boot: that would free limits early or hold them for ever.

use crate::clock::{BootId, Clock};
use crate::time::Timestamp;
use std::sync::atomic::{AtomicI64, Ordering};

/// Wall clock and timeline may drift apart by this much before it counts as a step.
const JUMP_MS: u64 = 1000;
const MS: u64 = 1_000_000;

/// What must be remembered so that a later process of the same boot continues the timeline.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Mark {
    /// The boot for which the offset holds.
    pub(crate) boot: BootId,
    /// Timeline minus boot time, in nanoseconds.
    pub(crate) offset_ns: u64,
}

/// A step of the wall clock that the timeline did not follow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Jump {
    /// Wall clock minus timeline before, in milliseconds.
    pub before_ms: i64,
    /// Wall clock minus timeline since, in milliseconds.
    pub after_ms: i64,
}

/// The gateway's time.
#[derive(Debug)]
pub struct Timeline {
    clock: Clock,
    mark: Mark,
    wall_lead_ms: AtomicI64,
}

impl Timeline {
    /// Continues from what was recorded: exactly within a boot, else from the wall clock, never below `high_water`.
    pub(crate) fn resume(clock: Clock, boot: BootId, last: Option<&Mark>, high_water: Timestamp) -> Self {
        let boottime_ns = clock.boottime_ns();
        let continued = last.filter(|mark| {
            mark.boot == boot && mark.offset_ns.saturating_add(boottime_ns) / MS >= high_water.as_ms()
        });
        let offset_ns = continued.map_or_else(
            || {
                let start = clock.wall_ns().max(high_water.as_ms().saturating_mul(MS));
                start.saturating_sub(boottime_ns)
            },
            |mark| mark.offset_ns,
        );
        let timeline = Self { clock, mark: Mark { boot, offset_ns }, wall_lead_ms: AtomicI64::new(0) };
        timeline.wall_lead_ms.store(timeline.wall_lead(), Ordering::Relaxed);
        timeline
    }

    /// The present time.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        Timestamp::from_ms(self.mark.offset_ns.saturating_add(self.clock.boottime_ns()) / MS)
    }

    /// Nanoseconds of a clock that only runs forward, for durations.
    #[must_use]
    pub fn monotonic_ns(&self) -> u64 {
        self.clock.monotonic_ns()
    }

    /// Wall clock minus timeline, in milliseconds.
    pub(crate) fn wall_lead(&self) -> i64 {
        let wall_ms = i64::try_from(self.clock.wall_ns() / MS).unwrap_or(i64::MAX);
        wall_ms.saturating_sub(i64::try_from(self.now().as_ms()).unwrap_or(i64::MAX))
    }

    /// A step of the wall clock since the last look, once.
    pub(crate) fn take_jump(&self) -> Option<Jump> {
        let after_ms = self.wall_lead();
        let before_ms = self.wall_lead_ms.load(Ordering::Relaxed);
        if before_ms.abs_diff(after_ms) < JUMP_MS {
            return None;
        }
        self.wall_lead_ms.store(after_ms, Ordering::Relaxed);
        Some(Jump { before_ms, after_ms })
    }

    /// What a later process needs to continue.
    pub(crate) fn mark(&self) -> &Mark {
        &self.mark
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::ManualClock;
    use std::sync::Arc;

    const START: u64 = 1_800_000_000_000;

    fn resume(clock: &Arc<ManualClock>, last: Option<&Mark>, high_water: u64) -> Timeline {
        let clock = Clock::Manual(clock.clone());
        let boot = clock.boot().unwrap();
        Timeline::resume(clock, boot, last, Timestamp::from_ms(high_water))
    }

    fn lead(timeline: &Timeline) -> u64 {
        timeline.now().as_ms() - START
    }

    #[test]
    fn wall_steps_within_a_boot_change_nothing_and_are_reported_once() {
        for wall in [START - 86_400_000, START + 86_400_000] {
            let clock = ManualClock::new(START);
            let timeline = resume(&clock, None, 0);
            clock.advance_ms(5);
            clock.set_wall_ms(wall);
            clock.advance_ms(5);
            assert_eq!(lead(&timeline), 10);
            let jump = timeline.take_jump().unwrap();
            assert_eq!((jump.before_ms, jump.after_ms), (0, wall as i64 - START as i64 - 5));
            assert_eq!(timeline.take_jump(), None);
        }
    }

    #[test]
    fn a_restart_within_the_boot_continues_exactly() {
        let clock = ManualClock::new(START);
        let mark = resume(&clock, None, 0).mark().clone();
        clock.advance_ms(60_000);
        for wall in [0, START, START * 2] {
            clock.set_wall_ms(wall);
            assert_eq!(lead(&resume(&clock, Some(&mark), START)), 60_000);
        }
    }

    #[test]
    fn a_reboot_takes_the_wall_clock_but_never_less_than_the_high_water_mark() {
        let clock = ManualClock::new(START);
        let mark = resume(&clock, None, 0).mark().clone();
        clock.reboot("boot-2");
        clock.set_wall_ms(START + 7000);
        assert_eq!(lead(&resume(&clock, Some(&mark), START)), 7000);
        clock.set_wall_ms(START - 7000);
        assert_eq!(lead(&resume(&clock, Some(&mark), START + 1)), 1);
    }

    #[test]
    fn boot_time_that_ran_backwards_counts_as_a_reboot() {
        let clock = ManualClock::new(START);
        let mark = resume(&clock, None, 0).mark().clone();
        clock.advance_ms(9000);
        clock.reboot("boot-1");
        assert_eq!(lead(&resume(&clock, Some(&mark), START + 9000)), 9000);
    }

    #[test]
    fn slow_drift_is_no_jump() {
        let clock = ManualClock::new(START);
        let timeline = resume(&clock, None, 0);
        clock.set_wall_ms(START + JUMP_MS - 1);
        assert_eq!(timeline.take_jump(), None);
    }
}
