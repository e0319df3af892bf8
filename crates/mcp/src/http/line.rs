//! One HTTP/1.1 connection, driven by whoever waits for its answer.
//!
//! Must never: be polled after it is over, or be kept for another exchange unless it is idle and empty.

use super::error::{Failure, words};
use super::io::{Io, Meter};
use super::written::Progress;
use bytes::Bytes;
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::client::conn::http1::{Builder, Connection, SendRequest};
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use tokio::task::unconstrained;

/// Most bytes of a reply that wait in memory while nobody pulls them.
const MAX_BUFFER_BYTES: usize = 64 * 1024;

/// A connection and the handle that sends requests on it.
pub(super) struct Line {
    sender: SendRequest<Full<Bytes>>,
    connection: Connection<TokioIo<Io>, Full<Bytes>>,
    meter: Arc<Meter>,
    over: bool,
}

/// Why an exchange on a line failed.
pub(super) enum Broken {
    /// The connection ended without a word about this exchange.
    Ended,
    /// The HTTP library's reason.
    Http(hyper::Error),
}

impl Line {
    pub(super) async fn open(io: Io, meter: Arc<Meter>, max_head_bytes: usize) -> Result<Box<Line>, Failure> {
        let mut builder = Builder::new();
        builder.max_header_size(max_head_bytes).max_buf_size(MAX_BUFFER_BYTES.max(max_head_bytes));
        let opened = builder.handshake(TokioIo::new(io)).await;
        let (sender, connection) = opened.map_err(|error| Failure::Connect { why: words(&error) })?;
        Ok(Box::new(Line { sender, connection, meter, over: false }))
    }

    /// Sends a request and waits for the head of its reply, counting what is written.
    pub(super) async fn exchange(
        &mut self,
        request: Request<Full<Bytes>>,
        progress: &Progress,
    ) -> Result<Response<Incoming>, Broken> {
        self.meter.count_for(Some(progress.clone()));
        // INVARIANT: only `drive` completes this future, in this task. So it needs no waker of its own, and must not
        // be put off by the task's budget, which would ask for one.
        let mut reply = pin!(unconstrained(self.sender.send_request(request)));
        poll_fn(|cx| {
            let driven = self.drive(cx);
            let mut no_waker = Context::from_waker(Waker::noop());
            match (reply.as_mut().poll(&mut no_waker), driven) {
                (Poll::Ready(reply), _) => Poll::Ready(reply.map_err(Broken::Http)),
                (Poll::Pending, Poll::Ready(())) => Poll::Ready(Err(Broken::Ended)),
                (Poll::Pending, Poll::Pending) => Poll::Pending,
            }
        })
        .await
    }

    /// Writes and reads what can be; ready when the connection is over.
    pub(super) fn drive(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if !self.over {
            // An error reaches the exchange or the body that it ends; here only the end matters.
            self.over = Pin::new(&mut self.connection).poll(cx).is_ready();
        }
        if self.over { Poll::Ready(()) } else { Poll::Pending }
    }

    /// The line if it can take another exchange: open, nothing left to write, nothing unasked for to read.
    pub(super) fn settle(mut self: Box<Self>) -> Option<Box<Self>> {
        self.meter.count_for(None);
        let open = self.drive(&mut Context::from_waker(Waker::noop())).is_pending();
        (open && self.sender.is_ready()).then_some(self)
    }
}
