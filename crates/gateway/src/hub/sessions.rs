//! All live sessions over several servers.
//! A grant must never have more of them than it may, nor find another grant's.

use super::session::HubSession;
use crate::gateway::Gateway;
use crate::listen;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// All sessions over several servers.
#[derive(Debug, Default)]
pub struct HubSessions {
    by_id: Mutex<HashMap<Arc<str>, Arc<HubSession>>>,
}

impl HubSessions {
    /// The session, if it belongs to this grant and is alive.
    #[must_use]
    pub fn find(&self, id: &str, grant: &str) -> Option<Arc<HubSession>> {
        let by_id = self.lock();
        let session = by_id.get(id)?;
        (&*session.grant == grant && !session.is_closed()).then(|| Arc::clone(session))
    }

    /// Adds a session; false where its grant has as many as it may.
    #[must_use]
    pub fn add(&self, session: &Arc<HubSession>, max_sessions: usize) -> bool {
        let mut by_id = self.lock();
        let n_own = by_id.values().filter(|known| known.grant == session.grant).count();
        let has_room = n_own < max_sessions;
        if has_room {
            by_id.insert(Arc::clone(&session.id), Arc::clone(session));
        }
        has_room
    }

    /// Removes and closes a session.
    pub fn remove(&self, gateway: &Gateway, session: &HubSession) {
        self.lock().remove(&session.id);
        session.close(gateway);
    }

    /// Ends a session as its client wishes, here and at its servers.
    pub async fn end(&self, gateway: &Gateway, session: &HubSession) {
        let members = session.live();
        self.remove(gateway, session);
        let ending = members.into_iter().map(|member| async move { listen::end(&member).await });
        let mut all = tokio::task::JoinSet::new();
        ending.for_each(|end| drop(all.spawn(end)));
        // A server that hangs must not hold up the client.
        let deadline = std::time::Duration::from_millis(gateway.bounds.member_deadline_ms);
        drop(tokio::time::timeout(deadline, all.join_all()).await);
    }

    /// Closes the sessions that are idle, and those of grants that are not valid any more.
    pub fn sweep(&self, gateway: &Gateway) {
        let (world, now_ms) = (gateway.world(), gateway.now_ms());
        let is_valid = |grant: &str| world.grant(grant).is_some_and(|grant| grant.is_valid(now_ms));
        let over: Vec<_> = self
            .lock()
            .extract_if(|_, session| {
                session.is_closed() || session.is_idle(now_ms) || !is_valid(&session.grant)
            })
            .collect();
        for (_, session) in over {
            session.close(gateway);
        }
    }

    /// Live sessions.
    #[must_use]
    pub fn len(&self) -> usize {
        self.lock().len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Arc<str>, Arc<HubSession>>> {
        self.by_id.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
