//! Why the audit could not be read or exported.

use std::io;
use std::path::{Path, PathBuf};

/// Why the audit could not be read. What is wrong with the records themselves is a [`crate::audit::Problem`].
#[derive(Debug, thiserror::Error)]
pub enum AuditError {
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
    /// There is no audit there.
    #[error("`{}` holds no audit; name a data folder or an exported file", path.display())]
    NotThere {
        /// The path.
        path: PathBuf,
    },
    /// A statement about the log is not what this program writes.
    #[error("reading `{}`: {problem}", path.display())]
    Malformed {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        problem: &'static str,
    },
    /// The key cannot be read.
    #[error(transparent)]
    Key(#[from] crate::error::OpenError),
    /// An export was asked for without the key that seals it.
    #[error("`{}` has no audit key, which an export is sealed with; restore the file `audit.key`", path.display())]
    NoKey {
        /// The data folder.
        path: PathBuf,
    },
}

impl AuditError {
    pub(crate) fn io(doing: &'static str, path: &Path, error: &io::Error) -> Self {
        Self::Io { doing, path: path.to_path_buf(), reason: error.to_string() }
    }
}
