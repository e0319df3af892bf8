//! The body of a reply: whole, or chunk by chunk from a running answer.
//!
//! Must never: buffer chunks together.

use bytes::Bytes;
use hyper::body::{Body, Frame, SizeHint};
use serde_json::Value;
use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use tokio::sync::mpsc;

/// The connection is to be broken off.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cut;

impl fmt::Display for Cut {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("the script breaks the connection off")
    }
}

impl std::error::Error for Cut {}

/// The sending side of a body; `Err` breaks the connection off.
pub(crate) type Chunks = mpsc::UnboundedSender<Result<Bytes, Cut>>;

/// The body of a reply.
pub(crate) enum ReplyBody {
    Whole(Option<Bytes>),
    Running(mpsc::UnboundedReceiver<Result<Bytes, Cut>>),
    /// What was sent so far is being flushed; then comes the cut.
    Cutting,
}

impl ReplyBody {
    pub(crate) fn whole(bytes: Vec<u8>) -> ReplyBody {
        ReplyBody::Whole(Some(Bytes::from(bytes)).filter(|bytes| !bytes.is_empty()))
    }

    pub(crate) fn running() -> (Chunks, ReplyBody) {
        let (chunks, body) = mpsc::unbounded_channel();
        (chunks, ReplyBody::Running(body))
    }
}

impl Body for ReplyBody {
    type Data = Bytes;
    type Error = Cut;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Cut>>> {
        let chunk = match &mut *self {
            ReplyBody::Whole(bytes) => return Poll::Ready(bytes.take().map(|bytes| Ok(Frame::data(bytes)))),
            ReplyBody::Cutting => return Poll::Ready(Some(Err(Cut))),
            ReplyBody::Running(chunks) => ready!(chunks.poll_recv(context)),
        };
        if let Some(Err(Cut)) = chunk {
            *self = ReplyBody::Cutting;
            context.waker().wake_by_ref();
            return Poll::Pending;
        }
        Poll::Ready(chunk.map(|chunk| chunk.map(Frame::data)))
    }

    fn is_end_stream(&self) -> bool {
        matches!(self, ReplyBody::Whole(None))
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            ReplyBody::Whole(bytes) => SizeHint::with_exact(bytes.as_ref().map_or(0, Bytes::len) as u64),
            ReplyBody::Running(_) | ReplyBody::Cutting => SizeHint::default(),
        }
    }
}

/// One message as one event.
pub(crate) fn event(message: &Value) -> Result<Bytes, Cut> {
    Ok(Bytes::from(format!("event: message\ndata: {message}\n\n")))
}
