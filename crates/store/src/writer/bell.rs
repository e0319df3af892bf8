//! A bell that wakes one thread, once for however many rings.
//! Must never lose a ring.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Condvar, Mutex, PoisonError};
use std::time::Duration;

/// A bell.
#[derive(Debug, Default)]
pub(crate) struct Bell {
    is_rung: AtomicBool,
    lock: Mutex<()>,
    condvar: Condvar,
}

impl Bell {
    /// Rings. While it is rung already this is one atomic step.
    pub(crate) fn ring(&self) {
        if !self.is_rung.swap(true, Ordering::SeqCst) {
            let _guard = self.lock.lock().unwrap_or_else(PoisonError::into_inner);
            self.condvar.notify_one();
        }
    }

    /// Waits until it is rung, which it stays, or a time is over; true when it is rung.
    pub(crate) fn wait(&self, at_most: Duration) -> bool {
        let guard = self.lock.lock().unwrap_or_else(PoisonError::into_inner);
        let is_silent = |_: &mut ()| !self.is_rung.load(Ordering::SeqCst);
        drop(self.condvar.wait_timeout_while(guard, at_most, is_silent));
        self.is_rung.load(Ordering::SeqCst)
    }

    /// Silences it; rings from now on count anew.
    pub(crate) fn silence(&self) {
        self.is_rung.store(false, Ordering::SeqCst);
    }
}
