//! How a store keeps what it keeps.

use crate::audit::Retention;
use std::path::PathBuf;

/// What a call waits for before it is forwarded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Durability {
    /// Its records are in the kernel, and on disk within a second: they survive the process, and of a power cut all
    /// but the last second.
    #[default]
    Process,
    /// Its records are on disk.
    Power,
}

impl Durability {
    /// Its name in configuration and records.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Process => "process",
            Self::Power => "power",
        }
    }
}

/// Where and how to keep things.
#[derive(Clone, Debug)]
pub struct Options {
    /// The data folder.
    pub folder: PathBuf,
    /// What a call waits for.
    pub durability: Durability,
    /// A segment of the audit ends beyond this size; `audit` is read back by one segment at a start.
    pub max_segment_bytes: u64,
    /// How long audit records are kept.
    pub retention: Retention,
    /// So much of the volume stays free: below it calls are denied. 0 for no reserve.
    pub free_space_reserve_bytes: u64,
    /// So many calls may wait to be recorded at once; more are denied.
    pub max_waiting: usize,
}

impl Options {
    /// The defaults for a data folder.
    #[must_use]
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        Self {
            folder: folder.into(),
            durability: Durability::Process,
            max_segment_bytes: 16 * 1024 * 1024,
            retention: Retention::default(),
            free_space_reserve_bytes: 16 * 1024 * 1024,
            max_waiting: 65_536,
        }
    }
}
