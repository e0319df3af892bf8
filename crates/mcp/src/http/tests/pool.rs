//! Tests of keeping, reusing, replacing and closing connections.

use super::{
    Ticks, accept, answer, json_reply, listen, post, post_text, read_request, read_to_close, take_note, text,
    upstream, upstream_with, within, write,
};
use crate::http::{Failure, Outgoing, Progress, Settings, Written};
use std::time::Duration;
use tokio::io::AsyncReadExt;
use tokio::sync::oneshot;

#[tokio::test]
async fn a_connection_is_used_again() {
    let (listener, url) = listen().await;
    let server = tokio::spawn(async move {
        let mut stream = accept(&listener).await;
        for n in 0..3 {
            answer(&mut stream, &json_reply(&n.to_string())).await;
        }
        read_to_close(&mut stream).await
    });
    let upstream = upstream(&url);
    for n in 0..3 {
        assert_eq!(post_text(&upstream).await, n.to_string());
        assert_eq!(upstream.n_idle(), 1);
    }
    drop(upstream);
    assert_eq!(server.await.unwrap(), 0, "dropping the upstream closes its connections");
}

#[tokio::test]
async fn bodies_of_every_framing_leave_the_connection_usable() {
    let replies = [
        "HTTP/1.1 202 Accepted\r\ncontent-length: 0\r\n\r\n",
        "HTTP/1.1 204 No Content\r\n\r\n",
        "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}",
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n0\r\nx-trailer: 1\r\n\r\n",
    ];
    let (listener, url) = listen().await;
    let server = tokio::spawn(async move {
        let mut stream = accept(&listener).await;
        for reply in replies {
            answer(&mut stream, reply).await;
        }
        stream
    });
    let upstream = upstream(&url);
    for reply in replies {
        let expected = if reply.contains("{}") { "{}" } else { "" };
        assert_eq!(post_text(&upstream).await, expected, "{reply}");
        assert_eq!(upstream.n_idle(), 1, "{reply}");
    }
    server.await.unwrap();
}

#[tokio::test]
async fn connections_that_end_with_their_reply_are_not_kept() {
    let replies = [
        "HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 2\r\n\r\n{}",
        "HTTP/1.0 200 OK\r\ncontent-length: 2\r\n\r\n{}",
        "HTTP/1.1 200 OK\r\n\r\n{}",
    ];
    for reply in replies {
        let (listener, url) = listen().await;
        let server = tokio::spawn(async move { answer(&mut accept(&listener).await, reply).await });
        let upstream = upstream(&url);
        assert_eq!(post_text(&upstream).await, "{}", "{reply}");
        assert_eq!(upstream.n_idle(), 0, "{reply}");
        server.await.unwrap();
    }
}

#[tokio::test]
async fn a_connection_closed_while_idle_is_replaced() {
    let (listener, url) = listen().await;
    let (close, closing) = oneshot::channel::<()>();
    let (closed, has_closed) = oneshot::channel();
    let server = tokio::spawn(async move {
        let mut first = accept(&listener).await;
        answer(&mut first, &json_reply("1")).await;
        closing.await.unwrap();
        drop(first);
        closed.send(()).unwrap();
        answer(&mut accept(&listener).await, &json_reply("2")).await.len() as u64
    });
    let upstream = upstream(&url);
    assert_eq!(post_text(&upstream).await, "1");
    assert_eq!(upstream.n_idle(), 1);
    close.send(()).unwrap();
    within(has_closed).await.unwrap();
    take_note().await;
    let progress = Progress::new();
    let reply = within(upstream.send(&Outgoing::post("{}"), &progress)).await.unwrap();
    assert_eq!(text(reply).await, "2");
    let n_sent = server.await.unwrap();
    assert!(matches!(progress.written(), Written::Some { bytes, .. } if bytes == n_sent), "{progress:?}");
}

#[tokio::test]
async fn a_half_written_message_is_not_sent_again() {
    let (listener, url) = listen().await;
    let server = tokio::spawn(async move {
        let mut stream = accept(&listener).await;
        answer(&mut stream, &json_reply("{}")).await;
        within(stream.read_exact(&mut [0; 100])).await.unwrap();
        drop(stream);
        listener
    });
    let upstream = upstream(&url);
    assert_eq!(post_text(&upstream).await, "{}");
    assert_eq!(upstream.n_idle(), 1);
    let message = Outgoing::post(vec![b'x'; 64 << 20]);
    let error = within(upstream.send(&message, &Progress::new())).await.unwrap_err();
    assert!(matches!(error.failure, Failure::Closed { .. }), "{error}");
    assert!(matches!(error.written, Written::Some { bytes: 100.., .. }), "{error:?}");
    assert_none_waits(server.await.unwrap());
}

