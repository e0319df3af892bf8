//! A call between its reservation and its record.
//! Must never leave anything behind when its task goes away half way.

use crate::counters::{Held, Reservation};
use crate::error::StoreError;
use crate::id::CallId;
use crate::writer::item::Item;
use crate::writer::shared::Shared;
use std::sync::Arc;

/// What a call holds while it waits.
#[derive(Debug)]
pub(crate) struct Waiting {
    pub(crate) call: CallId,
    pub(crate) held: Held,
}

/// A call that waits for its record.
#[derive(Debug)]
pub(crate) struct Opening {
    shared: Arc<Shared>,
    ticket: u64,
    /// Nothing once the result is known.
    waiting: Option<Waiting>,
}

impl Opening {
    /// Queues a call's reservation and intent.
    pub(crate) fn queue(
        shared: &Arc<Shared>,
        reservation: Reservation,
        body: Vec<u8>,
    ) -> Result<Self, StoreError> {
        let Reservation { call, held } = reservation;
        let units = held.shared();
        let ticket = shared.push_awaited(|ticket| Item::Begin { ticket, call, units, body })?;
        Ok(Self { shared: shared.clone(), ticket, waiting: Some(Waiting { call, held }) })
    }

    /// Waits until it is recorded; on an error nothing is, and the reservation is given back.
    pub(crate) async fn recorded(mut self) -> Result<(CallId, Held), StoreError> {
        // When the store fails before there is a result, dropping this says that nobody waits any more.
        let result = self.shared.wait_for(self.ticket).await?;
        match (result, self.waiting.take()) {
            (Ok(()), Some(Waiting { call, held })) => Ok((call, held)),
            (Err(error), _) => Err(error),
            (Ok(()), None) => Err(StoreError::Broken),
        }
    }
}

impl Drop for Opening {
    fn drop(&mut self) {
        if let Some(waiting) = self.waiting.take() {
            self.shared.abandon(self.ticket, waiting);
        }
    }
}

/// A change that waits until it is on disk. It is written also when its task goes away.
#[derive(Debug)]
pub(crate) struct Changing {
    shared: Arc<Shared>,
    ticket: u64,
    is_waiting: bool,
}

impl Changing {
    /// Queues a change.
    pub(crate) fn queue(shared: &Arc<Shared>, body: Vec<u8>) -> Result<Self, StoreError> {
        let ticket = shared.push_awaited(|ticket| Item::Change { ticket, body })?;
        Ok(Self { shared: shared.clone(), ticket, is_waiting: true })
    }

    /// Waits until it is on disk.
    pub(crate) async fn on_disk(mut self) -> Result<(), StoreError> {
        let result = self.shared.wait_for(self.ticket).await?;
        self.is_waiting = false;
        result?;
        self.shared.wait_for_disk().await
    }
}

impl Drop for Changing {
    fn drop(&mut self) {
        if self.is_waiting {
            self.shared.forget(self.ticket);
        }
    }
}
