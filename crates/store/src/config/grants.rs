//! Grants in the database: labels, expiry, revocation, and for each server the ordered policies.
//! Must never hold a token, nor make a revoked grant valid again.

use crate::config::ConfigError;
use crate::config::handle::{Failure, from_ms, is_taken, to_ms};
use crate::time::Timestamp;
use crate::token::TokenHash;
use rusqlite::{Connection, OptionalExtension, Row, params};
use std::collections::BTreeMap;

const WHAT: &str = "grant";
const COLUMNS: &str = "id, token_sha256, origin, created_ms, expires_ms, revoked_ms";

/// An agent's access key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grant {
    /// Its public id.
    pub id: String,
    /// The hash of its token; nothing for one that no token opens.
    pub token: Option<TokenHash>,
    /// Words for people.
    pub labels: Vec<String>,
    /// What made it: `command`, `api`, `wrap`, …
    pub origin: String,
    /// When it was made.
    pub created: Timestamp,
    /// From when on it is refused.
    pub expires: Option<Timestamp>,
    /// Since when it is revoked.
    pub revoked: Option<Timestamp>,
    /// For each server the policies in their order; an empty list denies everything there.
    pub servers: BTreeMap<String, Vec<String>>,
}

pub(crate) fn all(database: &Connection) -> Result<Vec<Grant>, Failure> {
    let mut statement = database.prepare(&format!("SELECT {COLUMNS} FROM grants ORDER BY id"))?;
    let bare = statement.query_map([], bare_grant)?.collect::<Result<Vec<_>, _>>()?;
    bare.into_iter().map(|grant| complete(database, grant)).collect()
}

pub(crate) fn find(database: &Connection, token: &TokenHash) -> Result<Option<Grant>, Failure> {
    let sql = format!("SELECT {COLUMNS} FROM grants WHERE token_sha256 = ?");
    let found = database.query_row(&sql, params![token.as_bytes()], bare_grant).optional()?;
    found.map(|grant| complete(database, grant)).transpose()
}

fn bare_grant(row: &Row<'_>) -> rusqlite::Result<Grant> {
    let token: Option<[u8; 32]> = row.get(1)?;
    let (expires, revoked): (Option<i64>, Option<i64>) = (row.get(4)?, row.get(5)?);
    Ok(Grant {
        id: row.get(0)?,
        token: token.map(TokenHash::from_bytes),
        labels: Vec::new(),
        origin: row.get(2)?,
        created: from_ms(row.get(3)?),
        expires: expires.map(from_ms),
        revoked: revoked.map(from_ms),
        servers: BTreeMap::new(),
    })
}

fn complete(database: &Connection, mut grant: Grant) -> Result<Grant, Failure> {
    let mut labels =
        database.prepare("SELECT label FROM grant_labels WHERE grant_id = ? ORDER BY position")?;
    grant.labels = labels.query_map([&grant.id], |row| row.get(0))?.collect::<Result<_, _>>()?;
    let mut servers = database.prepare("SELECT server_id FROM grant_servers WHERE grant_id = ?")?;
    for server in servers.query_map([&grant.id], |row| row.get(0))? {
        grant.servers.insert(server?, Vec::new());
    }
    let sql = "SELECT server_id, policy FROM grant_policies WHERE grant_id = ? ORDER BY server_id, position";
    let mut policies = database.prepare(sql)?;
    let rows = policies.query_map([&grant.id], |row| Ok((row.get::<_, String>(0)?, row.get(1)?)))?;
    for row in rows {
        let (server, policy) = row?;
        grant.servers.entry(server).or_default().push(policy);
    }
    Ok(grant)
}

pub(crate) fn add(database: &Connection, grant: &Grant) -> Result<(), Failure> {
    let sql = "INSERT INTO grants (id, token_sha256, origin, created_ms, expires_ms, revoked_ms) VALUES (?, ?, ?, ?, ?, ?)";
    let Grant { id, token, origin, created, expires, revoked, .. } = grant;
    let values = params![
        id,
        token.as_ref().map(TokenHash::as_bytes),
        origin,
        to_ms(*created),
        expires.map(to_ms),
        revoked.map(to_ms)
    ];
    taken_or(database.execute(sql, values), id)?;
    put_parts(database, grant)
}

pub(crate) fn change(database: &Connection, grant: &Grant) -> Result<(), Failure> {
    let sql = "UPDATE grants SET token_sha256 = ?, expires_ms = ? WHERE id = ?";
    let token = grant.token.as_ref().map(TokenHash::as_bytes);
    let n_rows =
        taken_or(database.execute(sql, params![token, grant.expires.map(to_ms), grant.id]), &grant.id)?;
    found(n_rows, &grant.id)?;
    database.execute("DELETE FROM grant_labels WHERE grant_id = ?", [&grant.id])?;
    database.execute("DELETE FROM grant_servers WHERE grant_id = ?", [&grant.id])?;
    put_parts(database, grant)
}

fn put_parts(database: &Connection, grant: &Grant) -> Result<(), Failure> {
    let Grant { id, labels, servers, .. } = grant;
    for (position, label) in labels.iter().enumerate() {
        let sql = "INSERT INTO grant_labels (grant_id, position, label) VALUES (?, ?, ?)";
        database.execute(sql, params![id, position as i64, label])?;
    }
    for (server, policies) in servers {
        database
            .execute("INSERT INTO grant_servers (grant_id, server_id) VALUES (?, ?)", params![id, server])?;
        for (position, policy) in policies.iter().enumerate() {
            let sql =
                "INSERT INTO grant_policies (grant_id, server_id, position, policy) VALUES (?, ?, ?, ?)";
            database.execute(sql, params![id, server, position as i64, policy])?;
        }
    }
    Ok(())
}

pub(crate) fn revoke(database: &Connection, id: &str, now: Timestamp) -> Result<(), Failure> {
    let sql = "UPDATE grants SET revoked_ms = coalesce(revoked_ms, ?) WHERE id = ?";
    found(database.execute(sql, params![to_ms(now), id])?, id)
}

fn found(n_rows: usize, id: &str) -> Result<(), Failure> {
    if n_rows == 0 { Err(ConfigError::not_there(WHAT, id).into()) } else { Ok(()) }
}

fn taken_or(result: rusqlite::Result<usize>, id: &str) -> Result<usize, Failure> {
    match result {
        Err(error) if is_taken(&error) => Err(ConfigError::Exists { what: WHAT, name: id.to_owned() }.into()),
        result => Ok(result?),
    }
}
