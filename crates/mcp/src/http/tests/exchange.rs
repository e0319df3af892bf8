//! Tests of one message and its reply, and of the account of what was written.

use super::{
    Ticks, accept, answer, json_reply, listen, post, post_text, read_request, read_to_close, text, upstream,
    upstream_with, within, write,
};
use crate::http::io::{Meter, Metered};
use crate::http::target::Host;
use crate::http::{
    Content, Failure, HeaderValue, Outgoing, Plaintext, Progress, Reply, Settings, Target, Tls, Upstream,
    Written,
};
use hyper::header::{HeaderName, USER_AGENT};
use std::io::IoSlice;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::AsyncWriteExt;
use tokio::net::{TcpListener, TcpStream};

#[test]
fn can_move_between_threads() {
    fn shared<T: Send + Sync>() {}
    fn moved<T: Send>() {}
    shared::<Upstream>();
    moved::<Reply>();
}

#[tokio::test]
async fn sends_what_it_was_given_to_the_url_that_it_was_given() {
    let (listener, url) = listen().await;
    let server = tokio::spawn(async move {
        let mut stream = accept(&listener).await;
        let mut requests = Vec::new();
        for _ in 0..3 {
            requests.push(answer(&mut stream, &json_reply("{}")).await);
        }
        requests
    });
    let mut settings = Settings::default();
    settings.headers.insert("x-key", HeaderValue::from_static("configured"));
    settings.headers.insert("x-other", HeaderValue::from_static("configured"));
    settings.headers.insert(USER_AGENT, HeaderValue::from_static("someone/1"));
    let upstream = upstream_with(&url, settings, &Ticks::default());
    let key = || (HeaderName::from_static("x-key"), HeaderValue::from_static("own"));
    let messages = [Outgoing::post(r#"{"id":1}"#), Outgoing::get(), Outgoing::delete()];
    for message in messages {
        let message = message.header(key().0, key().1);
        let reply = within(upstream.send(&message, &Progress::new())).await.unwrap();
        assert_eq!(text(reply).await, "{}");
    }

    let requests = server.await.unwrap();
    let host = url.strip_prefix("http://").unwrap().split('/').next().unwrap();
    let common = format!(
        "x-key: own\r\nx-other: configured\r\nuser-agent: someone/1\r\nhost: {host}\r\naccept-encoding: identity\r\n"
    );
    let post = "accept: application/json, text/event-stream\r\ncontent-type: application/json\r\ncontent-length: 8\r\n";
    let expected = [
        format!("POST /mcp?a=1 HTTP/1.1\r\n{common}{post}\r\n{{\"id\":1}}"),
        format!("GET /mcp?a=1 HTTP/1.1\r\n{common}accept: text/event-stream\r\n\r\n"),
        format!("DELETE /mcp?a=1 HTTP/1.1\r\n{common}\r\n"),
    ];
    assert_eq!(requests, expected);
}

#[tokio::test]
async fn tells_what_kind_of_reply_it_is() {
    let long_id = "s".repeat(1024);
    let long = format!("200 OK\r\nmcp-session-id: {long_id}");
    let twice = "200 OK\r\ncontent-type: application/json\r\ncontent-type: text/html";
    let hints = "100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\nHTTP/1.1 404 Not Found";
    let session = "200 OK\r\ncontent-type: Application/JSON; charset=utf-8\r\nMcp-Session-Id: a-1";
    let events = "200 OK\r\ncontent-type: text/event-stream\r\ncontent-encoding: Identity";
    let cases = [
        ("202 Accepted", 202, Content::None, None, false),
        (session, 200, Content::Json, Some("a-1"), false),
        (&long, 200, Content::None, Some(&*long_id), false),
        (events, 200, Content::EventStream, None, false),
        ("401 Unauthorized\r\nwww-authenticate: Bearer", 401, Content::None, None, true),
        ("200 OK\r\ncontent-type: text/html", 200, Content::Other, None, false),
        (twice, 200, Content::Other, None, false),
        (hints, 404, Content::None, None, false),
    ];
    for (head, status, content, session, challenged) in cases {
        let (listener, url) = listen().await;
        let reply = format!("HTTP/1.1 {head}\r\ncontent-length: 0\r\n\r\n");
        let server = tokio::spawn(async move { answer(&mut accept(&listener).await, &reply).await });
        let got = post(&upstream(&url)).await.unwrap_or_else(|error| panic!("{head}: {error}"));
        let facts = (got.status, got.content, got.session.as_deref(), got.challenged);
        assert_eq!(facts, (status, content, session, challenged), "{head}");
        server.await.unwrap();
    }
}

#[tokio::test]
async fn hands_out_headers_that_stand_there_once() {
    let (listener, url) = listen().await;
    let reply = "HTTP/1.1 200 OK\r\nretry-after: 7\r\nx-two: a\r\nx-two: b\r\ncontent-length: 0\r\n\r\n";
    let server = tokio::spawn(async move { answer(&mut accept(&listener).await, reply).await });
    let reply = post(&upstream(&url)).await.unwrap();
    assert_eq!(
        (reply.header("Retry-After"), reply.header("x-two"), reply.header("x")),
        (Some("7"), None, None)
    );
    assert!(!format!("{reply:?}").contains('7'));
    server.await.unwrap();
}

#[tokio::test]
async fn counts_and_stamps_every_byte_of_a_message() {
    let (listener, url) = listen().await;
    let server = tokio::spawn(async move {
        let mut stream = accept(&listener).await;
        let first = answer(&mut stream, &json_reply("{}")).await.len();
        (first, answer(&mut stream, &json_reply("{}")).await.len())
    });
    let ticks = Ticks::default();
    let upstream = upstream_with(&url, Settings::default(), &ticks);
    let mut counted = Vec::new();
    for body in ["{}".to_owned(), format!(r#"{{"a":"{}"}}"#, "x".repeat(3_000_000))] {
        let progress = Progress::new();
        assert_eq!(progress.written(), Written::Nothing);
        let before = ticks.advance(1000);
        let reply = within(upstream.send(&Outgoing::post(body), &progress)).await.unwrap();
        let after = ticks.advance(1000);
        assert_eq!(text(reply).await, "{}");
        let Written::Some { bytes, last_ms } = progress.written() else { panic!("nothing written") };
        assert!(last_ms > before && last_ms < after, "{before} < {last_ms} < {after}");
        counted.push(bytes);
    }
    let (first, second) = server.await.unwrap();
    assert_eq!(counted, [first as u64, second as u64]);
}

#[tokio::test]
async fn every_way_of_writing_is_counted() {
    let (listener, _) = listen().await;
    let tcp = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
    let meter = Meter::new(Ticks::default().clock());
    let mut stream = Metered::new(tcp, meter.clone());
    within(stream.write_all(b"shaking hands")).await.unwrap();
    let progress = Progress::new();
    meter.count_for(Some(progress.clone()));
    assert_eq!(within(stream.write(b"123")).await.unwrap(), 3);
    assert_eq!(progress.written(), Written::Some { bytes: 3, last_ms: 1 });
    let slices = [IoSlice::new(b"45"), IoSlice::new(b"6789")];
    assert_eq!(within(stream.write_vectored(&slices)).await.unwrap(), 6);
    assert_eq!(progress.written(), Written::Some { bytes: 9, last_ms: 2 });
    meter.count_for(None);
    within(stream.write_all(b"idle")).await.unwrap();
    assert_eq!(progress.written(), Written::Some { bytes: 9, last_ms: 2 });
}

#[tokio::test]
async fn a_reply_may_come_before_the_message_was_read() {
    let (listener, url) = listen().await;
    let server = tokio::spawn(async move {
        let mut stream = accept(&listener).await;
        write(&mut stream, "HTTP/1.1 413 Too Large\r\ncontent-length: 3\r\n\r\nbig").await;
        read_to_close(&mut stream).await
    });
    let upstream = upstream(&url);
    let progress = Progress::new();
    let message = Outgoing::post(vec![b'x'; 64 << 20]);
    let reply = within(upstream.send(&message, &progress)).await.unwrap();
    assert_eq!(reply.status, 413);
    assert_eq!(text(reply).await, "big");
    assert_eq!(upstream.n_idle(), 0, "a connection with an unfinished message is not kept");
    let Written::Some { bytes, .. } = progress.written() else { panic!("nothing written") };
    assert_eq!(server.await.unwrap() as u64, bytes, "the account is what the server received");
}

#[tokio::test]
async fn no_head_in_time_is_an_error_that_ends_the_connection() {
    let (listener, url) = listen().await;
    let server = tokio::spawn(async move {
        let mut stream = accept(&listener).await;
        let request = read_request(&mut stream).await.unwrap();
        write(&mut stream, "HTTP/1.1 200 OK\r\ncontent-le").await;
        assert_eq!(read_to_close(&mut stream).await, 0);
        request.len() as u64
    });
    let limit = Duration::from_millis(30);
    let progress = Progress::new();
    let message = Outgoing::post("{}").head_timeout(limit);
    let error = within(upstream(&url).send(&message, &progress)).await.unwrap_err();
    assert!(matches!(error.failure, Failure::HeadTimeout { limit: allowed } if allowed == limit), "{error}");
    let bytes = server.await.unwrap();
    assert!(matches!(error.written, Written::Some { bytes: n, .. } if n == bytes), "{error:?} {bytes}");
}

#[tokio::test]
async fn the_setting_bounds_the_wait_for_the_head() {
    let (listener, url) = listen().await;
    let settings = Settings { head_timeout: Duration::from_millis(30), ..Settings::default() };
    let error = post(&upstream_with(&url, settings, &Ticks::default())).await.unwrap_err();
    assert!(matches!(error.failure, Failure::HeadTimeout { .. }), "{error}");
    drop(listener);
}

#[tokio::test]
async fn dropping_the_call_ends_the_connection_and_settles_the_account() {
    let (listener, url) = listen().await;
    let (seen, begun) = tokio::sync::oneshot::channel();
    let server = tokio::spawn(async move {
        let mut stream = accept(&listener).await;
        let mut some = [0; 10];
        within(tokio::io::AsyncReadExt::read_exact(&mut stream, &mut some)).await.unwrap();
        seen.send(()).unwrap();
        read_to_close(&mut stream).await + some.len()
    });
    let upstream = upstream(&url);
    let progress = Progress::new();
    let message = Outgoing::post(vec![b'x'; 64 << 20]);
    tokio::select! {
        biased;
        result = upstream.send(&message, &progress) => panic!("answered: {result:?}"),
        _ = begun => {}
    }
    let Written::Some { bytes, .. } = progress.written() else { panic!("nothing written") };
    assert_eq!(server.await.unwrap() as u64, bytes, "nothing is written after the call was dropped");
}

#[tokio::test]
async fn nobody_there_means_nothing_written() {
    let (listener, url) = listen().await;
    drop(listener);
    let error = post(&upstream(&url)).await.unwrap_err();
    assert!(matches!(error.failure, Failure::Connect { .. }), "{error}");
    assert_eq!(error.written, Written::Nothing);
    let origin = url.strip_suffix("/mcp?a=1").unwrap();
    let expected = format!("sending to `{origin}`: connecting failed: ");
    assert!(error.to_string().starts_with(&expected), "{error}");
}

#[tokio::test]
async fn a_connection_that_is_not_there_in_time_means_nothing_written() {
    let (listener, url) = listen().await;
    let settings = Settings { connect_timeout: Duration::from_millis(30), ..Settings::default() };
    // The server accepts, in its queue, but never shakes hands.
    let upstream = upstream_with(&url.replace("http", "https"), settings, &Ticks::default());
    let error = post(&upstream).await.unwrap_err();
    assert!(matches!(error.failure, Failure::ConnectTimeout { .. }), "{error}");
    assert_eq!(error.written, Written::Nothing);
    drop(listener);
}

#[tokio::test]
async fn a_name_that_leads_elsewhere_is_not_followed_in_plaintext() {
    let mut target = Target::parse("http://localhost/", Plaintext::LoopbackOnly).unwrap();
    target.host = Host::Address("192.0.2.1".parse().unwrap());
    let upstream =
        Upstream::new(target, Settings::default(), Tls::new(None), Ticks::default().clock()).unwrap();
    let error = post(&upstream).await.unwrap_err();
    assert!(matches!(error.failure, Failure::NotLoopback), "{error}");
    assert_eq!(error.written, Written::Nothing);
}

#[tokio::test]
async fn names_are_looked_up() {
    let (listener, url) = listen().await;
    let server = tokio::spawn(async move { answer(&mut accept(&listener).await, &json_reply("1")).await });
    let named = url.replace("127.0.0.1", "localhost");
    assert_eq!(post_text(&upstream(&named)).await, "1");
    assert!(server.await.unwrap().contains("host: localhost:"));
}

#[tokio::test]
async fn many_calls_at_once_each_get_their_own_reply() {
    let (listener, url) = listen().await;
    let server = tokio::spawn(async move {
        let mut streams = Vec::new();
        for _ in 0..20 {
            streams.push(accept(&listener).await);
        }
        for stream in streams.iter_mut().rev() {
            let request = read_request(stream).await.unwrap();
            write(stream, &json_reply(request.rsplit("\r\n").next().unwrap())).await;
        }
        streams
    });
    let upstream = Arc::new(upstream(&url));
    let calls: Vec<_> = (0..20)
        .map(|n| {
            let upstream = upstream.clone();
            tokio::spawn(async move {
                let body = format!("{{\"id\":{n}}}");
                let reply = upstream.send(&Outgoing::post(body.clone()), &Progress::new()).await.unwrap();
                assert_eq!(text(reply).await, body);
            })
        })
        .collect();
    for call in calls {
        within(call).await.unwrap();
    }
    assert_eq!(upstream.n_idle(), 20);
    drop(server.await.unwrap());
}

/// Answers every request of every connection with its own body.
async fn echo(listener: TcpListener) {
    loop {
        let mut stream = accept(&listener).await;
        tokio::spawn(async move {
            while let Some(request) = read_request(&mut stream).await {
                write(&mut stream, &json_reply(request.rsplit("\r\n").next().unwrap())).await;
            }
        });
    }
}

async fn call(upstream: Arc<Upstream>, n: usize) {
    let body = format!("{{\"id\":{n}}}");
    let reply = upstream.send(&Outgoing::post(body.clone()), &Progress::new()).await.unwrap();
    assert_eq!(reply.body.collect(1000).await.unwrap(), body.into_bytes());
}

/// A task may do only so much at a time, and the call may find any part of that used up; what is put off then must be
/// taken up again.
#[tokio::test]
async fn a_call_ends_however_little_its_task_may_still_do() {
    let (listener, url) = listen().await;
    let server = tokio::spawn(echo(listener));
    let upstream = Arc::new(upstream(&url));
    for (n_used, odd) in (100..=128).flat_map(|n_used| [(n_used, 0), (n_used, 1)]) {
        let mut call = pin!(call(upstream.clone(), n_used));
        let mut n_polls = 0;
        within(std::future::poll_fn(|cx| {
            n_polls += 1;
            // Every other time, so that a call that was put off can end.
            for _ in 0..n_used * ((n_polls + odd) % 2) {
                let _ = pin!(tokio::task::consume_budget()).poll(cx);
            }
            call.as_mut().poll(cx)
        }))
        .await;
    }
    server.abort();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn connections_move_between_threads() {
    let (listener, url) = listen().await;
    let server = tokio::spawn(echo(listener));
    let upstream = Arc::new(upstream(&url));
    let caller = |n: usize| {
        let upstream = upstream.clone();
        tokio::spawn(async move {
            for k in 0..50 {
                call(upstream.clone(), n * 1000 + k).await;
            }
        })
    };
    for caller in (0..8).map(caller).collect::<Vec<_>>() {
        within(caller).await.unwrap();
    }
    assert!((1..=8).contains(&upstream.n_idle()), "{}", upstream.n_idle());
    server.abort();
}
