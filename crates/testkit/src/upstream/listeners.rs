//! The open streams that pushed messages go to.
//!
//! Must never: keep a stream whose other side has gone.

use crate::upstream::body::{Chunks, event};
use serde_json::{Value, json};
use std::sync::Mutex;
use tokio::sync::watch;

/// One open stream, with the subscription that it serves.
struct Listener {
    chunks: Chunks,
    subscription: Option<Value>,
}

/// All open streams of a fake upstream.
#[derive(Default)]
pub(crate) struct Listeners {
    open: Mutex<Vec<Listener>>,
    n_opened: watch::Sender<usize>,
}

impl Listeners {
    pub(crate) fn add(&self, chunks: Chunks, subscription: Option<Value>) {
        self.lock().push(Listener { chunks, subscription });
        self.n_opened.send_modify(|n_opened| *n_opened += 1);
    }

    /// Sends a message to every open stream and gives their number.
    pub(crate) fn push(&self, message: &Value) -> usize {
        let mut open = self.lock();
        open.retain(|listener| listener.chunks.send(event(&listener.addressed(message))).is_ok());
        open.len()
    }

    /// Ends every open stream.
    pub(crate) fn end(&self) {
        self.lock().clear();
    }

    pub(crate) fn n_opened(&self) -> watch::Receiver<usize> {
        self.n_opened.subscribe()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<Listener>> {
        self.open.lock().expect("nothing panics while it holds the streams")
    }
}

impl Listener {
    /// The message with the subscription's id, where the stream is a subscription.
    fn addressed(&self, message: &Value) -> Value {
        let mut message = message.clone();
        if let Some(subscription) = &self.subscription {
            if !message["params"].is_object() {
                message["params"] = json!({});
            }
            message["params"]["_meta"]["io.modelcontextprotocol/subscriptionId"] = subscription.clone();
        }
        message
    }
}
