//! The event under way: framed with its id, passed on part by part, and held as long as it may be kept.
//! It must never let a text end its event or add a field.

use super::kept::MAX_BYTES;
use bytes::{Bytes, BytesMut};

/// How long a client that was cut off waits: short, because whatever came meanwhile is kept for it, and long enough
/// for a gateway that starts anew.
const RETRY_MS: u64 = 1_000;

/// One event while it comes.
#[derive(Debug)]
pub struct Event {
    /// Its number within the stream.
    pub number: u64,
    /// Whether the present connection has had all of it so far.
    pub is_passing: bool,
    parts: Vec<Bytes>,
    n_bytes: usize,
    is_begun: bool,
    is_lost: bool,
}

impl Event {
    /// The event of this number, of which nothing has come.
    #[must_use]
    pub fn new(number: u64) -> Self {
        Self { number, is_passing: true, parts: Vec::new(), n_bytes: 0, is_begun: false, is_lost: false }
    }

    /// Whether a part of it has come.
    #[must_use]
    pub fn is_begun(&self) -> bool {
        self.is_begun
    }

    /// Takes the next part and frames it.
    pub fn add(&mut self, key: &str, bytes: &[u8], ends: bool) -> Bytes {
        let mut frame = BytesMut::with_capacity(bytes.len() + 96);
        if !std::mem::replace(&mut self.is_begun, true) {
            frame.extend_from_slice(format!("id: {key}-{}\nevent: message\ndata: ", self.number).as_bytes());
        }
        // A line end inside a message would end the field; outside strings a space means the same.
        frame.extend(bytes.iter().map(|byte| if matches!(byte, b'\n' | b'\r') { b' ' } else { *byte }));
        if ends {
            frame.extend_from_slice(b"\n\n");
        }
        let frame = frame.freeze();
        self.n_bytes += frame.len();
        if self.is_lost || self.n_bytes > MAX_BYTES {
            self.is_lost = true;
            self.parts = Vec::new();
        } else {
            self.parts.push(frame.clone());
        }
        frame
    }

    /// All of it so far; nothing where it is too long to be kept.
    #[must_use]
    pub fn so_far(&self) -> Option<Bytes> {
        match self.parts.as_slice() {
            _ if self.is_lost => None,
            [whole] => Some(whole.clone()),
            parts => Some(parts.concat().into()),
        }
    }
}

/// The whole event of this number.
#[must_use]
pub fn whole(key: &str, number: u64, message: &[u8]) -> Bytes {
    Event::new(number).add(key, message, true)
}

/// An event without data: from now on a client can resume, after so long (2025-11-25, Resumability).
#[must_use]
pub fn priming(key: &str) -> Bytes {
    Bytes::from(format!("id: {key}-0\nretry: {RETRY_MS}\ndata: \n\n"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_make_one_event() {
        let mut event = Event::new(3);
        assert_eq!(event.add("k", b"{\"a\":\n", false), "id: k-3\nevent: message\ndata: {\"a\": ");
        assert_eq!(event.so_far().unwrap(), "id: k-3\nevent: message\ndata: {\"a\": ");
        assert_eq!(event.add("k", b"1}\r", true), "1} \n\n");
        assert_eq!(event.so_far().unwrap(), "id: k-3\nevent: message\ndata: {\"a\": 1} \n\n");
        assert_eq!(whole("k", 4, b"{}"), "id: k-4\nevent: message\ndata: {}\n\n");
    }

    #[test]
    fn a_stream_says_where_and_when_to_take_it_up() {
        assert_eq!(priming("k"), "id: k-0\nretry: 1000\ndata: \n\n");
    }

    #[test]
    fn what_is_too_long_is_not_held() {
        let mut event = Event::new(1);
        event.add("k", &vec![b'x'; MAX_BYTES - 100], false);
        assert!(event.so_far().is_some());
        assert_eq!(event.add("k", &[b'x'; 200], false).len(), 200);
        assert!(event.so_far().is_none());
        event.add("k", b"x", true);
        assert!(event.so_far().is_none());
    }
}
