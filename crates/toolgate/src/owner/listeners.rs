//! The ports: agents on one, administration on another, which is loopback only.

use crate::config::settings::{Settings, Tls};
use admin::Registry;
use admin::action::status::Endpoints;
use anyhow::{Context as _, anyhow};
use gateway::Gateway;
use gateway::front::http::HttpFront;
use gateway::front::listener;
use mcp::headers::hosts::AllowList;
use std::fmt::Display;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinSet;

/// Longest wait for calls under way at shutdown; a process manager usually kills after thirty seconds.
const GRACE: Duration = Duration::from_secs(10);
/// Longest wait for questions about health and metrics after that.
const ADMIN_GRACE: Duration = Duration::from_secs(1);

/// Bound ports that are not served yet.
#[derive(Debug)]
pub struct Listening {
    agents: TcpListener,
    admin: TcpListener,
    agents_address: SocketAddr,
    admin_address: SocketAddr,
}

impl Listening {
    /// Binds both ports.
    ///
    /// # Errors
    /// Where one is taken or not allowed.
    pub async fn bind(settings: &Settings) -> anyhow::Result<Self> {
        let agents = bind(settings.listen, "listen").await?;
        let admin = bind(settings.admin_listen, "admin_listen").await?;
        let (agents_address, admin_address) = (agents.local_addr()?, admin.local_addr()?);
        Ok(Self { agents, admin, agents_address, admin_address })
    }

    /// Where both are reached.
    #[must_use]
    pub fn endpoints(&self, is_tls: bool) -> Endpoints {
        let scheme = if is_tls { "https" } else { "http" };
        Endpoints {
            mcp: Some(format!("{scheme}://{}/mcp", self.agents_address)),
            admin: Some(format!("http://{}", self.admin_address)),
        }
    }

    /// Serves both ports.
    ///
    /// # Errors
    /// Where the certificate or the allow-lists cannot be used.
    pub fn serve(
        self,
        gateway: &Arc<Gateway>,
        registry: &Arc<Registry>,
        settings: &Settings,
    ) -> anyhow::Result<Ports> {
        let tls = settings.tls.as_ref().map(tls).transpose()?;
        let allowed = allow_list(settings, self.agents_address)?;
        let front = Arc::new(HttpFront { gateway: Arc::clone(gateway), allowed });
        let registry = Arc::clone(registry);
        Ok(Ports {
            agents: Port::open(|stop| listener::serve(front, self.agents, tls, stop)),
            admin: Port::open(|stop| admin::serve_port(registry, self.admin, stop)),
        })
    }
}

/// Both ports while they are served.
#[derive(Debug)]
pub struct Ports {
    agents: Port,
    admin: Port,
}

#[derive(Debug)]
struct Port {
    stop: watch::Sender<bool>,
    serving: JoinSet<()>,
}

impl Ports {
    /// Lets nothing new in and waits for the calls under way. Until they have ended, or had their time, the admin
    /// port answers, so that whoever watches `/readyz` learns of the shutdown. Returns whether all ended.
    pub async fn end(self) -> bool {
        let have_ended = self.agents.end(GRACE).await;
        self.admin.end(ADMIN_GRACE).await;
        have_ended
    }
}

impl Port {
    fn open<F: Future<Output = ()> + Send + 'static>(serve: impl FnOnce(watch::Receiver<bool>) -> F) -> Self {
        let (stop, stopped) = watch::channel(false);
        let mut serving = JoinSet::new();
        serving.spawn(serve(stopped));
        Self { stop, serving }
    }

    async fn end(mut self, patience: Duration) -> bool {
        self.stop.send_replace(true);
        let has_ended = tokio::time::timeout(patience, self.serving.join_next()).await.is_ok();
        self.serving.shutdown().await;
        has_ended
    }
}

async fn bind(address: SocketAddr, key: &str) -> anyhow::Result<TcpListener> {
    use std::io::ErrorKind::{AddrInUse, AddrNotAvailable, PermissionDenied};
    let failed = match TcpListener::bind(address).await {
        Ok(listener) => return Ok(listener),
        Err(error) => error,
    };
    let kind = failed.kind();
    let why = if kind == AddrInUse {
        format!("another process listens there; set `{key}` to a free port")
    } else if kind == PermissionDenied {
        format!("this user may not; set `{key}` to a port from 1024 on")
    } else if kind == AddrNotAvailable {
        format!("this machine has no such address; correct `{key}`")
    } else {
        failed.to_string()
    };
    Err(anyhow!("listening on {address}: {why}"))
}

/// Loopback names with any port, the address itself, and what the operator lists.
fn allow_list(settings: &Settings, address: SocketAddr) -> anyhow::Result<AllowList> {
    let loopback = ["localhost:*", "127.0.0.1:*", "[::1]:*"].map(str::to_owned);
    let mut hosts = settings.allowed_hosts.clone();
    let mut origins = settings.allowed_origins.clone();
    if address.ip().is_loopback() {
        origins
            .extend(loopback.iter().flat_map(|name| [format!("http://{name}"), format!("https://{name}")]));
        hosts.extend(loopback);
    } else {
        hosts.push(address.to_string());
    }
    AllowList::new(&hosts, &origins).context("reading `allowed_hosts` and `allowed_origins`")
}

fn tls(files: &Tls) -> anyhow::Result<tokio_rustls::TlsAcceptor> {
    use rustls::pki_types::pem::PemObject as _;
    use rustls::pki_types::{CertificateDer, PrivateKeyDer};
    let unusable = |key: &str, path: &Path, why: &dyn Display, what: &str| {
        anyhow!("`tls.{key}`: reading `{}`: {why}; name a PEM file with {what}", path.display())
    };
    let chain = CertificateDer::pem_file_iter(&files.cert)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .map_err(|error| unusable("cert", &files.cert, &error, "the certificate and its chain"))?;
    if chain.is_empty() {
        return Err(unusable("cert", &files.cert, &"it holds none", "the certificate and its chain"));
    }
    let key = PrivateKeyDer::from_pem_file(&files.key)
        .map_err(|error| unusable("key", &files.key, &error, "the certificate's private key"))?;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .context("setting up TLS")?
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .map_err(|error| anyhow!("setting up TLS: {error}; do `tls.cert` and `tls.key` belong together?"))?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(tokio_rustls::TlsAcceptor::from(Arc::new(config)))
}
