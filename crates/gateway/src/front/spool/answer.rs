//! Answers that outlive their connection: a request of a session is worked on whether its client stays or not, and an
//! answer that takes time becomes a stream that the client can resume.
//! It must never make a short answer a stream.

use super::source::Work;
use super::{Source, Spool, Whose};
use crate::exchange::Answer;
use crate::front::http::{HttpAnswer, events, render, status};
use crate::gateway::Gateway;
use crate::stream::{Framing, Stream};
use hyper::StatusCode;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::oneshot;
use tokio::time::timeout;

/// An answer that takes longer becomes a stream: proxies and clients see life, and can resume.
const PATIENCE: Duration = Duration::from_secs(3);

/// Answers the request `id` of a session, which `answering` works on.
pub async fn to_request(
    gateway: &Arc<Gateway>,
    whose: Whose,
    id: &str,
    answering: impl Future<Output = Answer> + Send + 'static,
) -> HttpAnswer {
    let (tell, told) = oneshot::channel();
    tokio::spawn(work(Arc::clone(gateway), whose, id.to_owned(), Box::pin(answering), tell));
    told.await.unwrap_or_else(|_| status(StatusCode::INTERNAL_SERVER_ERROR))
}

/// Answers a client that listens to its session.
pub fn to_listener(gateway: &Arc<Gateway>, whose: Whose, stream: Stream) -> HttpAnswer {
    match Spool::open(gateway, whose, None, Source::Stream(stream)) {
        Ok((spool, frames)) => {
            tokio::spawn(spool.run());
            events(frames)
        }
        Err(_) => status(StatusCode::INTERNAL_SERVER_ERROR),
    }
}

async fn work(
    gateway: Arc<Gateway>,
    whose: Whose,
    id: String,
    mut working: Work,
    tell: oneshot::Sender<HttpAnswer>,
) {
    let source = match timeout(PATIENCE, &mut working).await {
        Ok(Answer::Stream(stream)) if stream.framing == Framing::Events => Source::Stream(stream),
        Ok(answer) => {
            // A client that has gone has no event to resume after.
            let _ = tell.send(render(answer));
            return;
        }
        Err(_) => Source::Work(working),
    };
    // Without random bytes nothing is told, which is answered as a failure.
    if let Ok((spool, frames)) = Spool::open(&gateway, whose, Some(id), source) {
        // The work goes on when the client has gone.
        let _ = tell.send(events(frames));
        spool.run().await;
    }
}
