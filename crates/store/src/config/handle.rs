//! The database on a thread of its own, behind a handle that can be awaited.
//! Must never block the gateway's event loop, nor answer before a change is committed.

use crate::config::{ConfigError, Configuration, definitions, grants, policies, schema, servers};
use crate::config::{Definition, Grant, SeenDefinition, Server, StoredPolicy};
use crate::error::OpenError;
use crate::time::Timestamp;
use crate::token::TokenHash;
use rusqlite::{Connection, Transaction};
use std::path::Path;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Mutex, PoisonError};
use std::thread::JoinHandle;
use tokio::sync::oneshot;

type Job = Box<dyn FnOnce(&mut Connection) + Send>;

/// The configuration database.
#[derive(Debug)]
pub struct ConfigStore {
    jobs: Mutex<Option<Sender<Job>>>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

impl ConfigStore {
    /// Opens the database at a path and starts its thread.
    pub(crate) fn open(path: &Path) -> Result<Self, OpenError> {
        let connection = schema::open(path)?;
        let (jobs, inbox) = channel::<Job>();
        let thread = std::thread::Builder::new()
            .name("store-config".to_owned())
            .spawn(move || serve(connection, &inbox))
            .map_err(|error| OpenError::io("starting the thread for", path, &error))?;
        Ok(Self { jobs: Mutex::new(Some(jobs)), thread: Mutex::new(Some(thread)) })
    }

    /// Ends the thread once all that was asked is done; later questions are refused.
    pub(crate) fn close(&self) {
        drop(self.jobs.lock().unwrap_or_else(PoisonError::into_inner).take());
        let thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take();
        if thread.is_some_and(|thread| thread.join().is_err()) {
            tracing::error!("the thread of the configuration database failed");
        }
    }

    /// Runs one step in one transaction.
    async fn run<T: Send + 'static>(
        &self,
        doing: &'static str,
        step: impl FnOnce(&Transaction<'_>) -> Result<T, Failure> + Send + 'static,
    ) -> Result<T, ConfigError> {
        let (answer, answered) = oneshot::channel();
        let job: Job = Box::new(move |connection| {
            // The one who asked may have gone; the step is done or undone all the same.
            let _ = answer.send(in_transaction(connection, step));
        });
        let closed = ConfigError::Closed { doing };
        let is_sent = match &*self.jobs.lock().unwrap_or_else(PoisonError::into_inner) {
            Some(jobs) => jobs.send(job).is_ok(),
            None => false,
        };
        if !is_sent {
            return Err(closed);
        }
        match answered.await {
            Ok(Ok(value)) => Ok(value),
            Ok(Err(Failure::Config(error))) => Err(error),
            Ok(Err(Failure::Database(error))) => Err(ConfigError::of(doing, &error)),
            Err(_) => Err(closed),
        }
    }

