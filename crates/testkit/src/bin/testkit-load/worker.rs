//! One keep-alive connection that asks, reads and checks.
//!
//! Must never: have more than one request in flight.

use crate::target::Target;
use std::sync::Arc;
use testkit::stopwatch::monotonic_ns;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// A connected worker.
pub struct Worker {
    target: Arc<Target>,
    stream: TcpStream,
    request: Vec<u8>,
    received: Vec<u8>,
}

/// Opens the connections.
pub async fn connect(target: &Arc<Target>, n_connections: usize) -> Result<Vec<Worker>, String> {
    let mut workers = Vec::new();
    for _ in 0..n_connections {
        let stream =
            TcpStream::connect(target.address).await.map_err(|error| format!("connecting: {error}"))?;
        stream.set_nodelay(true).map_err(|error| format!("connecting: {error}"))?;
        workers.push(Worker {
            target: target.clone(),
            stream,
            request: target.buffer(),
            received: Vec::with_capacity(4096),
        });
    }
    Ok(workers)
}

impl Worker {
    /// Makes the n-th request, checks its reply and gives the time that it took.
    pub async fn ask(&mut self, n: u64) -> Result<u64, String> {
        self.target.patch(&mut self.request, n);
        let start_ns = monotonic_ns();
        self.stream.write_all(&self.request).await.map_err(|error| format!("sending: {error}"))?;
        self.received.clear();
        loop {
            let n_read = self.stream.read_buf(&mut self.received).await;
            if n_read.map_err(|error| format!("receiving: {error}"))? == 0 {
                return Err("the connection was closed before a reply".into());
            }
            if let Some(n_used) = self.target.check(&self.received, n)? {
                let excess = self.received.len() - n_used;
                return if excess == 0 {
                    Ok(monotonic_ns() - start_ns)
                } else {
                    Err("more than one reply".into())
                };
            }
        }
    }
}
