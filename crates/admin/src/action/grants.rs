//! Grants: list, show, create, revoke.
//! A token must never be kept or told again: it is in the answer to its creation and nowhere else.

use super::{COMMAND, FILE};
use crate::failure::{Failure, FailureKind};
use crate::merge::merge;
use crate::record::Record;
use crate::registry::{Present, Registry};
use crate::rules::{self, Problems};
use gateway::declared::{Declared, GrantSpec};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use store::config::{Configuration, Grant as Row};
use store::{Timestamp, Token};

/// A grant as it is shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Grant {
    /// Its public id.
    pub id: String,
    /// `file` or `command`.
    pub origin: String,
    /// Whether it can be used.
    pub state: State,
    /// Words for people.
    pub labels: Vec<String>,
    /// Whether a token opens it; without one only `wrap` on this machine uses it.
    pub has_token: bool,
    /// For each server the policies that must all allow; an empty list denies everything there.
    pub servers: BTreeMap<String, Vec<String>>,
    /// Policies that bind it everywhere, before those.
    pub baseline: Vec<String>,
    /// When it was made, where it was made by command.
    pub created: Option<String>,
    /// From when on it is refused.
    pub expires: Option<String>,
    /// Since when it is revoked, where that is known.
    pub revoked: Option<String>,
}

/// Whether a grant can be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// It can.
    Valid,
    /// It is over.
    Expired,
    /// It was revoked.
    Revoked,
}

/// All grants.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Grants {
    /// By id.
    pub grants: Vec<Grant>,
}

/// A grant to be made.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewGrant {
    /// Its public id.
    pub id: String,
    /// Words for people.
    #[serde(default)]
    pub labels: Vec<String>,
    /// From when on it is refused: a date or a time in UTC, `2027-01-31T18:00:00Z`.
    #[serde(default)]
    pub expires: Option<String>,
    /// For each server the policies that must all allow.
    #[serde(default)]
    pub servers: BTreeMap<String, Vec<String>>,
    /// Makes no token: the grant is for `wrap` on this machine only.
    #[serde(default)]
    pub without_token: bool,
}

/// A grant that was made.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Created {
    /// The grant.
    pub grant: Grant,
    /// Its token, this one time.
    pub token: Option<String>,
    /// What is probably not meant.
    pub warnings: Vec<String>,
}

impl std::fmt::Debug for Created {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Created").field("grant", &self.grant).finish_non_exhaustive()
    }
}

impl Registry {
    /// All grants, revoked and expired ones too.
    ///
    /// # Errors
    /// Where the database cannot be read.
    pub async fn grants(&self) -> Result<Grants, Failure> {
        let present = self.present().await;
        let rows = self.rows().await?;
        Ok(Grants { grants: self.all_grants(&present.files, &rows) })
    }

    /// One grant.
    ///
    /// # Errors
    /// Where there is none of that id, or the database cannot be read.
    pub async fn grant(&self, id: &str) -> Result<Grant, Failure> {
        let found = self.grants().await?.grants.into_iter().find(|grant| grant.id == id);
        found.ok_or_else(|| Failure::not_there("grant", id))
    }

    /// Makes a grant.
    ///
    /// # Errors
    /// Where the id is taken, a server or policy is not there, or it cannot be recorded or stored.
    pub async fn create_grant(&self, new: NewGrant) -> Result<Created, Failure> {
        let now = self.gateway().store.now();
        let expires = check(&new, now)?;
        let present = self.present().await;
        let mut rows = self.rows().await?;
        refuse_taken(&present.files, &rows, &new.id)?;
        check_references(&new, &merge(&present.files, &rows).declared)?;
        let token = if new.without_token { None } else { Some(mint()?) };
        let row = Row {
            id: new.id.clone(),
            token: token.as_ref().map(Token::hash),
            labels: new.labels.clone(),
            origin: COMMAND.to_owned(),
            created: now,
            expires,
            revoked: None,
            servers: new.servers.clone(),
        };
        let expires = expires.map(|at| at.to_string());
        let record = Record::grant_created(&new.id, &new.labels, expires.as_deref(), &new.servers);
        rows.grants.push(row.clone());
        let stored = row.clone();
        self.add(&present, &rows, &record, async { self.config().add_grant(stored).await }).await?;
        Ok(Created {
            grant: self.of_row(&row, &baseline(&present.files, &rows)),
            token: token.map(|token| token.expose().to_owned()),
            warnings: warnings(&new),
        })
    }

    /// Revokes a grant at once and for good; one that is revoked already stays so.
    ///
    /// # Errors
    /// Where there is none of that id or a file declares it. Where it cannot be stored or recorded, it is refused
    /// from now on all the same.
    pub async fn revoke_grant(&self, id: &str) -> Result<Grant, Failure> {
        let now = self.gateway().store.now();
        let present = self.present().await;
        let mut rows = self.rows().await?;
        let Some(row) = rows.grants.iter_mut().find(|row| row.id == id) else {
            return Err(not_by_command(&present, id));
        };
        row.revoked.get_or_insert(now);
        let row = row.clone();
        let record = Record::grant_revoked(id);
        self.withdraw(&present, &rows, &record, async { self.config().revoke_grant(id, now).await }).await?;
        Ok(self.of_row(&row, &baseline(&present.files, &rows)))
    }

