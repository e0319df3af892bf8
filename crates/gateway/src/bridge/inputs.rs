//! Calls that wait until their client has answered what a legacy server asked.
//! There must never be more of them than may be, and none waits longer than a reply may take.

use super::call::Speech;
use super::open::Open;
use crate::session::mint_id;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::oneshot;

/// Calls of one grant that may wait at once.
const MAX_PARKED: usize = 64;

/// One request of a server that no client has answered yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    /// The key under which the client sees it.
    pub key: String,
    /// The server's id, raw.
    pub id: String,
    /// The entry of `inputRequests`, raw.
    pub entry: String,
}

/// The calls of one grant that wait, by their request state.
#[derive(Debug, Default)]
pub struct Parked {
    calls: Mutex<HashMap<Arc<str>, ParkedCall>>,
}

/// One call that waits.
#[derive(Debug)]
pub struct ParkedCall {
    /// What the server asked.
    pub asked: Vec<Asked>,
    /// Where.
    pub open: Arc<Open>,
    resume: oneshot::Sender<Resumed>,
}

/// What a further round brings.
#[derive(Debug)]
pub struct Resumed {
    /// Who waits now.
    pub speech: Speech,
    /// What the client left unanswered.
    pub unanswered: Vec<Asked>,
}

impl ParkedCall {
    /// The call goes on for whoever waits now; `told` are the keys that were answered.
    pub fn go_on(self, speech: Speech, told: &[String]) {
        let unanswered = self.asked.into_iter().filter(|asked| !told.contains(&asked.key)).collect();
        // A call that has ended meanwhile tells those who wait by dropping them.
        let _ = self.resume.send(Resumed { speech, unanswered });
    }
}

impl Parked {
    /// Lets a call wait; gives its state and what comes of the next round. `None` where too many wait.
    #[must_use]
    pub fn put(&self, asked: Vec<Asked>, open: Arc<Open>) -> Option<(Arc<str>, oneshot::Receiver<Resumed>)> {
        let state = mint_id().ok()?;
        let (resume, resumed) = oneshot::channel();
        let mut calls = self.lock();
        calls.retain(|_, call| !call.resume.is_closed());
        if calls.len() >= MAX_PARKED {
            return None;
        }
        calls.insert(Arc::clone(&state), ParkedCall { asked, open, resume });
        Some((state, resumed))
    }

    /// The call of this state, which is worth nothing from then on.
    #[must_use]
    pub fn take(&self, state: &str) -> Option<ParkedCall> {
        self.lock().remove(state).filter(|call| !call.resume.is_closed())
    }

    /// Ends them all.
    pub fn clear(&self) {
        self.lock().clear();
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<Arc<str>, ParkedCall>> {
        self.calls.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
