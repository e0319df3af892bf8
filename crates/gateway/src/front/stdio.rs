//! The front of a client that speaks MCP in lines: `wrap` carries them here from its standard streams.
//! One connection is one client: its first request settles the era, and its lane is its own.

use super::client::{Client, LAST_WORDS, Next};
use crate::gateway::Gateway;
use crate::session::{Session, mint_id};
use crate::upstream::{Restart, Server};
use bytes::BytesMut;
use mcp::stdio::{Framer, TooLong};
use std::io;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::sync::mpsc;
use tokio::time::timeout;

/// A client that takes no byte for so long is given up: what waits for it is held in memory.
const WRITE_TIMEOUT: Duration = Duration::from_secs(5 * 60);

/// Serves one client until its input ends, then ends what is its own.
///
/// # Errors
/// Where its streams fail, or there are no random bytes.
pub async fn serve(
    gateway: Arc<Gateway>,
    grant: Arc<str>,
    server: Arc<Server>,
    input: impl AsyncRead + Unpin,
    output: impl AsyncWrite + Unpin + Send + 'static,
) -> io::Result<()> {
    let id = mint_id().map_err(io::Error::other)?;
    // The era decides whether a process may be started again, and is not known yet; a client that meets a dead
    // process connects anew.
    let lane = server.own_lane(Restart::Never, None);
    let now_ms = gateway.now_ms();
    let session = Arc::new(Session::new(id, Arc::clone(&grant), Arc::clone(&server), lane, now_ms));
    let (mut client, lines) = Client::new(Arc::clone(&gateway), session);
    let writing = tokio::spawn(write(output, lines));
    let ended = read(&gateway, &mut client, input).await;
    client.finish().await;
    drop(client);
    // The writer ends when the last sender is gone; what it still holds is written first.
    let _ = timeout(LAST_WORDS, writing).await;
    ended
}

async fn read(gateway: &Gateway, client: &mut Client, mut input: impl AsyncRead + Unpin) -> io::Result<()> {
    let mut framer = Framer::new(gateway.bounds.max_body_bytes.saturating_add(1), TooLong::Cut);
    let mut buffer = BytesMut::with_capacity(16 << 10);
    let session = Arc::clone(&client.session);
    let mut revoked = std::pin::pin!(gateway.access_lost(&session.grant, &session.server));
    loop {
        buffer.clear();
        let n_read = tokio::select! {
            () = session.closed() => return Ok(()),
            () = &mut revoked => {
                client.grant_gone("null").await;
                return Ok(());
            }
            n_read = input.read_buf(&mut buffer) => n_read?,
        };
        if n_read == 0 {
            // The last line may lack its end.
            if let Some(line) = framer.end_line() {
                client.take(line).await;
            }
            return Ok(());
        }
        let mut chunk = &buffer[..];
        while let Some(line) = framer.next_line(&mut chunk) {
            if client.take(line).await == Next::End {
                return Ok(());
            }
        }
    }
}

async fn write(mut output: impl AsyncWrite + Unpin, mut lines: mpsc::Receiver<Vec<u8>>) {
    while let Some(line) = lines.recv().await {
        if put(&mut output, &line).await.is_err() {
            return;
        }
    }
}

/// Writes one line, as long as the client goes on reading.
async fn put(output: &mut (impl AsyncWrite + Unpin), line: &[u8]) -> io::Result<()> {
    let mut rest = line;
    while !rest.is_empty() {
        let n_written = timeout(WRITE_TIMEOUT, output.write(rest)).await.map_err(io::Error::other)??;
        if n_written == 0 {
            return Err(io::ErrorKind::WriteZero.into());
        }
        rest = rest.get(n_written..).unwrap_or_default();
    }
    timeout(WRITE_TIMEOUT, output.flush()).await.map_err(io::Error::other)?
}
