//! Tool definitions as servers listed them.
//! Must never forget one: what a tool once said is evidence.

use crate::config::handle::{Failure, from_ms, to_ms};
use crate::time::Timestamp;
use rusqlite::{Connection, params};

/// A definition as a server lists it now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SeenDefinition {
    /// The tool's name.
    pub name: String,
    /// The hash of the definition, as hex digits.
    pub hash: String,
    /// The definition as canonical JSON.
    pub canonical: String,
}

/// A definition and when it was seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Definition {
    /// The tool's name.
    pub name: String,
    /// The hash of the definition, as hex digits.
    pub hash: String,
    /// The definition as canonical JSON.
    pub canonical: String,
    /// When it was first listed.
    pub first_seen: Timestamp,
    /// When it was last listed.
    pub last_seen: Timestamp,
    /// Whether the server's latest list holds it.
    pub is_current: bool,
}

pub(crate) fn see(
    database: &Connection,
    server: &str,
    seen: &[SeenDefinition],
    now: Timestamp,
) -> Result<Vec<String>, Failure> {
    let sql = "SELECT EXISTS (SELECT 1 FROM definitions WHERE server_id = ? AND name = ? AND hash = ? AND is_current)";
    let mut was_current = database.prepare(sql)?;
    let mut changed = Vec::new();
    for SeenDefinition { name, hash, .. } in seen {
        if !was_current.query_row(params![server, name, hash], |row| row.get::<_, bool>(0))? {
            changed.push(name.clone());
        }
    }
    database.execute("UPDATE definitions SET is_current = 0 WHERE server_id = ? AND is_current", [server])?;
    let mut put = database.prepare(
        "INSERT INTO definitions (server_id, name, hash, canonical, first_seen_ms, last_seen_ms, is_current)
         VALUES (?1, ?2, ?3, ?4, ?5, ?5, 1)
         ON CONFLICT (server_id, name, hash) DO UPDATE SET last_seen_ms = excluded.last_seen_ms, is_current = 1",
    )?;
    for SeenDefinition { name, hash, canonical } in seen {
        put.execute(params![server, name, hash, canonical, to_ms(now)])?;
    }
    Ok(changed)
}

pub(crate) fn of_server(database: &Connection, server: &str) -> Result<Vec<Definition>, Failure> {
    let sql = "SELECT name, hash, canonical, first_seen_ms, last_seen_ms, is_current FROM definitions
               WHERE server_id = ? ORDER BY name, first_seen_ms, hash";
    let mut statement = database.prepare(sql)?;
    let rows = statement.query_map([server], |row| {
        Ok(Definition {
            name: row.get(0)?,
            hash: row.get(1)?,
            canonical: row.get(2)?,
            first_seen: from_ms(row.get(3)?),
            last_seen: from_ms(row.get(4)?),
            is_current: row.get(5)?,
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// The servers that ever listed a tool, by id.
pub(crate) fn servers(database: &Connection) -> Result<Vec<String>, Failure> {
    let mut statement = database.prepare("SELECT DISTINCT server_id FROM definitions ORDER BY server_id")?;
    let rows = statement.query_map([], |row| row.get(0))?;
    Ok(rows.collect::<Result<_, _>>()?)
}
