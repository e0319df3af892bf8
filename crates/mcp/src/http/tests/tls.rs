//! Tests of https with a certificate authority of the test's own.

use super::{Ticks, accept, answer, json_reply, post, read_to_close, text, within};
use crate::http::{
    Failure, Outgoing, Plaintext, Progress, SendError, Settings, Target, Tls, Upstream, Written,
};
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};
use rustls::ServerConfig;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use std::io::Write;
use std::sync::Arc;
use tempfile::NamedTempFile;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

/// A certificate authority in a file, and an acceptor with a certificate of it for one name.
fn authority(name: &str) -> (NamedTempFile, TlsAcceptor) {
    let ca_key = KeyPair::generate().unwrap();
    let mut ca = CertificateParams::new(Vec::new()).unwrap();
    ca.distinguished_name.push(DnType::CommonName, format!("authority for {name}"));
    ca.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let ca_certificate = ca.self_signed(&ca_key).unwrap();
    let mut file = NamedTempFile::new().unwrap();
    file.write_all(ca_certificate.pem().as_bytes()).unwrap();

    let key = KeyPair::generate().unwrap();
    let params = CertificateParams::new(vec![name.to_owned()]).unwrap();
    let certificate = params.signed_by(&key, &Issuer::new(ca, ca_key)).unwrap();
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder =
        ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let config = builder.with_no_client_auth().with_single_cert(vec![certificate.der().clone()], key);
    (file, TlsAcceptor::from(Arc::new(config.unwrap())))
}

fn trusting(url: &str, tls: Arc<Tls>) -> Upstream {
    let target = Target::parse(url, Plaintext::LoopbackOnly).unwrap();
    Upstream::new(target, Settings::default(), tls, Ticks::default().clock()).unwrap()
}

async fn listen(host: &str) -> (TcpListener, String) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("https://{host}:{}/", listener.local_addr().unwrap().port());
    (listener, url)
}

#[tokio::test]
async fn speaks_https_to_a_server_of_a_configured_authority() {
    for host in ["localhost", "127.0.0.1"] {
        let (file, acceptor) = authority(host);
        let (listener, url) = listen(host).await;
        let server = tokio::spawn(async move {
            let mut stream = within(acceptor.accept(accept(&listener).await)).await.unwrap();
            let alpn = stream.get_ref().1.alpn_protocol().map(<[u8]>::to_vec);
            assert_eq!(alpn, None, "the test's server offers none");
            let first = answer(&mut stream, &json_reply("1")).await.len() as u64;
            answer(&mut stream, &json_reply("2")).await;
            (first, read_to_close(&mut stream).await)
        });
        let upstream = trusting(&url, Tls::new(Some(file.path().to_owned())));
        let progress = Progress::new();
        let reply = within(upstream.send(&Outgoing::post("{}"), &progress)).await.unwrap();
        assert_eq!(text(reply).await, "1");
        assert_eq!(text(post(&upstream).await.unwrap()).await, "2", "the connection is used again");
        drop(upstream);
        let (n_plain, n_rest) = server.await.unwrap();
        assert_eq!(n_rest, 0);
        // One record: header 5, content type 1, tag 16; nothing of the handshake.
        assert!(
            matches!(progress.written(), Written::Some { bytes, .. } if bytes == n_plain + 22),
            "{progress:?}"
        );
    }
}

#[tokio::test]
async fn a_body_that_ends_with_the_connection_ends_with_a_farewell_or_was_cut() {
    for farewell in [true, false] {
        let (file, acceptor) = authority("localhost");
        let (listener, url) = listen("localhost").await;
        let server = tokio::spawn(async move {
            let mut stream = within(acceptor.accept(accept(&listener).await)).await.unwrap();
            answer(&mut stream, "HTTP/1.1 200 OK\r\n\r\n{\"a\":").await;
            if farewell {
                within(stream.shutdown()).await.unwrap();
            }
        });
        let upstream = trusting(&url, Tls::new(Some(file.path().to_owned())));
        let result = within(post(&upstream).await.unwrap().body.collect(100)).await;
        server.await.unwrap();
        assert_eq!(result.is_ok(), farewell, "{result:?}");
    }
}

/// What a client says that does not trust the server.
async fn refusal(certificate_for: &str, tls: impl FnOnce(&NamedTempFile) -> Arc<Tls>) -> SendError {
    let (file, acceptor) = authority(certificate_for);
    let (listener, url) = listen("localhost").await;
    let server = tokio::spawn(async move {
        let error = within(acceptor.accept(accept(&listener).await)).await.err();
        error.expect("no connection comes to be").to_string()
    });
    let upstream = trusting(&url, tls(&file));
    let error = post(&upstream).await.unwrap_err();
    assert_eq!(error.written, Written::Nothing, "a handshake is no part of a message");
    drop(upstream);
    server.await.unwrap();
    error
}

#[tokio::test]
async fn a_server_that_is_not_trusted_gets_nothing() {
    let other = authority("elsewhere.example").0;
    let unknown = refusal("localhost", |_| Tls::new(Some(other.path().to_owned()))).await;
    assert!(unknown.to_string().contains("UnknownIssuer"), "{unknown}");
    assert!(matches!(unknown.failure, Failure::Tls { .. }), "{unknown:?}");

    let other_name = refusal("example.com", |file| Tls::new(Some(file.path().to_owned()))).await;
    assert!(other_name.to_string().contains("not valid for name"), "{other_name}");
    assert!(matches!(other_name.failure, Failure::Tls { .. }), "{other_name:?}");
}

#[tokio::test]
async fn authorities_that_cannot_be_read_are_named() {
    let empty = NamedTempFile::new().unwrap();
    let missing = empty.path().with_extension("missing");
    for (path, expected) in [(empty.path().to_owned(), "no certificate"), (missing, "o such file")] {
        let (listener, url) = listen("localhost").await;
        let error = post(&trusting(&url, Tls::new(Some(path.clone())))).await.unwrap_err();
        assert!(matches!(error.failure, Failure::Authorities { .. }), "{error}");
        let text = error.to_string();
        assert!(text.contains(&*path.to_string_lossy()) && text.contains(expected), "{text}");
        drop(listener);
    }
}
