//! Servers in the database. The transport is the gateway's own JSON and is not read here.

use crate::config::ConfigError;
use crate::config::handle::{Failure, from_ms, is_taken, to_ms};
use crate::time::Timestamp;
use rusqlite::{Connection, params};

const WHAT: &str = "server";

/// A registered server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Server {
    /// Its id.
    pub id: String,
    /// How it is reached, as JSON.
    pub transport: String,
    /// What made it: `command`, `api`, `init`, …
    pub origin: String,
    /// When it was added.
    pub created: Timestamp,
    /// When it was last changed.
    pub updated: Timestamp,
}

pub(crate) fn all(database: &Connection) -> Result<Vec<Server>, Failure> {
    let sql = "SELECT id, transport, origin, created_ms, updated_ms FROM servers ORDER BY id";
    let mut statement = database.prepare(sql)?;
    let rows = statement.query_map([], |row| {
        Ok(Server {
            id: row.get(0)?,
            transport: row.get(1)?,
            origin: row.get(2)?,
            created: from_ms(row.get(3)?),
            updated: from_ms(row.get(4)?),
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

pub(crate) fn add(database: &Connection, server: &Server) -> Result<(), Failure> {
    let sql = "INSERT INTO servers (id, transport, origin, created_ms, updated_ms) VALUES (?, ?, ?, ?, ?)";
    let Server { id, transport, origin, created, updated } = server;
    match database.execute(sql, params![id, transport, origin, to_ms(*created), to_ms(*updated)]) {
        Err(error) if is_taken(&error) => Err(ConfigError::Exists { what: WHAT, name: id.clone() }.into()),
        result => Ok(result.map(drop)?),
    }
}

pub(crate) fn change(
    database: &Connection,
    id: &str,
    transport: &str,
    now: Timestamp,
) -> Result<(), Failure> {
    let sql = "UPDATE servers SET transport = ?, updated_ms = ? WHERE id = ?";
    found(database.execute(sql, params![transport, to_ms(now), id])?, id)
}

pub(crate) fn remove(database: &Connection, id: &str) -> Result<(), Failure> {
    found(database.execute("DELETE FROM servers WHERE id = ?", [id])?, id)
}

fn found(n_rows: usize, id: &str) -> Result<(), Failure> {
    if n_rows == 0 { Err(ConfigError::not_there(WHAT, id).into()) } else { Ok(()) }
}
