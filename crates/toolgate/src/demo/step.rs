//! One step of the demonstration: what the agent did, what the audit recorded, what the agent was told.

use anyhow::Context as _;
use serde::Serialize;
use serde_json::Value;
use std::path::Path;
use std::time::Duration;
use store::audit::Tail;

/// Between two looks for a record; it is written within the same turn, its file is read from outside.
const LOOK: Duration = Duration::from_millis(5);
const MAX_LOOKS: u32 = 1_000;

/// One step.
#[derive(Debug, Clone, Serialize)]
pub struct Step {
    /// From 1.
    pub step: u32,
    /// Server id.
    pub server: &'static str,
    /// Method.
    pub method: &'static str,
    /// Tool, for a call.
    pub tool: Option<String>,
    /// `allow` or `deny`.
    pub effect: String,
    /// The rule that denied; empty for an allow.
    pub rule: String,
    /// What the agent was told.
    pub message: String,
    /// The audit record, as it stands in the log.
    #[serde(skip)]
    pub record: Option<String>,
}

/// Follows the audit log for the records of calls.
#[derive(Debug)]
pub struct Witness {
    tail: Tail,
}

impl Witness {
    /// Begins at the present end of the log.
    ///
    /// # Errors
    /// Where the log cannot be read.
    pub fn new(data: &Path) -> anyhow::Result<Self> {
        let (tail, _) = Tail::new(data, 0).context("reading the audit log")?;
        Ok(Self { tail })
    }

    /// The record of the next call: its intent, or its denial.
    ///
    /// # Errors
    /// Where none appears.
    pub async fn next(&mut self) -> anyhow::Result<String> {
        for _ in 0..MAX_LOOKS {
            let lines = self.tail.poll().context("reading the audit log")?;
            let judged = lines.into_iter().find(|line| {
                let record: Value = serde_json::from_str(line).unwrap_or_default();
                matches!(record.get("kind").and_then(Value::as_str), Some("intent" | "denied"))
            });
            if let Some(line) = judged {
                return Ok(line);
            }
            tokio::time::sleep(LOOK).await;
        }
        anyhow::bail!("the audit log shows no record of the call")
    }
}

/// What an agent reads of an answer.
#[must_use]
pub fn told(answer: &Value) -> String {
    let text = answer.pointer("/result/content/0/text").or_else(|| answer.pointer("/error/message"));
    text.and_then(Value::as_str).unwrap_or_default().to_owned()
}
