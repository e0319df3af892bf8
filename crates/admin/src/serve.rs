//! Serves the API: all of it on the local socket, what is open on the port.
//! A slow or endless client must never keep others, or the shutdown, waiting.

use crate::api;
use crate::registry::Registry;
use axum::Router;
use axum::body::Body;
use axum::serve::Listener;
use hyper::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, UnixListener};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tower::ServiceExt as _;

/// Connections at once; more are closed.
const MAX_CONNECTIONS: usize = 256;
/// Time for the head of a request.
const HEAD_TIMEOUT: Duration = Duration::from_secs(10);
/// Largest head of a request.
const MAX_HEAD_BYTES: usize = 16 << 10;

/// Serves the whole API on the local socket until the task is ended.
pub async fn serve_socket(registry: Arc<Registry>, listener: UnixListener) {
    let (_never, stop) = watch::channel(false);
    serve(api::local(registry), listener, stop).await;
}

/// Serves what is open on the admin port until `stop` says so, then lets open requests finish.
pub async fn serve_port(registry: Arc<Registry>, listener: TcpListener, stop: watch::Receiver<bool>) {
    serve(api::port(registry), listener, stop).await;
}

async fn serve<L: Listener>(router: Router, mut listener: L, mut stop: watch::Receiver<bool>) {
    // Dropped together with this future, so that no connection outlives the server.
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            () = stopped(&mut stop) => break,
            Some(_) = connections.join_next() => {}
            (stream, _) = listener.accept() => {
                if connections.len() < MAX_CONNECTIONS {
                    connections.spawn(connection(router.clone(), stream, stop.clone()));
                }
            }
        }
    }
    drop(listener);
    while connections.join_next().await.is_some() {}
}

async fn connection<S: AsyncRead + AsyncWrite + Unpin>(
    router: Router,
    stream: S,
    mut stop: watch::Receiver<bool>,
) {
    let service =
        service_fn(move |request: Request<Incoming>| router.clone().oneshot(request.map(Body::new)));
    let mut builder = http1::Builder::new();
    builder.timer(TokioTimer::new()).header_read_timeout(HEAD_TIMEOUT).max_buf_size(MAX_HEAD_BYTES);
    let mut connection = pin!(builder.serve_connection(TokioIo::new(stream), service));
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        () = stopped(&mut stop) => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%error, "an administration connection ended");
    }
}

/// Resolves when it is time to stop, also when nobody is left to say so.
async fn stopped(stop: &mut watch::Receiver<bool>) {
    drop(stop.wait_for(|stop| *stop).await);
}
