//! What waits for the writer, and what became of it.
//! Must never resolve a ticket twice, nor keep what nobody will ask for.

use crate::error::StoreError;
use crate::writer::item::Item;
use crate::writer::opening::Waiting;
use std::collections::HashMap;

/// The queue.
#[derive(Debug, Default)]
pub(crate) struct Queue {
    items: Vec<Item>,
    n_waiting: usize,
    next_ticket: u64,
    /// Tickets below were handed to the writer.
    taken: u64,
    /// Tickets below are resolved.
    done: u64,
    /// Resolved tickets whose records are not there.
    failed: HashMap<u64, StoreError>,
    /// Tickets that nobody waits for any more, not resolved yet; with what a call of the writer's batch holds.
    abandoned: HashMap<u64, Option<Waiting>>,
    is_closed: bool,
}

/// What became of a call whose task went away.
#[derive(Debug)]
pub(crate) enum Abandoned {
    /// Nothing of it was or will be written.
    Unwritten(Waiting),
    /// It was written, so its end must be too.
    Written(Waiting),
    /// The writer has it and will say.
    Undecided,
}

impl Queue {
    /// Queues something that somebody waits for; its ticket.
    pub(crate) fn push_awaited(
        &mut self,
        max_waiting: usize,
        item: impl FnOnce(u64) -> Item,
    ) -> Result<u64, StoreError> {
        if self.is_closed {
            return Err(StoreError::Closed);
        }
        if self.n_waiting >= max_waiting {
            return Err(StoreError::Busy);
        }
        let ticket = self.next_ticket;
        self.next_ticket += 1;
        self.n_waiting += 1;
        self.items.push(item(ticket));
        Ok(ticket)
    }

    /// Queues something that nobody waits for.
    pub(crate) fn push(&mut self, item: Item) {
        self.items.push(item);
    }

    /// Refuses what is awaited from now on.
    pub(crate) fn close(&mut self) {
        self.is_closed = true;
    }

    /// Hands all that waits to the writer, in exchange for an empty list.
    pub(crate) fn take(&mut self, batch: &mut Vec<Item>) {
        std::mem::swap(&mut self.items, batch);
        self.taken = self.next_ticket;
        self.n_waiting = 0;
    }

    /// Resolves all tickets that the writer had; calls that were abandoned meanwhile come back.
    pub(crate) fn resolve(&mut self, failed: Vec<(u64, StoreError)>) -> Vec<Abandoned> {
        self.done = self.taken;
        let mut abandoned = Vec::new();
        for (ticket, error) in failed {
            match self.abandoned.remove(&ticket) {
                Some(waiting) => abandoned.extend(waiting.map(Abandoned::Unwritten)),
                None => drop(self.failed.insert(ticket, error)),
            }
        }
        let written = self.abandoned.extract_if(|ticket, _| *ticket < self.done);
        abandoned.extend(written.filter_map(|(_, waiting)| waiting.map(Abandoned::Written)));
        abandoned
    }

    /// Tickets below this one are resolved.
    pub(crate) fn done(&self) -> u64 {
        self.done
    }

    /// Failures that nobody has asked for yet.
    pub(crate) fn n_failed(&self) -> usize {
        self.failed.len()
    }

    /// The result of a resolved ticket, which may be asked for once.
    pub(crate) fn result(&mut self, ticket: u64) -> Result<(), StoreError> {
        self.failed.remove(&ticket).map_or(Ok(()), Err)
    }

    /// Says that the task of a call went away.
    pub(crate) fn abandon(&mut self, ticket: u64, waiting: Waiting) -> Abandoned {
        if ticket >= self.taken {
            let before = self.items.len();
            self.items.retain(|item| item.ticket() != Some(ticket));
            self.n_waiting -= before - self.items.len();
            return Abandoned::Unwritten(waiting);
        }
        if ticket >= self.done {
            self.abandoned.insert(ticket, Some(waiting));
            return Abandoned::Undecided;
        }
        match self.result(ticket) {
            Ok(()) => Abandoned::Written(waiting),
            Err(_) => Abandoned::Unwritten(waiting),
        }
    }

    /// Says that nobody waits for a ticket any more; what it stands for is written all the same.
    pub(crate) fn forget(&mut self, ticket: u64) {
        if ticket < self.done {
            self.failed.remove(&ticket);
        } else {
            self.abandoned.insert(ticket, None);
        }
    }
}
