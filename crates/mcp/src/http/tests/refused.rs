//! Tests of what is never taken for a reply, and of headers that are never sent.

use super::{Ticks, accept, answer, listen, post, read_to_close, upstream, upstream_with, within};
use crate::http::{
    Failure, HeaderError, HeaderValue, Outgoing, Plaintext, Progress, Settings, Target, Tls, Upstream,
    Written,
};
use hyper::header::HeaderName;

/// The error that a reply leads to; the connection must be closed after it.
async fn failure(reply: String, settings: Settings) -> Failure {
    let (listener, url) = listen().await;
    let shown: String = reply.chars().take(80).collect();
    let server = tokio::spawn(async move {
        let mut stream = accept(&listener).await;
        let request = answer(&mut stream, &reply).await;
        assert_eq!(read_to_close(&mut stream).await, 0);
        request.len() as u64
    });
    let upstream = upstream_with(&url, settings, &Ticks::default());
    let error = post(&upstream).await.expect_err(&shown);
    assert_eq!(upstream.n_idle(), 0, "{shown}");
    let n_sent = server.await.unwrap();
    assert!(matches!(error.written, Written::Some { bytes, .. } if bytes == n_sent), "{shown}: {error:?}");
    error.failure
}

async fn refused(head: &str) -> Failure {
    failure(format!("HTTP/1.1 {head}\r\ncontent-length: 0\r\n\r\n"), Settings::default()).await
}

#[tokio::test]
async fn redirects_are_not_followed() {
    for status in [300, 301, 302, 303, 304, 307, 308, 399] {
        let failure = refused(&format!("{status} Elsewhere\r\nlocation: http://127.0.0.1:1/secret")).await;
        assert!(matches!(failure, Failure::Redirect { status: got } if got == status), "{failure}");
        assert!(!failure.to_string().contains("secret"), "{failure}");
    }
}

#[tokio::test]
async fn encoded_replies_are_refused() {
    let heads = [
        "content-encoding: gzip",
        "content-encoding: identity, gzip",
        "content-encoding: identity\r\ncontent-encoding: br",
        "transfer-encoding: gzip, chunked",
    ];
    for head in heads {
        let failure = failure(format!("HTTP/1.1 200 OK\r\n{head}\r\n\r\n"), Settings::default()).await;
        assert!(matches!(failure, Failure::Encoded), "{head}: {failure}");
    }
}

#[tokio::test]
async fn another_protocol_is_refused() {
    let failure = failure(
        "HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n".to_owned(),
        Settings::default(),
    )
    .await;
    assert!(matches!(failure, Failure::Upgrade), "{failure}");
}

#[tokio::test]
async fn session_ids_that_cannot_be_sent_back_are_refused() {
    let too_long = "s".repeat(1025);
    for id in ["", "a b", "\u{e4}", "a\tb", "1\r\nmcp-session-id: 2", &too_long] {
        let failure = refused(&format!("200 OK\r\nmcp-session-id: {id}")).await;
        assert!(matches!(failure, Failure::SessionId), "{id}: {failure}");
    }
}

#[tokio::test]
async fn heads_are_bounded() {
    let many = "x: 1\r\n".repeat(101);
    let long = format!("x: {}\r\n", "y".repeat(4096));
    for headers in [many, long] {
        let settings = Settings { max_head_bytes: 4096, ..Settings::default() };
        let failure = failure(format!("HTTP/1.1 200 OK\r\n{headers}\r\n"), settings).await;
        assert!(matches!(failure, Failure::HeadTooLong { max_bytes: 4096 }), "{failure}");
    }
}

