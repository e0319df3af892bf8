//! The fake upstream itself: accepts, records, answers.
//!
//! Must never: outlive its handle; dropping it ends every connection.

use crate::upstream::body::{Cut, ReplyBody};
use crate::upstream::counted::Counted;
use crate::upstream::first::{self, Streams};
use crate::upstream::legacy::Sessions;
use crate::upstream::runner::Stage;
use crate::upstream::{Answer, Eras, Received, Script, legacy, modern, runner};
use crate::wait::within;
use http_body_util::BodyExt;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use tokio::net::TcpListener;
use tokio::task::{JoinHandle, JoinSet};

/// A running fake upstream.
pub struct Upstream {
    address: SocketAddr,
    shared: Arc<Shared>,
    accepting: JoinHandle<()>,
}

#[derive(Default)]
struct Shared {
    script: Mutex<Script>,
    sessions: Sessions,
    streams: Streams,
    stage: Arc<Stage>,
}

impl Drop for Upstream {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

impl Upstream {
    /// Starts on a free loopback port.
    pub async fn start(script: Script) -> Upstream {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("loopback has a free port");
        let address = listener.local_addr().expect("a bound listener has an address");
        let shared = Arc::new(Shared { script: Mutex::new(script), ..Shared::default() });
        let accepting = tokio::spawn(accept(listener, shared.clone()));
        Upstream { address, shared, accepting }
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The URL to configure.
    pub fn url(&self) -> String {
        format!("http://{}/mcp", self.address)
    }

    /// The URL to configure for the first HTTP transport.
    pub fn sse_url(&self) -> String {
        format!("http://{}/sse", self.address)
    }

    /// Breaks off every stream of the first HTTP transport.
    pub fn cut_first_streams(&self) {
        self.shared.streams.cut();
    }

    /// Sends bytes on every stream of the first HTTP transport.
    pub fn say(&self, text: &str) {
        self.shared.streams.send(text);
    }

    /// Changes the script from the next request on.
    pub fn change(&self, change: impl FnOnce(&mut Script)) {
        change(&mut self.shared.script.lock().expect("a script's change does not panic"));
    }

    /// Replaces the tools from the next request on.
    pub fn set_tools(&self, tools: Vec<crate::Tool>) {
        self.change(|script| script.tools = tools);
    }

    /// All bytes received, over all connections, heads included.
    pub fn n_bytes(&self) -> u64 {
        self.shared.stage.log.n_bytes()
    }

    /// All connections accepted.
    pub fn n_connections(&self) -> u64 {
        self.shared.stage.log.n_connections()
    }

    /// Every message received so far.
    pub fn messages(&self) -> Vec<Received> {
        self.shared.stage.log.messages()
    }

    /// Every `tools/call` received so far.
    pub fn calls(&self) -> Vec<Received> {
        self.messages().into_iter().filter(Received::is_call).collect()
    }

    /// Waits until so many messages have been received.
    pub async fn received(&self, n: usize) {
        self.shared.stage.log.received("messages", n, |_| true).await;
    }

    /// Waits until so many calls have been received.
    pub async fn called(&self, n: usize) {
        self.shared.stage.log.received("calls", n, Received::is_call).await;
    }

    /// Waits until so many messages of a method have been received.
    pub async fn received_method(&self, method: &str, n: usize) {
        self.shared.stage.log.received(method, n, |message| message.method() == method).await;
    }

    /// Waits until the other side has gone from so many unfinished answers.
    pub async fn abandoned(&self, n: usize) {
        self.shared.stage.log.abandoned(n).await;
    }

    /// Waits until so many streams for pushed messages have been opened.
    pub async fn listened(&self, n: usize) {
        let mut n_opened = self.shared.stage.listeners.n_opened();
        let reached = within(&format!("{n} streams to open"), n_opened.wait_for(|opened| *opened >= n)).await;
        reached.expect("the streams live as long as their server");
    }

    /// Sends a message to every open stream; gives their number.
    pub fn push(&self, message: &Value) -> usize {
        self.shared.stage.listeners.push(message)
    }

    /// Ends every open stream.
    pub fn end_streams(&self) {
        self.shared.stage.listeners.end();
    }

    /// Forgets every legacy session, as a restarted server does.
    pub fn end_sessions(&self) {
        self.shared.sessions.end(None);
    }

    /// Stops listening and breaks every connection off.
    pub async fn stop(mut self) {
        self.accepting.abort();
        // Aborted is the expected end.
        let _ = (&mut self.accepting).await;
    }
}

async fn accept(listener: TcpListener, shared: Arc<Shared>) {
    let mut connections = JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        let number = shared.stage.log.add_connection();
        let shared = shared.clone();
        let io = TokioIo::new(Counted::new(stream, shared.stage.log.clone()));
        connections.spawn(async move {
            let service = service_fn(|request| serve(&shared, number, request));
            // A connection that breaks off is what some tests are about.
            let _ = hyper::server::conn::http1::Builder::new().serve_connection(io, service).await;
        });
    }
}

async fn serve(
    shared: &Shared,
    connection: u64,
    request: Request<Incoming>,
) -> Result<Response<ReplyBody>, Cut> {
    let received = record(connection, request).await?;
    shared.stage.log.add_message(received.clone());
    if first::is_of(&received) {
        let script = shared.script.lock().expect("a script's change does not panic").clone();
        return Ok(first::serve(&script, &shared.stage, &shared.streams, received));
    }
    let answer = {
        let script = shared.script.lock().expect("a script's change does not panic");
        answer(&script, &received, &shared.sessions)
    };
    let received =
        if received.header("last-event-id").is_some() { resumed(shared, received) } else { received };
    runner::run(&shared.stage, answer, received).await
}

/// A GET that resumes gets what belongs to the last request.
fn resumed(shared: &Shared, received: Received) -> Received {
    let mut requests = shared.stage.log.messages().into_iter().filter(|message| !message.id().is_null());
    let message = requests.next_back().map(|request| request.message).unwrap_or_default();
    Received { message, ..received }
}

async fn record(connection: u64, request: Request<Incoming>) -> Result<Received, Cut> {
    let (head, body) = request.into_parts();
    let text = |value: &hyper::header::HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
    let headers = head.headers.iter().map(|(name, value)| (name.as_str().to_owned(), text(value))).collect();
    let body = body.collect().await.map_err(|_| Cut)?.to_bytes().to_vec();
    Ok(Received {
        connection,
        http_method: head.method.to_string(),
        target: head.uri.to_string(),
        headers,
        message: serde_json::from_slice(&body).unwrap_or_default(),
        body,
    })
}

/// The answer to one request, by the era that it speaks.
fn answer(script: &Script, received: &Received, sessions: &Sessions) -> Answer {
    if received.http_method == "POST" && !received.message.is_object() {
        return Answer::refusal(400, -32700, "not one JSON object", None);
    }
    let modern = modern::version(received).filter(|_| script.eras != Eras::Legacy);
    let answer = match modern {
        Some(version) => modern::answer(script, received, version),
        None => legacy::answer(script, received, sessions),
    };
    if script.as_events && answer.status == 200 { answer.sse() } else { answer }
}
