//! Writes messages to a server's standard input, one line each, through one task that owns the stream: a caller who
//! goes away in the middle of a line leaves no half line behind.
//!
//! Must never: begin a message that its caller has withdrawn, or mix the bytes of two messages.

use super::error::WriteError;
use crate::http::{Clock, Progress, Written};
use std::io;
use tokio::io::AsyncWriteExt;
use tokio::process::ChildStdin;
use tokio::sync::{mpsc, oneshot, watch};

/// Messages that may wait for the stream; more wait with their callers.
const MAX_WAITING: usize = 16;

/// The way to a server's standard input. Clones share it; when the last is dropped the stream is closed.
#[derive(Debug, Clone)]
pub struct Writer {
    queue: mpsc::Sender<Line>,
}

#[derive(Debug)]
struct Line {
    bytes: Vec<u8>,
    progress: Progress,
    done: oneshot::Sender<Result<(), WriteError>>,
}

/// Withdraws a message when the future that waits for it is dropped.
struct Waiting<'a>(&'a Progress);

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.withdraw();
    }
}

impl Writer {
    /// Starts the task that owns the stream. It ends when all writers are gone, a write fails or `closing` is true.
    pub(super) fn start(stream: ChildStdin, closing: watch::Receiver<bool>, clock: Clock) -> Writer {
        let (queue, lines) = mpsc::channel(MAX_WAITING);
        tokio::spawn(write_all(stream, lines, closing, clock));
        Writer { queue }
    }

    /// Writes a message and its line break and waits until the kernel has all of it. The message must hold no line
    /// break (between JSON tokens they are spaces, in strings they are escaped). `progress` is the account of this
    /// one message. When this future is dropped, a message that was not begun never is; one that was begun is
    /// written to its end, and `progress` goes on counting it.
    ///
    /// # Errors
    /// When the stream is closed or the message holds a line break; the error says whether a byte was written.
    pub async fn write(&self, mut message: Vec<u8>, progress: &Progress) -> Result<(), WriteError> {
        if memchr::memchr2(b'\n', b'\r', &message).is_some() {
            return Err(failed("the message holds a line break", Written::Nothing));
        }
        message.push(b'\n');
        let (done, outcome) = oneshot::channel();
        let waiting = Waiting(progress);
        let line = Line { bytes: message, progress: progress.clone(), done };
        if self.queue.send(line).await.is_err() {
            return Err(closed(progress));
        }
        let outcome = outcome.await;
        drop(waiting);
        outcome.unwrap_or_else(|_| Err(closed(progress)))
    }
}

async fn write_all(
    mut stream: ChildStdin,
    mut lines: mpsc::Receiver<Line>,
    mut closing: watch::Receiver<bool>,
    clock: Clock,
) {
    loop {
        let line = tokio::select! {
            biased;
            // Also when the process that could ask for it is gone.
            _ = closing.wait_for(|closing| *closing) => None,
            line = lines.recv() => line,
        };
        let Some(line) = line else { break };
        let writing = line.progress.writing();
        if !line.progress.begin(clock.now_ms()) {
            continue;
        }
        let result = write_line(&mut stream, &line, &clock).await;
        drop(writing);
        let failed = result.is_err();
        // The caller may have gone; the account in `progress` is right all the same.
        let _ = line.done.send(result);
        if failed {
            break;
        }
    }
    // Closing the queue first: whoever still waits is told that nothing was written.
    drop(lines);
}

async fn write_line(stream: &mut ChildStdin, line: &Line, clock: &Clock) -> Result<(), WriteError> {
    let mut rest = line.bytes.as_slice();
    while !rest.is_empty() {
        let written = match stream.write(rest).await {
            Ok(0) => Err(io::Error::from(io::ErrorKind::WriteZero)),
            other => other,
        };
        match written {
            Ok(n_bytes) => {
                line.progress.add(n_bytes, clock.now_ms());
                rest = rest.get(n_bytes..).unwrap_or_default();
            }
            Err(error) => {
                line.progress.give_up();
                return Err(failed(&error.to_string(), line.progress.written()));
            }
        }
    }
    Ok(())
}

fn failed(why: &str, written: Written) -> WriteError {
    WriteError { why: why.to_owned(), written }
}

fn closed(progress: &Progress) -> WriteError {
    failed("its standard input is closed; the process has ended or is being stopped", progress.written())
}
