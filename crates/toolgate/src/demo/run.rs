//! `toolgate demo`: plays the demonstration, tells it, and stays up to be tried.

use super::play::play;
use super::shown::{audit_lines, brief};
use super::stage::{SERVER, Stage, policy};
use super::step::Step;
use crate::output::{Output, Tone};
use anyhow::Context as _;
use serde_json::json;
use store::audit;

const STORY: &str = "\
an agent works on an archive of medical images, through the gateway. Its policy
allows ten imports a minute, denies the export and hides the deletion. The agent tries all of it;
what is refused never reaches the server.";

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
    output.line(format!("{} {STORY}\n", strong("toolgate demo:")))?;
    output.line(format!("  the agent calls the gateway     {}", stage.url))?;
    output.line(format!("  the gateway calls the server    {}", stage.sample.url()))?;
    output.line(format!("\n{}", strong("the policy")))?;
    output.line(policy().trim_end())?;
    output.line(format!("\n{}", strong("what the agent does, and what it is told")))?;
    Ok(())
}

fn tell(step: &Step, output: Output) -> anyhow::Result<()> {
    if output.is_json() {
        return Ok(output.value(step)?);
    }
    let is_allowed = step.effect == "allow";
    let tone = if is_allowed { Tone::Good } else { Tone::Bad };
    let what = step.tool.as_deref().unwrap_or(step.method);
    let told = if is_allowed { brief(&step.message) } else { String::new() };
    let effect = output.paint(tone, format!("{:<5}", step.effect));
    output.line(format!("  {:>2}  {effect}  {what:<22}  {told}", step.step).trim_end())?;
    if !is_allowed {
        output.line(format!("      {}", step.message))?;
        output.line(format!("      {}", output.paint(Tone::Quiet, format!("rule {}", step.rule))))?;
    }
    Ok(())
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
            for line in audit_lines(record) {
                output.line(format!("  {line}"))?;
            }
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
    let file = stage.folder().join("toolgate.toml");
    output.line("what happens is told by, in another terminal:")?;
    output.line(format!("  toolgate --config {} audit tail -f", file.display()))?;
    output.line("\nthe gateway stays up until you press Ctrl-C")?;
    Ok(())
}
