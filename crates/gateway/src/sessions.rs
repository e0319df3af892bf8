//! All live sessions of HTTP clients, and the room for more.
//! A grant must never have more sessions or processes than it may, not even while it opens them.

use crate::gateway::Bounds;
use crate::session::Session;
use crate::upstream::{Lane, Server};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// All sessions of HTTP clients.
#[derive(Debug, Default)]
pub struct Sessions {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    by_id: HashMap<Arc<str>, Arc<Session>>,
    // Sessions that are being opened, by grant; no entry is 0.
    opening: HashMap<Arc<str>, usize>,
    opened: Opened,
}

/// How many sessions each grant has begun to open within the present minute.
#[derive(Debug, Default)]
struct Opened {
    since_ms: u64,
    by_grant: HashMap<Arc<str>, Begun>,
}

#[derive(Debug, Default)]
struct Begun {
    n_sessions: usize,
    n_processes: usize,
}

const MINUTE_MS: u64 = 60_000;

impl State {
    fn may_open(&mut self, grant: &Arc<str>, lane: &Lane, bounds: &Bounds, now_ms: u64) -> bool {
        if now_ms.saturating_sub(self.opened.since_ms) >= MINUTE_MS {
            self.opened = Opened { since_ms: now_ms, ..Opened::default() };
        }
        let begun = self.opened.by_grant.entry(Arc::clone(grant)).or_default();
        begun.n_sessions += 1;
        begun.n_processes += usize::from(lane.has_process());
        let has_started_too_many = lane.has_process() && begun.n_processes > bounds.max_started_a_minute;
        begun.n_sessions <= bounds.max_opened_a_minute && !has_started_too_many
    }
}

/// The room for a session that is being opened; dropping it gives the room up.
#[derive(Debug)]
pub struct Place<'a> {
    sessions: &'a Sessions,
    grant: Arc<str>,
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        let mut state = self.sessions.lock();
        if let Some(n_opening) = state.opening.get_mut(&self.grant) {
            *n_opening -= 1;
            if *n_opening == 0 {
                state.opening.remove(&self.grant);
            }
        }
    }
}

impl Sessions {
    /// The session, if it belongs to this grant and server and is alive.
    #[must_use]
    pub fn find(&self, id: &str, grant: &str, server: &Arc<Server>) -> Option<Arc<Session>> {
        let state = self.lock();
        let session = state.by_id.get(id)?;
        let own = &*session.grant == grant && Arc::ptr_eq(&session.server, server) && !session.is_closed();
        own.then(|| Arc::clone(session))
    }

    /// Room for one more session of `grant`, whose lane is `lane`; none where it has `bounds.max_sessions`, or as many
    /// processes as it may have, or has opened too many within a minute.
    #[must_use]
    pub fn place(&self, grant: &Arc<str>, lane: &Lane, bounds: &Bounds, now_ms: u64) -> Option<Place<'_>> {
        let mut state = self.lock();
        if !state.may_open(grant, lane, bounds, now_ms) {
            return None;
        }
        let own = || state.by_id.values().filter(|session| session.grant == *grant);
        let n_opening = state.opening.get(grant).copied().unwrap_or(0);
        let has_room = if lane.has_process() {
            let n_processes = own().filter(|session| session.lane.has_process()).count();
            n_processes + n_opening < bounds.max_processes.min(bounds.max_sessions)
        } else {
            own().count() + n_opening < bounds.max_sessions
        };
        if !has_room {
            return None;
        }
        *state.opening.entry(Arc::clone(grant)).or_default() += 1;
        drop(state);
        Some(Place { sessions: self, grant: Arc::clone(grant) })
    }

    /// Adds a session.
    pub fn add(&self, session: Arc<Session>) {
        self.lock().by_id.insert(Arc::clone(&session.id), session);
    }

    /// Removes and closes a session.
    pub fn remove(&self, session: &Session) {
        self.lock().by_id.remove(&session.id);
        session.close();
    }

    /// Closes every session for which `keep` says no, and those that are idle at `now_ms`.
    pub fn sweep(&self, now_ms: u64, keep: impl Fn(&Session) -> bool) {
        self.lock().by_id.retain(|_, session| {
            let stays = !session.is_closed() && !session.is_idle(now_ms) && keep(session);
            if !stays {
                session.close();
            }
            stays
        });
    }

    /// All sessions.
    #[must_use]
    pub fn all(&self) -> Vec<Arc<Session>> {
        self.lock().by_id.values().map(Arc::clone).collect()
    }

    /// Live sessions.
    #[must_use]
    pub fn len(&self) -> usize {
        self.lock().by_id.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
