//! What a lane of its own speaks to: a process, or a connection in the first HTTP transport. Either takes messages one
//! by one and says its own when it likes.
//! It must never change what a message means on its way in.

use super::events::{self, Listener, Poster};
use super::process::Command;
use mcp::http::{Clock, Progress, Upstream};
use mcp::stdio::{self, Reader, Settings, Spawned, Waits, Writer};
use std::sync::Arc;
use std::time::Duration;

/// Longest message of a server, one line or event: the largest seen is 255 kB.
pub const MAX_MESSAGE_BYTES: usize = 16 << 20;

/// Where to find a peer.
#[derive(Debug, Clone)]
pub enum Source {
    /// A command to start.
    Command(Arc<Command>),
    /// A stream to open.
    Events(Arc<Upstream>),
}

impl Source {
    /// Starts or connects to the peer.
    ///
    /// # Errors
    /// A sentence that says why that failed and what to do.
    pub async fn open(&self, clock: Clock, timeout: Duration) -> Result<(Life, Input, Output), String> {
        match self {
            Self::Command(command) => {
                let settings = Settings { max_line_bytes: MAX_MESSAGE_BYTES, ..Settings::default() };
                let spawned =
                    stdio::spawn(command.spec(), &settings, clock).map_err(|error| error.to_string())?;
                let Spawned { process, writer, reader } = spawned;
                Ok((Life::Process(process), Input::Pipe(writer), Output::Pipe(reader)))
            }
            Self::Events(upstream) => {
                let (poster, listener) = events::connect(upstream, timeout, MAX_MESSAGE_BYTES).await?;
                Ok((Life::Connection(poster.clone()), Input::Post(poster), Output::Events(listener)))
            }
        }
    }
}

/// What ends with the peer. Dropping it ends the peer.
#[derive(Debug)]
pub enum Life {
    /// A process with its group.
    Process(stdio::Process),
    /// A connection.
    Connection(Poster),
}

impl Life {
    /// Whether it has ended; of a connection only its output tells.
    #[must_use]
    pub fn has_ended(&self) -> bool {
        match self {
            Self::Process(process) => process.exit().is_some(),
            Self::Connection(_) => false,
        }
    }

    /// How it ended, in words.
    #[must_use]
    pub fn obituary(&self) -> String {
        match self {
            Self::Process(process) => match process.exit() {
                Some(exit) => format!("the server process {exit}; its log tells why"),
                None => String::from("the server process closed its output"),
            },
            Self::Connection(_) => String::from("the server's stream has ended"),
        }
    }

    /// Ends it in good order.
    pub async fn shut_down(&self) {
        match self {
            Self::Process(process) => drop(process.shut_down(&Waits::default()).await),
            Self::Connection(poster) => poster.close(),
        }
    }
}

impl Drop for Life {
    fn drop(&mut self) {
        match self {
            // It ends by its own drop.
            Self::Process(_) => {}
            Self::Connection(poster) => poster.close(),
        }
    }
}

/// How a peer takes messages. Clones share it.
#[derive(Debug, Clone)]
pub enum Input {
    /// Standard input, one line each.
    Pipe(Writer),
    /// Posts.
    Post(Poster),
}

impl Input {
    /// Hands over one message. On standard input line ends between tokens become spaces.
    ///
    /// # Errors
    /// A sentence that says why it was not taken; how much was written stands in `progress`.
    pub async fn write(&self, mut message: Vec<u8>, progress: &Progress) -> Result<(), String> {
        match self {
            Self::Pipe(writer) => {
                json::flatten_newlines(&mut message);
                writer.write(message, progress).await.map_err(|error| error.to_string())
            }
            Self::Post(poster) => poster.post(message, progress).await,
        }
    }
}

/// What a peer says.
#[derive(Debug)]
pub enum Output {
    /// Standard output, one line each.
    Pipe(Reader),
    /// Events.
    Events(Listener),
}

impl Output {
    /// The next message, unjudged; none when nothing more comes.
    pub async fn next(&mut self) -> Option<Vec<u8>> {
        match self {
            Self::Pipe(reader) => reader.next_line().await.ok().flatten(),
            Self::Events(listener) => listener.message().await,
        }
    }
}
