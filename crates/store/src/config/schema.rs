//! The tables, and the steps from each format of the database to the next.
//! Must never change a step that was released: a new format is a new step.

use crate::error::OpenError;
use crate::files;
use rusqlite::{Connection, OpenFlags};
use std::path::Path;

/// Step n leads from format n to format n + 1.
const STEPS: &[&str] = &["
    CREATE TABLE servers (
        id TEXT PRIMARY KEY,
        transport TEXT NOT NULL,
        origin TEXT NOT NULL,
        created_ms INTEGER NOT NULL,
        updated_ms INTEGER NOT NULL
    ) STRICT;
    CREATE TABLE grants (
        id TEXT PRIMARY KEY,
        token_sha256 BLOB UNIQUE,
        origin TEXT NOT NULL,
        created_ms INTEGER NOT NULL,
        expires_ms INTEGER,
        revoked_ms INTEGER
    ) STRICT;
    CREATE TABLE grant_labels (
        grant_id TEXT NOT NULL REFERENCES grants(id) ON DELETE CASCADE,
        position INTEGER NOT NULL,
        label TEXT NOT NULL,
        PRIMARY KEY (grant_id, position)
    ) STRICT;
    CREATE TABLE grant_servers (
        grant_id TEXT NOT NULL REFERENCES grants(id) ON DELETE CASCADE,
        server_id TEXT NOT NULL,
        PRIMARY KEY (grant_id, server_id)
    ) STRICT;
    CREATE TABLE grant_policies (
        grant_id TEXT NOT NULL,
        server_id TEXT NOT NULL,
        position INTEGER NOT NULL,
        policy TEXT NOT NULL,
        PRIMARY KEY (grant_id, server_id, position),
        FOREIGN KEY (grant_id, server_id) REFERENCES grant_servers(grant_id, server_id) ON DELETE CASCADE
    ) STRICT;
    CREATE TABLE baseline (position INTEGER PRIMARY KEY, policy TEXT NOT NULL) STRICT;
    CREATE TABLE revisions (
        name TEXT NOT NULL,
        revision INTEGER NOT NULL,
        hash TEXT NOT NULL,
        text TEXT NOT NULL,
        author TEXT NOT NULL,
        created_ms INTEGER NOT NULL,
        PRIMARY KEY (name, revision)
    ) STRICT;
    CREATE TABLE policies (
        name TEXT PRIMARY KEY,
        revision INTEGER NOT NULL,
        FOREIGN KEY (name, revision) REFERENCES revisions(name, revision)
    ) STRICT;
    CREATE TABLE definitions (
        server_id TEXT NOT NULL,
        name TEXT NOT NULL,
        hash TEXT NOT NULL,
        canonical TEXT NOT NULL,
        first_seen_ms INTEGER NOT NULL,
        last_seen_ms INTEGER NOT NULL,
        is_current INTEGER NOT NULL,
        PRIMARY KEY (server_id, name, hash)
    ) STRICT;
"];

/// WAL with full syncs: a change is on disk before it is answered for. The cache is small, as all of it is read
/// once per change and kept elsewhere.
const SETTINGS: &str = "
    PRAGMA journal_mode = WAL;
    PRAGMA synchronous = FULL;
    PRAGMA foreign_keys = ON;
    PRAGMA trusted_schema = OFF;
    PRAGMA cache_size = -512;
    PRAGMA temp_store = MEMORY;
";

/// Opens the database at a path, creating it when it is not there, and brings it to the newest format.
pub(crate) fn open(path: &Path) -> Result<Connection, OpenError> {
    // SQLite gives its side files the mode of the database, so the file is made with the right one first.
    files::open_or_create(path).map_err(|error| OpenError::io("opening the database", path, &error))?;
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let fail = |error: rusqlite::Error| of(path, &error);
    let mut connection = Connection::open_with_flags(path, flags).map_err(fail)?;
    connection.execute_batch(SETTINGS).map_err(fail)?;
    migrate(&mut connection, path)?;
    Ok(connection)
}

fn migrate(connection: &mut Connection, path: &Path) -> Result<(), OpenError> {
    let fail = |error: rusqlite::Error| of(path, &error);
    let known = STEPS.len();
    let found: u32 = connection.pragma_query_value(None, "user_version", |row| row.get(0)).map_err(fail)?;
    let Some(steps) = STEPS.get(found as usize..) else {
        return Err(OpenError::Newer { path: path.to_path_buf(), found, known: known as u32 });
    };
    if steps.is_empty() {
        return Ok(());
    }
    let transaction = connection.transaction().map_err(fail)?;
    for step in steps {
        transaction.execute_batch(step).map_err(fail)?;
    }
    transaction.pragma_update(None, "user_version", known as u32).map_err(fail)?;
    transaction.commit().map_err(fail)
}

fn of(path: &Path, error: &rusqlite::Error) -> OpenError {
    let (doing, path) = ("opening the database", path.to_path_buf());
    match error.sqlite_error_code() {
        Some(rusqlite::ErrorCode::DiskFull) => OpenError::DiskFull { doing, path },
        Some(rusqlite::ErrorCode::NotADatabase | rusqlite::ErrorCode::DatabaseCorrupt) => {
            OpenError::Damaged { path, offset: 0, problem: "it is no intact database" }
        }
        _ => OpenError::Io { doing, path, reason: error.to_string() },
    }
}
