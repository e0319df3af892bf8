//! What is declared, from files and database together, and the one way in which it changes.
//! Changes are made one after the other, each checked as a whole before anything of it counts. Must never leave
//! something in force that was revoked or removed, nor add anything that could not be recorded.

use crate::action::status::Endpoints;
use crate::failure::{Failure, FailureKind};
use crate::merge::{Merged, merge};
use crate::record::Record;
use crate::restore::restore;
use gateway::declared::Declared;
use gateway::world::Problem;
use gateway::{Gateway, World};
use std::sync::Arc;
use store::config::{ConfigError, ConfigStore, Configuration};
use tokio::sync::{Mutex, MutexGuard};

/// Servers, grants and policies of one gateway.
#[derive(Debug)]
pub struct Registry {
    gateway: Arc<Gateway>,
    present: Mutex<Present>,
    pub(crate) started_ms: u64,
    pub(crate) endpoints: Endpoints,
}

/// What is declared now.
#[derive(Debug, Default)]
pub(crate) struct Present {
    /// The last valid set of files.
    pub(crate) files: Declared,
    /// Whether it is put into force here, or this process only changes the database for a later one.
    pub(crate) is_in_force: bool,
    /// The latest set of files, where it was refused: it may fit once something else is gone.
    refused: Option<Declared>,
    /// Why the latest set of files was refused, where it was.
    pub(crate) refusal: Option<String>,
}

impl Registry {
    /// A registry of nothing: the gateway denies everything until files are applied.
    #[must_use]
    pub fn new(gateway: Arc<Gateway>) -> Self {
        let started_ms = gateway.now_ms();
        Self { gateway, present: Mutex::default(), started_ms, endpoints: Endpoints::default() }
    }

    /// The same registry, which tells where its gateway is reached.
    #[must_use]
    pub fn reached_at(self, endpoints: Endpoints) -> Self {
        Self { endpoints, ..self }
    }

    /// The gateway that it administers.
    #[must_use]
    pub fn gateway(&self) -> &Arc<Gateway> {
        &self.gateway
    }

    /// Puts a set of files into force, together with what the database holds.
    ///
    /// # Errors
    /// Every [`Problem`]; what was in force before stays.
    pub async fn apply_files(&self, files: Declared) -> Result<(), Vec<Problem>> {
        self.apply(&mut *self.present.lock().await, files).await
    }

    /// Tries a refused set of files again once the server that it declares as well is gone from the database: the
    /// files themselves will not change for that.
    pub(crate) async fn retry_files(&self, present: &mut Present, server: &str) {
        let refused = present.refused.take_if(|files| files.servers.iter().any(|spec| spec.id == server));
        if let Some(files) = refused.filter(|_| present.is_in_force) {
            match self.apply(present, files).await {
                Ok(()) => tracing::info!("the configuration files that were refused before are in force"),
                Err(problems) => {
                    tracing::error!(n_problems = problems.len(), "the configuration files are still refused")
                }
            }
        }
    }

    async fn apply(&self, present: &mut Present, files: Declared) -> Result<(), Vec<Problem>> {
        let built = match self.rows().await {
            Ok(rows) => self.build(&files, &rows),
            Err(failure) => Err(vec![Problem(failure.to_string())]),
        };
        let record = match &built {
            Ok((world, _)) => Record::files_applied(&files, &revisions(world)),
            Err(problems) => Record::files_refused(problems.len()),
        };
        // Files may also revoke, so a set counts even when it cannot be recorded; calls are denied then anyway.
        if let Err(error) = record.write(&self.gateway.store).await {
            tracing::error!(%error, "a change of the configuration files could not be recorded");
        }
        match built {
            Ok((world, warnings)) => {
                warnings.iter().for_each(|warning| tracing::warn!("{warning}"));
                self.install(world).await;
                *present = Present { files, is_in_force: true, ..Present::default() };
                Ok(())
            }
            Err(problems) => {
                present.refused = Some(files);
                let told: Vec<String> = problems.iter().map(ToString::to_string).collect();
                present.refusal = Some(told.join("; "));
                Err(problems)
            }
        }
    }

    /// Records that a changed set of files does not even load; what is in force stays.
    pub async fn refuse_files(&self, n_problems: usize) {
        let told = format!("problems found: {n_problems}; `toolgate doctor` and the gateway's log tell them");
        self.present.lock().await.refusal = Some(told);
        if let Err(error) = Record::files_refused(n_problems).write(&self.gateway.store).await {
            tracing::error!(%error, "that configuration files were refused could not be recorded");
        }
    }

