//! Servers whose process ended right after its start, and the last that they wrote to standard error.
//! It is for the operator: nothing of it may ever reach an agent, for it may hold anything.

use mcp::stdio::{Exit, LastWords};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::time::timeout;

/// A process that lives longer has started well.
pub const EARLY: Duration = Duration::from_secs(10);
/// Lines that are told.
const MAX_LINES: usize = 8;

/// What is known of the last start of one server.
#[derive(Debug)]
pub struct Starts {
    server: Arc<str>,
    failed: Mutex<Option<EarlyEnd>>,
}

/// How a process ended right after its start.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EarlyEnd {
    /// When, in milliseconds of Unix time.
    pub at_ms: u64,
    /// How, in words.
    pub how: String,
    /// The last lines of its standard error, oldest first.
    pub last_lines: Vec<String>,
}

impl Starts {
    /// Of this server, of which nothing is known.
    #[must_use]
    pub fn new(server: Arc<str>) -> Self {
        Self { server, failed: Mutex::default() }
    }

    /// The early end of the last process that was started; none where it started well.
    #[must_use]
    pub fn failed(&self) -> Option<EarlyEnd> {
        self.failed.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Follows a process through its first seconds.
    pub async fn follow(&self, ends: impl Future<Output = LastWords>, now_ms: impl Fn() -> u64) {
        let failed = match timeout(EARLY, ends).await {
            Ok(words) if words.was_asked && is_usual(words.exit) => return,
            Ok(LastWords { exit, lines, .. }) => {
                let last_lines = lines.into_iter().rev().take(MAX_LINES).rev().collect::<Vec<_>>();
                let said = last_lines.join(" | ");
                tracing::warn!(server.id = %self.server, %exit, said, "a server process ended right after its start");
                Some(EarlyEnd { at_ms: now_ms(), how: exit.to_string(), last_lines })
            }
            Err(_) => None,
        };
        *self.failed.lock().unwrap_or_else(PoisonError::into_inner) = failed;
    }
}

/// How a process ends that was asked to.
fn is_usual(exit: Exit) -> bool {
    matches!(exit, Exit::Status(0) | Exit::Signal(_) | Exit::Unknown)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn only_what_nobody_asked_for_is_told_and_only_its_last_lines() {
        let starts = Starts::new("a".into());
        let words = |exit, was_asked| {
            let lines = (0..20).map(|line: u32| line.to_string()).collect();
            std::future::ready(LastWords { exit, lines, was_asked })
        };
        starts.follow(words(Exit::Status(0), true), || 7).await;
        starts.follow(words(Exit::Signal(15), true), || 7).await;
        assert_eq!(starts.failed(), None);
        starts.follow(words(Exit::Status(3), true), || 7).await;
        let failed = starts.failed().unwrap();
        assert_eq!(
            (failed.at_ms, &*failed.how, failed.last_lines.len()),
            (7, "ended with status 3", MAX_LINES)
        );
        assert_eq!(failed.last_lines.last().unwrap(), "19");
        starts.follow(words(Exit::Status(0), false), || 8).await;
        assert_eq!(starts.failed().unwrap().at_ms, 8);
    }
}
