//! Tests of bodies: streamed as they come, no faster than they are pulled, and never ended early without an error.

use super::{
    accept, answer, json_reply, listen, post, post_text, read_request, read_to_close, take_note, text,
    upstream, within, write,
};
use crate::http::{BodyError, Content, Outgoing, Progress};
use std::io::ErrorKind;
use tokio::net::TcpStream;
use tokio::sync::{mpsc, oneshot};

const EVENTS: &str =
    "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n";

fn chunk(data: &str) -> String {
    format!("{:x}\r\n{data}\r\n", data.len())
}

#[tokio::test]
async fn events_come_one_by_one() {
    let (listener, url) = listen().await;
    let (more, mut asked) = mpsc::channel::<()>(1);
    let server = tokio::spawn(async move {
        let mut stream = accept(&listener).await;
        let request = answer(&mut stream, EVENTS).await;
        for n in 0..3 {
            within(asked.recv()).await.unwrap();
            write(&mut stream, &chunk(&format!("data: {n}\n\n"))).await;
        }
        write(&mut stream, "0\r\n\r\n").await;
        answer(&mut stream, &json_reply("\"next\"")).await;
        request
    });
    let upstream = upstream(&url);
    let mut reply = within(upstream.send(&Outgoing::get(), &Progress::new())).await.unwrap();
    assert_eq!(reply.content, Content::EventStream);
    for n in 0..3 {
        assert_eq!(upstream.n_idle(), 0);
        more.send(()).await.unwrap();
        let event = within(reply.body.next()).await.unwrap().unwrap();
        assert_eq!(event, format!("data: {n}\n\n"));
    }
    assert_eq!(within(reply.body.next()).await, None);
    assert_eq!(within(reply.body.next()).await, None, "the end is the end");
    assert_eq!(post_text(&upstream).await, "\"next\"", "the connection is used again");
    assert!(server.await.unwrap().starts_with("GET "));
}

#[tokio::test]
async fn waiting_for_a_frame_can_be_given_up_and_taken_up_again() {
    let (listener, url) = listen().await;
    let (more, asked) = oneshot::channel::<()>();
    let server = tokio::spawn(async move {
        let mut stream = accept(&listener).await;
        answer(&mut stream, EVENTS).await;
        asked.await.unwrap();
        write(&mut stream, &format!("{}0\r\n\r\n", chunk("a"))).await;
    });
    let mut reply = post(&upstream(&url)).await.unwrap();
    tokio::select! {
        biased;
        frame = reply.body.next() => panic!("{frame:?}"),
        () = std::future::ready(()) => {}
    }
    more.send(()).unwrap();
    assert_eq!(within(reply.body.next()).await.unwrap().unwrap(), "a");
    assert_eq!(within(reply.body.next()).await, None);
    server.await.unwrap();
}

/// Writes until the kernel takes no more; the number of bytes.
fn fill(stream: &TcpStream, pending: &mut Vec<u8>, piece: &[u8]) -> usize {
    let mut n_written = 0;
    loop {
        if pending.is_empty() {
            pending.extend_from_slice(piece);
        }
        match stream.try_write(pending) {
            Ok(n) => {
                pending.drain(..n);
                n_written += n;
            }
            Err(error) if error.kind() == ErrorKind::WouldBlock => return n_written,
            Err(error) => panic!("{error}"),
        }
    }
}

#[tokio::test]
async fn a_body_that_nobody_pulls_is_not_read() {
    let (listener, url) = listen().await;
    let piece = chunk(&"x".repeat(60_000));
    let (full, is_full) = oneshot::channel();
    let (again, try_again) = oneshot::channel::<()>();
    let server = tokio::spawn(async move {
        let mut stream = accept(&listener).await;
        read_request(&mut stream).await.unwrap();
        write(&mut stream, EVENTS).await;
        let mut pending = Vec::new();
        let mut n_written = 0;
        // The first refusals may be of a socket whose bytes are still on their way to the other side.
        let mut n_refused = 0;
        while n_refused < 3 {
            take_note().await;
            let n = fill(&stream, &mut pending, piece.as_bytes());
            n_refused = if n == 0 { n_refused + 1 } else { 0 };
            n_written += n;
        }
        full.send(()).unwrap();
        try_again.await.unwrap();
        let n_more = fill(&stream, &mut pending, piece.as_bytes());
        write(&mut stream, &format!("{}0\r\n\r\n", String::from_utf8(pending).unwrap())).await;
        (n_written, n_more)
    });
    let mut reply = post(&upstream(&url)).await.unwrap();
    let mut n_read = within(reply.body.next()).await.unwrap().unwrap().len();
    within(is_full).await.unwrap();
    // Whoever read ahead would have every chance to do it now.
    for _ in 0..100 {
        take_note().await;
    }
    again.send(()).unwrap();
    while let Some(frame) = within(reply.body.next()).await {
        let frame = frame.unwrap();
        assert!(frame.len() <= 64 * 1024 && frame.iter().all(|byte| *byte == b'x'));
        n_read += frame.len();
    }
    let (n_written, n_more) = server.await.unwrap();
    assert_eq!(n_more, 0, "room appeared after {n_written} bytes although nothing was pulled");
    assert!(n_read > 60_000 && n_read % 60_000 == 0, "{n_read}");
}

