//! Measures the time from starting a server to its first answered call.
//!
//! `testkit-start --url URL [--token TOKEN] [--tool NAME] -- COMMAND…` starts the command, makes the call as soon as
//! the port accepts, prints one JSON object and ends the command.
//! Must never: count an answer that is not a tool's result.

use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};
use std::io;
use std::net::SocketAddr;
use std::process::{Child, Command, ExitCode, Stdio};
use std::time::Duration;
use testkit::stopwatch::monotonic_ns;
use testkit::wire::{Framing, Head};
use testkit::{Message, Request, fixed};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

/// A server that takes longer has failed to start.
const LIMIT_NS: u64 = 20_000_000_000;

struct Options {
    address: SocketAddr,
    request: Vec<u8>,
    command: Vec<String>,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let Some(options) = options() else {
        eprintln!(
            "usage: testkit-start --url http://HOST:PORT/PATH [--token TOKEN] [--tool NAME] -- COMMAND…"
        );
        return ExitCode::from(2);
    };
    match measure(&options).await {
        Ok(report) => {
            println!("{report}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("waiting for the first answer: {error}");
            ExitCode::FAILURE
        }
    }
}

fn options() -> Option<Options> {
    let mut arguments = std::env::args().skip(1);
    let (mut url, mut token, mut tool) = (None, None, "search".to_owned());
    loop {
        match arguments.next()?.as_str() {
            "--url" => url = arguments.next(),
            "--token" => token = arguments.next(),
            "--tool" => tool = arguments.next()?,
            "--" => break,
            _ => return None,
        }
    }
    let (host, path) = url.as_deref()?.strip_prefix("http://")?.split_once('/')?;
    let message = Message::call(1, &tool, json!({"limit": 50})).modern();
    let request = Request::modern(&format!("/{path}"), &message).with("Host", host);
    let request = token.iter().fold(request, |request, token| request.bearer(token));
    Some(Options { address: host.parse().ok()?, request: request.bytes(), command: arguments.collect() })
}

async fn measure(options: &Options) -> io::Result<Value> {
    let (program, arguments) = options.command.split_first().ok_or(io::ErrorKind::InvalidInput)?;
    if TcpStream::connect(options.address).await.is_ok() {
        return Err(io::Error::other(format!("something else listens on {} already", options.address)));
    }
    let start_ns = monotonic_ns();
    let mut child =
        Command::new(program).args(arguments).stdout(Stdio::null()).stdin(Stdio::null()).spawn()?;
    let answered = first_answer(options, &mut child, start_ns).await;
    end(&mut child)?;
    let (accepted_ns, answered_ns) = answered?;
    let to_ms = |at_ns: u64| (at_ns - start_ns) as f64 / 1e6;
    Ok(json!({"accepted_ms": to_ms(accepted_ns), "answered_ms": to_ms(answered_ns)}))
}

/// Asks the command to end, as an operator does.
fn end(child: &mut Child) -> io::Result<()> {
    let process =
        i32::try_from(child.id()).ok().and_then(Pid::from_raw).ok_or(io::ErrorKind::InvalidInput)?;
    // A command that has ended by itself is waited for all the same.
    let _ = kill_process(process, Signal::TERM);
    child.wait().map(drop)
}

/// The moments at which the port accepted and the call was answered.
async fn first_answer(options: &Options, child: &mut Child, start_ns: u64) -> io::Result<(u64, u64)> {
    loop {
        if let Some(status) = child.try_wait()? {
            return Err(io::Error::other(format!("the command ended with {status}")));
        }
        if monotonic_ns() - start_ns > LIMIT_NS {
            return Err(io::ErrorKind::TimedOut.into());
        }
        if let Ok(stream) = TcpStream::connect(options.address).await {
            let accepted_ns = monotonic_ns();
            let answer = timeout(Duration::from_nanos(LIMIT_NS), call(stream, &options.request));
            answer.await??;
            return Ok((accepted_ns, monotonic_ns()));
        }
        tokio::task::yield_now().await;
    }
}

async fn call(mut stream: TcpStream, request: &[u8]) -> io::Result<()> {
    let mut reply = Vec::new();
    stream.write_all(request).await?;
    while !is_complete(&reply) && stream.read_buf(&mut reply).await? > 0 {}
    let reply = String::from_utf8_lossy(&reply).into_owned();
    let right = reply.starts_with("HTTP/1.1 200") && reply.contains(fixed::CALLED);
    if right { Ok(()) } else { Err(io::Error::other(format!("unexpected reply: {reply}"))) }
}

fn is_complete(reply: &[u8]) -> bool {
    Head::parse(reply).is_some_and(|head| {
        Framing::of_reply(&head).decode(reply.get(head.size_bytes..).unwrap_or_default()).complete
    })
}
