//! What reached the fake upstream: bytes, connections, messages, abandoned answers.
//!
//! Must never: forget, or record a message before all of it has arrived.

use crate::upstream::Received;
use crate::wait::within;
use tokio::sync::watch;

#[derive(Debug, Default)]
struct Entries {
    n_bytes: u64,
    n_connections: u64,
    n_abandoned: usize,
    messages: Vec<Received>,
}

/// The record of one fake upstream.
#[derive(Debug, Default)]
pub(crate) struct Log(watch::Sender<Entries>);

impl Log {
    pub(crate) fn add_bytes(&self, n_bytes: u64) {
        self.0.send_modify(|entries| entries.n_bytes += n_bytes);
    }

    /// Counts a connection and gives its number.
    pub(crate) fn add_connection(&self) -> u64 {
        self.0.send_modify(|entries| entries.n_connections += 1);
        self.0.borrow().n_connections
    }

    pub(crate) fn add_message(&self, message: Received) {
        self.0.send_modify(|entries| entries.messages.push(message));
    }

    pub(crate) fn add_abandoned(&self) {
        self.0.send_modify(|entries| entries.n_abandoned += 1);
    }

    pub(crate) fn n_bytes(&self) -> u64 {
        self.0.borrow().n_bytes
    }

    pub(crate) fn n_connections(&self) -> u64 {
        self.0.borrow().n_connections
    }

    pub(crate) fn messages(&self) -> Vec<Received> {
        self.0.borrow().messages.clone()
    }

    pub(crate) async fn received(&self, what: &str, n: usize, counts: impl Fn(&Received) -> bool) {
        let enough =
            |entries: &Entries| entries.messages.iter().filter(|message| counts(message)).count() >= n;
        self.until(&format!("{n} {what} to reach the upstream"), enough).await;
    }

    pub(crate) async fn abandoned(&self, n: usize) {
        self.until(&format!("{n} answers to be abandoned"), |entries| entries.n_abandoned >= n).await;
    }

    async fn until(&self, what: &str, reached: impl FnMut(&Entries) -> bool) {
        let mut changes = self.0.subscribe();
        within(what, changes.wait_for(reached)).await.expect("the log lives as long as its server");
    }
}
