//! The requests of one process that are unanswered, and what has come for each.
//! A line goes to the request that it names and to nobody else.

use crate::outstanding::MAX_OUTSTANDING;
use mcp::reply::Reply;
use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::Notify;

/// Notifications that may wait for one request; more are dropped, a reply never is.
const MAX_WAITING: usize = 256;
/// Bytes of them: a line may be long, and whoever waits may read none of them.
const MAX_WAITING_BYTES: usize = 1 << 20;
/// Bytes that may wait when the server asks something: an image for a model is longer than any notice.
const MAX_ASKED_BYTES: usize = 4 << 20;

/// The unanswered requests of one process.
#[derive(Debug, Default)]
pub struct Pending {
    waiting: Mutex<Waiting>,
}

#[derive(Debug, Default)]
struct Waiting {
    inboxes: HashMap<u64, Arc<Inbox>>,
    is_over: bool,
}

#[derive(Debug, Default)]
struct Inbox {
    hears_requests: bool,
    state: Mutex<Mail>,
    arrived: Notify,
}

/// What is put into an inbox.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Put {
    Notice,
    Asked,
    Last,
}

#[derive(Debug, Default)]
struct Mail {
    lines: VecDeque<Reply>,
    n_bytes: usize,
    // Ids of the server's requests that were put here, raw.
    asked: Vec<Box<str>>,
    closed: bool,
}

fn len(line: &Reply) -> usize {
    line.document().text().len()
}

impl Inbox {
    fn put(&self, line: Reply, put: Put) -> Result<(), Box<Reply>> {
        let mut mail = self.lock();
        let n_bytes = mail.n_bytes.saturating_add(len(&line));
        let has_room = match put {
            Put::Last => true,
            Put::Notice => mail.lines.len() < MAX_WAITING && n_bytes <= MAX_WAITING_BYTES,
            Put::Asked => mail.asked.len() < MAX_OUTSTANDING && n_bytes <= MAX_ASKED_BYTES,
        };
        if !has_room {
            return Err(Box::new(line));
        }
        if let (Put::Asked, Some(id)) = (put, line.id_raw()) {
            mail.asked.push(id.into());
        }
        mail.n_bytes = n_bytes;
        mail.lines.push_back(line);
        mail.closed = put == Put::Last;
        drop(mail);
        self.arrived.notify_one();
        Ok(())
    }

    /// Whether it holds, or held, the server's request of this id; the server takes that back.
    fn takes_back(&self, id: &str) -> bool {
        let mut mail = self.lock();
        let place = mail.asked.iter().position(|asked| **asked == *id);
        place.map(|place| mail.asked.swap_remove(place)).is_some()
    }

    fn lock(&self) -> MutexGuard<'_, Mail> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn close(&self) {
        self.lock().closed = true;
        self.arrived.notify_one();
    }
}

impl Pending {
    /// Expects messages for the request of this id; with `hears_requests` also what the server asks meanwhile.
    #[must_use]
    pub fn expect(self: &Arc<Self>, id: u64, hears_requests: bool) -> Lines {
        let inbox = Arc::new(Inbox { hears_requests, ..Inbox::default() });
        let mut waiting = self.lock();
        if waiting.is_over {
            inbox.close();
        } else {
            waiting.inboxes.insert(id, Arc::clone(&inbox));
        }
        drop(waiting);
        Lines { id, status: 200, inbox, pending: Arc::clone(self), on_drop: None }
    }

    /// Hands over the reply to a request; nothing comes after it. False when nobody waits for it.
    pub fn answer(&self, id: u64, line: Reply) -> bool {
        let inbox = self.lock().inboxes.remove(&id);
        inbox.is_some_and(|inbox| inbox.put(line, Put::Last).is_ok())
    }

    /// Hands over a notification that belongs to a request. False when it was dropped.
    pub fn notify(&self, id: u64, line: Reply) -> bool {
        let inbox = self.lock().inboxes.get(&id).map(Arc::clone);
        inbox.is_some_and(|inbox| inbox.put(line, Put::Notice).is_ok())
    }

