//! How many bytes of a message reached the kernel, and when: shared between a transport and the caller who waits.
//!
//! Must never: say "nothing" of a message of which a byte was written or may still be written.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU64, Ordering};
use tokio::sync::Notify;

/// Reads the caller's time in milliseconds; cheap to clone. Transports read no clock of their own.
#[derive(Clone)]
pub struct Clock(Arc<dyn Fn() -> u64 + Send + Sync>);

impl Clock {
    /// A clock that asks `read` for the milliseconds of the caller's timeline.
    pub fn new(read: impl Fn() -> u64 + Send + Sync + 'static) -> Self {
        Self(Arc::new(read))
    }

    /// Milliseconds now.
    #[must_use]
    pub fn now_ms(&self) -> u64 {
        (self.0)()
    }
}

impl fmt::Debug for Clock {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("Clock")
    }
}

/// What is known of a message's way into the kernel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Written {
    /// Provably no byte was written, and none will be.
    Nothing,
    /// Bytes were written; `bytes` is 0 while a transport has taken the message and the kernel has accepted none yet.
    Some {
        /// Bytes that the kernel accepted, framing and encryption included.
        bytes: u64,
        /// When it accepted the last of them, in the clock's milliseconds.
        last_ms: u64,
    },
}

const FRESH: u8 = 0;
const BEGUN: u8 = 1;
const WITHDRAWN: u8 = 2;

/// The account of one message: make one per message, keep a clone, and read it at any time, also after the future
/// that sends the message was dropped.
#[derive(Clone, Default)]
pub struct Progress(Arc<Counts>);

#[derive(Default)]
struct Counts {
    state: AtomicU8,
    bytes: AtomicU64,
    last_ms: AtomicU64,
    writing: AtomicBool,
    ended: Notify,
}

/// Held by a transport that goes on writing a message whose sender may have gone.
pub(crate) struct Writing<'a>(&'a Counts);

impl Drop for Writing<'_> {
    fn drop(&mut self) {
        self.0.writing.store(false, Ordering::Release);
        self.0.ended.notify_waiters();
    }
}

impl Progress {
    /// The account of a message that nobody has begun to send.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// What has been written so far.
    #[must_use]
    pub fn written(&self) -> Written {
        if self.0.state.load(Ordering::Acquire) == BEGUN {
            let last_ms = self.0.last_ms.load(Ordering::Relaxed);
            Written::Some { bytes: self.0.bytes.load(Ordering::Relaxed), last_ms }
        } else {
            Written::Nothing
        }
    }

    /// Whether a transport still writes the message, whoever waits for it: what was written is not final then.
    #[must_use]
    pub fn is_being_written(&self) -> bool {
        self.0.writing.load(Ordering::Acquire)
    }

    /// Resolves when no transport writes the message any more.
    pub async fn ended(&self) {
        let mut ended = std::pin::pin!(self.0.ended.notified());
        // Before the look, so that an end between the two is not missed.
        ended.as_mut().enable();
        if self.is_being_written() {
            ended.await;
        }
    }

    /// To be held by a transport that writes the message to its end even when its sender has gone, from before it
    /// begins.
    pub(crate) fn writing(&self) -> Writing<'_> {
        self.0.writing.store(true, Ordering::Release);
        Writing(&self.0)
    }

    /// Takes the message for writing; false when it was withdrawn before.
    pub(crate) fn begin(&self, now_ms: u64) -> bool {
        self.0.last_ms.store(now_ms, Ordering::Relaxed);
        let begun = self.0.state.compare_exchange(FRESH, BEGUN, Ordering::AcqRel, Ordering::Acquire);
        begun.is_ok() || begun == Err(BEGUN)
    }

    /// Counts bytes that the kernel has just accepted.
    pub(crate) fn add(&self, n_bytes: usize, now_ms: u64) {
        self.0.last_ms.store(now_ms, Ordering::Relaxed);
        self.0.bytes.fetch_add(n_bytes as u64, Ordering::Relaxed);
        self.0.state.store(BEGUN, Ordering::Release);
    }

    /// Counts a message that is handed over whole to somebody who is no upstream.
    pub fn hand_over(&self, n_bytes: usize, now_ms: u64) {
        self.add(n_bytes, now_ms);
    }

    /// Keeps a message that was not begun from ever being begun.
    pub(crate) fn withdraw(&self) {
        // A message that was begun stays begun: the exchange fails and nothing changes.
        let _ = self.0.state.compare_exchange(FRESH, WITHDRAWN, Ordering::AcqRel, Ordering::Acquire);
    }

    /// Ends a message that was begun but of which the kernel accepted no byte and will be offered none.
    pub(crate) fn give_up(&self) {
        if self.0.bytes.load(Ordering::Relaxed) == 0 {
            self.0.state.store(WITHDRAWN, Ordering::Release);
        }
    }
}

impl fmt::Debug for Progress {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_tuple("Progress").field(&self.written()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::{Progress, Written};
    use std::future::Future;
    use std::pin::pin;
    use std::task::{Context, Poll, Waker};

    #[test]
    fn the_end_of_writing_is_told() {
        let progress = Progress::new();
        let mut cx = Context::from_waker(Waker::noop());
        assert_eq!(pin!(progress.ended()).poll(&mut cx), Poll::Ready(()), "nobody writes yet");
        let writing = progress.writing();
        let mut ended = pin!(progress.ended());
        assert_eq!(ended.as_mut().poll(&mut cx), Poll::Pending);
        drop(writing);
        assert_eq!(ended.poll(&mut cx), Poll::Ready(()));
        assert!(!progress.is_being_written());
    }

    #[test]
    fn a_message_is_either_begun_or_withdrawn() {
        let begun = Progress::new();
        assert!(begun.begin(5));
        begun.withdraw();
        assert_eq!(begun.written(), Written::Some { bytes: 0, last_ms: 5 });
        begun.add(3, 7);
        begun.add(4, 9);
        begun.give_up();
        assert_eq!(begun.written(), Written::Some { bytes: 7, last_ms: 9 });

        let withdrawn = Progress::new();
        withdrawn.withdraw();
        assert!(!withdrawn.begin(5));
        assert_eq!(withdrawn.written(), Written::Nothing);

        let given_up = Progress::new();
        assert!(given_up.begin(5));
        given_up.give_up();
        assert_eq!(given_up.written(), Written::Nothing);
    }
}
