//! The HTTP body of an answer: whole, or pieces as they come.
//! It must never buffer a stream, and an aborted stream must not look complete.

use crate::spools::Frame;
use crate::stream::{Framing, Piece, Stream};
use bytes::{Bytes, BytesMut};
use hyper::body::{Body, SizeHint};
use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};
use tokio::sync::mpsc;

/// Body of every answer of the HTTP front.
#[derive(Debug)]
pub enum AnswerBody {
    /// Known in full.
    Whole(Option<Bytes>),
    /// Framed as it comes.
    Stream(Framed),
    /// Framed already; complete only with its end.
    Frames(mpsc::Receiver<Frame>),
}

/// A stream with its framing.
#[derive(Debug)]
pub struct Framed {
    stream: Stream,
    inside: bool,
}

/// The upstream did not finish what it began; the connection is closed without a proper end.
#[derive(Debug)]
pub struct Aborted;

impl fmt::Display for Aborted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the upstream's reply was cut off or broke the protocol")
    }
}

impl std::error::Error for Aborted {}

impl AnswerBody {
    /// A body known in full.
    #[must_use]
    pub fn whole(bytes: Vec<u8>) -> Self {
        Self::Whole((!bytes.is_empty()).then(|| Bytes::from(bytes)))
    }

    /// A body framed from a stream.
    #[must_use]
    pub fn stream(stream: Stream) -> Self {
        Self::Stream(Framed { stream, inside: false })
    }
}

impl Framed {
    fn frame(&mut self, piece: Piece) -> Bytes {
        match (self.stream.framing, piece) {
            (Framing::Json, Piece::Part(bytes) | Piece::End(bytes)) => bytes,
            (Framing::Json, Piece::KeepAlive) => Bytes::new(),
            // Inside a message it would end the message.
            (Framing::Events, Piece::KeepAlive) if self.inside => Bytes::new(),
            (Framing::Events, Piece::KeepAlive) => Bytes::from_static(b": keep-alive\n\n"),
            (Framing::Events, Piece::Part(bytes)) => self.event(&bytes, false),
            (Framing::Events, Piece::End(bytes)) => self.event(&bytes, true),
        }
    }

    fn event(&mut self, bytes: &[u8], ends: bool) -> Bytes {
        let mut out = BytesMut::with_capacity(bytes.len() + 32);
        if !self.inside {
            out.extend_from_slice(b"event: message\ndata: ");
        }
        out.extend_from_slice(bytes);
        // A line end inside a message would end the field; outside strings a space means the same.
        for byte in out.iter_mut().skip(if self.inside { 0 } else { 21 }) {
            if matches!(byte, b'\n' | b'\r') {
                *byte = b' ';
            }
        }
        if ends {
            out.extend_from_slice(b"\n\n");
        }
        self.inside = !ends;
        out.freeze()
    }
}

impl Body for AnswerBody {
    type Data = Bytes;
    type Error = Aborted;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<hyper::body::Frame<Bytes>, Aborted>>> {
        match self.get_mut() {
            Self::Whole(bytes) => Poll::Ready(bytes.take().map(|bytes| Ok(hyper::body::Frame::data(bytes)))),
            Self::Stream(framed) => {
                let next = framed.stream.poll_next(cx);
                next.map(|next| {
                    Some(
                        next?.map(|piece| hyper::body::Frame::data(framed.frame(piece))).map_err(|_| Aborted),
                    )
                })
            }
            Self::Frames(frames) => frames.poll_recv(cx).map(|frame| match frame {
                Some(Frame::Bytes(bytes)) => Some(Ok(hyper::body::Frame::data(bytes))),
                Some(Frame::End) => None,
                None => Some(Err(Aborted)),
            }),
        }
    }

    fn is_end_stream(&self) -> bool {
        matches!(self, Self::Whole(None))
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Whole(bytes) => SizeHint::with_exact(bytes.as_ref().map_or(0, |bytes| bytes.len() as u64)),
            Self::Stream(_) | Self::Frames(_) => SizeHint::default(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_in_parts_is_one_event() {
        let (_, stream) = crate::stream::open(Framing::Events);
        let mut framed = Framed { stream, inside: false };
        assert_eq!(framed.frame(Piece::Part("{\"a\":\n".into())), "event: message\ndata: {\"a\": ");
        assert_eq!(framed.frame(Piece::KeepAlive), "");
        assert_eq!(framed.frame(Piece::End("1}\r".into())), "1} \n\n");
        assert_eq!(framed.frame(Piece::KeepAlive), ": keep-alive\n\n");
        assert_eq!(framed.frame(Piece::End("{}".into())), "event: message\ndata: {}\n\n");
    }
}
