//! The body of a reply, pulled frame by frame: nothing is read from the server but what somebody asked for.
//!
//! Must never: report an end that the framing did not confirm, or give back a connection before it.

use super::error::{BodyError, words};
use super::line::Line;
use super::pool::Pool;
use bytes::{Bytes, BytesMut};
use hyper::body::{Body, Frame, Incoming};
use std::fmt;
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

/// A streaming body. Dropping it before its end closes the connection.
pub struct ReplyBody {
    incoming: Incoming,
    line: Option<Box<Line>>,
    pool: Arc<Pool>,
}

type Pulled = Option<Result<Frame<Bytes>, String>>;

impl ReplyBody {
    pub(super) fn new(incoming: Incoming, line: Box<Line>, pool: Arc<Pool>) -> ReplyBody {
        let mut body = ReplyBody { incoming, line: Some(line), pool };
        if body.incoming.is_end_stream() {
            body.give_back();
        }
        body
    }

    /// The next bytes; none at the end. Loses nothing when the future is dropped.
    ///
    /// # Errors
    /// When the connection ends before the body does; the body has ended with that.
    pub async fn next(&mut self) -> Option<Result<Bytes, BodyError>> {
        poll_fn(|cx| self.poll_next(cx)).await
    }

    /// [`next`](ReplyBody::next) for callers that poll.
    pub fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes, BodyError>>> {
        loop {
            let pulled = match self.pull() {
                Poll::Ready(pulled) => pulled,
                Poll::Pending => match self.drive_and_pull(cx) {
                    Poll::Ready(pulled) => pulled,
                    Poll::Pending => return Poll::Pending,
                },
            };
            let Some(frame) = pulled else {
                self.give_back();
                return Poll::Ready(None);
            };
            // Trailers are not passed on: nothing that MCP says stands in them.
            match frame.map(Frame::into_data) {
                Ok(Ok(bytes)) => {
                    if self.incoming.is_end_stream() {
                        self.give_back();
                    }
                    return Poll::Ready(Some(Ok(bytes)));
                }
                Ok(Err(_trailers)) => {}
                Err(why) => {
                    self.line = None;
                    return Poll::Ready(Some(Err(BodyError::Cut { why })));
                }
            }
        }
    }

    /// The whole body, for replies that are known to be small.
    ///
    /// # Errors
    /// When the body is longer than `max_bytes` or does not come to its end.
    pub async fn collect(mut self, max_bytes: usize) -> Result<Vec<u8>, BodyError> {
        let mut whole = BytesMut::new();
        while let Some(bytes) = self.next().await {
            let bytes = bytes?;
            if bytes.len() > max_bytes.saturating_sub(whole.len()) {
                return Err(BodyError::TooLong { max_bytes });
            }
            whole.extend_from_slice(&bytes);
        }
        Ok(whole.into())
    }

    /// What was read already. INVARIANT: only `drive` adds to it, in the task that polls, so no waker is needed.
    fn pull(&mut self) -> Poll<Pulled> {
        let pulled = Pin::new(&mut self.incoming).poll_frame(&mut Context::from_waker(Waker::noop()));
        pulled.map_err(|error| words(&error))
    }

    fn drive_and_pull(&mut self, cx: &mut Context<'_>) -> Poll<Pulled> {
        let Some(line) = &mut self.line else { return Poll::Ready(None) };
        let driven = line.drive(cx);
        match (self.pull(), driven) {
            (Poll::Pending, Poll::Ready(())) => {
                Poll::Ready(Some(Err("the connection ended without a word".to_owned())))
            }
            (pulled, _) => pulled,
        }
    }

    fn give_back(&mut self) {
        if let Some(line) = self.line.take() {
            self.pool.put(line);
        }
    }
}

impl fmt::Debug for ReplyBody {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("ReplyBody").field("ended", &self.line.is_none()).finish_non_exhaustive()
    }
}
