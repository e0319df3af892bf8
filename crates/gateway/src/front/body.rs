//! The HTTP body of an answer: whole, or pieces as they come.
//! It must never buffer a stream, and an aborted stream must not look complete.

use crate::exchange::{Framing, Piece, Stream};
use bytes::{Bytes, BytesMut};
use hyper::body::{Body, Frame, SizeHint};
use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};

/// Body of every answer of the HTTP front.
#[derive(Debug)]
pub enum AnswerBody {
    /// Known in full.
    Whole(Option<Bytes>),
    /// Framed as it comes.
    Stream(Framed),
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
    fn frame(&mut self, piece: Piece) -> Result<Bytes, Aborted> {
        match (self.stream.framing, piece) {
            (_, Piece::Abort) => Err(Aborted),
            (Framing::Json, Piece::Part(bytes) | Piece::End(bytes)) => Ok(bytes),
            (Framing::Json, Piece::KeepAlive) => Ok(Bytes::new()),
            (Framing::Events, Piece::KeepAlive) => Ok(Bytes::from_static(b": keep-alive\n\n")),
            (Framing::Events, Piece::Part(bytes)) => Ok(self.event(&bytes, false)),
            (Framing::Events, Piece::End(bytes)) => Ok(self.event(&bytes, true)),
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

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Aborted>>> {
        match self.get_mut() {
            Self::Whole(bytes) => Poll::Ready(bytes.take().map(|bytes| Ok(Frame::data(bytes)))),
            Self::Stream(framed) => framed
                .stream
                .pieces
                .poll_recv(cx)
                .map(|piece| piece.map(|piece| framed.frame(piece).map(Frame::data))),
        }
    }

    fn is_end_stream(&self) -> bool {
        matches!(self, Self::Whole(None))
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Whole(bytes) => SizeHint::with_exact(bytes.as_ref().map_or(0, |bytes| bytes.len() as u64)),
            Self::Stream(_) => SizeHint::default(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::sync::mpsc;

    fn framed(framing: Framing) -> Framed {
        let (_, pieces) = mpsc::channel(1);
        Framed { stream: Stream { framing, pieces }, inside: false }
    }

    #[test]
    fn a_message_in_parts_is_one_event() {
        let mut framed = framed(Framing::Events);
        assert_eq!(framed.frame(Piece::Part("{\"a\":\n".into())).unwrap(), "event: message\ndata: {\"a\": ");
        assert_eq!(framed.frame(Piece::End("1}\r".into())).unwrap(), "1} \n\n");
        assert_eq!(framed.frame(Piece::KeepAlive).unwrap(), ": keep-alive\n\n");
        assert_eq!(framed.frame(Piece::End("{}".into())).unwrap(), "event: message\ndata: {}\n\n");
    }

    #[test]
    fn an_abort_is_an_error() {
        assert!(framed(Framing::Json).frame(Piece::Abort).is_err());
        assert!(framed(Framing::Events).frame(Piece::Abort).is_err());
    }
}
