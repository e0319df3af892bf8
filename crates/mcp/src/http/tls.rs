//! The certificate authorities that upstreams are trusted by, read when the first https connection needs them.
//!
//! Must never: turn verification off, or be satisfied with an empty set of authorities.

use super::error::Failure;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tokio::sync::OnceCell;
use tokio_rustls::TlsConnector;

/// The machine's certificate authorities and perhaps one more file of them. Make one per file and share it: each
/// holds its own copy once it was used.
pub struct Tls {
    ca_file: Option<PathBuf>,
    config: OnceCell<Arc<ClientConfig>>,
}

impl Tls {
    /// Trusts the machine's authorities and, if given, those of a PEM file. Reads nothing yet.
    #[must_use]
    pub fn new(ca_file: Option<PathBuf>) -> Arc<Tls> {
        Arc::new(Tls { ca_file, config: OnceCell::new() })
    }

    /// What connects; a failure to read the authorities is tried again at the next connection.
    pub(super) async fn connector(&self) -> Result<TlsConnector, Failure> {
        let config = self.config.get_or_try_init(|| load(self.ca_file.clone())).await?;
        Ok(TlsConnector::from(Arc::clone(config)))
    }
}

impl fmt::Debug for Tls {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Tls").field("ca_file", &self.ca_file).finish_non_exhaustive()
    }
}

async fn load(ca_file: Option<PathBuf>) -> Result<Arc<ClientConfig>, Failure> {
    let reading = tokio::task::spawn_blocking(move || read(ca_file.as_deref()));
    let stopped = |_| Failure::Authorities { why: "reading them was stopped".to_owned() };
    reading.await.map_err(stopped)?.map_err(|why| Failure::Authorities { why })
}

fn read(ca_file: Option<&Path>) -> Result<Arc<ClientConfig>, String> {
    let mut roots = RootCertStore::empty();
    let native = rustls_native_certs::load_native_certs();
    for error in &native.errors {
        tracing::debug!(%error, "reading the machine's certificate authorities");
    }
    let (n_added, n_ignored) = roots.add_parsable_certificates(native.certs);
    tracing::debug!(n_added, n_ignored, "read the machine's certificate authorities");
    if let Some(path) = ca_file {
        add_file(&mut roots, path).map_err(|why| format!("`{}`: {why}", path.display()))?;
    }
    if roots.is_empty() {
        return Err("none found; install the package `ca-certificates` or configure a CA file".to_owned());
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    let builder = builder.map_err(|error| error.to_string())?;
    let mut config = builder.with_root_certificates(roots).with_no_client_auth();
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(Arc::new(config))
}

fn add_file(roots: &mut RootCertStore, path: &Path) -> Result<(), String> {
    let before = roots.len();
    for certificate in CertificateDer::pem_file_iter(path).map_err(|error| error.to_string())? {
        let certificate = certificate.map_err(|error| error.to_string())?;
        roots.add(certificate).map_err(|error| error.to_string())?;
    }
    if roots.len() == before { Err("it holds no certificate in PEM form".to_owned()) } else { Ok(()) }
}
