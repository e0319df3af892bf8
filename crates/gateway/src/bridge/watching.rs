//! The listen stream that is kept at a modern server for one legacy client, as long as somebody listens.
//! When what the client subscribes to changes, the new stream is there before the old one ends.

use super::feed::Feed;
use super::up::Up;
use super::wire;
use crate::permit::Permit;
use crate::upstream::LaneFailure;
use mcp::bridge::notification::{self, Filter};
use mcp::bridge::request;
use mcp::envelope::Message;
use mcp::era::{Era, Version};
use mcp::reply::{Reply, ReplyKind};
use mcp::requests;
use std::collections::BTreeSet;
use std::sync::Weak;
use std::time::Duration;
use tokio::sync::watch;

/// First pause before a stream that ended is opened again; it doubles up to a minute.
const PAUSE: Duration = Duration::from_secs(1);
const MAX_PAUSE: Duration = Duration::from_secs(60);

/// Why a stream was left.
enum Left {
    /// The client subscribes to something else now.
    Changed(Feed),
    /// It ended.
    Ended,
}

/// Listens until nobody does.
pub async fn watch(up: Weak<Up>, mut subscribed: watch::Receiver<BTreeSet<String>>) {
    let mut pause = PAUSE;
    let mut previous: Option<Feed> = None;
    loop {
        let Some(now) = up.upgrade() else { return };
        let uris: Vec<String> = subscribed.borrow_and_update().iter().cloned().collect();
        let opened = open(&now, uris).await;
        drop(now);
        drop(previous.take());
        match opened {
            Ok(feed) => match follow(&up, feed, &mut subscribed).await {
                Left::Changed(feed) => {
                    previous = Some(feed);
                    pause = PAUSE;
                    continue;
                }
                Left::Ended => {}
            },
            Err(failure) => tracing::debug!(%failure, "a server's notices cannot be listened to"),
        }
        tokio::time::sleep(pause).await;
        pause = pause.saturating_mul(2).min(MAX_PAUSE);
    }
}

async fn open(up: &Up, uris: Vec<String>) -> Result<Feed, LaneFailure> {
    let failed = |why: String| LaneFailure::Failed(why);
    let filter = Filter { tools: true, prompts: true, resources: true, uris };
    let id = wire::next_id();
    let params = format!("{{\"notifications\":{}}}", filter.to_json());
    let legacy = requests::request(&id.to_string(), "subscriptions/listen", Some(&params));
    let message = Message::parse(legacy, &mcp::Caps::default()).map_err(|refusal| failed(refusal.message))?;
    let modern = request::to_modern(&message, Version::NEWEST, &up.envelope(), request::Round::default());
    let modern = modern.map_err(|error| failed(error.to_string()))?;
    let mut permit = Permit::own(modern, id, Version::NEWEST, "subscriptions/listen");
    let (feed, head) = Feed::of(up.lane.send_directly(&mut permit, Era::Modern).await?);
    match head.status {
        200 => Ok(feed),
        status => Err(failed(format!("it answered with status {status}"))),
    }
}

async fn follow(up: &Weak<Up>, mut feed: Feed, subscribed: &mut watch::Receiver<BTreeSet<String>>) -> Left {
    loop {
        let message = tokio::select! {
            message = feed.next() => message,
            // The sender lives as long as the client.
            changed = subscribed.changed() => match changed {
                Ok(()) => return Left::Changed(feed),
                Err(_) => return Left::Ended,
            },
        };
        let Ok(Some(message)) = message else { return Left::Ended };
        match message.kind() {
            ReplyKind::Notification { .. } => {
                let Some(up) = up.upgrade() else { return Left::Ended };
                if let Some(notice) = told(&message) {
                    up.tell_of(notice);
                }
            }
            // The server ends the stream in good order.
            ReplyKind::Result | ReplyKind::Error => return Left::Ended,
            ReplyKind::Request { .. } => {}
        }
    }
}

fn told(message: &Reply) -> Option<Reply> {
    if message.method() == Some("notifications/subscriptions/acknowledged") {
        return None;
    }
    super::feed::parse(notification::to_legacy(message).ok()?).ok()
}
