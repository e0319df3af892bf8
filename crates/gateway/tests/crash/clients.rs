//! Clients of a gateway that may die at any moment.

use crate::child::TOKEN;
use serde_json::json;
use std::net::SocketAddr;
use testkit::wait::within;
use testkit::wire::{Framing, Head};
use testkit::{Message, Request};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinSet;

const N_CLIENTS: usize = 16;
/// More than the limit in all.
const N_CALLS: usize = 15;

fn request() -> Vec<u8> {
    Request::modern("/mcp/imaging", &Message::call(7, "copy", json!({})).modern()).bearer(TOKEN).bytes()
}

/// Many calls at once until all are answered or the gateway is gone; how many were denied.
pub async fn storm(address: SocketAddr) -> usize {
    let mut storm = JoinSet::new();
    for _ in 0..N_CLIENTS {
        storm.spawn(client(address));
    }
    within("the storm to end", storm.join_all()).await.into_iter().sum()
}

async fn client(address: SocketAddr) -> usize {
    let Ok(mut stream) = TcpStream::connect(address).await else { return 0 };
    let (request, mut n_denied) = (request(), 0);
    for _ in 0..N_CALLS {
        let Some(reply) = exchange(&mut stream, &request).await else { break };
        let denied = reply.contains("[POLICY DENIED]");
        assert!(denied || reply.contains(r#""text":"ok""#), "{reply}");
        n_denied += usize::from(denied);
    }
    n_denied
}

async fn exchange(stream: &mut TcpStream, request: &[u8]) -> Option<String> {
    stream.write_all(request).await.ok()?;
    let mut received = Vec::new();
    loop {
        if let Some(head) = Head::parse(&received) {
            let body = Framing::of_reply(&head).decode(received.get(head.size_bytes..)?);
            if body.complete {
                return Some(String::from_utf8_lossy(&body.bytes).into_owned());
            }
        }
        if stream.read_buf(&mut received).await.ok()? == 0 {
            return None;
        }
    }
}

/// So many calls whose answers nobody reads.
pub async fn hang(address: SocketAddr, n_calls: usize) -> Vec<TcpStream> {
    let mut streams = Vec::new();
    for _ in 0..n_calls {
        let mut stream = TcpStream::connect(address).await.expect("a connection");
        stream.write_all(&request()).await.expect("a request");
        streams.push(stream);
    }
    streams
}