#[tokio::test]
async fn what_is_not_http_1_is_refused() {
    let replies = [
        "SSH-2.0-OpenSSH_9.2\r\n",
        "HTTP/2 200\r\n\r\n",
        "HTTP/1.1 20 OK\r\n\r\n",
        "HTTP/1.1 200 OK\r\nno colon\r\n\r\n",
        "HTTP/1.1 200 OK\r\nname : space\r\n\r\n",
        "HTTP/1.1 200 OK\r\na: b\r\n folded\r\n\r\n",
        "HTTP/1.1 200 OK\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\n",
        "HTTP/1.1 200 OK\r\ncontent-length: -1\r\n\r\n",
        "HTTP/1.0 200 OK\r\ntransfer-encoding: chunked\r\n\r\n",
    ];
    for reply in replies {
        let failure = failure(reply.to_owned(), Settings::default()).await;
        assert!(matches!(failure, Failure::Malformed { .. }), "{reply:?}: {failure}");
    }
}

#[tokio::test]
async fn an_end_before_the_reply_is_an_error() {
    for part in ["", "HTTP/1.1 200 OK\r\ncontent-len"] {
        let (listener, url) = listen().await;
        let server =
            tokio::spawn(async move { answer(&mut accept(&listener).await, part).await.len() as u64 });
        let error = post(&upstream(&url)).await.unwrap_err();
        assert!(matches!(error.failure, Failure::Closed { .. }), "{part:?}: {error}");
        let n_sent = server.await.unwrap();
        assert!(matches!(error.written, Written::Some { bytes, .. } if bytes == n_sent), "{error:?}");
    }
}

const RESERVED: &[&str] = &[
    "Host",
    "Content-Length",
    "Content-Type",
    "Content-Encoding",
    "Transfer-Encoding",
    "Connection",
    "Keep-Alive",
    "Proxy-Connection",
    "Upgrade",
    "Expect",
    "TE",
    "Trailer",
    "Accept",
    "Accept-Encoding",
];

#[tokio::test]
async fn headers_of_the_transport_cannot_be_set() {
    let (listener, url) = listen().await;
    for name in RESERVED {
        let name = HeaderName::from_bytes(name.as_bytes()).unwrap();
        let refused = HeaderError::Reserved { name: name.to_string() };
        let message = Outgoing::post("{}").header(name.clone(), HeaderValue::from_static("1"));
        let error = within(upstream(&url).send(&message, &Progress::new())).await.unwrap_err();
        assert!(matches!(&error.failure, Failure::Header(error) if *error == refused), "{name}: {error}");
        assert_eq!(error.written, Written::Nothing, "{name}");

        let mut settings = Settings::default();
        settings.headers.insert(name.clone(), HeaderValue::from_static("1"));
        let target = Target::parse(&url, Plaintext::LoopbackOnly).unwrap();
        let result = Upstream::new(target, settings, Tls::new(None), Ticks::default().clock());
        assert_eq!(result.err(), Some(refused), "{name}");
    }
    drop(listener);
}

#[tokio::test]
async fn headers_are_bounded() {
    let (listener, url) = listen().await;
    let name = |n: usize| HeaderName::from_bytes(format!("x-{n}").as_bytes()).unwrap();
    let value = HeaderValue::from_static("1");
    let message = (0..257).fold(Outgoing::post("{}"), |message, n| message.header(name(n), value.clone()));
    let upstream = upstream(&url);
    let error = within(upstream.send(&message, &Progress::new())).await.unwrap_err();
    assert!(error.to_string().contains("257 headers, at most 256"), "{error}");
    assert_eq!((error.written, upstream.origin()), (Written::Nothing, &*error.origin));

    let mut settings = Settings::default();
    settings.headers.extend((0..257).map(|n| (name(n), value.clone())));
    let target = Target::parse(&url, Plaintext::LoopbackOnly).unwrap();
    let result = Upstream::new(target, settings, Tls::new(None), Ticks::default().clock());
    assert_eq!(result.err(), Some(HeaderError::TooMany { n_headers: 257, max: 256 }));
    drop(listener);
}

#[test]
fn values_of_headers_are_not_printed() {
    let value = HeaderValue::from_static("secret");
    let mut settings = Settings::default();
    settings.headers.insert("authorization", value.clone());
    let message = Outgoing::post("secret").header(HeaderName::from_static("x-key"), value);
    let shown = format!("{settings:?} {message:?}");
    assert!(
        !shown.contains("secret") && shown.contains("authorization") && shown.contains("x-key"),
        "{shown}"
    );
}
