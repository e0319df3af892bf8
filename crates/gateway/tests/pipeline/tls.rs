//! TLS on both sides: one gateway is the server of another.

use crate::support::{ALLOW, Running, Test, text};
use gateway::declared::{Setting, Transport};
use gateway::front::http::HttpFront;
use gateway::front::listener;
use mcp::headers::hosts::AllowList;
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use rustls::ServerConfig;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use testkit::{RawClient, Tool};
use tokio_rustls::TlsAcceptor;

/// A certificate authority as PEM, and an acceptor with a certificate of it for 127.0.0.1.
fn authority() -> (String, TlsAcceptor) {
    let ca_key = KeyPair::generate().unwrap();
    let mut ca = CertificateParams::new(Vec::new()).unwrap();
    ca.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let pem = ca.self_signed(&ca_key).unwrap().pem();
    let key = KeyPair::generate().unwrap();
    let params = CertificateParams::new(vec!["127.0.0.1".to_owned()]).unwrap();
    let certificate = params.signed_by(&key, &Issuer::new(ca, ca_key)).unwrap();
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder =
        ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let config = builder.with_no_client_auth().with_single_cert(vec![certificate.der().clone()], key);
    (pem, TlsAcceptor::from(Arc::new(config.unwrap())))
}

/// Serves the gateway over TLS too.
async fn serve(inner: &Running, acceptor: TlsAcceptor) -> SocketAddr {
    let socket = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = socket.local_addr().unwrap();
    let front = HttpFront { gateway: Arc::clone(&inner.gateway), allowed: AllowList::loopback() };
    tokio::spawn(listener::serve(Arc::new(front), socket, Some(acceptor), inner.stop.subscribe()));
    address
}

/// A call through a gateway whose server is the inner gateway's TLS port.
async fn call_through(inner: &Running, address: SocketAddr, authority: &str) -> (Value, Vec<String>) {
    let mut outer = Test::new().policy(ALLOW).start().await;
    let ca_file: PathBuf = outer.folder.path().join("ca.pem");
    std::fs::write(&ca_file, authority).unwrap();
    let headers =
        BTreeMap::from([("Authorization".to_owned(), Setting::Literal(format!("Bearer {}", inner.token)))]);
    let url = format!("https://{address}{}", Running::PATH);
    outer.change(|declared| {
        declared.servers[0].transport =
            Transport::Http { url, headers, ca_file: Some(ca_file), insecure: false };
    });
    let answer = outer.call("copy", json!({"a": 1})).await;
    (answer, outer.books().outcomes().into_iter().map(str::to_owned).collect())
}

#[tokio::test]
async fn a_call_passes_two_gateways_over_tls() {
    let inner = Test::new().policy(ALLOW).tool(Tool::new("copy")).start().await;
    let (pem, acceptor) = authority();
    let address = serve(&inner, acceptor).await;
    let (answer, outcomes) = call_through(&inner, address, &pem).await;
    assert_eq!((text(&answer), outcomes), ("ok", vec!["answered".to_owned()]));
    assert_eq!(inner.upstream.calls()[0].arguments(), &json!({"a": 1}));
    assert_eq!(inner.books().outcomes(), ["answered"]);
}

#[tokio::test]
async fn another_authority_and_plain_http_get_nothing() {
    let inner = Test::new().policy(ALLOW).tool(Tool::new("copy")).start().await;
    let address = serve(&inner, authority().1).await;
    let (answer, outcomes) = call_through(&inner, address, &authority().0).await;
    assert!(answer["error"]["message"].as_str().unwrap().contains("TLS handshake failed"), "{answer}");
    assert!(outcomes.is_empty());
    let mut plain = RawClient::connect(address).await;
    plain.send("GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n").await;
    assert!(!String::from_utf8_lossy(&plain.closed().await).contains("HTTP/1.1"));
    assert!(inner.upstream.messages().is_empty());
}
