//! Reads the machine's clocks; the only file of the product that does.
//! Must never judge what it reads: what the time is, `Timeline` decides.

use crate::error::OpenError;
use rustix::time::{ClockId, clock_gettime};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

/// Names one boot of one machine (and its time namespace): while it stays, boot time runs on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BootId(String);

impl BootId {
    /// A boot of this name.
    #[must_use]
    pub fn new(name: &str) -> Self {
        Self(name.to_owned())
    }

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Where the time comes from.
#[derive(Clone, Debug)]
pub enum Clock {
    /// The machine's clocks.
    System,
    /// A clock that tests set.
    Manual(Arc<ManualClock>),
}

impl Clock {
    /// Names the present boot.
    ///
    /// # Errors
    /// When the kernel does not tell it.
    pub fn boot(&self) -> Result<BootId, OpenError> {
        match self {
            Self::System => system_boot(),
            Self::Manual(manual) => Ok(manual.boot()),
        }
    }

    /// The wall clock: nanoseconds since 1970-01-01 UTC; 0 before.
    #[must_use]
    pub fn wall_ns(&self) -> u64 {
        match self {
            Self::System => read(ClockId::Realtime),
            Self::Manual(manual) => manual.wall_ns.load(Ordering::SeqCst),
        }
    }

    /// Nanoseconds since the boot, time asleep included; nobody can set it.
    #[must_use]
    pub fn boottime_ns(&self) -> u64 {
        match self {
            Self::System => read(ClockId::Boottime),
            Self::Manual(manual) => manual.boottime_ns.load(Ordering::SeqCst),
        }
    }

    /// Nanoseconds of a clock that only runs forward, for durations.
    #[must_use]
    pub fn monotonic_ns(&self) -> u64 {
        match self {
            Self::System => read(ClockId::Monotonic),
            Self::Manual(manual) => manual.boottime_ns.load(Ordering::SeqCst),
        }
    }
}

fn read(clock: ClockId) -> u64 {
    let time = clock_gettime(clock);
    let seconds = u64::try_from(time.tv_sec).unwrap_or(0);
    seconds.saturating_mul(1_000_000_000).saturating_add(u64::try_from(time.tv_nsec).unwrap_or(0))
}

fn system_boot() -> Result<BootId, OpenError> {
    let path = "/proc/sys/kernel/random/boot_id";
    let boot = std::fs::read_to_string(path)
        .map_err(|error| OpenError::io("reading the boot id", path.as_ref(), &error))?;
    // Boot time can be shifted per time namespace, so another namespace counts as another boot.
    let namespace = std::fs::read_link("/proc/self/ns/time").unwrap_or_default();
    Ok(BootId(format!("{} {}", boot.trim(), namespace.display())))
}

/// A clock that stands still until it is told otherwise.
#[derive(Debug)]
pub struct ManualClock {
    wall_ns: AtomicU64,
    boottime_ns: AtomicU64,
    boot: Mutex<BootId>,
}

/// Nanoseconds of a millisecond.
const MS: u64 = 1_000_000;

impl ManualClock {
    /// A clock in boot `boot-1`, one second after the start, with the wall clock at so many milliseconds.
    #[must_use]
    pub fn new(wall_ms: u64) -> Arc<Self> {
        Arc::new(Self {
            wall_ns: AtomicU64::new(wall_ms * MS),
            boottime_ns: AtomicU64::new(1000 * MS),
            boot: Mutex::new(BootId::new("boot-1")),
        })
    }

    /// Lets time pass.
    pub fn advance_ms(&self, ms: u64) {
        self.wall_ns.fetch_add(ms * MS, Ordering::SeqCst);
        self.boottime_ns.fetch_add(ms * MS, Ordering::SeqCst);
    }

    /// Steps the wall clock, as an administrator or a time server does.
    pub fn set_wall_ms(&self, ms: u64) {
        self.wall_ns.store(ms * MS, Ordering::SeqCst);
    }

    /// Boots the machine anew: another boot, boot time from one second on.
    pub fn reboot(&self, name: &str) {
        *self.boot.lock().unwrap_or_else(PoisonError::into_inner) = BootId::new(name);
        self.boottime_ns.store(1000 * MS, Ordering::SeqCst);
    }

    fn boot(&self) -> BootId {
        self.boot.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_machine_has_clocks() {
        let clock = Clock::System;
        let (boot, mono) = (clock.boottime_ns(), clock.monotonic_ns());
        assert!(clock.wall_ns() > 1_700_000_000_000_000_000);
        assert!(clock.boottime_ns() >= boot && clock.monotonic_ns() >= mono);
        assert_eq!(clock.boot().unwrap(), clock.boot().unwrap());
    }
}
