//! `toolgate demo`: plays the demonstration, tells it, and stays up to be tried.

use super::play::play;
use super::stage::{SERVER, Stage, policy};
use super::step::Step;
use crate::output::{Output, Tone};
use anyhow::Context as _;
use serde_json::{Value, json};
use store::audit;

/// What the operator chose.
#[derive(Debug, Clone, Copy)]
pub struct Choices {
    /// End after the last step.
    pub once: bool,
    /// Port for agents.
    pub port: u16,
}

/// Runs it.
///
/// # Errors
/// Where it cannot be set up, or a step went otherwise than the policy says.
pub async fn run(choices: Choices, output: Output) -> anyhow::Result<()> {
    let stage = Stage::set(choices.port).await?;
    if !output.is_json() {
        introduce(&stage, output)?;
    }
    let mut steps = Vec::new();
    let played = play(&stage, &mut |step| {
        steps.push(step.clone());
        tell(step, output)
    })
    .await;
    let ended = match played {
        Ok(()) => close(&stage, &steps, output),
        Err(error) => Err(error),
    };
    if ended.is_ok() && !choices.once {
        invite(&stage, output)?;
        stage.owner.done().await?;
    }
    stage.owner.shut_down().await;
    ended
}

fn introduce(stage: &Stage, output: Output) -> anyhow::Result<()> {
    let strong = |text: &str| output.paint(Tone::Strong, text);
    output.line(format!("{} an agent, the gateway, an imaging server\n", strong("toolgate demo:")))?;
    output.line(format!("  the server's endpoint   {}", stage.sample.url()))?;
    output.line(format!("  the gateway's endpoint  {}", stage.url))?;
    output.line(format!("\n{}", strong("the policy")))?;
    for line in policy().lines() {
        output.line(format!("  {line}"))?;
    }
    output.line(format!("\n{}", strong("what the agent does")))?;
    Ok(())
}

fn tell(step: &Step, output: Output) -> anyhow::Result<()> {
    if output.is_json() {
        return Ok(output.value(step)?);
    }
    let tone = if step.effect == "allow" { Tone::Good } else { Tone::Bad };
    let what = step.tool.as_deref().unwrap_or(step.method);
    let first = step.message.lines().next().unwrap_or_default();
    output.line(format!(
        "  {:>2}  {:<24} {}  {}",
        step.step,
        what,
        output.paint(tone, format!("{:<5}", step.effect)),
        short(first)
    ))?;
    if !step.rule.is_empty() {
        output.line(format!("      {}", output.paint(Tone::Quiet, format!("rule {}", step.rule))))?;
    }
    Ok(())
}

/// A line that fits a terminal.
fn short(text: &str) -> String {
    const MAX_CHARS: usize = 110;
    let mut chars = text.chars();
    let start: String = chars.by_ref().take(MAX_CHARS).collect();
    if chars.next().is_some() { format!("{start}…") } else { start }
}

fn close(stage: &Stage, steps: &[Step], output: Output) -> anyhow::Result<()> {
    let report = audit::verify(&stage.data, None).context("verifying the audit log")?;
    let count = |effect: &str| steps.iter().filter(|step| step.effect == effect).count();
    let (n_imports, n_exports) = {
        let imaging = stage.sample.sample().imaging();
        (imaging.n_imports(), imaging.n_exports())
    };
    if output.is_json() {
        output.value(&json!({
            "steps": steps.len(),
            "allowed": count("allow"),
            "denied": count("deny"),
            "imports_started": n_imports,
            "exports_started": n_exports,
            "audit": { "intact": report.is_ok(), "records": report.last_seq, "problems": report.n_problems },
        }))?;
    } else {
        output.line(format!("\n{}", output.paint(Tone::Strong, "what the audit log holds")))?;
        let shown = steps.iter().filter(|step| step.effect == "deny" || step.step == 2);
        for record in shown.filter_map(|step| step.record.as_deref()) {
            output.line(format!("  {}", summary(record)))?;
        }
        let verdict = if report.is_ok() {
            output.paint(Tone::Good, "intact")
        } else {
            output.paint(Tone::Bad, "broken")
        };
        output.line(format!(
            "  {} records, each chained to the one before and sealed: {verdict}",
            report.last_seq.unwrap_or_default()
        ))?;
        output.line(format!("\nthe server itself counts {n_imports} imports and {n_exports} exports"))?;
    }
    anyhow::ensure!(report.is_ok(), "the audit log does not verify");
    Ok(())
}

/// The fields of a record that tell its story.
fn summary(record: &str) -> String {
    let record: Value = serde_json::from_str(record).unwrap_or_default();
    let kept = ["seq", "time", "kind", "grant", "tool", "effect", "rule", "hash"];
    let parts = kept.iter().filter_map(|key| match record.get(*key)? {
        Value::Null => None,
        Value::String(text) if text.is_empty() => None,
        Value::String(text) if *key == "hash" => Some(format!("hash={}…", text.get(..12).unwrap_or(text))),
        Value::String(text) => Some(format!("{key}={text}")),
        other @ (Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_)) => {
            Some(format!("{key}={other}"))
        }
    });
    parts.collect::<Vec<_>>().join(" ")
}

fn invite(stage: &Stage, output: Output) -> anyhow::Result<()> {
    let client = json!({ "mcpServers": { SERVER: {
        "type": "http",
        "url": stage.url,
        "headers": { "Authorization": format!("Bearer {}", stage.token) },
    } } });
    if output.is_json() {
        return Ok(
            output.value(&json!({ "client": client, "folder": stage.folder().display().to_string() }))?
        );
    }
    output.line(format!(
        "\n{}",
        output.paint(Tone::Strong, "try it: paste this into your client's configuration")
    ))?;
    output.line(serde_json::to_string_pretty(&client)?)?;
    output.line(format!(
        "\nthe configuration and the policy are in {}; edits count within a second",
        stage.folder().display()
    ))?;
    output.line("the gateway stays up until you press Ctrl-C")?;
    Ok(())
}
