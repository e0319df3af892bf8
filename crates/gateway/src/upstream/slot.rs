//! The place of one process, or of a connection that stands for one: starts it when a message needs it, and again after it ended, with growing pauses.
//! A slot of a session starts once: a new process would know nothing of the session.

use super::early::Starts;
use super::peer::Source;
use super::process::Process;
use crate::definitions::Definitions;
use crate::outbox::Outbox;
use mcp::http::Clock;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// A process that ends so soon after its start counts as failed: ten seconds.
const EARLY_MS: u64 = 10_000;
/// Longest pause before the next start: one minute.
const MAX_PAUSE_MS: u64 = 60_000;

/// Whether a slot may start its process more than once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Restart {
    /// Again whenever a message needs it.
    Always,
    /// Only once.
    Never,
}

#[derive(Debug, Default)]
struct History {
    started_at_ms: Option<u64>,
    n_failures: u32,
}

/// The place of one process.
#[derive(Debug)]
pub struct Slot {
    /// Longest wait for a reply.
    pub timeout: Duration,
    source: Source,
    clock: Clock,
    definitions: Arc<Definitions>,
    starts: Arc<Starts>,
    restart: Restart,
    current: Mutex<Option<Arc<Process>>>,
    // Held while a process is started, so that many calls start one.
    history: tokio::sync::Mutex<History>,
    last_used_ms: AtomicU64,
    closed: AtomicBool,
    outbox: Arc<Outbox>,
    // Nobody's own: whoever ends goes without ending it.
    is_shared: bool,
}

impl Slot {
    /// An empty slot.
    #[must_use]
    pub fn new(
        source: Source,
        timeout: Duration,
        clock: Clock,
        definitions: Arc<Definitions>,
        starts: Arc<Starts>,
        restart: Restart,
    ) -> Self {
        let outbox = match restart {
            // The grant's own clients come and go; none is there to be told.
            Restart::Always => Outbox::closed(),
            Restart::Never => Outbox::default(),
        };
        Self {
            timeout,
            source,
            definitions,
            starts,
            restart,
            current: Mutex::default(),
            history: tokio::sync::Mutex::default(),
            last_used_ms: AtomicU64::new(clock.now_ms()),
            clock,
            closed: AtomicBool::new(false),
            outbox: Arc::new(outbox),
            is_shared: false,
        }
    }

    /// The same, for the clients of every grant.
    #[must_use]
    pub fn shared(mut self) -> Self {
        self.is_shared = true;
        self
    }

    /// Whether it is nobody's own.
    #[must_use]
    pub fn is_shared(&self) -> bool {
        self.is_shared
    }

    /// The same, with somebody who takes what the process says unasked.
    #[must_use]
    pub fn heard(self) -> Self {
        self.outbox.reopen();
        self
    }

    /// Whether what it starts is a process of this machine.
    #[must_use]
    pub fn is_process(&self) -> bool {
        matches!(self.source, Source::Command(_))
    }

    /// The running process, if there is one.
    #[must_use]
    pub fn running(&self) -> Option<Arc<Process>> {
        let current = self.current.lock().unwrap_or_else(PoisonError::into_inner);
        current.as_ref().filter(|process| process.is_alive()).map(Arc::clone)
    }

    /// Whether a process runs; it counts as used now.
    #[must_use]
    pub fn is_ready(&self) -> bool {
        self.last_used_ms.store(self.clock.now_ms(), Ordering::Relaxed);
        self.running().is_some()
    }

    /// Whether its process has ended and no other will be started.
    #[must_use]
    pub fn is_over(&self) -> bool {
        let current = self.current.lock().unwrap_or_else(PoisonError::into_inner);
        let ended = current.as_ref().is_some_and(|process| !process.is_alive());
        self.closed.load(Ordering::Relaxed) || (ended && self.restart == Restart::Never)
    }

