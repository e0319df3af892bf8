//! What can go wrong while opening or writing the store, in words for the operator.
//! Must never hold the value of an argument, token or result.

use std::io;
use std::path::{Path, PathBuf};

/// Why a data folder cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Another process owns the folder.
    #[error(
        "the data folder `{}` belongs to the running process {holder}; stop it, or let it do the work \
         (its socket is in the folder)",
        path.display()
    )]
    Locked {
        /// The folder.
        path: PathBuf,
        /// The owner's process id, or "of an unknown id".
        holder: String,
    },
    /// The path names something else.
    #[error("`{}` is no toolgate data folder and not empty; name a new or empty folder", path.display())]
    NotOurs {
        /// The path.
        path: PathBuf,
    },
    /// A newer program wrote it.
    #[error(
        "`{}` has format {found}, this program knows formats up to {known}; run the newer program again, \
         or restore the folder from before it",
        path.display()
    )]
    Newer {
        /// The file.
        path: PathBuf,
        /// Its format.
        found: u32,
        /// The newest format known here.
        known: u32,
    },
    /// A file that must be there is not.
    #[error("`{}` is missing, {consequence}; restore it from a backup{way_out}", path.display())]
    Missing {
        /// The file.
        path: PathBuf,
        /// What going on without it would mean.
        consequence: &'static str,
        /// What else can be done, starting with a comma; empty when nothing.
        way_out: &'static str,
    },
    /// A file does not hold what was written to it.
    #[error("`{}` is damaged at byte {offset}: {problem}; restore it from a backup", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// Where the damage begins.
        offset: u64,
        /// What is wrong there.
        problem: &'static str,
    },
    /// No space for what must be written at the start.
    #[error("{doing} `{}`: the disk is full; free some space and start again", path.display())]
    DiskFull {
        /// What was being done.
        doing: &'static str,
        /// The file or folder.
        path: PathBuf,
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
    },
}

impl OpenError {
    pub(crate) fn io(doing: &'static str, path: &Path, error: &io::Error) -> Self {
        let path = path.to_path_buf();
        if is_full(error) {
            return Self::DiskFull { doing, path };
        }
        Self::Io { doing, path, reason: error.to_string() }
    }
}

/// Why something was not recorded. A call for which this comes back must be denied.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// No space for the records of a call.
    #[error(
        "{doing}: the disk that holds `{folder}` is full; free some space there, \
         calls are denied until then and pass again by themselves"
    )]
    DiskFull {
        /// What was being done.
        doing: &'static str,
        /// The data folder.
        folder: String,
    },
    /// Less space than is kept free.
    #[error(
        "the disk that holds `{folder}` has only {free_mib} MiB free of the {reserve_mib} MiB that are kept back; \
         free some space there, calls are denied until then and pass again by themselves"
    )]
    LowSpace {
        /// The data folder.
        folder: String,
        /// What is free, in MiB.
        free_mib: u64,
        /// What must stay free, in MiB.
        reserve_mib: u64,
    },
    /// The operating system refused to write.
    #[error("{doing}: {reason}; calls are denied until `{folder}` can be written again")]
    Write {
        /// What was being done.
        doing: &'static str,
        /// The system's reason.
        reason: String,
        /// The data folder.
        folder: String,
    },
    /// Too many calls wait to be recorded.
    #[error("too many calls are waiting to be recorded; call again later")]
    Busy,
    /// What was written may not have reached the disk, or the writer failed: nothing can be trusted until a restart.
    #[error("the store has failed and denies every call; see the log for the cause and restart the gateway")]
    Broken,
    /// The store is shutting down.
    #[error("the gateway is shutting down; call again later")]
    Closed,
}

/// True when an error says that there is no space, on the disk or in the owner's quota.
pub(crate) fn is_full(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded)
}
