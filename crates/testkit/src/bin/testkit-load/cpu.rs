//! The CPU time of processes, from the kernel's accounting.
//!
//! `/proc/PID/task/*/schedstat` counts nanoseconds per living thread; `/proc/PID/stat` counts ticks of 10 ms
//! for the whole process, threads that ended included. Both are reported; the first is what is compared.
//! Must never: take a process that has gone for one that used no time.

use std::collections::BTreeMap;
use std::fs;

/// Nanoseconds per tick of `/proc/PID/stat` (100 ticks a second on every Linux that Rust runs on).
const TICK_NS: u64 = 10_000_000;

/// The times of some processes at one moment.
#[derive(Default)]
pub struct Times {
    threads_ns: BTreeMap<u32, u64>,
    ticks_ns: u64,
}

/// What was used between two moments.
pub struct Used {
    pub scheduled_ns: u64,
    pub ticks_ns: u64,
}

impl Times {
    /// The times now.
    pub fn of(processes: &[u32]) -> Result<Times, String> {
        let mut times = Times::default();
        for process in processes {
            times
                .add(*process)
                .ok_or_else(|| format!("reading the CPU time of process `{process}`: it has gone"))?;
        }
        Ok(times)
    }

    fn add(&mut self, process: u32) -> Option<()> {
        let stat = fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
        let behind_name = stat.rsplit_once(") ")?.1;
        let ticks = behind_name.split(' ').skip(11).take(2).filter_map(|ticks| ticks.parse::<u64>().ok());
        self.ticks_ns += ticks.sum::<u64>() * TICK_NS;
        for task in fs::read_dir(format!("/proc/{process}/task")).ok()?.flatten() {
            let thread = task.file_name().to_str()?.parse().ok()?;
            // A thread may end between the listing and the reading.
            let Ok(schedstat) = fs::read_to_string(task.path().join("schedstat")) else { continue };
            self.threads_ns.insert(thread, schedstat.split(' ').next()?.parse().ok()?);
        }
        Some(())
    }

    /// What was used since an earlier moment.
    pub fn since(&self, earlier: &Times) -> Used {
        let before = |thread: &u32| earlier.threads_ns.get(thread).copied().unwrap_or_default();
        let grown = self.threads_ns.iter().map(|(thread, now_ns)| now_ns.saturating_sub(before(thread)));
        Used { scheduled_ns: grown.sum(), ticks_ns: self.ticks_ns.saturating_sub(earlier.ticks_ns) }
    }
}