    /// All that is in force.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn load(&self) -> Result<Configuration, ConfigError> {
        let load = |step: &Transaction<'_>| {
            Ok(Configuration {
                servers: servers::all(step)?,
                grants: grants::all(step)?,
                policies: policies::present(step)?,
                baseline: policies::baseline(step)?,
            })
        };
        self.run("reading the configuration", load).await
    }

    /// Adds a server.
    ///
    /// # Errors
    /// When the id is taken or the database cannot be written.
    pub async fn add_server(&self, server: Server) -> Result<(), ConfigError> {
        self.run("adding a server", move |step| servers::add(step, &server)).await
    }

    /// Changes a server's transport.
    ///
    /// # Errors
    /// When there is none of that id or the database cannot be written.
    pub async fn change_server(
        &self,
        id: &str,
        transport: String,
        now: Timestamp,
    ) -> Result<(), ConfigError> {
        let id = id.to_owned();
        self.run("changing a server", move |step| servers::change(step, &id, &transport, now)).await
    }

    /// Removes a server. What grants say of it stays and is without effect.
    ///
    /// # Errors
    /// When there is none of that id or the database cannot be written.
    pub async fn remove_server(&self, id: &str) -> Result<(), ConfigError> {
        let id = id.to_owned();
        self.run("removing a server", move |step| servers::remove(step, &id)).await
    }

    /// Adds a grant.
    ///
    /// # Errors
    /// When the id or token is taken or the database cannot be written.
    pub async fn add_grant(&self, grant: Grant) -> Result<(), ConfigError> {
        self.run("adding a grant", move |step| grants::add(step, &grant)).await
    }

    /// Changes a grant's labels, expiry, token hash, servers and policies; when it was made, by what, and whether
    /// it is revoked, stays.
    ///
    /// # Errors
    /// When there is none of that id, the token is taken, or the database cannot be written.
    pub async fn change_grant(&self, grant: Grant) -> Result<(), ConfigError> {
        self.run("changing a grant", move |step| grants::change(step, &grant)).await
    }

    /// Revokes a grant for good; one that is revoked already stays so from its first time on.
    ///
    /// # Errors
    /// When there is none of that id or the database cannot be written.
    pub async fn revoke_grant(&self, id: &str, now: Timestamp) -> Result<(), ConfigError> {
        let id = id.to_owned();
        self.run("revoking a grant", move |step| grants::revoke(step, &id, now)).await
    }

    /// The grant of a token, revoked and expired ones too.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn find_grant(&self, token: TokenHash) -> Result<Option<Grant>, ConfigError> {
        self.run("looking a grant up", move |step| grants::find(step, &token)).await
    }

    /// Stores a policy as a new revision in force; text that is in force already makes none. The revision's number.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub async fn put_policy(
        &self,
        name: &str,
        hash: String,
        text: String,
        author: &str,
        now: Timestamp,
    ) -> Result<u64, ConfigError> {
        let policy = StoredPolicy {
            name: name.to_owned(),
            revision: 0,
            hash,
            text,
            author: author.to_owned(),
            created: now,
        };
        self.run("storing a policy", move |step| policies::put(step, &policy)).await
    }

    /// Takes a policy out of force; its revisions stay.
    ///
    /// # Errors
    /// When there is none of that name or the database cannot be written.
    pub async fn remove_policy(&self, name: &str) -> Result<(), ConfigError> {
        let name = name.to_owned();
        self.run("removing a policy", move |step| policies::remove(step, &name)).await
    }

    /// All revisions of a policy, oldest first; none when the name was never used.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn revisions(&self, name: &str) -> Result<Vec<StoredPolicy>, ConfigError> {
        let name = name.to_owned();
        self.run("reading a policy's revisions", move |step| policies::revisions(step, &name)).await
    }

    /// Sets the policies that bind every grant, in their order.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub async fn set_baseline(&self, policies: Vec<String>) -> Result<(), ConfigError> {
        self.run("setting the baseline", move |step| policies::set_baseline(step, &policies)).await
    }

    /// Records a server's whole list of tools as it is now; what it lists no more is no longer current.
    /// The names whose definition is new or changed.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub async fn see_definitions(
        &self,
        server: &str,
        seen: Vec<SeenDefinition>,
        now: Timestamp,
    ) -> Result<Vec<String>, ConfigError> {
        let server = server.to_owned();
        self.run("recording tool definitions", move |step| definitions::see(step, &server, &seen, now)).await
    }

    /// All definitions that a server ever listed, by name and the time they were first seen.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn definitions(&self, server: &str) -> Result<Vec<Definition>, ConfigError> {
        let server = server.to_owned();
        self.run("reading tool definitions", move |step| definitions::of_server(step, &server)).await
    }

    /// The ids of the servers that ever listed a tool, those that are gone among them.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn listed_servers(&self) -> Result<Vec<String>, ConfigError> {
        self.run("reading tool definitions", |step| definitions::servers(step)).await
    }
}

/// Why a step was undone.
pub(crate) enum Failure {
    Config(ConfigError),
    Database(rusqlite::Error),
}

impl From<rusqlite::Error> for Failure {
    fn from(error: rusqlite::Error) -> Self {
        Self::Database(error)
    }
}

impl From<ConfigError> for Failure {
    fn from(error: ConfigError) -> Self {
        Self::Config(error)
    }
}

fn serve(mut connection: Connection, inbox: &Receiver<Job>) {
    while let Ok(job) = inbox.recv() {
        job(&mut connection);
    }
}

fn in_transaction<T>(
    connection: &mut Connection,
    step: impl FnOnce(&Transaction<'_>) -> Result<T, Failure>,
) -> Result<T, Failure> {
    let transaction = connection.transaction()?;
    let value = step(&transaction)?;
    transaction.commit()?;
    Ok(value)
}

/// True when an error says that a unique key is taken.
pub(crate) fn is_taken(error: &rusqlite::Error) -> bool {
    error.sqlite_error_code() == Some(rusqlite::ErrorCode::ConstraintViolation)
}

/// A time as the database holds it.
pub(crate) fn to_ms(at: Timestamp) -> i64 {
    i64::try_from(at.as_ms()).unwrap_or(i64::MAX)
}

/// A time that the database held.
pub(crate) fn from_ms(ms: i64) -> Timestamp {
    Timestamp::from_ms(u64::try_from(ms).unwrap_or(0))
}
