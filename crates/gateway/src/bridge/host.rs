//! What all bridges to one server share: what is known of its eras, and fresh ways to it.
//! It must never start anything by itself.

use super::eras::Eras;
use super::wire::{self, Answer};
use crate::definitions::Definitions;
use crate::upstream::{Lane, LaneFailure};
use mcp::bridge::evidence::{self, Verdict};
use mcp::era::{Era, Version};
use mcp::http::Clock;
use mcp::requests::{self, Speaker};
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

/// Longest wait for the answer to a probe; a process that is silent for longer is greeted in the other era.
pub const PROBE: Duration = Duration::from_secs(5);

/// What all bridges to one server share.
pub struct Host {
    /// The server's id.
    pub server: Arc<str>,
    /// What it speaks.
    pub eras: Eras,
    /// Longest wait for a reply.
    pub timeout: Duration,
    /// Milliseconds of the trusted timeline.
    pub clock: Clock,
    /// The tools that it lists.
    pub definitions: Arc<Definitions>,
    /// A new way to it, with nothing said yet.
    pub fresh: Box<dyn Fn() -> Lane + Send + Sync>,
}

impl fmt::Debug for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Host").field("server", &self.server).field("eras", &self.eras).finish_non_exhaustive()
    }
}

impl Host {
    /// Asks on `lane` whether the server speaks the modern era, and remembers a clear answer. The answer is there
    /// unless nothing came.
    pub async fn probe(&self, lane: &Lane) -> (Verdict, Result<Answer, LaneFailure>) {
        let asked = discover(lane, "{}").await;
        let verdict = match (&asked, lane) {
            (Ok(answer), _) => evidence::of_discovery(answer.head.status, answer.message.as_ref()),
            // A process that dies of the question, or never answers it, does not know it.
            (Err(_), Lane::Stdio(_)) => Verdict::NotSpoken,
            (Err(_), Lane::Http(_) | Lane::Bridge(_)) => Verdict::Unclear,
        };
        self.note(Era::Modern, verdict);
        (verdict, asked)
    }

    /// Remembers a clear word about an era.
    pub fn note(&self, era: Era, verdict: Verdict) {
        match verdict {
            Verdict::Spoken => self.eras.learn(era, true),
            Verdict::NotSpoken => {
                tracing::info!(server.id = %self.server, era = ?era, "a server does not speak an era of the protocol; it is bridged");
                self.eras.learn(era, false);
            }
            Verdict::Unclear => {}
        }
    }
}

async fn discover(lane: &Lane, capabilities: &str) -> Result<Answer, LaneFailure> {
    let speaker = Speaker { name: "toolgate", version: env!("CARGO_PKG_VERSION"), capabilities };
    wire::ask(lane, Version::NEWEST, "server/discover", PROBE, |id| {
        requests::modern_request(id, "server/discover", Version::NEWEST, &speaker, &[])
    })
    .await
}
