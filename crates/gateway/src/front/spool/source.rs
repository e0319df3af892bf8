//! What feeds a stream: an answer that is being worked on, and then its pieces.

use crate::exchange::{Answer, Reply};
use crate::stream::{Cut, Framing, Piece, Stream};
use bytes::Bytes;
use std::pin::Pin;

/// Work on an answer.
pub type Work = Pin<Box<dyn Future<Output = Answer> + Send>>;

/// What feeds a stream.
pub enum Source {
    /// The answer is not known yet.
    Work(Work),
    /// It comes piece by piece.
    Stream(Stream),
    /// Nothing more comes.
    Ended,
}

/// What came next.
pub enum Came {
    /// A piece.
    Piece(Piece),
    /// The proper end.
    End,
    /// The end, and something is missing.
    Broken(Cut),
}

impl Source {
    /// What comes next. Loses nothing when the future is dropped.
    pub async fn next(&mut self) -> Came {
        loop {
            match self {
                Self::Work(work) => match work.await {
                    Answer::Stream(stream) => *self = Self::Stream(stream),
                    Answer::Message(Reply { body, .. }) => {
                        *self = Self::Ended;
                        return Came::Piece(Piece::End(Bytes::from(body)));
                    }
                    Answer::Accepted => *self = Self::Ended,
                    Answer::SessionGone | Answer::GrantGone => {
                        *self = Self::Ended;
                        return Came::Broken(Cut);
                    }
                },
                Self::Stream(stream) => match stream.next().await {
                    Some(Ok(piece)) => return Came::Piece(piece),
                    Some(Err(cut)) => return Came::Broken(cut),
                    None if stream.framing == Framing::Json => {
                        *self = Self::Ended;
                        return Came::Piece(Piece::End(Bytes::new()));
                    }
                    None => *self = Self::Ended,
                },
                Self::Ended => return Came::End,
            }
        }
    }
}
