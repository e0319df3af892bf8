//! A running server process: its start, its end, and everything that must end with it.
//!
//! Must never: outlive its handle, or be taken for running when it has ended.

use super::error::SpawnError;
use super::group::Group;
use super::reader::Reader;
use super::spec::Spec;
use super::stderr::{self, LastLines};
use super::writer::Writer;
use crate::http::Clock;
use rustix::process::Signal;
use std::fmt;
use std::os::unix::process::ExitStatusExt;
use std::process::ExitStatus;
use std::time::Duration;
use tokio::process::Child;
use tokio::signal::unix::{self, SignalKind};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::timeout;
use tracing::Instrument;

/// How long the last words of a process that has ended are waited for: one that fled its group may keep the stream.
const LAST_WORDS: Duration = Duration::from_secs(1);

/// Bounds of one process.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Longest line that is handed out; longer ones are dropped and counted.
    pub max_line_bytes: usize,
    /// Lines of standard error that are kept, each up to 2 KiB.
    pub max_stderr_lines: usize,
}

impl Default for Settings {
    fn default() -> Self {
        Settings { max_line_bytes: 16 * 1024 * 1024, max_stderr_lines: 64 }
    }
}

/// How long a process may take to end by itself.
#[derive(Debug, Clone)]
pub struct Waits {
    /// After the end of its input, until it is asked to terminate.
    pub after_eof: Duration,
    /// After it was asked to terminate, until it is killed.
    pub after_term: Duration,
}

impl Default for Waits {
    fn default() -> Self {
        Waits { after_eof: Duration::from_secs(2), after_term: Duration::from_secs(3) }
    }
}

/// How a process ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// By itself, with this status.
    Status(i32),
    /// By this signal.
    Signal(i32),
    /// It ended, and the system did not say how.
    Unknown,
}

impl From<Option<ExitStatus>> for Exit {
    fn from(status: Option<ExitStatus>) -> Exit {
        let signal = status.and_then(|status| status.signal()).map(Exit::Signal);
        signal.or(status.and_then(|status| status.code()).map(Exit::Status)).unwrap_or(Exit::Unknown)
    }
}

impl fmt::Display for Exit {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Exit::Status(code) => write!(out, "ended with status {code}"),
            Exit::Signal(number) => write!(out, "was ended by signal {number}"),
            Exit::Unknown => out.write_str("ended"),
        }
    }
}

/// What is left of a process that has ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LastWords {
    /// How it ended.
    pub exit: Exit,
    /// The last lines of its standard error, oldest first. They may hold anything, secrets included.
    pub lines: Vec<String>,
    /// Whether it was being shut down.
    pub was_asked: bool,
}

/// A process that was just started.
#[derive(Debug)]
pub struct Spawned {
    /// Watches and ends it.
    pub process: Process,
    /// Its standard input.
    pub writer: Writer,
    /// Its standard output.
    pub reader: Reader,
}

/// Starts a command, within a tokio runtime. The span that is current becomes that of what it writes to standard error.
///
/// # Errors
/// When the command cannot be started; nothing runs then.
pub fn spawn(spec: &Spec, settings: &Settings, clock: Clock) -> Result<Spawned, SpawnError> {
    let mut command = spec.prepare()?;
    // Before the start, so that no end is missed.
    let ended = unix::signal(SignalKind::child()).map_err(|error| spec.refused(&error))?;
    let child = command.spawn().map_err(|error| spec.refused(&error))?;
    let mut leader = Leader { group: Group::led_by(&child), child };
    let (Some(input), Some(output), Some(errors)) =
        (leader.child.stdin.take(), leader.child.stdout.take(), leader.child.stderr.take())
    else {
        let why = "its standard streams are missing".to_owned();
        return Err(SpawnError::System { command: spec.command.clone(), why });
    };
    let last_lines = LastLines::new(settings.max_stderr_lines);
    let drained = tokio::spawn(stderr::drain(errors, last_lines.clone()).in_current_span());
    let (closing, close) = watch::channel(false);
    let (report, exit) = watch::channel(None);
    let process = Process { id: leader.child.id(), group: leader.group.clone(), closing, exit, last_lines };
    tokio::spawn(leader.watch(ended, drained, report).in_current_span());
    let reader = Reader::new(output, settings.max_line_bytes);
    Ok(Spawned { process, writer: Writer::start(input, close, clock), reader })
}