    /// Takes note of a set of files without putting it into force, for a process that serves nobody and only changes
    /// the database.
    pub async fn note_files(&self, files: Declared) {
        *self.present.lock().await = Present { files, ..Present::default() };
    }

    /// The present state; held while something changes, so that no two changes mix.
    pub(crate) async fn present(&self) -> MutexGuard<'_, Present> {
        self.present.lock().await
    }

    /// What the database holds.
    pub(crate) async fn rows(&self) -> Result<Configuration, Failure> {
        Ok(self.gateway.store.config().load().await?)
    }

    pub(crate) fn config(&self) -> &ConfigStore {
        self.gateway.store.config()
    }

    /// Adds something: it is checked, recorded, stored and put into force, in this order; `next` holds it already.
    ///
    /// # Errors
    /// Where any of these fails; nothing has changed then.
    pub(crate) async fn add(
        &self,
        present: &Present,
        next: &Configuration,
        record: &Record,
        store: impl Future<Output = Result<(), ConfigError>>,
    ) -> Result<(), Failure> {
        let world = self.world_with(present, next)?;
        record.write(&self.gateway.store).await.map_err(unrecorded)?;
        if let Err(error) = store.await {
            // The record stands already, so a second one says that nothing came of it.
            if let Err(error) = record.failed().write(&self.gateway.store).await {
                tracing::error!(%error, "that a change failed could not be recorded");
            }
            return Err(error.into());
        }
        if let Some(world) = world {
            self.install(world).await;
        }
        Ok(())
    }

    /// Takes something away: out of force first, whatever else fails; `next` holds it no more.
    ///
    /// # Errors
    /// Where it could not be stored or recorded; it is out of force all the same.
    pub(crate) async fn withdraw(
        &self,
        present: &Present,
        next: &Configuration,
        record: &Record,
        store: impl Future<Output = Result<(), ConfigError>>,
    ) -> Result<(), Failure> {
        let rebuilt = match self.world_with(present, next) {
            Ok(Some(world)) => {
                self.install(world).await;
                Ok(())
            }
            Ok(None) => Ok(()),
            Err(failure) => {
                // Where it is not known what is left, nothing is.
                self.gateway.install(World::default());
                Err(failure)
            }
        };
        let recorded = record.write(&self.gateway.store).await;
        store.await.map_err(|error| not_stored(&error))?;
        rebuilt?;
        recorded.map_err(|error| {
            let message = format!("it is out of force, but its audit record could not be written: {error}");
            Failure::new(FailureKind::Unavailable, message)
        })
    }

    /// The snapshot of these rows; nothing where this process puts nothing into force.
    fn world_with(&self, present: &Present, rows: &Configuration) -> Result<Option<World>, Failure> {
        if !present.is_in_force {
            return Ok(None);
        }
        let built = self.build(&present.files, rows);
        let built =
            built.map_err(|problems| Failure::of_problems("the change cannot be put into force", &problems));
        built.map(|(world, _)| Some(world))
    }

    fn build(&self, files: &Declared, rows: &Configuration) -> Result<(World, Vec<String>), Vec<Problem>> {
        let Merged { declared, problems, warnings } = merge(files, rows);
        if !problems.is_empty() {
            return Err(problems);
        }
        let world = World::build(declared, &self.gateway.world(), &self.gateway.setup())?;
        Ok((world, warnings))
    }

    async fn install(&self, world: World) {
        restore(&self.gateway, &self.gateway.world(), &world).await;
        self.gateway.install(world);
    }
}

fn revisions(world: &World) -> Vec<(String, String)> {
    world.policies().map(|policy| (policy.name().to_string(), policy.revision_hash().to_string())).collect()
}

pub(crate) fn unrecorded(error: store::StoreError) -> Failure {
    Failure::new(
        FailureKind::Unavailable,
        format!("nothing was changed, as it could not be recorded: {error}"),
    )
}

fn not_stored(error: &ConfigError) -> Failure {
    let message = format!(
        "it is out of force, but comes back with the next change or start, as it could not be stored: {error}"
    );
    Failure::new(FailureKind::Unavailable, message)
}