    /// Hands a request of the server over to the youngest request that can pass it on: a process does not say which
    /// it belongs to.
    ///
    /// # Errors
    /// The server's request, where nobody takes it.
    pub fn ask(&self, line: Reply) -> Result<(), Box<Reply>> {
        let youngest = {
            let waiting = self.lock();
            let hearing = waiting.inboxes.iter().filter(|(_, inbox)| inbox.hears_requests);
            hearing.max_by_key(|(id, _)| **id).map(|(_, inbox)| Arc::clone(inbox))
        };
        match youngest {
            Some(inbox) => inbox.put(line, Put::Asked),
            None => Err(Box::new(line)),
        }
    }

    /// Hands over that the server takes its own request back, to whoever has got that.
    ///
    /// # Errors
    /// The notification, where nobody has.
    pub fn take_back(&self, line: Reply) -> Result<(), Box<Reply>> {
        let holder = line.cancelled_request().and_then(|id| {
            let waiting = self.lock();
            waiting.inboxes.values().find(|inbox| inbox.takes_back(id)).map(Arc::clone)
        });
        match holder {
            Some(inbox) => inbox.put(line, Put::Notice),
            None => Err(Box::new(line)),
        }
    }

    /// Whether no request waits.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.lock().inboxes.is_empty()
    }

    /// The process says no more: nobody gets an answer, nor will whoever comes later.
    pub fn fail_all(&self) {
        let mut waiting = self.lock();
        waiting.is_over = true;
        for (_, inbox) in waiting.inboxes.drain() {
            inbox.close();
        }
    }

    /// Whether the process says no more.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.lock().is_over
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What comes for one request. Dropping it before the reply gives the request up.
pub struct Lines {
    id: u64,
    /// The HTTP status of the reply, where it came so at first; else 200.
    pub status: u16,
    inbox: Arc<Inbox>,
    pending: Arc<Pending>,
    on_drop: Option<Box<dyn FnOnce() + Send>>,
}

impl Lines {
    /// Runs `f` if the request is given up before its reply has come.
    pub fn when_given_up(&mut self, f: impl FnOnce() + Send + 'static) {
        self.on_drop = Some(Box::new(f));
    }

    /// The next message; `None` when the process is gone or the reply was taken.
    pub async fn next(&mut self) -> Option<Reply> {
        loop {
            {
                let mut mail = self.inbox.lock();
                if let Some(line) = mail.lines.pop_front() {
                    mail.n_bytes = mail.n_bytes.saturating_sub(len(&line));
                    return Some(line);
                }
                if mail.closed {
                    return None;
                }
            }
            self.inbox.arrived.notified().await;
        }
    }
}

impl std::fmt::Debug for Lines {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Lines").field("id", &self.id).finish_non_exhaustive()
    }
}

