//! The body behind a head: its framing, and as much of it as has arrived.
//!
//! Must never: guess; a framing that is not understood ends the body at once.

use crate::wire::Head;
use std::borrow::Cow;

/// How the end of a body is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Framing {
    /// So many bytes.
    Length(usize),
    /// Chunks, the last one empty.
    Chunked,
    /// Everything until the connection closes.
    UntilClose,
}

/// As much of a body as has arrived.
#[derive(Debug)]
pub struct Body<'a> {
    /// The decoded bytes.
    pub bytes: Cow<'a, [u8]>,
    /// How many received bytes belong to it.
    pub consumed_bytes: usize,
    /// True when nothing is missing.
    pub complete: bool,
}

impl Framing {
    /// The framing of a request's body.
    pub fn of_request(head: &Head<'_>) -> Framing {
        Framing::stated(head).unwrap_or(Framing::Length(0))
    }

    /// The framing of a reply's body.
    pub fn of_reply(head: &Head<'_>) -> Framing {
        match head.status() {
            100..=199 | 204 | 304 => Framing::Length(0),
            _ => Framing::stated(head).unwrap_or(Framing::UntilClose),
        }
    }

    fn stated(head: &Head<'_>) -> Option<Framing> {
        let chunked =
            head.header("transfer-encoding").is_some_and(|value| value.eq_ignore_ascii_case("chunked"));
        let length = head.header("content-length").and_then(|value| value.parse().ok());
        if chunked { Some(Framing::Chunked) } else { length.map(Framing::Length) }
    }

    /// What has arrived of the body, given all bytes behind the head.
    pub fn decode(self, received: &[u8]) -> Body<'_> {
        match self {
            Framing::Length(length) => fixed(received, length),
            Framing::Chunked => chunked(received),
            Framing::UntilClose => {
                Body { bytes: Cow::Borrowed(received), consumed_bytes: received.len(), complete: false }
            }
        }
    }
}

fn fixed(received: &[u8], length: usize) -> Body<'_> {
    let bytes = received.get(..length).unwrap_or(received);
    Body { bytes: Cow::Borrowed(bytes), consumed_bytes: bytes.len(), complete: bytes.len() == length }
}

fn chunked(received: &[u8]) -> Body<'_> {
    let mut bytes = Vec::new();
    let mut consumed_bytes = 0;
    let mut complete = false;
    while !complete {
        let rest = received.get(consumed_bytes..).unwrap_or_default();
        let Some((chunk, size_bytes)) = chunk(rest) else { break };
        bytes.extend_from_slice(chunk);
        consumed_bytes += size_bytes;
        complete = chunk.is_empty();
    }
    Body { bytes: Cow::Owned(bytes), consumed_bytes, complete }
}

/// One chunk and the bytes it takes with its size line and line end; none while it is incomplete.
fn chunk(received: &[u8]) -> Option<(&[u8], usize)> {
    let line_end = received.windows(2).position(|window| window == b"\r\n")?;
    let line = std::str::from_utf8(received.get(..line_end)?).ok()?;
    let size_bytes = usize::from_str_radix(line.split(';').next()?.trim(), 16).ok()?;
    let start = line_end + 2;
    let end = start.checked_add(size_bytes)?;
    let closed = received.get(end..end + 2).is_some_and(|tail| tail == b"\r\n");
    closed.then(|| (received.get(start..end).unwrap_or_default(), end + 2))
}

#[cfg(test)]
mod tests {
    use super::Framing;

    /// Decodes every prefix: nothing may be complete before the end, and what is behind the end stays.
    fn check(framing: Framing, received: &[u8], behind: usize, expected: &[u8]) {
        let end = received.len() - behind;
        for cut in 0..end {
            let body = framing.decode(&received[..cut]);
            assert!(!body.complete && expected.starts_with(&body.bytes), "{cut}: {body:?}");
        }
        let body = framing.decode(received);
        assert!(body.complete && body.consumed_bytes == end && *body.bytes == *expected, "{body:?}");
    }

    #[test]
    fn decodes_bodies_as_they_arrive() {
        check(Framing::Length(3), b"abcHTTP", 4, b"abc");
        check(Framing::Chunked, b"3\r\nabc\r\n0A;x=y\r\n0123456789\r\n0\r\n\r\nHTTP", 4, b"abc0123456789");
        check(Framing::Chunked, b"0\r\n\r\n", 0, b"");
    }

    #[test]
    fn a_body_until_close_is_never_complete() {
        let body = Framing::UntilClose.decode(b"abc");
        assert!(!body.complete && *body.bytes == *b"abc");
    }
}
