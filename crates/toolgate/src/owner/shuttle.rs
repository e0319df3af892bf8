//! Serves `wrap` clients: each brings a command along, and its lines are judged like any other message.
//! Whoever can open the socket is the operator: its folder is closed to everybody else.

use super::hello::{Hello, MAX_HELLO_BYTES, Welcome};
use crate::config::name;
use anyhow::{Context as _, bail};
use gateway::Gateway;
use gateway::declared::{ServerSpec, Transport};
use gateway::front::stdio;
use gateway::upstream::{Command, Server};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::watch;

/// Clients at present, for an owner that ends with its last one.
pub type Clients = watch::Sender<usize>;

/// Accepts clients until the gateway stops.
pub async fn serve(
    gateway: Arc<Gateway>,
    policies: Arc<Path>,
    listener: UnixListener,
    clients: Arc<Clients>,
) {
    loop {
        match listener.accept().await {
            Ok((stream, _)) => {
                let (gateway, policies) = (Arc::clone(&gateway), Arc::clone(&policies));
                let clients = Arc::clone(&clients);
                tokio::spawn(async move {
                    clients.send_modify(|n_clients| *n_clients += 1);
                    if let Err(error) = client(gateway, &policies, stream).await {
                        tracing::warn!(error = format!("{error:#}"), "a wrap client ended with an error");
                    }
                    clients.send_modify(|n_clients| *n_clients -= 1);
                });
            }
            Err(error) => {
                tracing::warn!(%error, "a wrap client could not be accepted");
                tokio::time::sleep(std::time::Duration::from_millis(50)).await;
            }
        }
    }
}

async fn client(gateway: Arc<Gateway>, policies: &Path, stream: UnixStream) -> anyhow::Result<()> {
    let (input, mut output) = stream.into_split();
    let mut input = BufReader::new(input);
    let mut line = Vec::new();
    let mut bounded = (&mut input).take(MAX_HELLO_BYTES as u64);
    bounded.read_until(b'\n', &mut line).await.context("reading a client's first line")?;
    let prepared = prepare(&gateway, policies, &line);
    let welcome = match &prepared {
        Ok((_, _, notes)) => Welcome { error: None, notes: notes.clone() },
        Err(error) => Welcome { error: Some(format!("{error:#}")), notes: Vec::new() },
    };
    let mut answer = serde_json::to_vec(&welcome)?;
    answer.push(b'\n');
    output.write_all(&answer).await.context("answering a client")?;
    let (grant, server, _) = prepared?;
    stdio::serve(gateway, grant, server, input, output).await.context("serving a client")
}

type Prepared = (Arc<str>, Arc<Server>, Vec<String>);

fn prepare(gateway: &Gateway, policies: &Path, line: &[u8]) -> anyhow::Result<Prepared> {
    let hello: Hello =
        serde_json::from_slice(line).context("the first line is not understood; use the same version")?;
    if hello.format != 1 {
        bail!(
            "the client speaks format {}, this gateway format 1; use the same version of both",
            hello.format
        );
    }
    if !name::is_id(&hello.server) {
        bail!("`{}` cannot be a server's id; name one with --server", hello.server);
    }
    let mut command = hello.command.iter();
    let program = command.next().context("no command was given; write it after `--`")?.text()?;
    let args = command.map(|arg| arg.text()).collect::<anyhow::Result<Vec<_>>>()?;
    let env =
        hello.env.iter().map(|(name, value)| Ok((name.os()?, value.os()?))).collect::<anyhow::Result<_>>()?;
    let cwd = PathBuf::from(hello.cwd.os()?);
    let transport = Transport::Stdio { command: vec![program.clone()], env: Default::default(), cwd: None };
    let spec = ServerSpec::new(hello.server.as_str(), transport);
    let command = Command::exact(program, args, env, cwd);
    let server = Server::wrapped(spec, command, hello.policy.clone(), &gateway.setup());
    let server = Arc::new(server);
    let notes = notes(gateway, policies, &hello, &server)?;
    Ok((hello.grant.as_str().into(), server, notes))
}

fn notes(
    gateway: &Gateway,
    policies: &Path,
    hello: &Hello,
    server: &Arc<Server>,
) -> anyhow::Result<Vec<String>> {
    let Some((_, reach)) = gateway.access(&hello.grant, server) else {
        bail!(
            "the grant `{}` does not exist, is revoked or has expired; see `toolgate grant list`",
            hello.grant
        );
    };
    if let Some(policy) = &hello.policy
        && gateway.world().policy(policy).is_none()
    {
        bail!(
            "there is no policy `{policy}`; write {}, or correct the name",
            policies.join(format!("{policy}.json")).display()
        );
    }
    let mut notes = Vec::new();
    if reach.own.is_empty() {
        notes.push(format!(
            "no policy binds the grant `{}` for the server `{server}`, so every call is denied; name its tools in {}, \
             such as {{\"version\": \"1\", \"default\": \"deny\", \"tools\": {{\"TOOL\": {{}}}}}}, and add `--policy \
             {server}`; `toolgate init` writes one that names every tool",
            hello.grant,
            policies.join(format!("{}.json", hello.server)).display(),
            server = hello.server,
        ));
    }
    Ok(notes)
}
