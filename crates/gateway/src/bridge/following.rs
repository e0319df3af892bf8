//! What a server says unasked in a held session: its own stream over HTTP, or what its process leaves.
//! It must never ask a client what no call of that client caused.

use super::feed::Feed;
use super::held::Held;
use super::open::{Open, refuse};
use super::wire;
use crate::outbox::Outbox;
use crate::upstream::Lane;
use mcp::http::Outgoing;
use mcp::reply::{Reply, ReplyKind};
use std::sync::{Arc, Weak};
use std::time::Duration;
use tokio::sync::broadcast;

/// First pause before a stream that ended is opened again; it doubles up to a minute.
const PAUSE: Duration = Duration::from_secs(1);
const MAX_PAUSE: Duration = Duration::from_secs(60);

/// Follows what the server says unasked while somebody listens.
pub async fn follow(held: Weak<Held>) {
    let mut pause = PAUSE;
    loop {
        let Some(now) = held.upgrade().filter(|held| held.is_heard()) else { return };
        let Ok(open) = now.open().await else { return };
        let followed = match &open.lane {
            Lane::Http(lane) => {
                let asked = lane.ask(Outgoing::get(), wire::version_header(open.version)).await;
                match asked {
                    Ok(reply) if reply.status == 200 => {
                        pause = PAUSE;
                        drop(now);
                        stream(&held, &open, Feed::of_http(reply).0).await;
                        true
                    }
                    // It has no stream of its own: what it says comes with its answers.
                    Ok(reply) if reply.status == 405 => false,
                    Ok(reply) if reply.status == 404 => {
                        now.lose(&open).await;
                        true
                    }
                    Ok(_) | Err(_) => true,
                }
            }
            // What a process says unasked is taken from its start on.
            Lane::Stdio(_) | Lane::Bridge(_) => false,
        };
        if !followed {
            return;
        }
        tokio::time::sleep(pause).await;
        pause = pause.saturating_mul(2).min(MAX_PAUSE);
    }
}

async fn stream(held: &Weak<Held>, open: &Open, mut feed: Feed) {
    while let Ok(Some(message)) = feed.next().await {
        let Some(held) = held.upgrade() else { return };
        match message.kind() {
            ReplyKind::Notification { .. } => held.tell_of(message),
            // It names no call that caused it, so no client is asked.
            ReplyKind::Request { .. } => refuse(open, &message),
            ReplyKind::Result | ReplyKind::Error => {}
        }
    }
}

/// What a process says unasked, for as long as its session is held.
pub async fn process(held: Weak<Held>, open: Weak<Open>, outbox: Arc<Outbox>) {
    let _listening = outbox.listen();
    loop {
        let message = outbox.next().await;
        let Some((held, open)) = held.upgrade().zip(open.upgrade()) else { return };
        match message.kind() {
            ReplyKind::Notification { .. } => held.tell_of(message),
            // No call of a client was under way that could have caused it.
            ReplyKind::Request { .. } => refuse(&open, &message),
            ReplyKind::Result | ReplyKind::Error => {}
        }
    }
}

/// The next log message; waits for ever where none is wanted.
pub async fn next_log(news: &mut Option<broadcast::Receiver<Arc<Reply>>>) -> Arc<Reply> {
    loop {
        let Some(receiver) = news else { return std::future::pending().await };
        match receiver.recv().await {
            Ok(notice) if notice.method() == Some("notifications/message") => return notice,
            Ok(_) | Err(broadcast::error::RecvError::Lagged(_)) => {}
            Err(broadcast::error::RecvError::Closed) => *news = None,
        }
    }
}
