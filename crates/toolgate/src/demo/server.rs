//! The imaging sample server as a whole: a real MCP server of both eras, to try a gateway against.
//! It listens on loopback only and must never be given real data.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

use super::http::{Endpoint, PATH};
use super::protocol::Sample;

/// A sample server that listens; it stops when this is dropped.
#[derive(Debug)]
pub struct SampleServer {
    address: SocketAddr,
    endpoint: Arc<Endpoint>,
    task: JoinHandle<()>,
}

impl SampleServer {
    /// Starts to listen; port 0 takes any free one.
    ///
    /// # Errors
    /// When the address is not loopback or is taken.
    pub async fn start(address: SocketAddr) -> std::io::Result<Self> {
        if !address.ip().is_loopback() {
            return Err(std::io::Error::other("the sample server listens on a loopback address only"));
        }
        let listener = TcpListener::bind(address).await?;
        let address = listener.local_addr()?;
        let endpoint = Arc::new(Endpoint::default());
        let task = tokio::spawn(accept(listener, Arc::clone(&endpoint)));
        Ok(Self { address, endpoint, task })
    }

    /// The URL of its endpoint.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}{PATH}", self.address)
    }

    /// What it keeps, to compare with what a gateway let through.
    #[must_use]
    pub fn sample(&self) -> &Sample {
        &self.endpoint.sample
    }

    /// Serves until the listener fails, which it does not on its own.
    pub async fn wait(mut self) {
        // The task neither panics nor ends by itself; an abort happens only in `drop`.
        let _ = (&mut self.task).await;
    }
}

impl Drop for SampleServer {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn accept(listener: TcpListener, endpoint: Arc<Endpoint>) {
    loop {
        match listener.accept().await {
            Ok((stream, _)) => {
                tokio::spawn(serve(stream, Arc::clone(&endpoint)));
            }
            // Out of descriptors, most likely: some come back when connections end.
            Err(_) => tokio::time::sleep(Duration::from_millis(20)).await,
        }
    }
}

async fn serve(stream: TcpStream, endpoint: Arc<Endpoint>) {
    let service = service_fn(|request| {
        let endpoint = Arc::clone(&endpoint);
        async move { Ok::<_, Infallible>(endpoint.serve(request).await) }
    });
    // Without Nagle's delay, because each answer is one small write. Failing to set it costs only time.
    let _ = stream.set_nodelay(true);
    let connection =
        http1::Builder::new().timer(TokioTimer::new()).serve_connection(TokioIo::new(stream), service);
    // A client that breaks off is no concern of a sample.
    let _ = connection.await;
}
