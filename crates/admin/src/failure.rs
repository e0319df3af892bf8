//! Why an action was refused, in words for the operator.
//! It must never hold a token, or the value of a variable or header.

use gateway::world::Problem;
use std::fmt;
use store::config::ConfigError;

/// What kind of refusal it is; the API turns each into one status.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FailureKind {
    /// What was asked cannot be read.
    Malformed,
    /// Nothing has that name.
    NotThere,
    /// The name is taken, or belongs to the files.
    Taken,
    /// It can be read but not be put into force.
    Invalid,
    /// The store cannot write or read now.
    Unavailable,
}

/// A refusal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// Its kind.
    pub kind: FailureKind,
    /// What was being done, and what to do next.
    pub message: String,
    /// Every single problem, where there are several.
    pub problems: Vec<String>,
}

impl Failure {
    /// A refusal with one reason.
    #[must_use]
    pub fn new(kind: FailureKind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), problems: Vec::new() }
    }

    /// Nothing has that name.
    #[must_use]
    pub fn not_there(what: &str, name: &str) -> Self {
        Self::new(
            FailureKind::NotThere,
            format!("there is no {what} `{name}`; `toolgate {what} list` shows what there is"),
        )
    }

    /// A refusal for several reasons.
    #[must_use]
    pub fn invalid(message: impl Into<String>, problems: Vec<String>) -> Self {
        Self { kind: FailureKind::Invalid, message: message.into(), problems }
    }

    pub(crate) fn of_problems(message: impl Into<String>, problems: &[Problem]) -> Self {
        Self::invalid(message, problems.iter().map(ToString::to_string).collect())
    }
}

impl From<ConfigError> for Failure {
    fn from(error: ConfigError) -> Self {
        let kind = match error {
            ConfigError::Exists { .. } => FailureKind::Taken,
            ConfigError::NotThere { .. } => FailureKind::NotThere,
            ConfigError::DiskFull { .. } | ConfigError::Database { .. } | ConfigError::Closed { .. } => {
                FailureKind::Unavailable
            }
        };
        Self::new(kind, error.to_string())
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)?;
        self.problems.iter().try_for_each(|problem| write!(f, "\n  {problem}"))
    }
}

impl std::error::Error for Failure {}
