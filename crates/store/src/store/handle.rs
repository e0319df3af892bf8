//! The handle that the gateway holds.

use crate::audit::{Change, Digest, FloodRow, Head, Judged};
use crate::audit::{change_body, denied_body, intent_body, unauthenticated_body};
use crate::clock::Clock;
use crate::config::ConfigStore;
use crate::counters::{Demand, Ledger, Refused, Reservation};
use crate::error::{OpenError, StoreError};
use crate::handle_seal::HandleSeal;
use crate::id::CallId;
use crate::store::open::open;
use crate::store::{OpenCall, Options};
use crate::time::Timestamp;
use crate::timeline::Timeline;
use crate::writer::{Changing, Item, Opening, Shared, Threads};
use std::path::Path;
use std::sync::Arc;

/// An open data folder. Clones are the same store; the last one to go closes it.
#[derive(Clone, Debug)]
pub struct Store {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    shared: Arc<Shared>,
    threads: Threads,
    config: ConfigStore,
}

impl Drop for Inner {
    fn drop(&mut self) {
        self.threads.stop();
        self.config.close();
    }
}

impl Store {
    /// Opens a data folder as its one owner: recovers what an earlier run left, and records the start.
    ///
    /// # Errors
    /// When another process owns the folder, a file is missing, damaged or newer, or the system refuses.
    pub fn open(options: &Options, clock: Clock) -> Result<Self, OpenError> {
        let (parts, config) = open(options, clock)?;
        let shared = Shared::new(parts, options.durability, options.retention, options.max_waiting);
        shared.maintain();
        let threads = Threads::start(&shared)?;
        Ok(Self { inner: Arc::new(Inner { shared, threads, config }) })
    }

    /// What the store's tasks share, for tests that choose when its disk is full.
    #[cfg(test)]
    pub(crate) fn shared(&self) -> &Shared {
        &self.inner.shared
    }

    /// The present time.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.inner.shared.timeline.now()
    }

    /// The gateway's time.
    #[must_use]
    pub fn timeline(&self) -> &Timeline {
        &self.inner.shared.timeline
    }

    /// The data folder.
    #[must_use]
    pub fn folder(&self) -> &Path {
        self.inner.shared.folder().path()
    }

    /// The configuration database.
    #[must_use]
    pub fn config(&self) -> &ConfigStore {
        &self.inner.config
    }

    /// The counters.
    #[must_use]
    pub fn ledger(&self) -> &Arc<Ledger> {
        &self.inner.shared.ledger
    }

    /// An id for the next judged message.
    #[must_use]
    pub fn next_call(&self) -> CallId {
        self.inner.shared.next_call()
    }

    /// The keyed digest of canonical arguments.
    #[must_use]
    pub fn digest(&self, canonical: &[u8]) -> Digest {
        self.inner.shared.key.digest(canonical)
    }

    /// The seal of something that a client holds for the gateway, made of all these parts. It outlives a restart.
    #[must_use]
    pub fn seal_handle(&self, parts: &[&str]) -> HandleSeal {
        self.inner.shared.key.seal_handle(parts)
    }

    /// Reserves all demands of a call now, or none; in memory only.
    ///
    /// # Errors
    /// The first full limit and the time after which all have room.
    pub fn reserve(&self, call: CallId, demands: &[Demand<'_>]) -> Result<Reservation, Refused> {
        self.ledger().reserve(call, demands, self.now())
    }

    /// Records a call's reservation and intent, as durable as the options say. Only then may it be forwarded.
    ///
    /// # Errors
    /// When it could not be recorded: nothing is left of it, the reservation is given back, and the call must be
    /// denied. Dropping the future half way has the same effect, or ends the call as not sent.
    pub async fn begin(&self, reservation: Reservation, judged: &Judged<'_>) -> Result<OpenCall, StoreError> {
        let shared = &self.inner.shared;
        let body = intent_body(reservation.call, judged, reservation.held.units());
        let opening = Opening::queue(shared, reservation, body)?;
        let (call, held) = opening.recorded().await?;
        Ok(OpenCall::new(shared.clone(), call, held))
    }

    /// Records a denial; `cause` names the step that denied. Of many equal ones the first are recorded in full and
    /// the rest counted.
    pub fn denied(&self, call: CallId, judged: &Judged<'_>, cause: &str) {
        let fields = [
            ("grant", judged.grant),
            ("server", judged.server),
            ("method", judged.method),
            ("tool", judged.tool.unwrap_or_default()),
            ("rule", judged.rule),
        ];
        self.note_unless_flooded(FloodRow { of: "denied", fields: &fields }, || {
            denied_body(call, judged, cause)
        });
    }

    /// Records an attempt without a valid grant: from where, and what was wrong. Never the token.
    pub fn unauthenticated(&self, source: &str, reason: &str) {
        let fields = [("source", source), ("reason", reason)];
        let row = FloodRow { of: "unauthenticated", fields: &fields };
        self.note_unless_flooded(row, || unauthenticated_body(source, reason));
    }

    fn note_unless_flooded(&self, row: FloodRow<'_>, body: impl FnOnce() -> Vec<u8>) {
        let shared = &self.inner.shared;
        if shared.admit(row) {
            shared.push(Item::Note { body: body() });
        }
    }

    /// Records a change of administration or configuration; it is on disk when this returns.
    ///
    /// To be recorded before it takes effect, so that no change is without its record.
    ///
    /// # Errors
    /// When it could not be recorded; the change must not take effect then.
    pub async fn record(&self, change: &Change<'_>) -> Result<(), StoreError> {
        Changing::queue(&self.inner.shared, change_body(change))?.on_disk().await
    }

    /// The last record, sealed, to be kept outside.
    ///
    /// # Errors
    /// When the store has failed.
    pub fn head(&self) -> Result<Head, StoreError> {
        self.inner.shared.head()
    }

    /// Fails while the store denies every call; for readiness checks.
    ///
    /// # Errors
    /// When the store has failed, or less of the disk is free than is kept back.
    pub fn check(&self) -> Result<(), StoreError> {
        let shared = &self.inner.shared;
        shared.check()?;
        let now = shared.timeline.now();
        shared.with_writer(|writer| writer.space.check(&writer.audit.log, now)).ok_or(StoreError::Broken)?
    }

    /// Refuses new calls, and writes and syncs all that waits. Blocks until that is done.
    pub fn close(&self) {
        self.inner.threads.stop();
        self.inner.config.close();
    }
}
