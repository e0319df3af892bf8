//! Tests of the HTTP client against servers on loopback that do exactly what each test says.
//!
//! Must never: wait for time to pass; every wait is for an event, and bounded.

mod exchange;
mod pool;
mod refused;
mod streaming;
mod target;
mod tls;

use super::{Clock, Outgoing, Plaintext, Progress, Reply, SendError, Settings, Target, Tls, Upstream};
use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// A wait that ends with a failed test instead of never.
async fn within<T>(future: impl Future<Output = T>) -> T {
    tokio::time::timeout(Duration::from_secs(20), future).await.expect("it happens within 20 s")
}

/// A manual clock: every reading is one millisecond later than the one before.
#[derive(Clone, Default)]
struct Ticks(Arc<AtomicU64>);

impl Ticks {
    fn clock(&self) -> Clock {
        let ticks = self.clone();
        Clock::new(move || ticks.advance(1))
    }

    fn advance(&self, ms: u64) -> u64 {
        self.0.fetch_add(ms, Ordering::SeqCst) + ms
    }
}

fn upstream(url: &str) -> Upstream {
    upstream_with(url, Settings::default(), &Ticks::default())
}

fn upstream_with(url: &str, settings: Settings, ticks: &Ticks) -> Upstream {
    let target = Target::parse(url, Plaintext::LoopbackOnly).unwrap();
    Upstream::new(target, settings, Tls::new(None), ticks.clock()).unwrap()
}

async fn listen() -> (TcpListener, String) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/mcp?a=1", listener.local_addr().unwrap());
    (listener, url)
}

async fn accept(listener: &TcpListener) -> TcpStream {
    within(listener.accept()).await.unwrap().0
}

/// One request as text, none when the client has closed the connection before it.
async fn read_request(stream: &mut (impl AsyncRead + Unpin)) -> Option<String> {
    let mut bytes = Vec::new();
    let head_end = loop {
        if let Some(at) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
            break at + 4;
        }
        if read_more(stream, &mut bytes).await == 0 {
            assert!(bytes.is_empty(), "the client left within a head");
            return None;
        }
    };
    let head = String::from_utf8(bytes[..head_end].to_vec()).unwrap().to_ascii_lowercase();
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
    let n_body: usize = length.map_or(0, |digits| digits.parse().unwrap());
    while bytes.len() < head_end + n_body {
        assert_ne!(read_more(stream, &mut bytes).await, 0, "the client left within a body");
    }
    Some(String::from_utf8(bytes).unwrap())
}

async fn read_more(stream: &mut (impl AsyncRead + Unpin), bytes: &mut Vec<u8>) -> usize {
    within(stream.read_buf(bytes)).await.unwrap_or(0)
}

/// Reads until the client closes; the number of bytes.
async fn read_to_close(stream: &mut (impl AsyncRead + Unpin)) -> usize {
    let mut bytes = Vec::new();
    let mut n_read = 0;
    loop {
        match read_more(stream, &mut bytes).await {
            0 => return n_read,
            n => n_read += n,
        }
        bytes.clear();
    }
}

async fn write(stream: &mut (impl AsyncWrite + Unpin), text: &str) {
    within(stream.write_all(text.as_bytes())).await.unwrap();
    within(stream.flush()).await.unwrap();
}

fn json_reply(body: &str) -> String {
    let length = body.len();
    format!("HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n\r\n{body}")
}

/// Answers one request.
async fn answer(stream: &mut (impl AsyncRead + AsyncWrite + Unpin), reply: &str) -> String {
    let request = read_request(stream).await.expect("a request comes");
    write(stream, reply).await;
    request
}

/// Lets the runtime take note of everything that happened to its sockets so far: it learns of bytes on a pair of
/// sockets only after what happened before them.
async fn take_note() {
    let (mut near, mut far) = tokio::net::UnixStream::pair().unwrap();
    write(&mut near, "x").await;
    within(far.read_u8()).await.unwrap();
}

/// Sends `{}` and hands out the reply's head.
async fn post(upstream: &Upstream) -> Result<Reply, SendError> {
    within(upstream.send(&Outgoing::post("{}"), &Progress::new())).await
}

/// Sends `{}` and hands out the reply's whole body.
async fn post_text(upstream: &Upstream) -> String {
    let reply = post(upstream).await.expect("a reply comes");
    text(reply).await
}

async fn text(reply: Reply) -> String {
    String::from_utf8(within(reply.body.collect(1 << 20)).await.expect("the body is whole")).unwrap()
}
