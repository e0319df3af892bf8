//! One TCP connection to the thing under test.
//!
//! Must never: open a second connection.

use crate::client::{Reply, ReplyStream, Request};
use crate::wait::within;
use crate::wire::{Framing, Head};
use std::io;
use std::net::SocketAddr;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// A client on one connection.
#[derive(Debug)]
pub struct RawClient {
    stream: TcpStream,
    received: Vec<u8>,
    at_end: bool,
}

impl RawClient {
    /// Connects.
    pub async fn connect(address: SocketAddr) -> RawClient {
        let stream = within("a connection", TcpStream::connect(address)).await;
        let stream = stream.unwrap_or_else(|error| panic!("connecting to {address}: {error}"));
        stream.set_nodelay(true).expect("a fresh socket takes options");
        RawClient { stream, received: Vec::new(), at_end: false }
    }

    /// Sends bytes as they are.
    pub async fn send(&mut self, bytes: impl AsRef<[u8]>) {
        self.try_send(bytes).await.expect("the other side takes the bytes");
    }

    /// Sends bytes that the other side may refuse by closing.
    pub async fn try_send(&mut self, bytes: impl AsRef<[u8]>) -> io::Result<()> {
        within("the other side to take bytes", self.stream.write_all(bytes.as_ref())).await
    }

    /// Ends the sending direction and keeps the receiving one.
    pub async fn end_sending(&mut self) {
        // The other side may have closed already, which is as good.
        let _ = self.stream.shutdown().await;
    }

    /// Sends a request and reads its whole reply.
    pub async fn exchange(&mut self, request: &Request) -> Reply {
        self.send(request.bytes()).await;
        self.reply().await
    }

    /// Sends a request and reads the head of its reply only.
    pub async fn open(&mut self, request: &Request) -> ReplyStream<'_> {
        self.send(request.bytes()).await;
        let (reply, size_bytes, framing) = self.head().await;
        self.received.drain(..size_bytes);
        ReplyStream::new(self, reply, framing)
    }

    /// Reads one whole reply.
    pub async fn reply(&mut self) -> Reply {
        let (mut reply, size_bytes, framing) = self.head().await;
        self.received.drain(..size_bytes);
        loop {
            let body = framing.decode(&self.received);
            if body.complete || (self.at_end && framing == Framing::UntilClose) {
                reply.body = body.bytes.into_owned();
                let consumed_bytes = body.consumed_bytes;
                self.received.drain(..consumed_bytes);
                return reply;
            }
            self.more("the rest of a reply").await;
        }
    }

    /// Waits until the other side has closed; gives what it sent before.
    pub async fn closed(&mut self) -> Vec<u8> {
        while !self.at_end {
            self.fill("the other side to close").await;
        }
        std::mem::take(&mut self.received)
    }

    async fn head(&mut self) -> (Reply, usize, Framing) {
        loop {
            if let Some(head) = Head::parse(&self.received) {
                return (Reply::new(&head, Vec::new()), head.size_bytes, Framing::of_reply(&head));
            }
            self.more("the head of a reply").await;
        }
    }

    /// Reads more; panics when there cannot be more.
    pub(crate) async fn more(&mut self, what: &str) {
        let so_far = String::from_utf8_lossy(&self.received);
        assert!(!self.at_end, "the connection ended before {what}; received: {so_far}");
        self.fill(what).await;
    }

    /// Reads once; a reset counts as an end.
    pub(crate) async fn fill(&mut self, what: &str) {
        let n_read = within(what, self.stream.read_buf(&mut self.received)).await;
        self.at_end = matches!(n_read, Ok(0) | Err(_));
    }

    pub(crate) fn received(&mut self) -> &mut Vec<u8> {
        &mut self.received
    }

    pub(crate) fn at_end(&self) -> bool {
        self.at_end
    }
}
