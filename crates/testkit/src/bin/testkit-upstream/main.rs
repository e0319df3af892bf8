//! The fast loopback upstream of `./bench`: one tool, one fixed result, one thread. It opens sessions and streams, and
//! says nothing on them.
//!
//! `testkit-upstream [PORT]` prints `{"event":"listening","url":…}` and answers `POST /mcp` until it is killed.
//! Must never: do more work per call than an answer needs; its CPU time competes with what is measured.

mod reply;

use std::io;
use testkit::wire::{Framing, Head};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

#[tokio::main(flavor = "current_thread")]
async fn main() -> io::Result<()> {
    let port = std::env::args().nth(1).and_then(|port| port.parse().ok()).unwrap_or(0_u16);
    let listener = TcpListener::bind(("127.0.0.1", port)).await?;
    println!(r#"{{"event":"listening","url":"http://{}/mcp"}}"#, listener.local_addr()?);
    loop {
        let (stream, _) = listener.accept().await?;
        // A connection that ends in an error has ended; the client sees it.
        tokio::spawn(async move { serve(stream).await.unwrap_or_default() });
    }
}

async fn serve(mut stream: TcpStream) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let mut received = Vec::with_capacity(4096);
    let mut out = Vec::with_capacity(4096);
    while stream.read_buf(&mut received).await? > 0 {
        while let Some(n_used) = answer(&received, &mut out) {
            received.drain(..n_used);
        }
        stream.write_all(&out).await?;
        out.clear();
    }
    Ok(())
}

/// Appends the answer to the first complete request and gives its size; none while it is incomplete.
fn answer(received: &[u8], out: &mut Vec<u8>) -> Option<usize> {
    let head = Head::parse(received)?;
    let body = Framing::of_request(&head).decode(received.get(head.size_bytes..)?);
    body.complete.then(|| {
        if head.start().starts_with("GET ") {
            reply::write_stream(out);
        } else {
            reply::write(&body.bytes, out);
        }
        head.size_bytes + body.consumed_bytes
    })
}
