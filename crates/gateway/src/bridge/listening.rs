//! A modern client's listen stream over a legacy session: what was asked for, as far as the server can tell of it.
//! It must never pass on a kind that the client did not ask for.

use super::held::Held;
use super::notices::Waiting;
use super::open::Open;
use crate::permit::Permit;
use crate::upstream::{Incoming, LaneFailure};
use mcp::bridge::notification::{self, Filter};
use mcp::envelope::Message;
use mcp::reply::Reply;
use std::sync::Arc;
use tokio::sync::broadcast;

/// Resources that one listener may subscribe to.
const MAX_URIS: usize = 256;

/// Begins to listen.
///
/// # Errors
/// [`LaneFailure`] where the request cannot be followed.
pub fn start(
    held: Arc<Held>,
    open: Arc<Open>,
    permit: &Permit,
    message: &Message,
) -> Result<Incoming, LaneFailure> {
    let capabilities = open.greeting.result().and_then(|result| result.get("capabilities"));
    let filter = Filter::of(message).honoured_by(capabilities);
    if filter.uris.len() > MAX_URIS {
        let why = format!("no more than {MAX_URIS} resources can be subscribed to at once");
        return Err(LaneFailure::Failed(why));
    }
    let (waiting, lines) = Waiting::open(permit)?;
    // Before it is acknowledged, so that nothing in between is missed.
    let news = held.listen();
    tokio::spawn(run(held, open, filter, waiting, news));
    Ok(Incoming::Lines(lines))
}

async fn run(
    held: Arc<Held>,
    open: Arc<Open>,
    filter: Filter,
    waiting: Waiting,
    mut news: broadcast::Receiver<Arc<Reply>>,
) {
    let _busy = held.busy();
    let mut lost = held.lost();
    if let Err(failure) = held.subscribe(&open, &filter.uris).await {
        waiting.fail(&format!("a resource could not be subscribed to: {failure}"));
        held.unsubscribe(&open, &filter.uris).await;
        return;
    }
    let subscription = waiting.raw();
    waiting.say(notification::acknowledged(&subscription, &filter));
    loop {
        let notice = tokio::select! {
            biased;
            () = waiting.gone() => break,
            // A listener listens anew, and looks again at what it depends on.
            _ = lost.changed() => return waiting.abandon(),
            notice = news.recv() => notice,
        };
        match notice {
            Ok(notice) if filter.admits(&notice) => {
                if let Ok(bytes) = notification::to_modern(&notice, &subscription) {
                    waiting.say(bytes);
                }
            }
            Ok(_) | Err(broadcast::error::RecvError::Lagged(_)) => {}
            Err(broadcast::error::RecvError::Closed) => break,
        }
    }
    held.unsubscribe(&open, &filter.uris).await;
}
