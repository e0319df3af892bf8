//! Accepts connections and serves each until it ends or the gateway shuts down.

use super::http::HttpFront;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use std::collections::HashMap;
use std::io;
use std::net::IpAddr;
use std::pin::pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};
use tokio_rustls::TlsAcceptor;

/// Connections at once.
const MAX_CONNECTIONS: usize = 10_000;
/// Of one address at most half of them: whoever takes all of its own leaves the others theirs.
const MAX_OF_ADDRESS: usize = MAX_CONNECTIONS / 2;
/// Time for the head of a request.
const HEAD_TIMEOUT: Duration = Duration::from_secs(30);
/// Time for a TLS handshake.
const TLS_TIMEOUT: Duration = Duration::from_secs(10);
/// Largest head of a request.
const MAX_HEAD_BYTES: usize = 64 << 10;
/// Pause after a failed accept, such as for want of file descriptors.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// Serves `listener` until `stop` says so, then lets open requests finish.
pub async fn serve(
    front: Arc<HttpFront>,
    listener: TcpListener,
    tls: Option<TlsAcceptor>,
    mut stop: watch::Receiver<bool>,
) {
    let room = Arc::new(Semaphore::new(MAX_CONNECTIONS));
    let addresses = Arc::new(Addresses { max: MAX_OF_ADDRESS, open: Mutex::default() });
    loop {
        let accepted = tokio::select! {
            _ = stop.wait_for(|stop| *stop) => break,
            accepted = listener.accept() => accepted,
        };
        let (stream, from) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                tracing::warn!(%error, "a connection could not be accepted");
                tokio::time::sleep(ACCEPT_PAUSE).await;
                continue;
            }
        };
        // Beyond the caps a connection is closed at once rather than left to wait.
        let Some(place) = addresses.place(from.ip()) else { continue };
        let Ok(permit) = Arc::clone(&room).try_acquire_owned() else { continue };
        let (front, tls, stop) = (Arc::clone(&front), tls.clone(), stop.clone());
        tokio::spawn(async move {
            if let Err(error) = connection(front, (stream, from.ip()), tls, stop).await {
                tracing::debug!(%error, "a connection ended");
            }
            drop((permit, place));
        });
    }
    drop(listener);
    // Every connection has a permit; all of them together mean that none is left.
    let all = u32::try_from(MAX_CONNECTIONS).unwrap_or(u32::MAX);
    drop(room.acquire_many(all).await);
}

/// The open connections of each address.
struct Addresses {
    max: usize,
    open: Mutex<HashMap<IpAddr, usize>>,
}

/// One of them; dropping it makes room.
struct Place(Arc<Addresses>, IpAddr);

impl Addresses {
    fn place(self: &Arc<Self>, address: IpAddr) -> Option<Place> {
        // What one host has of IPv6 is a network; IPv4 comes in two forms.
        let address = match address.to_canonical() {
            IpAddr::V6(address) => IpAddr::V6((address.to_bits() >> 64 << 64).into()),
            address @ IpAddr::V4(_) => address,
        };
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let n_open = open.entry(address).or_default();
        if *n_open >= self.max {
            return None;
        }
        *n_open += 1;
        Some(Place(Arc::clone(self), address))
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut open = self.0.open.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(n_open) = open.get_mut(&self.1) {
            *n_open -= 1;
            if *n_open == 0 {
                open.remove(&self.1);
            }
        }
    }
}

async fn connection(
    front: Arc<HttpFront>,
    (stream, from): (TcpStream, IpAddr),
    tls: Option<TlsAcceptor>,
    stop: watch::Receiver<bool>,
) -> io::Result<()> {
    stream.set_nodelay(true)?;
    match tls {
        None => exchange(front, from, stream, stop).await,
        Some(tls) => {
            let shaken = tokio::time::timeout(TLS_TIMEOUT, tls.accept(stream)).await;
            exchange(front, from, shaken.map_err(io::Error::other)??, stop).await
        }
    }
}

async fn exchange<S>(
    front: Arc<HttpFront>,
    from: IpAddr,
    stream: S,
    mut stop: watch::Receiver<bool>,
) -> io::Result<()>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    // Boxed, so that a connection that waits or streams does not hold the room that judging a message takes.
    let service = service_fn(move |request| Box::pin(Arc::clone(&front).serve(from, request)));
    let mut builder = http1::Builder::new();
    builder.timer(TokioTimer::new()).header_read_timeout(HEAD_TIMEOUT).max_buf_size(MAX_HEAD_BYTES);
    let mut connection = pin!(builder.serve_connection(TokioIo::new(stream), service));
    tokio::select! {
        ended = connection.as_mut() => return ended.map_err(io::Error::other),
        _ = stop.wait_for(|stop| *stop) => connection.as_mut().graceful_shutdown(),
    }
    connection.await.map_err(io::Error::other)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_address_has_so_many_and_gets_them_back() {
        let addresses = Arc::new(Addresses { max: 2, open: Mutex::default() });
        let place = |text: &str| addresses.place(text.parse().unwrap());
        let first = place("192.0.2.1");
        let _second = place("::ffff:192.0.2.1");
        assert!(place("192.0.2.1").is_none());
        assert!(place("192.0.2.2").is_some());
        drop(first);
        assert!(place("192.0.2.1").is_some());
        let _network = [place("2001:db8::1"), place("2001:db8::2")];
        assert!(place("2001:db8::3").is_none());
        assert!(place("2001:db8:0:1::3").is_some());
        assert_eq!(addresses.open.lock().unwrap().len(), 2, "what is not used is not held");
    }
}
