//! Why the configuration could not be read or changed.

/// Why the configuration could not be read or changed. Nothing was changed then.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ConfigError {
    /// The name is taken.
    #[error("{what} `{name}` exists already; choose another name or change that one")]
    Exists {
        /// What kind of thing.
        what: &'static str,
        /// Its name.
        name: String,
    },
    /// Nothing has that name.
    #[error("there is no {what} `{name}`")]
    NotThere {
        /// What kind of thing.
        what: &'static str,
        /// The name.
        name: String,
    },
    /// No space.
    #[error("{doing}: the disk that holds the data folder is full; free some space and try again")]
    DiskFull {
        /// What was being done.
        doing: &'static str,
    },
    /// The database refused.
    #[error("{doing}: {reason}")]
    Database {
        /// What was being done.
        doing: &'static str,
        /// The database's reason.
        reason: String,
    },
    /// The store is shutting down.
    #[error("{doing}: the gateway is shutting down")]
    Closed {
        /// What was being done.
        doing: &'static str,
    },
}

impl ConfigError {
    pub(crate) fn of(doing: &'static str, error: &rusqlite::Error) -> Self {
        if error.sqlite_error_code() == Some(rusqlite::ErrorCode::DiskFull) {
            return Self::DiskFull { doing };
        }
        Self::Database { doing, reason: error.to_string() }
    }

    pub(crate) fn not_there(what: &'static str, name: &str) -> Self {
        Self::NotThere { what, name: name.to_owned() }
    }
}
