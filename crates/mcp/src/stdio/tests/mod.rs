//! Tests with real processes: shells and Python, started as servers are.
//!
//! Must never: wait for time to pass; every wait is for an event, and bounded.

mod ending;
mod messages;
mod starting;

use super::{Environment, Exit, Reader, Settings, Spawned, Spec, Waits, spawn};
use crate::http::Clock;
use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// A wait that ends with a failed test instead of never.
async fn within<T>(future: impl Future<Output = T>) -> T {
    tokio::time::timeout(Duration::from_secs(20), future).await.expect("it happens within 20 s")
}

/// Every reading is one millisecond later than the one before.
fn ticks() -> Clock {
    let ticks = Arc::new(AtomicU64::new(0));
    Clock::new(move || ticks.fetch_add(1, Ordering::SeqCst) + 1)
}

fn spec(command: &str, args: &[&str]) -> Spec {
    let args = args.iter().map(|arg| (*arg).to_owned()).collect();
    Spec { command: command.to_owned(), args, env: Environment::Base(Vec::new()), cwd: None }
}

fn start(spec: &Spec) -> Spawned {
    spawn(spec, &Settings::default(), ticks()).unwrap()
}

fn shell(script: &str) -> Spawned {
    start(&spec("sh", &["-c", script]))
}

fn python(script: &str) -> Spawned {
    start(&spec("python3", &["-c", script]))
}

async fn line(reader: &mut Reader) -> Option<String> {
    let line = within(reader.next_line()).await.expect("the stream can be read");
    line.map(|line| String::from_utf8_lossy(&line).into_owned())
}

/// Waits that are long enough for every process that ends by itself, and never run out in a passing test.
fn patient() -> Waits {
    Waits { after_eof: Duration::from_secs(20), after_term: Duration::from_secs(20) }
}

/// Waits for processes that do not end when they are told to.
fn hasty() -> Waits {
    Waits { after_eof: Duration::from_millis(20), after_term: Duration::from_millis(20) }
}

/// Reads to the end of standard output: it comes when the last process that holds the stream is gone.
async fn all_gone(reader: &mut Reader) {
    while line(reader).await.is_some() {}
}

async fn status(spawned: &Spawned) -> Exit {
    within(spawned.process.ended()).await
}
