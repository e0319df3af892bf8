//! Whose stream it is: a session's with one server, or a session's with several.
//! A stream must never be found by another session, nor outlive its own.

use crate::gateway::Gateway;
use crate::hub::HubSession;
use crate::session::Session;
use crate::spools::Spools;
use mcp::era::Version;
use std::sync::Arc;
use std::time::Duration;

/// The session that a stream belongs to.
#[derive(Debug, Clone)]
pub enum Whose {
    /// With one server.
    One(Arc<Session>),
    /// With several.
    Several(Arc<HubSession>),
}

impl Whose {
    /// Its streams.
    #[must_use]
    pub fn spools(&self) -> &Arc<Spools> {
        match self {
            Self::One(session) => &session.spools,
            Self::Several(session) => &session.spools,
        }
    }

    /// The grant that opened it.
    #[must_use]
    pub fn grant(&self) -> &Arc<str> {
        match self {
            Self::One(session) => &session.grant,
            Self::Several(session) => &session.grant,
        }
    }

    /// The revision that it settled on.
    #[must_use]
    pub fn version(&self) -> Option<Version> {
        match self {
            Self::One(session) => session.version(),
            Self::Several(session) => session.version(),
        }
    }

    /// Resolves when it is closed.
    pub async fn closed(&self) {
        match self {
            Self::One(session) => session.closed().await,
            Self::Several(session) => session.closed().await,
        }
    }

    /// Whether the grant may still have what comes.
    #[must_use]
    pub fn may_have(&self, gateway: &Gateway) -> bool {
        match self {
            Self::One(session) => gateway.may_have(&session.grant, &session.server),
            Self::Several(session) => {
                let world = gateway.world();
                world.grant(&session.grant).is_some_and(|grant| grant.is_valid(gateway.now_ms()))
            }
        }
    }

    /// Longest wait for a reply.
    #[must_use]
    pub fn timeout(&self, gateway: &Gateway) -> Duration {
        match self {
            Self::One(session) => session.server.timeout(),
            Self::Several(session) => {
                let world = gateway.world();
                let reaches = world.grant(&session.grant).map(|grant| grant.reaches()).unwrap_or_default();
                reaches.iter().map(|reach| reach.server.timeout()).max().unwrap_or_default()
            }
        }
    }
}
