//! How a command ends: its exit code, and the two kinds of failure that carry one.
//! The codes are part of the interface and never change their meaning.

use std::process::ExitCode;

/// How a command ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// 0: done, allowed, nothing found.
    Ok,
    /// 1: failed, denied, or problems found.
    Problems,
    /// 2: the command line itself was wrong.
    Usage,
    /// 3: nothing was found, but not everything could be decided.
    Undecided,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        match exit {
            Exit::Ok => Self::SUCCESS,
            Exit::Problems => Self::from(1),
            Exit::Usage => Self::from(2),
            Exit::Undecided => Self::from(3),
        }
    }
}

/// A command line that is well formed but asks for something impossible; ends with code 2.
#[derive(Debug)]
pub struct Usage(pub String);

impl std::fmt::Display for Usage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Usage {}
