//! Whole events, for streams whose events are small: each is held until it is complete, up to a cap.
//! It must never hold more than the cap, nor go on after an event that was larger.

use super::decode::{Decoder, Ending, Piece};

/// One event with its data.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Event {
    /// The data, lines joined by newlines. Empty data is no message: it primes a client for reconnecting.
    pub data: Vec<u8>,
    /// What came beside the data.
    pub ending: Ending,
}

/// Why a stream of events cannot go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SseError {
    /// An event is larger than the cap.
    #[error("an event of the stream is larger than {cap_bytes} bytes; the stream is closed")]
    TooLarge {
        /// The cap in bytes.
        cap_bytes: usize,
    },
}

/// Collects events.
#[derive(Debug)]
pub struct Events {
    decoder: Decoder,
    data: Vec<u8>,
    cap_bytes: usize,
    failed: bool,
}

impl Events {
    /// A collector at the start of a stream, for events of at most `cap_bytes` of data.
    pub fn new(cap_bytes: usize) -> Events {
        Events { decoder: Decoder::new(), data: Vec::new(), cap_bytes, failed: false }
    }

    /// Takes bytes from the front of `input` until an event is complete; `None` when the input is used up. An event
    /// that the stream ends in the middle of is never returned.
    ///
    /// # Errors
    /// When an event is larger than the cap, and ever after.
    pub fn next(&mut self, input: &mut &[u8]) -> Result<Option<Event>, SseError> {
        let too_large = SseError::TooLarge { cap_bytes: self.cap_bytes };
        if self.failed {
            return Err(too_large);
        }
        while let Some(piece) = self.decoder.next(input) {
            match piece {
                Piece::Data(bytes) if self.data.len() + bytes.len() > self.cap_bytes => {
                    self.failed = true;
                    self.data = Vec::new();
                    return Err(too_large);
                }
                Piece::Data(bytes) => self.data.extend_from_slice(bytes),
                Piece::End(ending) => {
                    return Ok(Some(Event { data: std::mem::take(&mut self.data), ending }));
                }
            }
        }
        Ok(None)
    }
}
