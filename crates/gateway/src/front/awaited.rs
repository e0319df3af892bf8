//! The requests whose answers a client still waits for, so that its end is not held up by those that it has given up.
//! It must never forget a request that was not cancelled.

use crate::session::Session;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::Notify;

/// Those of one client, by its own ids as they were written.
#[derive(Debug, Default)]
pub struct Awaited {
    ids: Mutex<HashMap<Box<str>, usize>>,
    fewer: Notify,
}

/// One request, until it is answered.
#[derive(Debug)]
pub struct Waiting {
    awaited: Arc<Awaited>,
    id: Box<str>,
}

impl Awaited {
    /// The client waits for the answer to a request. Ids may come twice: the second request is refused, and that is
    /// an answer too.
    #[must_use]
    pub fn begin(awaited: &Arc<Self>, id: &str) -> Waiting {
        let mut ids = awaited.lock();
        let count = ids.entry(id.into()).or_default();
        *count = count.saturating_add(1);
        drop(ids);
        Waiting { awaited: Arc::clone(awaited), id: id.into() }
    }

    /// The client does not wait for it any more.
    pub fn give_up(&self, id: &str) {
        self.lock().remove(id);
        self.fewer.notify_waiters();
    }

    /// Resolves when the client waits for nothing.
    pub async fn none(&self) {
        loop {
            let fewer = self.fewer.notified();
            if self.lock().is_empty() {
                return;
            }
            fewer.await;
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Box<str>, usize>> {
        self.ids.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Waiting {
    /// Resolves when the session has ended and the client had given the request up.
    pub async fn abandoned(&self, session: &Session) {
        session.closed().await;
        if self.awaited.lock().contains_key(&self.id) {
            std::future::pending::<()>().await;
        }
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        let mut ids = self.awaited.lock();
        let left = ids.get(&self.id).map_or(0, |count| count.saturating_sub(1));
        if left == 0 {
            ids.remove(&self.id);
        } else {
            ids.insert(self.id.clone(), left);
        }
        drop(ids);
        self.awaited.fewer.notify_waiters();
    }
}
