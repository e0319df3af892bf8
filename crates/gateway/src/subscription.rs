//! A listener of 2026-07-28: which changed lists it wants to hear of, and what the gateway itself tells it.
//! It is told of nothing that it did not ask for.

use crate::news::{LISTS, Shown};
use json::ObjectWriter;
use mcp::envelope::{Message, keys};
use policy::Stack;

/// One `subscriptions/listen` request.
#[derive(Debug)]
pub struct Subscription {
    // The client's id of the request, raw.
    id: String,
    wanted: Vec<&'static str>,
    shown: Shown,
}

impl Subscription {
    /// The listener that a message is, if it is one.
    #[must_use]
    pub fn of(message: &Message) -> Option<Self> {
        if message.method() != Some("subscriptions/listen") {
            return None;
        }
        let filter = message.params().and_then(|params| params.get("notifications"));
        let wants = |flag: &str| filter.and_then(|filter| filter.get(flag)?.as_bool()) == Some(true);
        let flags = ["toolsListChanged", "resourcesListChanged", "promptsListChanged"];
        let wanted = LISTS.into_iter().zip(flags).filter(|(_, flag)| wants(flag)).map(|(list, _)| list);
        let id = message.id_raw().unwrap_or("null").to_owned();
        Some(Self { id, wanted: wanted.collect(), shown: Shown::default() })
    }

    /// Notes the present policies; the lists that may differ from what the client was shown, each with what it is told.
    pub fn changed(&self, stack: &Stack) -> Vec<(&'static str, Vec<u8>)> {
        let changed = self.shown.changed(stack).into_iter().filter(|list| self.wanted.contains(list));
        changed.map(|list| (list, self.notification(list))).collect()
    }

    fn notification(&self, method: &str) -> Vec<u8> {
        let mut out = Vec::new();
        let mut message = ObjectWriter::begin(&mut out);
        message.str("jsonrpc", "2.0").str("method", method);
        let mut params = message.object("params");
        let mut meta = params.object("_meta");
        meta.raw(keys::SUBSCRIPTION_ID, &self.id);
        meta.end();
        params.end();
        message.end();
        out
    }
}