#[tokio::test]
async fn an_end_in_the_middle_of_a_body_is_an_error() {
    let replies = [
        "HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{\"a\":".to_owned(),
        "HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n".to_owned(),
        format!("{EVENTS}{}", chunk("{\"a\":")),
        format!("{EVENTS}5\r\n{{\"a"),
        format!("{EVENTS}{}zz\r\n", chunk("{\"a\":")),
        format!("{EVENTS}{}0\r\n", chunk("{\"a\":")),
    ];
    for reply in replies {
        let (listener, url) = listen().await;
        let sent = reply.clone();
        let server = tokio::spawn(async move { answer(&mut accept(&listener).await, &sent).await });
        let upstream = upstream(&url);
        let mut got = post(&upstream).await.unwrap();
        let error = loop {
            match within(got.body.next()).await {
                Some(Ok(_)) => {}
                Some(Err(error)) => break error,
                None => panic!("{reply:?} ended without an error"),
            }
        };
        assert!(matches!(error, BodyError::Cut { .. }), "{reply:?}: {error}");
        assert_eq!(within(got.body.next()).await, None, "{reply:?}");
        assert_eq!(upstream.n_idle(), 0, "{reply:?}");
        server.await.unwrap();
    }
}

#[tokio::test]
async fn dropping_a_body_before_its_end_closes_the_connection() {
    let (listener, url) = listen().await;
    let server = tokio::spawn(async move {
        let mut stream = accept(&listener).await;
        answer(&mut stream, &format!("{EVENTS}{}", chunk("a"))).await;
        read_to_close(&mut stream).await
    });
    let upstream = upstream(&url);
    let mut reply = post(&upstream).await.unwrap();
    assert_eq!(within(reply.body.next()).await.unwrap().unwrap(), "a");
    drop(reply);
    assert_eq!(server.await.unwrap(), 0);
    assert_eq!(upstream.n_idle(), 0);
}

#[tokio::test]
async fn a_large_body_comes_whole() {
    let (listener, url) = listen().await;
    let body = "0123456789abcdef".repeat(500_000);
    let sent = json_reply(&body);
    let server = tokio::spawn(async move {
        let mut stream = accept(&listener).await;
        answer(&mut stream, &sent).await;
        stream
    });
    let upstream = upstream(&url);
    let reply = post(&upstream).await.unwrap();
    assert_eq!(within(reply.body.collect(body.len())).await.unwrap(), body.as_bytes());
    assert_eq!(upstream.n_idle(), 1);
    drop(server.await.unwrap());
}

#[tokio::test]
async fn collecting_is_bounded() {
    for (max_bytes, fits) in [(10, true), (9, false), (0, false)] {
        let (listener, url) = listen().await;
        let sent = format!("{EVENTS}{}{}0\r\n\r\n", chunk("12345"), chunk("67890"));
        let server = tokio::spawn(async move { answer(&mut accept(&listener).await, &sent).await });
        let reply = post(&upstream(&url)).await.unwrap();
        let result = within(reply.body.collect(max_bytes)).await;
        let expected = if fits { Ok(b"1234567890".to_vec()) } else { Err(BodyError::TooLong { max_bytes }) };
        assert_eq!(result, expected);
        server.await.unwrap();
    }
}

#[tokio::test]
async fn lines_of_json_stream_through() {
    let (listener, url) = listen().await;
    let (more, asked) = oneshot::channel::<()>();
    let server = tokio::spawn(async move {
        let mut stream = accept(&listener).await;
        let head = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n\r\n";
        answer(&mut stream, &format!("{head}{{\"n\":1}}\n")).await;
        asked.await.unwrap();
        write(&mut stream, "{\"n\":2}\n").await;
    });
    let mut reply = post(&upstream(&url)).await.unwrap();
    assert_eq!(reply.content, Content::Json);
    assert_eq!(within(reply.body.next()).await.unwrap().unwrap(), "{\"n\":1}\n");
    more.send(()).unwrap();
    assert_eq!(text(reply).await, "{\"n\":2}\n");
    server.await.unwrap();
}
