//! What can be wrong with recordings, in words for the operator. Must never hold a value of a recording.

use std::io;
use std::path::{Path, PathBuf};

/// Why recordings cannot be read or written.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    /// There is no key.
    #[error(
        "`{}` is missing, and without it the recordings beside it cannot be read; restore it from a backup, \
         or remove the folder `recordings` to begin anew",
        path.display()
    )]
    NoKey {
        /// Where it should be.
        path: PathBuf,
    },
    /// It is no key.
    #[error(
        "{what} is no key for recordings: 64 hexadecimal digits are needed, as `openssl rand -hex 32` prints"
    )]
    NotAKey {
        /// Where it comes from.
        what: String,
    },
    /// Another key sealed it.
    #[error(
        "`{}` was sealed with another key; give the key of the time when it was written",
        path.display()
    )]
    WrongKey {
        /// The segment.
        path: PathBuf,
    },
    /// A newer program wrote it.
    #[error(
        "`{}` has format {found}, this program knows formats up to {known}; run the newer program again",
        path.display()
    )]
    Newer {
        /// The segment.
        path: PathBuf,
        /// Its format.
        found: u32,
        /// The newest format known here.
        known: u32,
    },
    /// It does not hold what was written.
    #[error("`{}` is damaged at byte {offset}: {problem}; what follows there cannot be read", path.display())]
    Damaged {
        /// The segment.
        path: PathBuf,
        /// Where the damage begins.
        offset: u64,
        /// What is wrong.
        problem: &'static str,
    },
    /// Less space than is left to the audit.
    #[error(
        "the disk that holds `{}` has only {free_mib} MiB free, and below {min_mib} MiB nothing is recorded; \
         free some space there, or keep fewer recordings",
        folder.display()
    )]
    LowSpace {
        /// The data folder.
        folder: PathBuf,
        /// What is free, in MiB.
        free_mib: u64,
        /// What must be, in MiB.
        min_mib: u64,
    },
    /// The operating system refused.
    #[error("{doing} `{}`: {reason}", path.display())]
    Io {
        /// What was being done.
        doing: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// The system's reason.
        reason: String,
        /// Whether it is for want of space.
        is_full: bool,
    },
}

impl Problem {
    pub(super) fn io(doing: &'static str, path: &Path, error: &io::Error) -> Self {
        let is_full = crate::error::is_full(error);
        Self::Io { doing, path: path.to_path_buf(), reason: error.to_string(), is_full }
    }

    pub(super) fn damaged(path: &Path, offset: u64, problem: &'static str) -> Self {
        Self::Damaged { path: path.to_path_buf(), offset, problem }
    }
}
