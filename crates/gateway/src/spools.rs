//! The streams of one session that can be resumed after their connection, by the ids of their events.
//! An id is worth nothing outside of its session, which belongs to one grant; nor can one be guessed.

use crate::session::mint_id;
use bytes::Bytes;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::mpsc;

/// Streams of one session that are kept; with one more the oldest cannot be resumed any longer.
pub const MAX_SPOOLS: usize = 32;
/// Frames that may wait for a connection.
const DEPTH: usize = 4;

/// What goes to a connection.
#[derive(Debug)]
pub enum Frame {
    /// Framed bytes.
    Bytes(Bytes),
    /// The stream is complete.
    End,
}

/// Where a new connection goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum After {
    /// Behind the event of this number.
    Event(u64),
    /// Behind what was sent to the last connection.
    Sent,
}

/// A connection that takes a stream over.
#[derive(Debug)]
pub struct Attach {
    /// Where it goes on.
    pub after: After,
    /// The connection.
    pub out: mpsc::Sender<Frame>,
}

/// The streams of one session that can be resumed.
#[derive(Debug, Default)]
pub struct Spools {
    // The oldest first.
    open: Mutex<Vec<Entry>>,
}

#[derive(Debug)]
struct Entry {
    key: Arc<str>,
    attaching: mpsc::Sender<Attach>,
    listens: bool,
    is_detached: Arc<AtomicBool>,
}

/// The place of one stream; dropping it gives the place up.
#[derive(Debug)]
pub struct Place {
    spools: Arc<Spools>,
    /// What the ids of its events begin with: 128 random bits.
    pub key: Arc<str>,
    /// Connections that want to take it over; closed once it cannot be resumed any longer.
    pub attaching: mpsc::Receiver<Attach>,
    is_detached: Arc<AtomicBool>,
}

impl Place {
    /// Notes whether it has no connection.
    pub fn set_detached(&self, is_detached: bool) {
        self.is_detached.store(is_detached, Ordering::Relaxed);
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.spools.lock().retain(|entry| entry.key != self.key);
    }
}

impl Spools {
    /// A place for a stream: of the session itself where it `listens`, else of one request.
    ///
    /// # Errors
    /// Where the operating system gives no random bytes.
    pub fn place(self: &Arc<Self>, listens: bool) -> Result<Place, getrandom::Error> {
        let key = mint_id()?;
        let (sender, attaching) = mpsc::channel(1);
        let is_detached = Arc::<AtomicBool>::default();
        let mut open = self.lock();
        if open.len() >= MAX_SPOOLS {
            open.remove(0);
        }
        let flag = Arc::clone(&is_detached);
        open.push(Entry { key: Arc::clone(&key), attaching: sender, listens, is_detached: flag });
        drop(open);
        Ok(Place { spools: Arc::clone(self), key, attaching, is_detached })
    }

    /// Goes on behind the event of this id; nothing where the session has no such stream any more.
    #[must_use]
    pub fn resume(&self, event_id: &str) -> Option<mpsc::Receiver<Frame>> {
        let (key, number) = event_id.rsplit_once('-')?;
        let number: u64 = number.parse().ok().filter(|parsed: &u64| parsed.to_string() == number)?;
        self.attach(After::Event(number), |entry| *entry.key == *key)
    }

    /// Goes on with the session's own stream, where its connection is gone.
    #[must_use]
    pub fn listen_again(&self) -> Option<mpsc::Receiver<Frame>> {
        self.attach(After::Sent, |entry| entry.listens && entry.is_detached.load(Ordering::Relaxed))
    }

    fn attach(&self, after: After, is_it: impl Fn(&Entry) -> bool) -> Option<mpsc::Receiver<Frame>> {
        let open = self.lock();
        let entry = open.iter().rev().find(|entry| is_it(entry))?;
        let (out, frames) = mpsc::channel(DEPTH);
        entry.attaching.try_send(Attach { after, out }).ok()?;
        Some(frames)
    }

    /// Room for the frames of a first connection.
    #[must_use]
    pub fn connection() -> (mpsc::Sender<Frame>, mpsc::Receiver<Frame>) {
        mpsc::channel(DEPTH)
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Entry>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_own_id_finds_its_stream() {
        let (spools, others) = (Arc::<Spools>::default(), Arc::<Spools>::default());
        let place = spools.place(false).unwrap();
        let id = format!("{}-7", place.key);
        assert!(spools.resume(&id).is_some());
        assert!(others.resume(&id).is_none());
        for id in [
            "",
            "-",
            "7",
            "-7",
            &format!("{}-", place.key),
            &format!("{}-07", place.key),
            &format!("{}-+7", place.key),
        ] {
            assert!(spools.resume(id).is_none(), "{id}");
        }
        drop(place);
        assert!(spools.resume(&id).is_none());
    }

    #[test]
    fn the_oldest_makes_room() {
        let spools = Arc::<Spools>::default();
        let mut places: Vec<Place> = (0..=MAX_SPOOLS).map(|_| spools.place(false).unwrap()).collect();
        assert!(spools.resume(&format!("{}-0", places[0].key)).is_none());
        assert!(spools.resume(&format!("{}-0", places[1].key)).is_some());
        assert!(places[0].attaching.blocking_recv().is_none(), "it learns of it");
    }

    #[test]
    fn a_sessions_own_stream_is_taken_over_only_without_a_connection() {
        let spools = Arc::<Spools>::default();
        let (_call, mut own) = (spools.place(false).unwrap(), spools.place(true).unwrap());
        assert!(spools.listen_again().is_none());
        own.set_detached(true);
        assert!(spools.listen_again().is_some());
        assert_eq!(own.attaching.blocking_recv().unwrap().after, After::Sent);
    }
}
