//! The idle connections of one upstream: a bounded stack, of which each is closed when it was idle too long.
//!
//! Must never: hand out a connection that was idle for longer than allowed.

use super::line::Line;
use super::written::Clock;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;
use tokio::runtime::Handle;

/// A stack of idle connections; the one used last is used next, so that spare ones expire.
pub(super) struct Pool {
    clock: Clock,
    max_idle: usize,
    expiry: Duration,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// Ordered by the time since which each is idle.
    idle: Vec<Idle>,
    /// A task is there that closes what expires.
    watched: bool,
}

struct Idle {
    line: Box<Line>,
    since_ms: u64,
}

impl Pool {
    pub(super) fn new(clock: Clock, max_idle: usize, expiry: Duration) -> Arc<Pool> {
        Arc::new(Pool { clock, max_idle, expiry, state: Mutex::default() })
    }

    /// A connection that is idle and was not so for too long.
    pub(super) fn take(&self) -> Option<Box<Line>> {
        let now_ms = self.clock.now_ms();
        let idle = self.state().idle.pop()?;
        (!self.is_expired(&idle, now_ms)).then_some(idle.line)
    }

    /// Keeps a connection for another exchange if it is fit for one and there is room.
    pub(super) fn put(self: &Arc<Self>, line: Box<Line>) {
        let Some(line) = line.settle() else { return };
        let now_ms = self.clock.now_ms();
        let mut state = self.state();
        if state.idle.len() < self.max_idle {
            state.idle.push(Idle { line, since_ms: now_ms });
            if !state.watched
                && let Ok(runtime) = Handle::try_current()
            {
                state.watched = true;
                runtime.spawn(watch(Arc::downgrade(self), self.expiry));
            }
        }
    }

    /// Connections that wait for their next exchange.
    pub(super) fn n_idle(&self) -> usize {
        self.state().idle.len()
    }

    /// Closes what has expired; false when nothing is left to watch.
    fn prune(&self) -> bool {
        let now_ms = self.clock.now_ms();
        let mut state = self.state();
        let n_expired = state.idle.iter().take_while(|idle| self.is_expired(idle, now_ms)).count();
        let expired: Vec<Idle> = state.idle.drain(..n_expired).collect();
        state.watched = !state.idle.is_empty();
        let watched = state.watched;
        drop(state);
        // Closing is a system call, so not under the lock.
        drop(expired);
        watched
    }

    fn is_expired(&self, idle: &Idle, now_ms: u64) -> bool {
        u128::from(now_ms.saturating_sub(idle.since_ms)) >= self.expiry.as_millis()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Closes expired connections until none is left; there is no such task while the pool is empty.
async fn watch(pool: Weak<Pool>, expiry: Duration) {
    loop {
        tokio::time::sleep(expiry).await;
        let Some(pool) = pool.upgrade() else { return };
        if !pool.prune() {
            return;
        }
    }
}
