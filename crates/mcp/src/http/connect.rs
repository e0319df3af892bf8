//! Opens a connection: looks up the host, connects to one address after the other, and shakes hands over TLS.
//!
//! Must never: connect to an address that the target does not accept.

use super::error::{Failure, words};
use super::io::{Io, Meter, Metered};
use super::line::Line;
use super::target::{Host, Target};
use super::tls::Tls;
use super::written::Clock;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::time::timeout;

/// Everything that a new connection of one upstream needs.
pub(super) struct Connector {
    pub(super) target: Target,
    pub(super) tls: Arc<Tls>,
    pub(super) clock: Clock,
    pub(super) limit: Duration,
    pub(super) max_head_bytes: usize,
}

impl Connector {
    /// Opens a connection within the limit.
    pub(super) async fn open(&self) -> Result<Box<Line>, Failure> {
        let opening = timeout(self.limit, self.dial()).await;
        opening.map_err(|_| Failure::ConnectTimeout { limit: self.limit })?
    }

    async fn dial(&self) -> Result<Box<Line>, Failure> {
        let tcp = self.tcp(&self.addresses().await?).await?;
        tcp.set_nodelay(true).map_err(|error| Failure::Connect { why: error.to_string() })?;
        let meter = Meter::new(self.clock.clone());
        let io = self.secured(Metered::new(tcp, Arc::clone(&meter))).await?;
        Line::open(io, meter, self.max_head_bytes).await
    }

    async fn addresses(&self) -> Result<Vec<SocketAddr>, Failure> {
        let port = self.target.port;
        let found: Vec<SocketAddr> = match &self.target.host {
            Host::Address(address) => vec![SocketAddr::new(*address, port)],
            Host::Name(name) => {
                let found = tokio::net::lookup_host((name.as_str(), port)).await;
                found.map_err(|error| Failure::Lookup { why: error.to_string() })?.collect()
            }
        };
        let n_found = found.len();
        let accepted: Vec<SocketAddr> =
            found.into_iter().filter(|address| self.target.accepts(address)).collect();
        match (n_found, accepted.is_empty()) {
            (0, _) => Err(Failure::Lookup { why: "the name has no address".to_owned() }),
            (_, true) => Err(Failure::NotLoopback),
            (_, false) => Ok(accepted),
        }
    }

    /// The first address that answers; an address that stays silent leaves time for the next.
    async fn tcp(&self, addresses: &[SocketAddr]) -> Result<TcpStream, Failure> {
        let share = self.limit / u32::try_from(addresses.len()).unwrap_or(u32::MAX).max(1);
        let mut failure = Failure::ConnectTimeout { limit: self.limit };
        for address in addresses {
            match timeout(share, TcpStream::connect(address)).await {
                Ok(Ok(tcp)) => return Ok(tcp),
                Ok(Err(error)) => failure = Failure::Connect { why: error.to_string() },
                Err(_) => failure = Failure::ConnectTimeout { limit: self.limit },
            }
        }
        Err(failure)
    }

    async fn secured(&self, tcp: Metered) -> Result<Io, Failure> {
        let Some(server_name) = self.target.server_name.clone() else { return Ok(Io::Plain(tcp)) };
        let connector = self.tls.connector().await?;
        let stream = connector.connect(server_name, tcp).await;
        let stream = stream.map_err(|error| Failure::Tls { why: words(&error) })?;
        Ok(Io::Tls(Box::new(stream)))
    }
}
