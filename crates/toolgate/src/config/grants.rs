//! `[grants.ID]`: an agent's access key each, with the policies that bind it at every server.
//! Only a token's hash may stand here; a message never repeats what was written in its place.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use gateway::declared::GrantSpec;
use gateway::world::LOCAL_GRANT;

use store::TokenHash;

use super::instant;
use super::name;
use super::suggest;
use super::table::{Placed, Table};

/// What stands before the 64 digits of a token's hash.
pub const TOKEN_HASH: &str = "sha256:";

/// The names that grants may refer to.
pub struct Known<'a> {
    /// Declared servers.
    pub servers: BTreeSet<&'a str>,
    /// Policies of the folder, also those that do not load.
    pub policies: BTreeSet<&'a str>,
}

/// Reads every `[grants.ID]`.
#[must_use]
pub fn read(top: &Table<'_, '_>, known: &Known<'_>) -> Vec<GrantSpec> {
    let Some(grants) = top.table("grants") else { return Vec::new() };
    let mut holders: HashMap<[u8; 32], String> = HashMap::new();
    let mut found = Vec::new();
    for (id, table) in grants.tables() {
        let grant = read_grant(&id, &table, known);
        let holder = grant.token_sha256.and_then(|hash| holders.insert(hash, grant.id.clone()));
        if let (Some(holder), Some(place)) = (holder, table.place_of("token_hash")) {
            let message = format!("grants `{holder}` and `{}` have the same token", grant.id);
            table.report().error(&place, message);
        }
        found.push(grant);
        table.finish();
    }
    found
}

/// Reads `baseline`, the policies that bind every grant.
#[must_use]
pub fn read_baseline(top: &Table<'_, '_>, known: &Known<'_>) -> Vec<String> {
    let names = top.strings("baseline").map(|list| list.value).unwrap_or_default();
    policies(top, &names, known)
}

fn read_grant(id: &Placed<&str>, table: &Table<'_, '_>, known: &Known<'_>) -> GrantSpec {
    if !name::is_id(id.value) {
        table.report().error(&id.place, format!("grant id `{}` {}", id.value, name::ID_EXPECTED));
    }
    let labels = table.strings("labels").map(|list| list.value).unwrap_or_default();
    GrantSpec {
        id: id.value.to_owned(),
        token_sha256: token_hash(table),
        labels: labels.iter().map(|label| label.value.to_owned()).collect(),
        expires_ms: expires_ms(table),
        revoked: table.boolean("revoked").unwrap_or(false),
        servers: table
            .table("servers")
            .map(|servers| read_servers(&servers, known, id.value == LOCAL_GRANT))
            .unwrap_or_default(),
    }
}

fn token_hash(table: &Table<'_, '_>) -> Option<[u8; 32]> {
    let text = table.string("token_hash")?;
    let hash = text.value.strip_prefix(TOKEN_HASH).and_then(TokenHash::from_hex);
    if hash.is_none() {
        let message = format!(
            "`{}` must be `sha256:` and 64 lower-case hexadecimal digits, the hash of the token and never \
             the token itself; `toolgate grant token` prints both",
            table.dotted("token_hash")
        );
        // Without the problem it would be a grant without a token.
        table.report().error(&text.place, message);
    }
    hash.map(|hash| *hash.as_bytes())
}

fn expires_ms(table: &Table<'_, '_>) -> Option<u64> {
    let expires = table.datetime("expires")?;
    match instant::unix_ms(&expires.value) {
        Ok(unix_ms) => Some(unix_ms),
        Err(expected) => {
            table.report().error(&expires.place, format!("`{}` {expected}", table.dotted("expires")));
            None
        }
    }
}

fn read_servers(table: &Table<'_, '_>, known: &Known<'_>, is_local: bool) -> BTreeMap<String, Vec<String>> {
    let mut servers = BTreeMap::new();
    for (server, names) in table.free_lists() {
        // The local grant may name what only `wrap` brings along, and so is declared nowhere.
        if !known.servers.contains(server.value) && !is_local {
            let suggestion = suggest::closest(server.value, known.servers.iter().copied());
            let message = format!("no server `{}` is declared", server.value);
            table.report().error_with(&server.place, message, suggestion);
        }
        if names.is_empty() {
            let message =
                format!("`{}` names no policy, so every call is denied", table.dotted(server.value));
            table.report().warn(&server.place, message);
        }
        servers.insert(server.value.to_owned(), policies(table, &names, known));
    }
    servers
}

fn policies(table: &Table<'_, '_>, names: &[Placed<&str>], known: &Known<'_>) -> Vec<String> {
    let mut accepted: Vec<String> = Vec::new();
    for policy in names {
        if !known.policies.contains(policy.value) {
            let suggestion = suggest::closest(policy.value, known.policies.iter().copied());
            let message = format!(
                "no policy `{0}`; it would be the file `policies/{0}.json` beside this one",
                policy.value
            );
            table.report().error_with(&policy.place, message, suggestion);
        }
        if accepted.iter().any(|earlier| earlier == policy.value) {
            table.report().error(&policy.place, format!("policy `{}` is listed twice", policy.value));
        }
        accepted.push(policy.value.to_owned());
    }
    accepted
}
