//! A gate holds answers back until the test lets them through.
//!
//! Must never: open by itself.

use crate::wait::within;
use std::sync::Arc;
use tokio::sync::{Semaphore, watch};

/// A closed gate; clones are the same gate.
#[derive(Clone, Debug)]
pub struct Gate(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    passes: Semaphore,
    n_arrived: watch::Sender<usize>,
}

/// More than any test sends through one gate.
const EVERYBODY: usize = 1 << 24;

impl Gate {
    /// A closed gate.
    pub fn closed() -> Gate {
        Gate(Arc::new(Inner { passes: Semaphore::new(0), n_arrived: watch::Sender::new(0) }))
    }

    /// Lets everybody through, also those who come later.
    pub fn open(&self) {
        self.admit(EVERYBODY);
    }

    /// Lets so many through.
    pub fn admit(&self, n: usize) {
        self.0.passes.add_permits(n);
    }

    /// Waits until so many have arrived since the gate was made.
    pub async fn arrived(&self, n: usize) {
        let mut n_arrived = self.0.n_arrived.subscribe();
        let reached = n_arrived.wait_for(|n_arrived| *n_arrived >= n);
        let reached = within(&format!("{n} arrivals at a gate"), reached).await;
        reached.expect("the gate lives as long as its user");
    }

    /// How many have arrived since the gate was made.
    pub fn n_arrived(&self) -> usize {
        *self.0.n_arrived.borrow()
    }

    /// Arrives, and waits to be let through.
    pub(crate) async fn pass(&self) {
        self.0.n_arrived.send_modify(|n_arrived| *n_arrived += 1);
        self.0.passes.acquire().await.expect("a gate is never shut down").forget();
    }
}
