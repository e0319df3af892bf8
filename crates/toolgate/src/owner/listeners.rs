//! The ports: agents on one, administration on another, which is loopback only.

use crate::config::settings::{Settings, Tls};
use admin::Registry;
use anyhow::{Context as _, anyhow};
use gateway::Gateway;
use gateway::front::http::HttpFront;
use gateway::front::listener;
use mcp::headers::hosts::AllowList;
use std::net::SocketAddr;
use std::sync::Arc;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinSet;

/// Bound ports that are not served yet.
#[derive(Debug)]
pub struct Listening {
    agents: TcpListener,
    admin: TcpListener,
    /// Where agents connect.
    pub agents_address: SocketAddr,
    /// Where administration listens.
    pub admin_address: SocketAddr,
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

    /// Serves both ports.
    ///
    /// # Errors
    /// Where the certificate or the allow-lists cannot be used.
    pub fn serve(
        self,
        serving: &mut JoinSet<()>,
        gateway: &Arc<Gateway>,
        registry: &Arc<Registry>,
        settings: &Settings,
        stop: &watch::Sender<bool>,
    ) -> anyhow::Result<()> {
        let tls = settings.tls.as_ref().map(tls).transpose()?;
        let allowed = allow_list(settings, self.agents_address)?;
        let front = Arc::new(HttpFront { gateway: Arc::clone(gateway), allowed });
        serving.spawn(listener::serve(front, self.agents, tls, stop.subscribe()));
        let registry = Arc::clone(registry);
        let stop = stop.subscribe();
        serving.spawn(async move { admin::serve_port(registry, self.admin, stop).await });
        Ok(())
    }
}

async fn bind(address: SocketAddr, key: &str) -> anyhow::Result<TcpListener> {
    let doing = || format!("listening on {address}; is another process there? set `{key}` to a free port");
    TcpListener::bind(address).await.with_context(doing)
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
    let reading = |path: &std::path::Path| format!("reading `{}`", path.display());
    let chain = CertificateDer::pem_file_iter(&files.cert)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .map_err(|error| anyhow!("{}: {error}", reading(&files.cert)))?;
    let key = PrivateKeyDer::from_pem_file(&files.key)
        .map_err(|error| anyhow!("{}: {error}", reading(&files.key)))?;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .context("setting up TLS")?
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .context("setting up TLS; do certificate and key belong together?")?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(tokio_rustls::TlsAcceptor::from(Arc::new(config)))
}
