//! Cuts a stream of bytes into lines of bounded length.
//!
//! Must never: hold more than one line's bound in memory, or lose its place after a line that is too long.

/// What becomes of a line that is longer than the bound.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TooLong {
    /// It is left out and counted.
    Drop,
    /// Its beginning is kept.
    Cut,
}

/// Lines put together from chunks. A line ends with `\n`; one `\r` before it is taken away; empty ones are left out.
pub struct Framer {
    max_bytes: usize,
    too_long: TooLong,
    partial: Vec<u8>,
    overflowed: bool,
    n_dropped: u64,
}

impl Framer {
    /// A framer for lines of at most `max_bytes`.
    #[must_use]
    pub fn new(max_bytes: usize, too_long: TooLong) -> Framer {
        Framer { max_bytes, too_long, partial: Vec::new(), overflowed: false, n_dropped: 0 }
    }

    /// Lines left out so far because they were too long.
    pub fn n_dropped(&self) -> u64 {
        self.n_dropped
    }

    /// Takes bytes from the front of `chunk` up to the end of the next line that is to be handed out; none when the
    /// chunk is used up before.
    pub fn next_line(&mut self, chunk: &mut &[u8]) -> Option<Vec<u8>> {
        while let Some(end) = memchr::memchr(b'\n', chunk) {
            let (line, rest) = chunk.split_at(end);
            self.add(line);
            *chunk = rest.get(1..).unwrap_or_default();
            if let Some(line) = self.end_line() {
                return Some(line);
            }
        }
        self.add(chunk);
        *chunk = &[];
        None
    }

    /// Ends the line that the stream left open, if there is one.
    pub fn end_line(&mut self) -> Option<Vec<u8>> {
        let mut line = std::mem::take(&mut self.partial);
        let overflowed = std::mem::take(&mut self.overflowed);
        if overflowed && self.too_long == TooLong::Drop {
            self.n_dropped += 1;
            return None;
        }
        if !overflowed && line.last() == Some(&b'\r') {
            line.pop();
        }
        (!line.is_empty()).then_some(line)
    }

    fn add(&mut self, bytes: &[u8]) {
        let room = self.max_bytes.saturating_sub(self.partial.len());
        if bytes.len() > room {
            self.overflowed = true;
        }
        match (self.overflowed, self.too_long) {
            (true, TooLong::Drop) => self.partial = Vec::new(),
            (true, TooLong::Cut) => self.partial.extend(bytes.iter().take(room)),
            (false, TooLong::Drop | TooLong::Cut) => self.partial.extend_from_slice(bytes),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Framer, TooLong};

    fn lines(framer: &mut Framer, chunks: &[&[u8]]) -> Vec<String> {
        let mut lines = Vec::new();
        for chunk in chunks {
            let mut rest = *chunk;
            while let Some(line) = framer.next_line(&mut rest) {
                lines.push(String::from_utf8(line).unwrap());
            }
            assert!(rest.is_empty(), "a chunk is used up");
        }
        lines.extend(framer.end_line().map(|line| String::from_utf8(line).unwrap()));
        lines
    }

    #[test]
    fn cuts_lines_wherever_the_stream_is_split() {
        let cases: &[(&str, &[&str])] = &[
            ("", &[]),
            ("\n\r\n\n", &[]),
            ("a", &["a"]),
            ("a\nb\r\n\nc\rd\n", &["a", "b", "c\rd"]),
            ("12345678\n", &["12345678"]),
            ("123456789\nok\n", &["ok"]),
            ("ok\n123456789", &["ok"]),
            ("1234567\r\nok", &["1234567", "ok"]),
        ];
        for (text, expected) in cases {
            for split in 0..=text.len() {
                let (left, right) = text.as_bytes().split_at(split);
                let mut framer = Framer::new(8, TooLong::Drop);
                assert_eq!(lines(&mut framer, &[left, right]), *expected, "{text:?} split at {split}");
            }
            let bytes: Vec<&[u8]> = text.as_bytes().chunks(1).collect();
            let mut framer = Framer::new(8, TooLong::Drop);
            assert_eq!(lines(&mut framer, &bytes), *expected, "{text:?} byte by byte");
            assert_eq!(framer.n_dropped(), u64::from(text.contains('9')), "{text:?}");
        }
    }

    #[test]
    fn keeps_the_beginning_of_long_lines_and_no_more() {
        for split in 0..=20 {
            let (left, right) = b"0123456789abcdef\nok\n\n".split_at(split);
            let mut framer = Framer::new(8, TooLong::Cut);
            assert_eq!(lines(&mut framer, &[left, right]), ["01234567", "ok"]);
            assert_eq!(framer.n_dropped(), 0);
        }
    }

    #[test]
    fn holds_no_more_than_the_bound() {
        let mut framer = Framer::new(1000, TooLong::Drop);
        for _ in 0..10_000 {
            let mut chunk: &[u8] = &[b'x'; 64];
            assert_eq!(framer.next_line(&mut chunk), None);
            assert!(framer.partial.capacity() <= 2048, "{} bytes held", framer.partial.capacity());
        }
    }
}
