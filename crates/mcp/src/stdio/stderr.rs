//! Drains a server's standard error and keeps its last lines for error messages.
//!
//! Must never: stop reading, for a server blocks on a full pipe; keep more than its bound; or keep characters that
//! could steer a terminal.

use super::framer::{Framer, TooLong};
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::io::AsyncReadExt;
use tokio::process::ChildStderr;

/// Longest part of a line that is kept.
const MAX_LINE_BYTES: usize = 2048;

/// The last lines that a server wrote to standard error.
#[derive(Clone)]
pub(super) struct LastLines {
    max_lines: usize,
    lines: Arc<Mutex<VecDeque<String>>>,
}

impl LastLines {
    pub(super) fn new(max_lines: usize) -> LastLines {
        LastLines { max_lines, lines: Arc::default() }
    }

    /// The lines, oldest first.
    pub(super) fn all(&self) -> Vec<String> {
        self.lines.lock().unwrap_or_else(PoisonError::into_inner).iter().cloned().collect()
    }

    fn keep(&self, line: &[u8]) {
        let line = readable(line);
        tracing::debug!(line, "server's standard error");
        let mut lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        while lines.len() >= self.max_lines.max(1) {
            lines.pop_front();
        }
        lines.push_back(line);
    }
}

/// Reads until the end of the stream, whatever comes.
pub(super) async fn drain(mut stream: ChildStderr, last_lines: LastLines) {
    let mut framer = Framer::new(MAX_LINE_BYTES, TooLong::Cut);
    let mut buffer = vec![0; 8192];
    loop {
        let n_read = stream.read(&mut buffer).await.unwrap_or_else(|error| {
            tracing::debug!(%error, "reading a server's standard error");
            0
        });
        if n_read == 0 {
            break;
        }
        let mut chunk = buffer.get(..n_read).unwrap_or_default();
        while let Some(line) = framer.next_line(&mut chunk) {
            last_lines.keep(&line);
        }
    }
    if let Some(line) = framer.end_line() {
        last_lines.keep(&line);
    }
}

fn readable(line: &[u8]) -> String {
    let plain =
        |character: char| if character.is_control() && character != '\t' { '\u{fffd}' } else { character };
    String::from_utf8_lossy(line).chars().map(plain).collect()
}
