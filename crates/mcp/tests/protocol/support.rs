//! What the tables share. Must never decide whether a case passes.

use hyper::HeaderMap;
use hyper::header::{HeaderName, HeaderValue};
use json::{Document, Limits};
use mcp::{Caps, McpHeaders, Message, Refusal};

pub fn caps() -> Caps {
    Caps::default()
}

pub fn parse(body: &str) -> Result<Message, Refusal> {
    Message::parse(body.as_bytes().to_vec(), &caps())
}

pub fn message(body: &str) -> Message {
    parse(body).unwrap_or_else(|refusal| panic!("{body} was refused: {refusal}"))
}

/// Headers from lines `name: value`.
pub fn header_map(lines: &[&str]) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for line in lines {
        let (name, value) = line.split_once(": ").unwrap();
        headers
            .append(name.parse::<HeaderName>().unwrap(), HeaderValue::from_bytes(value.as_bytes()).unwrap());
    }
    headers
}

pub fn mcp_headers(lines: &[&str]) -> McpHeaders {
    McpHeaders::read(&header_map(lines))
}

pub fn document(text: &str) -> Document {
    Document::scan(text.as_bytes().to_vec(), &Limits::default()).unwrap()
}

/// A refusal in short: `HTTP code id`, the id `-` where none is echoed.
pub fn short(refusal: &Refusal) -> String {
    format!("{} {} {}", refusal.http_status, refusal.code, refusal.id.as_deref().unwrap_or("-"))
}

/// `ok`, or the refusal in short.
pub fn outcome<T>(result: &Result<T, Refusal>) -> String {
    match result {
        Ok(_) => "ok".to_owned(),
        Err(refusal) => short(refusal),
    }
}
