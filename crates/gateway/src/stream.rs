//! An answer that comes in pieces, from whoever reads the server to the front that writes to the client.
//! It must never look complete unless it was finished.

use bytes::Bytes;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::task::{Context, Poll};
use tokio::sync::mpsc;

/// Pieces that may wait in a stream: the upstream is read no faster than the client reads.
const DEPTH: usize = 4;

const OPEN: u8 = 0;
const FINISHED: u8 = 1;
const CUT: u8 = 2;

/// How a stream's messages are framed over HTTP.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Framing {
    /// One JSON message, as `application/json`.
    Json,
    /// Any number of messages, as `text/event-stream`.
    Events,
}

/// A part of a streamed answer.
#[derive(Debug)]
pub enum Piece {
    /// Bytes of the message under way.
    Part(Bytes),
    /// The last bytes of a message (possibly all of them).
    End(Bytes),
    /// A sign of life between messages.
    KeepAlive,
}

/// The client is gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Gone;

/// The stream was cut off, or whoever fed it went away: it must not be taken for complete.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cut;

/// Opens a stream.
#[must_use]
pub fn open(framing: Framing) -> (Outlet, Stream) {
    let (sender, pieces) = mpsc::channel(DEPTH);
    let state = Arc::new(AtomicU8::new(OPEN));
    (Outlet { sender, state: Arc::clone(&state) }, Stream { framing, status: 200, pieces, state })
}

/// The end that feeds a stream.
#[derive(Debug)]
pub struct Outlet {
    sender: mpsc::Sender<Piece>,
    state: Arc<AtomicU8>,
}

impl Outlet {
    /// Passes a piece on once there is room for it.
    ///
    /// # Errors
    /// [`Gone`] when nobody reads any more.
    pub async fn send(&self, piece: Piece) -> Result<(), Gone> {
        self.sender.send(piece).await.map_err(|_| Gone)
    }

    /// Passes a sign of life on if nothing else waits.
    pub fn keep_alive(&self) {
        // Where there is no room, something shows life.
        let _ = self.sender.try_send(Piece::KeepAlive);
    }

    /// Resolves when nobody reads any more.
    pub async fn closed(&self) {
        self.sender.closed().await;
    }

    /// Ends the stream as complete, behind what waits in it.
    pub fn finish(self) {
        self.state.store(FINISHED, Ordering::Release);
    }

    /// Cuts the stream off now: what still waits in it is not passed on.
    pub fn cut(self) {
        self.state.store(CUT, Ordering::Release);
    }
}

/// A streamed answer. Dropping it ends the work behind it.
#[derive(Debug)]
pub struct Stream {
    /// How it is framed over HTTP.
    pub framing: Framing,
    /// Its HTTP status; 200 but where the specification demands another.
    pub status: u16,
    pieces: mpsc::Receiver<Piece>,
    state: Arc<AtomicU8>,
}

impl Stream {
    /// The next piece; none at the end.
    ///
    /// # Errors
    /// [`Cut`] where it was not finished; nothing comes after it.
    pub async fn next(&mut self) -> Option<Result<Piece, Cut>> {
        std::future::poll_fn(|cx| self.poll_next(cx)).await
    }

    /// [`next`](Stream::next) for callers that poll.
    pub fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Piece, Cut>>> {
        if self.state.load(Ordering::Acquire) == CUT {
            return Poll::Ready(Some(Err(Cut)));
        }
        self.pieces.poll_recv(cx).map(|piece| match piece {
            Some(piece) => Some(Ok(piece)),
            None if self.state.load(Ordering::Acquire) == FINISHED => None,
            None => Some(Err(Cut)),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn feed(end: impl FnOnce(Outlet)) -> Vec<Option<Result<String, Cut>>> {
        let (outlet, mut stream) = open(Framing::Json);
        outlet.send(Piece::End("a".into())).await.unwrap();
        end(outlet);
        let mut seen = Vec::new();
        for _ in 0..2 {
            let piece = stream.next().await;
            seen.push(piece.map(|piece| piece.map(|piece| format!("{piece:?}"))));
        }
        seen
    }

    #[tokio::test]
    async fn only_what_was_finished_looks_complete() {
        let piece = || Some(Ok(String::from("End(b\"a\")")));
        assert_eq!(feed(Outlet::finish).await, [piece(), None]);
        assert_eq!(feed(drop).await, [piece(), Some(Err(Cut))]);
        assert_eq!(feed(Outlet::cut).await, [Some(Err(Cut)), Some(Err(Cut))]);
    }
}