    /// Starts the process if none runs.
    ///
    /// # Errors
    /// A sentence that says why none runs and what to do.
    pub async fn ready(&self) -> Result<(), String> {
        if self.is_ready() {
            return Ok(());
        }
        let mut history = self.history.lock().await;
        if self.running().is_some() {
            return Ok(());
        }
        self.may_start(&mut history)?;
        history.started_at_ms = Some(self.clock.now_ms());
        let outbox = Arc::clone(&self.outbox);
        let started = Process::start(
            &self.source,
            self.clock.clone(),
            self.timeout,
            outbox,
            Arc::clone(&self.definitions),
        )
        .await;
        match started {
            Ok(process) => {
                process.follow(Arc::clone(&self.starts), self.clock.clone());
                *self.current.lock().unwrap_or_else(PoisonError::into_inner) = Some(Arc::new(process));
                // A new process may list other tools than the last one did.
                self.definitions.mark_changed();
                Ok(())
            }
            Err(why) => {
                history.n_failures = history.n_failures.saturating_add(1);
                Err(why)
            }
        }
    }

    fn may_start(&self, history: &mut History) -> Result<(), String> {
        if self.closed.load(Ordering::Relaxed) {
            return Err(String::from("the server is being stopped; retry later"));
        }
        let Some(started_at_ms) = history.started_at_ms else { return Ok(()) };
        if self.restart == Restart::Never {
            return Err(self.obituary());
        }
        let now_ms = self.clock.now_ms();
        let ran_ms = now_ms.saturating_sub(started_at_ms);
        let pause_ms = pause_ms(history.n_failures.max(1));
        if ran_ms >= EARLY_MS {
            history.n_failures = 0;
        } else if ran_ms < pause_ms {
            let wait_s = (pause_ms - ran_ms).div_ceil(1_000);
            return Err(format!("{}; it is started again in {wait_s} s", self.obituary()));
        } else {
            history.n_failures = history.n_failures.saturating_add(1);
        }
        Ok(())
    }

    fn obituary(&self) -> String {
        let current = self.current.lock().unwrap_or_else(PoisonError::into_inner);
        current.as_ref().map_or_else(
            || String::from("the server did not start or could not be reached"),
            |last| last.obituary(),
        )
    }

    /// What the process says unasked.
    #[must_use]
    pub fn outbox(&self) -> Arc<Outbox> {
        Arc::clone(&self.outbox)
    }

    /// Stops a process that has had no message for `idle_ms`; true when nothing is left to stop later.
    pub fn stop_if_idle(&self, now_ms: u64, idle_ms: u64) -> bool {
        let unused_ms = now_ms.saturating_sub(self.last_used_ms.load(Ordering::Relaxed));
        let busy = self.running().is_some_and(|process| !process.is_idle());
        if busy || unused_ms < idle_ms {
            return false;
        }
        if self.is_shared {
            // Sessions keep the slot: the next message starts the process again.
            end(self.take());
            return false;
        }
        self.stop();
        true
    }

    /// Stops the process in good order and waits for its end; the slot starts none any more.
    pub async fn shut_down(&self) {
        if let Some(process) = self.retire() {
            process.shut_down().await;
        }
    }

    fn retire(&self) -> Option<Arc<Process>> {
        self.closed.store(true, Ordering::Relaxed);
        self.take()
    }

    fn take(&self) -> Option<Arc<Process>> {
        self.current.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    /// Stops the process in good order, without waiting; the slot starts none any more.
    pub fn stop(&self) {
        end(self.retire());
    }
}

/// Ends a process in good order, without waiting.
fn end(process: Option<Arc<Process>>) {
    // Without a runtime the process is killed when it is dropped.
    if let (Some(process), Ok(runtime)) = (process, tokio::runtime::Handle::try_current()) {
        runtime.spawn(async move { process.shut_down().await });
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        self.stop();
    }
}

/// One second, doubled with each failure.
fn pause_ms(n_failures: u32) -> u64 {
    1_000_u64.checked_shl(n_failures.saturating_sub(1)).unwrap_or(MAX_PAUSE_MS).min(MAX_PAUSE_MS)
}

#[cfg(test)]
mod tests {
    use super::pause_ms;

    #[test]
    fn pauses_grow_to_a_minute() {
        let pauses: Vec<u64> = [1, 2, 3, 7, 40, u32::MAX].into_iter().map(pause_ms).collect();
        assert_eq!(pauses, [1_000, 2_000, 4_000, 60_000, 60_000, 60_000]);
    }
}
