//! The Rust client `rmcp` of the client matrix: makes the visit that `drivers/common.py` describes.
//!
//! Must never: judge what it saw, or be a part of the workspace.

use std::collections::HashMap;
use std::error::Error;
use std::time::Duration;

use rmcp::model::{CallToolRequestParams, ClientConfig, ProtocolVersion};
use rmcp::service::{
    ClientLifecycleMode, ClientServiceExt as _, Peer, RoleClient, RunningService, ServiceError,
};
use rmcp::transport::TokioChildProcess;
use rmcp::transport::streamable_http_client::{
    StreamableHttpClientTransport, StreamableHttpClientTransportConfig,
};
use serde_json::{Value, json};

const STEP_TIMEOUT: Duration = Duration::from_secs(30);
const PATIENCE: Duration = Duration::from_secs(1);

type Client = RunningService<RoleClient, ClientConfig>;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let path = std::env::args().nth(1).ok_or("usage: toolgate-matrix-rmcp VISIT")?;
    let visit: Value = serde_json::from_str(&std::fs::read_to_string(path)?)?;
    let client = connect(&visit).await?;
    let revision = client.peer_info().map(|info| info.protocol_version.to_string());
    say(&json!({ "revision": revision }));
    for step in visit["steps"].as_array().ok_or("the visit has no steps")? {
        say(&take(&client, step).await);
    }
    client.cancel().await?;
    Ok(())
}

async fn connect(visit: &Value) -> Result<Client, Box<dyn Error>> {
    let config = ClientConfig::default();
    let lifecycle = lifecycle(text(visit, "mode"));
    if text(visit, "transport") == "http" {
        let http = StreamableHttpClientTransportConfig::with_uri(text(visit, "url"))
            .auth_header(text(visit, "token"));
        return Ok(config
            .serve_with_lifecycle(StreamableHttpClientTransport::from_config(http), lifecycle)
            .await?);
    }
    let words: Vec<&str> =
        visit["command"].as_array().ok_or("no command")?.iter().filter_map(Value::as_str).collect();
    let mut command = tokio::process::Command::new(words[0]);
    let env: HashMap<String, String> = serde_json::from_value(visit["env"].clone())?;
    command.args(&words[1..]).env_clear().envs(env);
    Ok(config.serve_with_lifecycle(TokioChildProcess::new(command)?, lifecycle).await?)
}

fn lifecycle(mode: &str) -> ClientLifecycleMode {
    let preferred_versions = vec![ProtocolVersion::V_2026_07_28];
    match mode {
        "legacy" => ClientLifecycleMode::Initialize,
        "auto" => ClientLifecycleMode::Auto { preferred_versions, legacy_version: None },
        _ => ClientLifecycleMode::Discover { preferred_versions },
    }
}

async fn take(client: &Client, step: &Value) -> Value {
    let tool = text(step, "tool");
    match text(step, "do") {
        "list" => match client.list_all_tools().await {
            Ok(tools) => json!({ "tools": tools.iter().map(|tool| tool.name.as_ref()).collect::<Vec<_>>() }),
            Err(error) => failed(&error),
        },
        "many" => many(client, tool, &step["arguments"]).await,
        "cancel" => call(client.peer().clone(), tool.to_owned(), step["arguments"].clone(), PATIENCE).await,
        _ => call(client.peer().clone(), tool.to_owned(), step["arguments"].clone(), STEP_TIMEOUT).await,
    }
}

async fn many(client: &Client, tool: &str, arguments: &Value) -> Value {
    let every = arguments.as_array().into_iter().flatten();
    let started: Vec<_> = every
        .map(|each| tokio::spawn(call(client.peer().clone(), tool.to_owned(), each.clone(), STEP_TIMEOUT)))
        .collect();
    let mut seen = Vec::new();
    for one in started {
        seen.push(one.await.unwrap_or_else(|error| threw(None, &error.to_string())));
    }
    json!({ "many": seen })
}

async fn call(peer: Peer<RoleClient>, tool: String, arguments: Value, patience: Duration) -> Value {
    let mut params = CallToolRequestParams::new(tool);
    params.arguments = arguments.as_object().cloned();
    match tokio::time::timeout(patience, peer.call_tool(params)).await {
        Err(_) => threw(None, "given up"),
        Ok(Err(error)) => failed(&error),
        Ok(Ok(result)) => {
            let whole = serde_json::to_value(&result).unwrap_or_default();
            let members = ["content", "structuredContent", "isError"];
            let kept: HashMap<_, _> = members.into_iter().map(|name| (name, whole[name].clone())).collect();
            json!({ "result": kept })
        }
    }
}

fn failed(error: &ServiceError) -> Value {
    let code = if let ServiceError::McpError(told) = error { Some(told.code.0) } else { None };
    threw(code, &error.to_string())
}

fn threw(code: Option<i32>, message: &str) -> Value {
    json!({ "threw": { "code": code, "message": message } })
}

fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value[name].as_str().unwrap_or_default()
}

fn say(line: &Value) {
    println!("{line}");
}