/// A server process with its group. Dropping it kills the group.
pub struct Process {
    id: Option<u32>,
    group: Group,
    closing: watch::Sender<bool>,
    exit: watch::Receiver<Option<Exit>>,
    last_lines: LastLines,
}

impl Process {
    /// The process number, which is also its group's.
    #[must_use]
    pub fn id(&self) -> Option<u32> {
        self.id
    }

    /// How it ended; none while it runs.
    #[must_use]
    pub fn exit(&self) -> Option<Exit> {
        *self.exit.borrow()
    }

    /// Waits for its end. Its group is gone by then, and its last words are in [`last_lines`](Process::last_lines).
    pub async fn ended(&self) -> Exit {
        let mut exit = self.exit.clone();
        let ended = exit.wait_for(Option::is_some).await;
        // The watching task went away only if the runtime did, and it killed the group then.
        ended.ok().and_then(|exit| *exit).unwrap_or(Exit::Unknown)
    }

    /// The last lines of its standard error, oldest first. They may hold anything, secrets included.
    #[must_use]
    pub fn last_lines(&self) -> Vec<String> {
        self.last_lines.all()
    }

    /// Waits for its end without holding it.
    pub fn last_words(&self) -> impl Future<Output = LastWords> + Send + 'static {
        let (mut exit, lines, closing) =
            (self.exit.clone(), self.last_lines.clone(), self.closing.subscribe());
        async move {
            let ended = exit.wait_for(Option::is_some).await.ok().and_then(|exit| *exit);
            let was_asked = *closing.borrow();
            LastWords { exit: ended.unwrap_or(Exit::Unknown), lines: lines.all(), was_asked }
        }
    }

    /// Ends it: closes its input and waits, asks its group to terminate and waits, kills its group. Messages that
    /// were not begun are refused from the beginning.
    pub async fn shut_down(&self, waits: &Waits) -> Exit {
        // Without a listener the stream is closed already.
        let _ = self.closing.send(true);
        if let Ok(exit) = timeout(waits.after_eof, self.ended()).await {
            return exit;
        }
        self.group.signal(Signal::TERM);
        if let Ok(exit) = timeout(waits.after_term, self.ended()).await {
            return exit;
        }
        self.group.signal(Signal::KILL);
        self.ended().await
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.group.signal(Signal::KILL);
    }
}

impl fmt::Debug for Process {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Process").field("id", &self.id).field("exit", &self.exit()).finish_non_exhaustive()
    }
}

/// The child itself; whoever holds it reaps it. Dropping it kills its group.
struct Leader {
    child: Child,
    group: Group,
}

impl Leader {
    /// Waits for the child's end, kills what it left behind, reaps it and reports.
    async fn watch(
        mut self,
        mut ended: unix::Signal,
        drained: JoinHandle<()>,
        report: watch::Sender<Option<Exit>>,
    ) {
        while !self.group.has_ended() {
            // None when the runtime shuts down: dropping this kills the group.
            if ended.recv().await.is_none() {
                return;
            }
        }
        let group = self.group.clone();
        let exit = group.reap(&mut self.child);
        if timeout(LAST_WORDS, drained).await.is_err() {
            tracing::debug!("a process that left its group keeps standard error open");
        }
        // Nobody may be left to hear it.
        let _ = report.send(Some(exit));
    }
}

impl Drop for Leader {
    fn drop(&mut self) {
        self.group.abandon();
    }
}
