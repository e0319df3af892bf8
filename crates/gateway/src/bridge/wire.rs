//! What the bridge itself says to a server: handshakes, probes, answers, cancellations.
//! It must never carry a client's call: those have a permit of their own.

use super::feed::{Feed, Head};
use crate::permit::Permit;
use crate::upstream::{Lane, LaneFailure};
use mcp::era::{Era, Version};
use mcp::http::{HeaderValue, Outgoing, Progress};
use mcp::reply::{Reply, ReplyKind};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// Ids of the bridge's own requests: above all that the gateway gives to permits, below what JSON readers round.
static NEXT_ID: AtomicU64 = AtomicU64::new(1 << 52);

/// A whole answer to one of the bridge's own requests.
#[derive(Debug)]
pub struct Answer {
    /// HTTP status and session.
    pub head: Head,
    /// The message; none where the body holds none.
    pub message: Option<Reply>,
}

impl Answer {
    /// Whether it can be nothing but an answer of the modern era: a result that says what kind it is.
    #[must_use]
    pub fn is_modern(&self) -> bool {
        let result = self.message.as_ref().and_then(Reply::result);
        result.is_some_and(|result| result.get("resultType").is_some())
    }

    /// The result, or what the server said instead, in words.
    ///
    /// # Errors
    /// A sentence without the server's data.
    pub fn result(self) -> Result<Reply, String> {
        let status = self.head.status;
        match self.message {
            Some(message) if *message.kind() == ReplyKind::Result => Ok(message),
            Some(message) => {
                let code = message.error_code().unwrap_or_default();
                Err(format!("it answered with the error {code} (status {status})"))
            }
            None => Err(format!("it answered with status {status} and no message")),
        }
    }
}

/// A fresh id.
pub fn next_id() -> u64 {
    NEXT_ID.fetch_add(1, Ordering::Relaxed)
}

/// Asks the server something on the bridge's own account. `build` writes the request for an id, raw.
///
/// # Errors
/// [`LaneFailure`] where no answer came in time.
pub async fn ask(
    lane: &Lane,
    version: Version,
    method: &str,
    timeout: Duration,
    build: impl FnOnce(&str) -> Vec<u8>,
) -> Result<Answer, LaneFailure> {
    let id = next_id();
    let raw = id.to_string();
    let mut permit = Permit::own(build(&raw), id, version, method);
    let asking = async {
        lane.ready().await?;
        let incoming = lane.send_directly(&mut permit, version.era()).await?;
        let (feed, head) = Feed::of(incoming);
        read(feed, head, &raw).await
    };
    within(timeout, asking).await
}

/// Waits for the answer to a request; what comes before it is let go.
///
/// # Errors
/// [`LaneFailure`] where it breaks off.
pub async fn read(mut feed: Feed, head: Head, id_raw: &str) -> Result<Answer, LaneFailure> {
    loop {
        match feed.next().await {
            Ok(Some(message)) => {
                let nameless = *message.kind() == ReplyKind::Error && message.id_raw().is_none();
                if nameless || message.answers(id_raw) {
                    return Ok(Answer { head, message: Some(message) });
                }
            }
            Ok(None) if matches!(feed, Feed::Lines(_)) => {
                return Err(LaneFailure::Failed(String::from("its process ended before it answered")));
            }
            Ok(None) => return Ok(Answer { head, message: None }),
            // What is no message at all is no word of this protocol either.
            Err(_) if head.status != 200 => return Ok(Answer { head, message: None }),
            Err(why) => return Err(LaneFailure::Failed(why)),
        }
    }
}

/// Waits for an answer, but not for ever.
///
/// # Errors
/// [`LaneFailure`] where it takes longer.
pub async fn within<T>(
    timeout: Duration,
    asking: impl Future<Output = Result<T, LaneFailure>>,
) -> Result<T, LaneFailure> {
    let silent = || Err(LaneFailure::Failed(String::from("it did not answer in time")));
    tokio::time::timeout(timeout, asking).await.unwrap_or_else(|_| silent())
}

/// Tells the server something that it does not answer.
///
/// # Errors
/// [`LaneFailure`] where it did not arrive.
pub async fn tell(lane: &Lane, version: Version, message: Vec<u8>) -> Result<(), LaneFailure> {
    match lane {
        Lane::Http(lane) => {
            let header = version_header(version);
            lane.ask(Outgoing::post(message), header).await.map(drop)
        }
        Lane::Stdio(slot) => {
            let gone = || LaneFailure::Failed(String::from("no process runs"));
            let process = slot.running().ok_or_else(gone)?;
            process.write(message, &Progress::new()).await.map_err(LaneFailure::Failed)
        }
        // A bridge ends on a lane, not on another bridge.
        Lane::Bridge(_) => Err(LaneFailure::Failed(String::from("nothing is bridged twice"))),
    }
}

/// [`tell`], without waiting; what does not arrive is let go.
pub fn tell_later(lane: &Lane, version: Version, message: Vec<u8>) {
    let lane = lane.clone();
    if let Ok(runtime) = tokio::runtime::Handle::try_current() {
        runtime.spawn(async move {
            if let Err(failure) = tell(&lane, version, message).await {
                tracing::debug!(%failure, "a message of the bridge did not arrive");
            }
        });
    }
}

/// The header that names the revision of a session.
#[must_use]
pub fn version_header(version: Version) -> Option<HeaderValue> {
    let knows_it = version.era() == Era::Modern || version >= Version::V2025_06_18;
    knows_it.then(|| HeaderValue::from_static(version.as_str()))
}
