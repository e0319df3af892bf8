//! The agent's part: what it calls, in order, and the check that everything went as the policy says.

use super::RESEARCH;
use super::agent::Agent;
use super::stage::{SERVER, Stage};
use super::step::{Step, Witness, told};
use anyhow::{Context as _, ensure};
use serde_json::{Value, json};

/// Imports that the policy lets through in a minute.
const ALLOWED_IMPORTS: u32 = 10;

/// Plays all steps, handing each to `show` as it is done.
///
/// # Errors
/// Where the gateway cannot be reached, or a step went otherwise than the policy says.
pub async fn play(stage: &Stage, show: &mut dyn FnMut(&Step) -> anyhow::Result<()>) -> anyhow::Result<()> {
    let mut player = Player {
        agent: Agent::new(&stage.url, &stage.token)?,
        witness: Witness::new(&stage.data)?,
        n_steps: 0,
        show,
    };
    let listed = player.list().await?;
    ensure!(!listed.iter().any(|name| name == "delete_image_set"), "the hidden tool was listed");
    for _ in 0..ALLOWED_IMPORTS {
        player.call("start_dicom_import_job", &import(), "allow").await?;
    }
    player.call("start_dicom_import_job", &import(), "deny").await?;
    player.call("start_dicom_export_job", &export(), "deny").await?;
    player
        .call("delete_image_set", &json!({"datastore_id": RESEARCH, "image_set_id": "0".repeat(32)}), "deny")
        .await?;
    player.call("search_image_sets", &json!({"datastore_id": RESEARCH, "max_results": "2"}), "allow").await?;
    let (n_imports, n_exports) = {
        let imaging = stage.sample.sample().imaging();
        (imaging.n_imports(), imaging.n_exports())
    };
    ensure!(n_imports == ALLOWED_IMPORTS as usize, "the server started {n_imports} imports");
    ensure!(n_exports == 0, "the server started {n_exports} exports");
    Ok(())
}

fn import() -> Value {
    json!({
        "datastore_id": RESEARCH,
        "data_access_role_arn": "arn:aws:iam::123456789012:role/dicom-import",
        "input_s3_uri": "s3://pacs-inbox/study-1/",
        "output_s3_uri": "s3://pacs-inbox/results/",
    })
}

fn export() -> Value {
    json!({
        "datastore_id": RESEARCH,
        "data_access_role_arn": "arn:aws:iam::123456789012:role/dicom-export",
        "output_s3_uri": "s3://elsewhere/",
    })
}

struct Player<'a> {
    agent: Agent,
    witness: Witness,
    n_steps: u32,
    show: &'a mut dyn FnMut(&Step) -> anyhow::Result<()>,
}

impl Player<'_> {
    async fn list(&mut self) -> anyhow::Result<Vec<String>> {
        let answer = self.agent.request("tools/list", None, &[]).await?;
        let tools =
            answer.pointer("/result/tools").and_then(Value::as_array).context("no list of tools came")?;
        let names: Vec<String> =
            tools.iter().filter_map(|tool| tool.get("name")?.as_str().map(str::to_owned)).collect();
        let message = names.join(", ");
        self.done("tools/list", None, "allow".to_owned(), String::new(), message, None)?;
        Ok(names)
    }

    async fn call(&mut self, tool: &str, arguments: &Value, expected: &str) -> anyhow::Result<()> {
        let answer = self.agent.call(tool, arguments).await?;
        let line = self.witness.next().await?;
        let record: Value = serde_json::from_str(&line).context("reading an audit record")?;
        let field = |name: &str| record.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
        let effect = field("effect");
        ensure!(field("tool") == tool, "the audit shows another call than `{tool}`");
        self.done("tools/call", Some(tool), effect.clone(), field("rule"), told(&answer), Some(line))?;
        ensure!(effect == expected, "`{tool}` should have been: {expected}");
        Ok(())
    }

    fn done(
        &mut self,
        method: &'static str,
        tool: Option<&str>,
        effect: String,
        rule: String,
        message: String,
        record: Option<String>,
    ) -> anyhow::Result<()> {
        self.n_steps += 1;
        let tool = tool.map(str::to_owned);
        (self.show)(&Step { step: self.n_steps, server: SERVER, method, tool, effect, rule, message, record })
    }
}
