//! What can go wrong with a server process.
//!
//! Must never: hold a message's content, an argument of the command or a variable's value.

use crate::http::Written;
use std::path::PathBuf;

/// A server command that could not be started.
#[derive(Debug, Clone, thiserror::Error)]
pub enum SpawnError {
    /// There is no such program.
    #[error("starting `{command}`: no such program; install it, or give its full path")]
    NotFound {
        /// The command as configured.
        command: String,
    },
    /// The file is there but may not be run.
    #[error("starting `{command}`: it may not be run; make it executable, or check who the gateway runs as")]
    NotAllowed {
        /// The command as configured.
        command: String,
    },
    /// The working folder is not there.
    #[error("starting `{command}`: the working folder `{}` is not a folder; create it or correct `cwd`", cwd.display())]
    Folder {
        /// The command as configured.
        command: String,
        /// The working folder as configured.
        cwd: PathBuf,
    },
    /// A variable's name is empty or holds `=`.
    #[error("starting `{command}`: `{name}` cannot be the name of an environment variable")]
    Variable {
        /// The command as configured.
        command: String,
        /// The variable's name.
        name: String,
    },
    /// Anything else that the system refuses.
    #[error("starting `{command}`: {why}")]
    System {
        /// The command as configured.
        command: String,
        /// The system's words.
        why: String,
    },
}

/// A message that was not wholly written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("writing to the server process: {why}")]
pub struct WriteError {
    /// What happened.
    pub why: String,
    /// What had been written by then; nothing more will be.
    pub written: Written,
}
