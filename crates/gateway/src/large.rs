//! Room for large messages of agents: the memory that one grant may hold with messages that are under way.
//! It must never make one grant wait for another, nor wait at all: what finds no room is refused.

use mcp::envelope::Message;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Messages up to this size need no room; there are no more of them than connections.
pub const SMALL_BYTES: usize = 64 << 10;
/// What is counted.
const UNIT_BYTES: usize = 1 << 10;

/// The room of every grant.
#[derive(Debug)]
pub struct Large {
    max_units: usize,
    small_bytes: usize,
    by_grant: Mutex<HashMap<Arc<str>, Arc<Semaphore>>>,
}

/// What one message holds; dropping it gives the room back.
#[derive(Debug, Default)]
pub struct Room {
    held: Option<OwnedSemaphorePermit>,
}

impl Large {
    /// Room for so many bytes for each grant.
    #[must_use]
    pub fn new(max_bytes: usize) -> Self {
        Self { max_units: max_bytes / UNIT_BYTES, small_bytes: SMALL_BYTES, by_grant: Mutex::default() }
    }

    /// The same, where small messages need room too.
    #[must_use]
    pub fn strict(max_bytes: usize) -> Self {
        Self { small_bytes: 0, ..Self::new(max_bytes) }
    }

    /// Makes `room` hold enough for a message of so many bytes in all; false where the grant has no more.
    #[must_use]
    pub fn grow(&self, room: &mut Room, grant: &Arc<str>, n_bytes: usize) -> bool {
        if n_bytes <= self.small_bytes {
            return true;
        }
        let n_held = room.held.as_ref().map_or(0, OwnedSemaphorePermit::num_permits);
        let Ok(n_more) = u32::try_from(n_bytes.div_ceil(UNIT_BYTES).saturating_sub(n_held)) else {
            return false;
        };
        match &mut room.held {
            Some(held) => {
                held.semaphore().clone().try_acquire_many_owned(n_more).map(|more| held.merge(more)).is_ok()
            }
            None => {
                room.held = self.of(grant).try_acquire_many_owned(n_more).ok();
                room.held.is_some()
            }
        }
    }

    /// Makes `room` hold what a message takes once it is scanned: itself, its tape, and the copy that is forwarded.
    /// False where the grant has no more.
    #[must_use]
    pub fn grow_for(&self, room: &mut Room, grant: &Arc<str>, message: &Message) -> bool {
        let document = message.document();
        self.grow(room, grant, document.text().len().saturating_mul(2).saturating_add(document.tape_bytes()))
    }

    fn of(&self, grant: &Arc<str>) -> Arc<Semaphore> {
        let mut by_grant = self.by_grant.lock().unwrap_or_else(PoisonError::into_inner);
        let semaphore = by_grant.entry(Arc::clone(grant));
        Arc::clone(semaphore.or_insert_with(|| Arc::new(Semaphore::new(self.max_units))))
    }

    /// Forgets grants that are gone.
    pub fn retain(&self, keep: impl Fn(&str) -> bool) {
        self.by_grant.lock().unwrap_or_else(PoisonError::into_inner).retain(|grant, _| keep(grant));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_grant_has_its_own_room_and_gets_it_back() {
        let large = Large::new(300 << 10);
        let (a, b): (Arc<str>, Arc<str>) = ("a".into(), "b".into());
        let grow = |room: &mut Room, grant, kib: usize| large.grow(room, grant, kib << 10);
        let (mut first, mut second) = (Room::default(), Room::default());
        assert!(grow(&mut first, &a, 100) && grow(&mut first, &a, 200) && grow(&mut first, &a, 200));
        assert!(large.grow(&mut second, &a, SMALL_BYTES), "what is small needs none");
        assert!(!grow(&mut second, &a, 101));
        assert!(grow(&mut second, &a, 100));
        assert!(!grow(&mut second, &a, 101), "nor may it grow beyond what there is");
        assert!(grow(&mut Room::default(), &b, 300));
        drop(first);
        assert!(!grow(&mut Room::default(), &a, 201) && grow(&mut Room::default(), &a, 200));
        large.retain(|grant| grant == "b");
        assert!(grow(&mut Room::default(), &a, 300));
    }
}
