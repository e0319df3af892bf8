//! `wrap`: stands in for a server's command and carries lines between the client and the owner.
//! It judges nothing and starts no server itself: the owner does both.

mod owner;

use crate::owner::hello::{Hello, Raw, Welcome};
use crate::owner::place::Place;
use anyhow::{Context as _, bail};
use std::ffi::OsString;
use std::io::Cursor;
use std::pin::pin;
use tokio::io::{
    AsyncBufReadExt as _, AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, BufReader,
};
use tokio::net::UnixStream;
use tokio::net::unix::OwnedWriteHalf;

pub use owner::Launch;

/// Read at once.
const CHUNK_BYTES: usize = 64 << 10;

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
    let carried = carry(stream, tokio::io::stdin(), tokio::io::stdout()).await?;
    match carried {
        Carried::ToTheEnd => Ok(()),
        Carried::UntilTheGatewayWent => bail!(
            "the gateway closed the connection; its log tells why: {}, or that of `toolgate up`",
            owner::log(launch).display()
        ),
    }
}

/// How the carrying ended.
#[derive(Debug, PartialEq, Eq)]
enum Carried {
    /// The client had nothing more to say, and everything was answered.
    ToTheEnd,
    /// The gateway went away before.
    UntilTheGatewayWent,
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

/// Carries bytes both ways, neither waiting for the other: the gateway may stop reading until its answers are taken.
/// The client's end of input is passed on; what is still answered then is carried out.
async fn carry(
    stream: BufReader<UnixStream>,
    input: impl AsyncRead + Unpin,
    output: impl AsyncWrite + Unpin,
) -> anyhow::Result<Carried> {
    let read_already = Cursor::new(stream.buffer().to_vec());
    let (from_gateway, to_gateway) = stream.into_inner().into_split();
    let mut sending = pin!(send(input, to_gateway));
    let mut receiving = pin!(receive(read_already.chain(from_gateway), output));
    let mut is_open = true;
    loop {
        tokio::select! {
            sent = &mut sending, if is_open => {
                sent?;
                is_open = false;
            }
            received = &mut receiving => {
                received?;
                return Ok(if is_open { Carried::UntilTheGatewayWent } else { Carried::ToTheEnd });
            }
        }
    }
}

/// Until the client has nothing more to say. Where the gateway is gone, its last words decide.
async fn send(mut input: impl AsyncRead + Unpin, mut gateway: OwnedWriteHalf) -> anyhow::Result<()> {
    let mut chunk = vec![0; CHUNK_BYTES];
    loop {
        let n_read = input.read(&mut chunk).await.context("reading standard input")?;
        let read = chunk.get(..n_read).unwrap_or_default();
        let written = if read.is_empty() { gateway.shutdown().await } else { gateway.write_all(read).await };
        match written {
            Ok(()) if read.is_empty() => return Ok(()),
            Ok(()) => {}
            Err(_) => std::future::pending().await,
        }
    }
}

/// Until the gateway has nothing more to say, or is gone.
async fn receive(
    mut gateway: impl AsyncRead + Unpin,
    mut output: impl AsyncWrite + Unpin,
) -> anyhow::Result<()> {
    let mut chunk = vec![0; CHUNK_BYTES];
    loop {
        let n_read = gateway.read(&mut chunk).await.unwrap_or(0);
        let Some(read) = chunk.get(..n_read).filter(|read| !read.is_empty()) else { return Ok(()) };
        output.write_all(read).await.context("writing standard output")?;
        output.flush().await.context("writing standard output")?;
    }
}

#[cfg(test)]
mod tests {
    use super::{Carried, carry};
    use testkit::wait::within;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, BufReader};
    use tokio::net::UnixStream;

    /// More than any socket buffers.
    const MANY_BYTES: usize = 8 << 20;

    #[tokio::test]
    async fn neither_direction_waits_for_the_other() {
        let (ours, mut theirs) = UnixStream::pair().unwrap();
        let gateway = tokio::spawn(async move {
            theirs.write_all(&vec![b'a'; MANY_BYTES]).await.unwrap();
            let mut said = Vec::new();
            theirs.read_to_end(&mut said).await.unwrap();
            said.len()
        });
        let (said, mut told) = (vec![b'b'; MANY_BYTES], Vec::new());
        let carried =
            within("both directions", carry(BufReader::new(ours), said.as_slice(), &mut told)).await;
        assert_eq!((carried.unwrap(), told.len()), (Carried::ToTheEnd, MANY_BYTES));
        assert_eq!(gateway.await.unwrap(), MANY_BYTES);
    }

    #[tokio::test]
    async fn a_gateway_that_goes_is_noticed() {
        let (ours, theirs) = UnixStream::pair().unwrap();
        let (_open, input) = tokio::io::duplex(64);
        drop(theirs);
        let carried = within("the end", carry(BufReader::new(ours), input, Vec::new())).await;
        assert_eq!(carried.unwrap(), Carried::UntilTheGatewayWent);
    }
}
