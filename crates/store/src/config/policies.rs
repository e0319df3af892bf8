//! Policies in the database: immutable revisions, and which of them are in force.
//! Must never change a revision that was stored.

use crate::config::ConfigError;
use crate::config::handle::{Failure, from_ms, to_ms};
use crate::time::Timestamp;
use rusqlite::{Connection, OptionalExtension, Params, params};

const COLUMNS: &str = "r.name, r.revision, r.hash, r.text, r.author, r.created_ms";

/// A revision of a policy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredPolicy {
    /// The policy's name.
    pub name: String,
    /// The revision's number, from 1.
    pub revision: u64,
    /// The hash of the normalised content, as hex digits.
    pub hash: String,
    /// The document as it was given.
    pub text: String,
    /// Who made it.
    pub author: String,
    /// When it was made.
    pub created: Timestamp,
}

pub(crate) fn present(database: &Connection) -> Result<Vec<StoredPolicy>, Failure> {
    select(database, "JOIN policies p ON p.name = r.name AND p.revision = r.revision ORDER BY r.name", [])
}

pub(crate) fn revisions(database: &Connection, name: &str) -> Result<Vec<StoredPolicy>, Failure> {
    select(database, "WHERE r.name = ? ORDER BY r.revision", [name])
}

fn select(database: &Connection, rest: &str, values: impl Params) -> Result<Vec<StoredPolicy>, Failure> {
    let mut statement = database.prepare(&format!("SELECT {COLUMNS} FROM revisions r {rest}"))?;
    let rows = statement.query_map(values, |row| {
        Ok(StoredPolicy {
            name: row.get(0)?,
            revision: u64::try_from(row.get::<_, i64>(1)?).unwrap_or(0),
            hash: row.get(2)?,
            text: row.get(3)?,
            author: row.get(4)?,
            created: from_ms(row.get(5)?),
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

pub(crate) fn put(database: &Connection, policy: &StoredPolicy) -> Result<u64, Failure> {
    let StoredPolicy { name, hash, text, author, created, .. } = policy;
    let present =
        "SELECT r.revision FROM revisions r JOIN policies p ON p.name = r.name AND p.revision = r.revision
                   WHERE r.name = ? AND r.hash = ? AND r.text = ?";
    let same: Option<i64> =
        database.query_row(present, params![name, hash, text], |row| row.get(0)).optional()?;
    let number = |revision: i64| u64::try_from(revision).unwrap_or(0);
    if let Some(revision) = same {
        return Ok(number(revision));
    }
    let last = "SELECT coalesce(max(revision), 0) FROM revisions WHERE name = ?";
    let revision = 1 + database.query_row(last, [name], |row| row.get::<_, i64>(0))?;
    let sql =
        "INSERT INTO revisions (name, revision, hash, text, author, created_ms) VALUES (?, ?, ?, ?, ?, ?)";
    database.execute(sql, params![name, revision, hash, text, author, to_ms(*created)])?;
    let sql = "INSERT INTO policies (name, revision) VALUES (?, ?)
               ON CONFLICT (name) DO UPDATE SET revision = excluded.revision";
    database.execute(sql, params![name, revision])?;
    Ok(number(revision))
}

pub(crate) fn remove(database: &Connection, name: &str) -> Result<(), Failure> {
    match database.execute("DELETE FROM policies WHERE name = ?", [name])? {
        0 => Err(ConfigError::not_there("policy", name).into()),
        _ => Ok(()),
    }
}

pub(crate) fn baseline(database: &Connection) -> Result<Vec<String>, Failure> {
    let mut statement = database.prepare("SELECT policy FROM baseline ORDER BY position")?;
    let rows = statement.query_map([], |row| row.get(0))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

pub(crate) fn set_baseline(database: &Connection, policies: &[String]) -> Result<(), Failure> {
    database.execute("DELETE FROM baseline", [])?;
    for (position, policy) in policies.iter().enumerate() {
        let sql = "INSERT INTO baseline (position, policy) VALUES (?, ?)";
        database.execute(sql, params![position as i64, policy])?;
    }
    Ok(())
}
