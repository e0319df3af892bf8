//! The free-space reserve: below it no new call is let through, so that what is open can be ended in order.

use crate::error::StoreError;
use crate::log_file::LogFile;
use crate::time::Timestamp;
use std::path::Path;

/// The volume is asked at most this long ago, and at once after a refusal.
const ASK_EVERY_MS: u64 = 250;
const MIB: u64 = 1024 * 1024;

/// What is known of the volume's free space.
#[derive(Debug)]
pub(crate) struct Space {
    reserve_bytes: u64,
    folder: String,
    asked_at: Timestamp,
    too_little: Option<u64>,
}

impl Space {
    pub(crate) fn new(reserve_bytes: u64, folder: &Path) -> Self {
        let folder = folder.display().to_string();
        Self { reserve_bytes, folder, asked_at: Timestamp::default(), too_little: None }
    }

    /// The data folder, for messages.
    pub(crate) fn folder(&self) -> &str {
        &self.folder
    }

    /// Whether new calls may be let through.
    pub(crate) fn check(&mut self, log: &LogFile, now: Timestamp) -> Result<(), StoreError> {
        if self.reserve_bytes == 0 {
            return Ok(());
        }
        if self.too_little.is_some() || now.ms_since(self.asked_at) >= ASK_EVERY_MS {
            self.asked_at = now;
            // A volume that does not tell its space cannot be guarded; its writes still can fail.
            let free = log.volume_free().unwrap_or(u64::MAX);
            self.too_little = (free < self.reserve_bytes).then_some(free);
        }
        match self.too_little {
            None => Ok(()),
            Some(free) => Err(StoreError::LowSpace {
                folder: self.folder.clone(),
                free_mib: free / MIB,
                reserve_mib: self.reserve_bytes.div_ceil(MIB),
            }),
        }
    }
}
