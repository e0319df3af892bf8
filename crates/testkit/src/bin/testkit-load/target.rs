//! What is sent, and what a right reply is.
//!
//! Must never: accept a reply whose id or result differs from the request's.

use crate::options::Options;
use serde_json::{Value, json};
use std::net::SocketAddr;
use testkit::wire::{Framing, Head};
use testkit::{Message, Request, fixed};

/// The first id; all ids have as many digits, so that a request is patched in place.
const FIRST_ID: u64 = 1_000_000;

/// The prepared request.
pub struct Target {
    pub address: SocketAddr,
    request: Vec<u8>,
    /// Where the id's digits stand in the request.
    id_at: usize,
    body_bytes: usize,
}

impl Target {
    /// Prepares the request for a URL `http://HOST:PORT/PATH`.
    pub fn new(options: &Options) -> Result<Target, String> {
        let unusable = || format!("`{}` is not of the form http://127.0.0.1:PORT/PATH", options.url);
        let rest = options.url.strip_prefix("http://").ok_or_else(unusable)?;
        let (host, path) = rest.split_once('/').ok_or_else(unusable)?;
        let address = host.parse().map_err(|_| unusable())?;
        let message = message(&options.tool, options.body_bytes);
        let mut request = Request::modern(&format!("/{path}"), &message).with("Host", host);
        if let Some(token) = &options.token {
            request = request.bearer(token);
        }
        let request = request.bytes();
        let id = FIRST_ID.to_string().into_bytes();
        let id_at = request.windows(id.len()).rposition(|window| window == id).ok_or_else(unusable)?;
        Ok(Target { address, request, id_at, body_bytes: message.bytes().len() })
    }

    /// The size of each request's body.
    pub fn body_bytes(&self) -> usize {
        self.body_bytes
    }

    /// A buffer that holds the request.
    pub fn buffer(&self) -> Vec<u8> {
        self.request.clone()
    }

    /// Writes the n-th id into such a buffer.
    pub fn patch(&self, buffer: &mut [u8], n: u64) {
        let id = (FIRST_ID + n).to_string();
        if let Some(place) = buffer.get_mut(self.id_at..self.id_at + id.len()) {
            place.copy_from_slice(id.as_bytes());
        }
    }

    /// Checks the reply to the n-th request; gives its size, or none while it is incomplete.
    pub fn check(&self, received: &[u8], n: u64) -> Result<Option<usize>, String> {
        let Some(head) = Head::parse(received) else { return Ok(None) };
        let body = Framing::of_reply(&head).decode(received.get(head.size_bytes..).unwrap_or_default());
        if !body.complete {
            return Ok(None);
        }
        if head.status() != 200 {
            return Err(format!("status {}: {}", head.status(), String::from_utf8_lossy(&body.bytes)));
        }
        check_body(&body.bytes, FIRST_ID + n)?;
        Ok(Some(head.size_bytes + body.consumed_bytes))
    }
}

/// The usual bytes are compared as they are; anything else is read and compared as JSON.
fn check_body(body: &[u8], id: u64) -> Result<(), String> {
    if body == fixed::reply(&id, "result", fixed::CALLED).as_bytes() {
        return Ok(());
    }
    let expected: Value = serde_json::from_str(fixed::CALLED).map_err(|error| error.to_string())?;
    let reply: Value = serde_json::from_slice(body).map_err(|error| format!("reply is not JSON: {error}"))?;
    let right = reply.get("id") == Some(&json!(id)) && reply.get("result") == Some(&expected);
    if right { Ok(()) } else { Err(format!("wrong reply to {id}: {}", String::from_utf8_lossy(body))) }
}

/// The smallest call with an argument, made up to the size with a second one.
fn message(tool: &str, body_bytes: usize) -> Message {
    let smallest = Message::call(FIRST_ID, tool, json!({"limit": 50})).modern();
    let missing = body_bytes.saturating_sub(smallest.bytes().len() + r#","text":"""#.len());
    if missing == 0 {
        return smallest;
    }
    Message::call(FIRST_ID, tool, json!({"limit": 50, "text": "x".repeat(missing)})).modern()
}
