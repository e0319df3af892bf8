//! `wrap`: stands in for a server's command and carries lines between the client and the owner.
//! It judges nothing and starts no server itself: the owner does both.

mod owner;

use crate::owner::hello::{Hello, Raw, Welcome};
use crate::owner::place::Place;
use anyhow::{Context as _, bail};
use std::ffi::OsString;
use tokio::io::{
    AsyncBufReadExt as _, AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, BufReader,
};
use tokio::net::UnixStream;

pub use owner::Launch;

/// What to wrap.
#[derive(Debug, Clone)]
pub struct Wanted {
    /// Server id.
    pub server: String,
    /// Grant id.
    pub grant: String,
    /// A policy besides the grant's own.
    pub policy: Option<String>,
    /// Program and arguments.
    pub command: Vec<OsString>,
}

/// Connects to the owner, starting one when there is none, and carries lines until either side ends.
///
/// # Errors
/// Where there is no owner to be had, or it refuses.
pub async fn run(wanted: &Wanted, place: &Place, launch: &Launch) -> anyhow::Result<()> {
    let mut stream = BufReader::new(owner::connect(place, launch).await?);
    let mut hello = serde_json::to_vec(&hello(wanted)?)?;
    hello.push(b'\n');
    stream.write_all(&hello).await.context("greeting the gateway")?;
    let mut line = String::new();
    stream.read_line(&mut line).await.context("waiting for the gateway's answer")?;
    let welcome: Welcome = serde_json::from_str(&line)
        .context("the gateway's answer is not understood; use the same version of both")?;
    if let Some(error) = welcome.error {
        bail!("{error}");
    }
    for note in welcome.notes {
        eprintln!("toolgate: {note}");
    }
    carry(stream, tokio::io::stdin(), tokio::io::stdout()).await
}

fn hello(wanted: &Wanted) -> anyhow::Result<Hello> {
    let cwd = std::env::current_dir().context("reading the working folder")?;
    Ok(Hello {
        format: 1,
        server: wanted.server.clone(),
        grant: wanted.grant.clone(),
        policy: wanted.policy.clone(),
        command: wanted.command.iter().map(|part| Raw::new(part)).collect(),
        env: std::env::vars_os().map(|(name, value)| (Raw::new(&name), Raw::new(&value))).collect(),
        cwd: Raw::new(cwd.as_os_str()),
    })
}

/// Carries bytes both ways. The client's end of input is passed on; what is still answered then is carried out.
async fn carry(
    mut stream: BufReader<UnixStream>,
    mut input: impl AsyncRead + Unpin,
    mut output: impl AsyncWrite + Unpin,
) -> anyhow::Result<()> {
    let mut from_client = vec![0; 64 << 10];
    let mut is_open = true;
    loop {
        tokio::select! {
            n_read = input.read(&mut from_client), if is_open => {
                let n_read = n_read.context("reading standard input")?;
                let Some(chunk) = from_client.get(..n_read).filter(|chunk| !chunk.is_empty()) else {
                    is_open = false;
                    stream.shutdown().await.context("telling the gateway that the client is done")?;
                    continue;
                };
                stream.write_all(chunk).await.context("the gateway closed the connection")?;
            }
            chunk = stream.fill_buf() => {
                let chunk = chunk.context("reading from the gateway")?;
                if chunk.is_empty() && !is_open {
                    return Ok(());
                }
                if chunk.is_empty() {
                    bail!("the gateway closed the connection; its log tells why");
                }
                output.write_all(chunk).await.context("writing standard output")?;
                output.flush().await.context("writing standard output")?;
                let n_read = chunk.len();
                stream.consume(n_read);
            }
        }
    }
}
