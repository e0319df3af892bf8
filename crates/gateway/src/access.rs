//! Who may reach what right now: asked before every message, and again after every wait.

use crate::gateway::Gateway;
use crate::reach::Reach;
use crate::upstream::Server;
use crate::world::{Grant, World};
use std::sync::{Arc, Mutex, PoisonError};

/// What a `wrap` client asked for, and its way under the present snapshot.
#[derive(Debug)]
pub struct Wrapped {
    policy: Option<String>,
    present: Mutex<Option<Way>>,
}

#[derive(Debug, Clone)]
struct Way {
    world: Arc<World>,
    grant: Arc<Grant>,
    reach: Arc<Reach>,
}

impl Wrapped {
    /// A client that names this policy, or none.
    #[must_use]
    pub fn new(policy: Option<String>) -> Self {
        Self { policy, present: Mutex::default() }
    }

    fn way(&self, world: &Arc<World>, grant: &str, server: &Arc<Server>) -> Option<(Arc<Grant>, Arc<Reach>)> {
        let mut present = self.present.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(way) =
            present.as_ref().filter(|way| Arc::ptr_eq(&way.world, world) && &*way.grant.id == grant)
        {
            return Some((Arc::clone(&way.grant), Arc::clone(&way.reach)));
        }
        let (grant, reach) = world.wrap(grant, server, self.policy.as_deref())?;
        let (world, grant_now, reach_now) = (Arc::clone(world), Arc::clone(&grant), Arc::clone(&reach));
        *present = Some(Way { world, grant: grant_now, reach: reach_now });
        Some((grant, reach))
    }
}

impl Gateway {
    /// The grant and its way to `server`, if it may be used now.
    #[must_use]
    pub fn access(&self, grant: &str, server: &Arc<Server>) -> Option<(Arc<Grant>, Arc<Reach>)> {
        let world = self.world();
        let (grant, reach) = match &server.wrapped {
            Some(wrapped) => wrapped.way(&world, grant, server)?,
            None => {
                let grant = world.grant(grant)?;
                let reach = grant.reach(&server.id).filter(|reach| Arc::ptr_eq(&reach.server, server))?;
                (Arc::clone(grant), Arc::clone(reach))
            }
        };
        grant.is_valid(self.now_ms()).then_some((grant, reach))
    }

    /// Whether the grant may have what comes back from `server`, also when that was declared anew meanwhile.
    #[must_use]
    pub fn may_have(&self, grant: &str, server: &Arc<Server>) -> bool {
        if server.wrapped.is_some() {
            return self.access(grant, server).is_some();
        }
        let world = self.world();
        let valid = world.grant(grant).filter(|grant| grant.is_valid(self.now_ms()));
        valid.is_some_and(|grant| grant.reach(&server.id).is_some())
    }

    /// Resolves when it may no longer have it under a new snapshot. An expiry is not noticed by itself.
    pub async fn access_lost(&self, grant: &str, server: &Arc<Server>) {
        let mut changes = self.changes();
        // The sender of changes lives as long as the gateway.
        while self.may_have(grant, server) && changes.changed().await.is_ok() {}
    }
}
