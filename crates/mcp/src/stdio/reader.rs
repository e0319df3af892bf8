//! Reads what a server writes to standard output, line by line.
//!
//! Must never: judge what a line says; whether it is a message is for the caller to find out.

use super::framer::{Framer, TooLong};
use std::fmt;
use std::io;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::ChildStdout;

/// Read at a time: what a pipe holds on Linux.
const CHUNK_BYTES: usize = 64 * 1024;

/// The lines of one server, for one owner.
pub struct Reader {
    stream: BufReader<ChildStdout>,
    framer: Framer,
}

impl Reader {
    pub(super) fn new(stream: ChildStdout, max_line_bytes: usize) -> Reader {
        let stream = BufReader::with_capacity(CHUNK_BYTES, stream);
        Reader { stream, framer: Framer::new(max_line_bytes, TooLong::Drop) }
    }

    /// The next line without its line break; none when every process that held the stream has closed it. Empty lines
    /// are left out, a last line without a break is handed out. Loses nothing when the future is dropped.
    ///
    /// # Errors
    /// When the stream cannot be read.
    pub async fn next_line(&mut self) -> io::Result<Option<Vec<u8>>> {
        loop {
            let n_dropped = self.framer.n_dropped();
            let mut chunk = self.stream.fill_buf().await?;
            if chunk.is_empty() {
                return Ok(self.framer.end_line());
            }
            let n_read = chunk.len();
            let line = self.framer.next_line(&mut chunk);
            let n_used = n_read - chunk.len();
            self.stream.consume(n_used);
            if self.framer.n_dropped() > n_dropped {
                tracing::warn!(n_dropped = self.framer.n_dropped(), "a server wrote a line that is too long");
            }
            if line.is_some() {
                return Ok(line);
            }
        }
    }

    /// Lines that were left out because they were too long.
    #[must_use]
    pub fn n_dropped(&self) -> u64 {
        self.framer.n_dropped()
    }
}

impl fmt::Debug for Reader {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Reader").field("n_dropped", &self.n_dropped()).finish_non_exhaustive()
    }
}
