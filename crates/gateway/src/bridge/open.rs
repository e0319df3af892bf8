//! A session of the handshake era while the server knows it.
//! It must never be used for a process other than the one that was greeted.

use super::wire::{self, Answer};
use crate::upstream::{Lane, LaneFailure, Process};
use mcp::era::{Era, Version};
use mcp::http::Outgoing;
use mcp::reply::Reply;
use mcp::requests;
use std::sync::{Arc, Weak};
use std::time::Duration;

/// A session while the server knows it.
#[derive(Debug)]
pub struct Open {
    /// Its way.
    pub lane: Lane,
    /// The result of its handshake.
    pub greeting: Reply,
    /// The revision that it speaks.
    pub version: Version,
    // The log level that was last set, raw.
    pub(super) level: tokio::sync::Mutex<Option<String>>,
    /// The process that was greeted.
    pub(super) process: Weak<Process>,
}

impl Open {
    /// Whether it is the one that was greeted.
    #[must_use]
    pub fn is_alive(&self) -> bool {
        match &self.lane {
            Lane::Http(_) => true,
            Lane::Stdio(slot) => {
                let greeted = self.process.upgrade();
                slot.running().zip(greeted).is_some_and(|(now, then)| Arc::ptr_eq(&now, &then))
            }
            Lane::Bridge(_) => false,
        }
    }

    /// Sets the lowest level of log messages, raw, unless it is set already.
    pub async fn set_level(&self, timeout: Duration, level: &str) {
        let mut set = self.level.lock().await;
        if set.as_deref() == Some(level) || !self.has_capability("logging") {
            return;
        }
        let asked = wire::ask(&self.lane, self.version, "logging/setLevel", timeout, |id| {
            requests::request(id, "logging/setLevel", Some(&format!("{{\"level\":{level}}}")))
        });
        match asked.await.map(Answer::result) {
            Ok(Ok(_)) => *set = Some(level.to_owned()),
            Ok(Err(why)) => tracing::debug!(why, "a log level was not set"),
            Err(failure) => tracing::debug!(%failure, "a log level was not set"),
        }
    }

    fn has_capability(&self, key: &str) -> bool {
        let capabilities = self.greeting.result().and_then(|result| result.get("capabilities"));
        capabilities.is_some_and(|capabilities| capabilities.get(key).is_some())
    }

    /// Asks for something that concerns one resource.
    ///
    /// # Errors
    /// [`LaneFailure`] where the server does not do it.
    pub async fn request(&self, timeout: Duration, method: &str, uri: &str) -> Result<(), LaneFailure> {
        let mut params = Vec::new();
        let mut object = json::ObjectWriter::begin(&mut params);
        object.str("uri", uri);
        object.end();
        let params = String::from_utf8_lossy(&params).into_owned();
        let asked = wire::ask(&self.lane, self.version, method, timeout, |id| {
            requests::request(id, method, Some(&params))
        });
        asked.await?.result().map(drop).map_err(LaneFailure::Failed)
    }

    /// Ends it.
    pub fn close(&self) {
        if let Lane::Http(lane) = &self.lane {
            let (lane, header) = (lane.clone(), wire::version_header(self.version));
            if let Ok(runtime) = tokio::runtime::Handle::try_current() {
                // A server that does not end sessions answers 405; ours is over all the same.
                runtime.spawn(async move { lane.ask(Outgoing::delete(), header).await.map(drop) });
            }
        }
        self.lane.close();
    }
}

/// Answers a request of the server that no client can be asked.
pub fn refuse(open: &Open, request: &Reply) {
    let Some(id) = request.id_raw() else { return };
    let answer = match request.method() {
        Some("ping") => mcp::answers::empty(Era::Legacy, id),
        Some(_) | None => {
            let text = "the client cannot be asked this; go on without it";
            mcp::answers::error(Some(id), mcp::errors::METHOD_NOT_FOUND, text, None)
        }
    };
    wire::tell_later(&open.lane, open.version, answer);
}
