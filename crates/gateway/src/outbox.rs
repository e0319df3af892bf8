//! What a server says to one client beside the client's requests, until the client's own stream takes it.
//! It must never grow with what a server says, nor hold anything once the client is gone.

use mcp::reply::Reply;
use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};
use tokio::sync::Notify;

/// Messages that may wait.
const MAX_WAITING: usize = 64;
/// Bytes of them while somebody listens: one request may hold an image.
const MAX_BYTES: usize = 4 << 20;
/// Bytes of them while nobody does: a client may never open its stream.
const MAX_BYTES_UNHEARD: usize = 64 << 10;

/// The messages for one client that belong to none of its requests.
#[derive(Debug, Default)]
pub struct Outbox {
    state: Mutex<Mail>,
    arrived: Notify,
}

#[derive(Debug, Default)]
struct Mail {
    messages: VecDeque<Reply>,
    n_bytes: usize,
    n_listeners: usize,
    is_closed: bool,
}

/// Somebody who takes the messages.
#[derive(Debug)]
pub struct Listening<'a>(&'a Outbox);

impl Drop for Listening<'_> {
    fn drop(&mut self) {
        self.0.lock().n_listeners -= 1;
    }
}

impl Outbox {
    /// An outbox that takes nothing: its lane has no client of its own.
    #[must_use]
    pub fn closed() -> Self {
        let outbox = Self::default();
        outbox.close();
        outbox
    }

    /// Adds a message. One that says no more than what waits already is let go: that a list has changed is news once.
    ///
    /// # Errors
    /// The message, where there is no room for it.
    pub fn put(&self, message: Reply) -> Result<(), Box<Reply>> {
        let mut mail = self.lock();
        if mail.says_already(&message) {
            return Ok(());
        }
        let max_bytes = if mail.n_listeners > 0 { MAX_BYTES } else { MAX_BYTES_UNHEARD };
        let n_bytes = mail.n_bytes.saturating_add(len(&message));
        if mail.is_closed || mail.messages.len() >= MAX_WAITING || n_bytes > max_bytes {
            return Err(Box::new(message));
        }
        mail.n_bytes = n_bytes;
        mail.messages.push_back(message);
        drop(mail);
        self.arrived.notify_one();
        Ok(())
    }

    /// Announces somebody who takes the messages.
    pub fn listen(&self) -> Listening<'_> {
        self.lock().n_listeners += 1;
        Listening(self)
    }

    /// The next message; waits for ever once it is closed. Loses nothing when the future is dropped.
    pub async fn next(&self) -> Reply {
        loop {
            if let Some(message) = self.take() {
                return message;
            }
            self.arrived.notified().await;
        }
    }

    fn take(&self) -> Option<Reply> {
        let mut mail = self.lock();
        let message = mail.messages.pop_front()?;
        mail.n_bytes = mail.n_bytes.saturating_sub(len(&message));
        if !mail.messages.is_empty() {
            // Another stream of the client may be waiting.
            self.arrived.notify_one();
        }
        Some(message)
    }

    /// Takes messages again, for another client than the one that is gone.
    pub fn reopen(&self) {
        self.lock().is_closed = false;
    }

    /// Takes nothing any more, and lets go what waits.
    pub fn close(&self) {
        let mut mail = self.lock();
        mail.is_closed = true;
        mail.n_bytes = 0;
        mail.messages.clear();
    }

    fn lock(&self) -> MutexGuard<'_, Mail> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Mail {
    fn says_already(&self, message: &Reply) -> bool {
        let Some(method) = message.method().filter(|method| method.ends_with("/list_changed")) else {
            return false;
        };
        self.messages.iter().any(|waiting| waiting.method() == Some(method))
    }
}

fn len(message: &Reply) -> usize {
    message.document().text().len()
}

#[cfg(test)]
mod tests {
    use super::*;
    use mcp::reply::parse_reply;

    fn note(method: &str, n_bytes: usize) -> Reply {
        let text =
            format!(r#"{{"jsonrpc":"2.0","method":"{method}","params":{{"x":"{}"}}}}"#, "x".repeat(n_bytes));
        parse_reply(text.into_bytes(), &mcp::Caps::default()).unwrap()
    }

    #[tokio::test]
    async fn news_of_a_changed_list_waits_once() {
        let outbox = Outbox::default();
        for _ in 0..1_000 {
            outbox.put(note("notifications/tools/list_changed", 1)).unwrap();
        }
        outbox.put(note("notifications/prompts/list_changed", 1)).unwrap();
        outbox.put(note("notifications/message", 1)).unwrap();
        let mut methods = Vec::new();
        while let Some(message) = outbox.take() {
            methods.push(message.method().unwrap().to_owned());
        }
        let expected = ["tools/list_changed", "prompts/list_changed", "message"];
        assert_eq!(methods, expected.map(|method| format!("notifications/{method}")));
    }

    #[tokio::test]
    async fn it_is_bounded_and_more_so_while_nobody_listens() {
        let outbox = Outbox::default();
        let fill = |n_bytes| (0..100).filter(|_| outbox.put(note("n", n_bytes)).is_ok()).count();
        assert_eq!(fill(MAX_BYTES_UNHEARD / 2), 1);
        let listening = outbox.listen();
        assert_eq!(fill(1), MAX_WAITING - 1);
        drop(listening);
        while outbox.take().is_some() {}
        assert_eq!(fill(MAX_BYTES_UNHEARD), 0);
        let _listening = outbox.listen();
        assert_eq!(fill(MAX_BYTES_UNHEARD), 63);
        outbox.close();
        assert_eq!(fill(1), 0);
        assert!(outbox.take().is_none());
    }
}
