//! Goes on with a server's stream that ended early: a GET with the id of its last event (2025-11-25, Resumability and
//! Redelivery; a server may also end a stream so that it need not be held open, and be asked again later).
//! It must never ask more often than the server says, nor go on asking a server that says nothing.

use super::lane::Lane;
use mcp::era::{Era, Version};
use mcp::headers;
use mcp::http::{Content, HeaderName, HeaderValue, Outgoing, ReplyBody};
use mcp::sse::Ending;
use std::time::Duration;
use tokio::time::sleep;

/// The pause where the server names none.
const USUAL_MS: u64 = 1_000;
/// A server may ask for shorter pauses, but not for none.
const MIN_MS: u64 = 20;
/// Longest pause.
const MAX_MS: u64 = 60_000;
/// A reply is asked for so often in a row without anything new.
const MAX_UNHEARD: u32 = 5;

/// What is needed to go on with one stream.
#[derive(Debug)]
pub struct Resumption {
    last_id: Option<HeaderValue>,
    retry_ms: u64,
    n_unheard: u32,
    // A session's own stream is opened anew as long as there is a session, also without an id.
    is_own: bool,
}

impl Resumption {
    /// Of the stream of a reply.
    #[must_use]
    pub fn of_reply() -> Self {
        Self { last_id: None, retry_ms: USUAL_MS, n_unheard: 0, is_own: false }
    }

    /// Of a session's own stream.
    #[must_use]
    pub fn of_session() -> Self {
        Self { is_own: true, ..Self::of_reply() }
    }

    /// Notes what came beside an event.
    pub fn note(&mut self, ending: &Ending) {
        if let Some(retry_ms) = ending.retry_ms {
            self.retry_ms = retry_ms.clamp(MIN_MS, MAX_MS);
        }
        if let Some(id) = &ending.id {
            let id = HeaderValue::from_str(id).ok().filter(|id| !id.is_empty());
            if id != self.last_id {
                self.n_unheard = 0;
            }
            self.last_id = id;
        }
        if ending.has_data && self.is_own {
            self.n_unheard = 0;
        }
    }

    /// The rest of the stream, once the server gives it; none where it does not.
    pub async fn again(&mut self, lane: &Lane, version: Version) -> Option<ReplyBody> {
        let (Lane::Http(lane), Era::Legacy) = (lane, version.era()) else { return None };
        while self.is_own || (self.last_id.is_some() && self.n_unheard < MAX_UNHEARD) {
            sleep(Duration::from_millis(self.pause_ms())).await;
            self.n_unheard = self.n_unheard.saturating_add(1);
            let mut asking = Outgoing::get();
            if let Some(id) = &self.last_id {
                asking = asking.header(HeaderName::from_static(headers::LAST_EVENT_ID), id.clone());
            }
            let header =
                (version >= Version::V2025_06_18).then(|| HeaderValue::from_static(version.as_str()));
            match lane.ask(asking, header).await {
                Ok(reply) if reply.status == 200 && reply.content == Content::EventStream => {
                    return Some(reply.body);
                }
                // It may be busy, or starting again.
                Ok(reply) if reply.status == 429 || reply.status >= 500 => {}
                Ok(_) => return None,
                Err(failure) => tracing::debug!(%failure, "a stream could not be resumed; it is tried again"),
            }
        }
        None
    }

    fn pause_ms(&self) -> u64 {
        self.retry_ms.saturating_mul(1 << self.n_unheard.min(6)).min(MAX_MS)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ending(id: Option<&str>, retry_ms: Option<u64>) -> Ending {
        Ending { id: id.map(str::to_owned), retry_ms, ..Ending::default() }
    }

    #[test]
    fn pauses_are_the_servers_and_grow_while_nothing_new_comes() {
        let mut resumption = Resumption::of_reply();
        assert_eq!(resumption.pause_ms(), USUAL_MS);
        for (retry_ms, expected) in [(500, 500), (0, MIN_MS), (u64::MAX, MAX_MS)] {
            resumption.note(&ending(None, Some(retry_ms)));
            assert_eq!(resumption.pause_ms(), expected);
        }
        resumption.note(&ending(Some("1"), Some(500)));
        resumption.n_unheard = 3;
        resumption.note(&ending(Some("1"), None));
        assert_eq!(resumption.pause_ms(), 4_000, "the same id is nothing new");
        resumption.note(&ending(Some("2"), None));
        assert_eq!(resumption.pause_ms(), 500);
        resumption.n_unheard = u32::MAX;
        assert_eq!(resumption.pause_ms(), 32_000);
    }

    #[test]
    fn an_id_that_is_empty_or_no_header_is_none() {
        let mut resumption = Resumption::of_reply();
        resumption.note(&ending(Some("a"), None));
        assert!(resumption.last_id.is_some());
        for id in ["", "a\u{1}b"] {
            resumption.note(&ending(Some(id), None));
            assert!(resumption.last_id.is_none(), "{id:?}");
        }
    }
}