impl Drop for Lines {
    fn drop(&mut self) {
        let unanswered = self.pending.lock().inboxes.remove(&self.id).is_some();
        if unanswered && let Some(give_up) = self.on_drop.take() {
            give_up();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use mcp::reply::parse_reply;
    use std::sync::atomic::{AtomicBool, Ordering};

    fn message(method: &str) -> Reply {
        let text = format!(r#"{{"jsonrpc":"2.0","method":"{method}"}}"#);
        parse_reply(text.into_bytes(), &mcp::Caps::default()).unwrap()
    }

    fn method(reply: Option<Reply>) -> String {
        reply.unwrap().method().unwrap().to_owned()
    }

    #[tokio::test]
    async fn notifications_come_before_the_reply_and_nothing_after_it() {
        let pending = Arc::<Pending>::default();
        let mut lines = pending.expect(7, false);
        assert!(pending.notify(7, message("n")));
        assert!(pending.answer(7, message("r")));
        assert!(!pending.answer(7, message("again")), "a second reply finds nobody");
        assert!(!pending.notify(7, message("late")));
        assert_eq!(method(lines.next().await), "n");
        assert_eq!(method(lines.next().await), "r");
        assert!(lines.next().await.is_none());
    }

    #[tokio::test]
    async fn a_flood_of_notifications_is_bounded_but_the_reply_arrives() {
        let pending = Arc::<Pending>::default();
        let mut lines = pending.expect(1, false);
        let taken = (0..MAX_WAITING + 5).filter(|_| pending.notify(1, message("n"))).count();
        assert_eq!(taken, MAX_WAITING);
        assert!(pending.answer(1, message("r")));
        let mut last = None;
        while let Some(line) = lines.next().await {
            last = Some(line);
        }
        assert_eq!(method(last), "r");
    }

    #[tokio::test]
    async fn long_notifications_are_bounded_too_but_the_reply_arrives() {
        let long = |method: &str| {
            let text = format!(
                r#"{{"jsonrpc":"2.0","method":"{method}","params":{{"x":"{}"}}}}"#,
                "x".repeat(MAX_WAITING_BYTES / 3)
            );
            parse_reply(text.into_bytes(), &mcp::Caps::default()).unwrap()
        };
        let pending = Arc::<Pending>::default();
        let mut lines = pending.expect(1, false);
        assert_eq!((0..5).filter(|_| pending.notify(1, long("n"))).count(), 2);
        assert_eq!(method(lines.next().await), "n");
        assert!(pending.notify(1, long("n")), "what was taken makes room");
        assert!(pending.answer(1, long("r")));
        let mut last = None;
        while let Some(line) = lines.next().await {
            last = Some(line);
        }
        assert_eq!(method(last), "r");
    }

    #[tokio::test]
    async fn giving_up_is_noticed_once() {
        let pending = Arc::<Pending>::default();
        let seen = Arc::new(AtomicBool::new(false));
        for answered in [true, false] {
            let mut lines = pending.expect(3, false);
            let flag = Arc::clone(&seen);
            lines.when_given_up(move || flag.store(true, Ordering::Relaxed));
            if answered {
                pending.answer(3, message("r"));
            }
            drop(lines);
            assert_eq!(seen.load(Ordering::Relaxed), !answered);
        }
        assert!(pending.is_empty());
    }

    #[tokio::test]
    async fn the_youngest_request_that_hears_it_gets_what_the_server_asks() {
        let ask = |id: &str| {
            let text = format!(r#"{{"jsonrpc":"2.0","id":{id},"method":"roots/list"}}"#);
            parse_reply(text.into_bytes(), &mcp::Caps::default()).unwrap()
        };
        let take_back = |id: &str| {
            let params = format!(r#"{{"requestId":{id}}}"#);
            let bytes = mcp::requests::notification("notifications/cancelled", Some(&params));
            parse_reply(bytes, &mcp::Caps::default()).unwrap()
        };
        let pending = Arc::<Pending>::default();
        let _deaf = pending.expect(9, false);
        assert!(pending.ask(ask("1")).is_err());
        let (mut old, mut young) = (pending.expect(3, true), pending.expect(5, true));
        pending.ask(ask("1")).unwrap();
        assert_eq!(method(young.next().await), "roots/list");
        assert!(pending.take_back(take_back("2")).is_err());
        pending.take_back(take_back("1")).unwrap();
        assert_eq!(method(young.next().await), "notifications/cancelled");
        drop(young);
        let taken = (0..100).filter(|id: &u32| pending.ask(ask(&id.to_string())).is_ok()).count();
        assert_eq!(taken, MAX_OUTSTANDING);
        assert!(pending.answer(3, message("r")), "the reply arrives all the same");
        assert_eq!(method(old.next().await), "roots/list");
    }

    #[tokio::test]
    async fn the_end_of_the_process_ends_the_wait() {
        let pending = Arc::<Pending>::default();
        let mut lines = pending.expect(3, false);
        pending.fail_all();
        assert!(lines.next().await.is_none());
        let mut later = pending.expect(4, false);
        let answer = testkit::wait::within("the end of a wait", later.next()).await;
        assert!(answer.is_none(), "nor does anybody wait who comes later");
    }
}