#[tokio::test]
async fn a_message_that_was_read_is_not_sent_again() {
    let (listener, url) = listen().await;
    let server = tokio::spawn(async move {
        let mut stream = accept(&listener).await;
        answer(&mut stream, &json_reply("{}")).await;
        read_request(&mut stream).await.unwrap();
        drop(stream);
        listener
    });
    let upstream = upstream(&url);
    assert_eq!(post_text(&upstream).await, "{}");
    let error = post(&upstream).await.unwrap_err();
    assert!(matches!(error.failure, Failure::Closed { .. }), "{error}");
    assert!(matches!(error.written, Written::Some { .. }), "{error:?}");
    assert_none_waits(server.await.unwrap());
}

/// Fails when a client's connection waits to be accepted.
fn assert_none_waits(listener: tokio::net::TcpListener) {
    let listener = listener.into_std().unwrap();
    assert_eq!(listener.accept().unwrap_err().kind(), std::io::ErrorKind::WouldBlock);
}

#[tokio::test]
async fn bytes_that_nobody_asked_for_are_never_a_reply() {
    let (listener, url) = listen().await;
    let server = tokio::spawn(async move {
        let mut first = accept(&listener).await;
        answer(&mut first, &format!("{}{}", json_reply("1"), json_reply("\"smuggled\""))).await;
        let mut second = accept(&listener).await;
        answer(&mut second, &json_reply("2")).await;
    });
    let upstream = upstream(&url);
    assert_eq!(post_text(&upstream).await, "1");
    assert_eq!(upstream.n_idle(), 0);
    assert_eq!(post_text(&upstream).await, "2");
    server.await.unwrap();
}

#[tokio::test]
async fn idle_connections_are_bounded() {
    let (listener, url) = listen().await;
    let server = tokio::spawn(async move {
        let mut streams = [accept(&listener).await, accept(&listener).await, accept(&listener).await];
        for stream in &mut streams {
            answer(stream, &json_reply("{}")).await;
        }
        streams
    });
    let settings = Settings { max_idle: 2, ..Settings::default() };
    let upstream = upstream_with(&url, settings, &Ticks::default());
    let (a, b, c) = tokio::join!(post(&upstream), post(&upstream), post(&upstream));
    for reply in [a, b, c] {
        assert_eq!(text(reply.unwrap()).await, "{}");
    }
    assert_eq!(upstream.n_idle(), 2);
    drop(server.await.unwrap());
}

#[tokio::test]
async fn a_connection_that_was_idle_too_long_is_not_used() {
    let (listener, url) = listen().await;
    let server = tokio::spawn(async move {
        let mut first = accept(&listener).await;
        answer(&mut first, &json_reply("1")).await;
        let mut second = accept(&listener).await;
        answer(&mut second, &json_reply("2")).await;
        read_to_close(&mut first).await
    });
    let ticks = Ticks::default();
    let settings = Settings { idle_expiry: Duration::from_secs(3600), ..Settings::default() };
    let upstream = upstream_with(&url, settings, &ticks);
    assert_eq!(post_text(&upstream).await, "1");
    ticks.advance(3_600_000);
    assert_eq!(post_text(&upstream).await, "2");
    assert_eq!(server.await.unwrap(), 0);
}

#[tokio::test]
async fn idle_connections_are_closed_without_another_call() {
    let (listener, url) = listen().await;
    let server = tokio::spawn(async move {
        let mut stream = accept(&listener).await;
        answer(&mut stream, &json_reply("1")).await;
        read_to_close(&mut stream).await;
        let mut stream = accept(&listener).await;
        answer(&mut stream, &json_reply("2")).await;
        read_to_close(&mut stream).await;
    });
    let ticks = Ticks::default();
    let settings = Settings { idle_expiry: Duration::from_millis(20), ..Settings::default() };
    let upstream = upstream_with(&url, settings, &ticks);
    for expected in ["1", "2"] {
        assert_eq!(post_text(&upstream).await, expected);
        ticks.advance(20);
    }
    server.await.unwrap();
    assert_eq!(upstream.n_idle(), 0);
}

#[tokio::test]
async fn an_idle_connection_that_the_server_spoke_on_is_replaced() {
    let (listener, url) = listen().await;
    let (spoken, has_spoken) = oneshot::channel();
    let server = tokio::spawn(async move {
        let mut first = accept(&listener).await;
        answer(&mut first, &json_reply("1")).await;
        write(&mut first, "HTTP/1.1 408 Request Timeout\r\ncontent-length: 0\r\n\r\n").await;
        spoken.send(()).unwrap();
        let mut second = accept(&listener).await;
        answer(&mut second, &json_reply("2")).await;
    });
    let upstream = upstream(&url);
    assert_eq!(post_text(&upstream).await, "1");
    within(has_spoken).await.unwrap();
    take_note().await;
    assert_eq!(post_text(&upstream).await, "2");
    server.await.unwrap();
}