    pub(crate) fn all_grants(&self, files: &Declared, rows: &Configuration) -> Vec<Grant> {
        let baseline = baseline(files, rows);
        let declared = files.grants.iter().map(|spec| self.of_spec(spec, &baseline));
        let mut grants: Vec<Grant> =
            declared.chain(rows.grants.iter().map(|row| self.of_row(row, &baseline))).collect();
        grants.sort_by(|a, b| a.id.cmp(&b.id));
        grants
    }

    fn of_spec(&self, spec: &GrantSpec, baseline: &[String]) -> Grant {
        let expires = spec.expires_ms.map(Timestamp::from_ms);
        Grant {
            id: spec.id.clone(),
            origin: FILE.to_owned(),
            state: self.state(spec.revoked, expires),
            labels: spec.labels.clone(),
            has_token: spec.token_sha256.is_some(),
            servers: spec.servers.clone(),
            baseline: baseline.to_vec(),
            created: None,
            expires: expires.map(|at| at.to_string()),
            revoked: None,
        }
    }

    fn of_row(&self, row: &Row, baseline: &[String]) -> Grant {
        Grant {
            id: row.id.clone(),
            origin: row.origin.clone(),
            state: self.state(row.revoked.is_some(), row.expires),
            labels: row.labels.clone(),
            has_token: row.token.is_some(),
            servers: row.servers.clone(),
            baseline: baseline.to_vec(),
            created: Some(row.created.to_string()),
            expires: row.expires.map(|at| at.to_string()),
            revoked: row.revoked.map(|at| at.to_string()),
        }
    }

    fn state(&self, is_revoked: bool, expires: Option<Timestamp>) -> State {
        if is_revoked {
            State::Revoked
        } else if expires.is_some_and(|at| at <= self.gateway().store.now()) {
            State::Expired
        } else {
            State::Valid
        }
    }
}

fn baseline(files: &Declared, rows: &Configuration) -> Vec<String> {
    let further = rows.baseline.iter().filter(|name| !files.baseline.contains(name));
    files.baseline.iter().chain(further).cloned().collect()
}

/// Checks what can be checked of a grant alone; its expiry.
fn check(new: &NewGrant, now: Timestamp) -> Result<Option<Timestamp>, Failure> {
    let mut problems = Problems::new();
    rules::check_id("grant", &new.id, &mut problems);
    rules::check_labels(&new.labels, &mut problems);
    let expires = new.expires.as_deref().map(Timestamp::parse);
    match expires {
        Some(None) => problems
            .push("`expires` must be a date or a time in UTC, such as `2027-01-31T18:00:00Z`".to_owned()),
        Some(Some(at)) if at <= now => problems.push("`expires` must be in the future".to_owned()),
        Some(Some(_)) | None => {}
    }
    refuse(problems)?;
    Ok(expires.flatten())
}

/// Checks that servers and policies are there.
fn check_references(new: &NewGrant, declared: &Declared) -> Result<(), Failure> {
    let mut problems = Problems::new();
    for (server, names) in &new.servers {
        if !declared.servers.iter().any(|spec| spec.id == *server) {
            problems.push(format!("there is no server `{server}`; add it first, see `toolgate server list`"));
        }
        for name in names.iter().filter(|name| !declared.policies.contains_key(*name)) {
            problems.push(format!("there is no policy `{name}`; it would be the file policies/{name}.json"));
        }
        let is_twice = |(n, name): (usize, &String)| names.iter().take(n).any(|earlier| earlier == name);
        if names.iter().enumerate().any(is_twice) {
            problems.push(format!("a policy is listed twice for the server `{server}`"));
        }
    }
    refuse(problems)
}

fn refuse(problems: Problems) -> Result<(), Failure> {
    if problems.is_empty() { Ok(()) } else { Err(Failure::invalid("the grant cannot be made", problems)) }
}

fn refuse_taken(files: &Declared, rows: &Configuration, id: &str) -> Result<(), Failure> {
    let place = if files.grants.iter().any(|spec| spec.id == id) {
        "is declared in a file"
    } else if rows.grants.iter().any(|row| row.id == id) {
        "exists already; a revoked one keeps its id, so that the audit stays clear"
    } else {
        return Ok(());
    };
    Err(Failure::new(FailureKind::Taken, format!("the grant `{id}` {place}; choose another id")))
}

fn not_by_command(present: &Present, id: &str) -> Failure {
    if !present.files.grants.iter().any(|spec| spec.id == id) {
        return Failure::not_there("grant", id);
    }
    let message = format!(
        "the grant `{id}` is declared in a file and read-only here; write `revoked = true` under `[grants.{id}]` there, \
         or remove it; it counts within a second"
    );
    Failure::new(FailureKind::Taken, message)
}

fn mint() -> Result<Token, Failure> {
    Token::mint().map_err(|error| Failure::new(FailureKind::Unavailable, error.to_string()))
}

fn warnings(new: &NewGrant) -> Vec<String> {
    if new.servers.is_empty() {
        return vec![format!("the grant `{}` reaches no server", new.id)];
    }
    let bare = new.servers.iter().filter(|(_, names)| names.is_empty());
    bare.map(|(server, _)| {
        format!("no policy is named for the server `{server}`, so every call is denied there")
    })
    .collect()
}
