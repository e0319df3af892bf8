//! A7 and B: what HTTP lets a client say twice, elsewhere or otherwise.

use super::{call, outcome, refused, start};
use crate::support::Running;
use serde_json::json;
use testkit::{Message, Request};

#[tokio::test]
async fn media_types_and_codings() {
    let test = start().await;
    let request = || test.request(call());
    for (what, request, status) in [
        ("text", request().with("Content-Type", "text/plain"), 415),
        ("a form", request().with("Content-Type", "application/x-www-form-urlencoded"), 415),
        ("json of another kind", request().with("Content-Type", "application/json-rpc"), 415),
        ("json with a suffix", request().with("Content-Type", "application/vnd.api+json"), 415),
        ("another charset", request().with("Content-Type", "application/json; charset=utf-16"), 415),
        (
            "a charset twice",
            request().with("Content-Type", "application/json; charset=utf-8; charset=utf-7"),
            415,
        ),
        ("two in one", request().with("Content-Type", "application/json, text/plain"), 415),
        ("none", request().without("Content-Type"), 415),
        ("gzip", request().header("Content-Encoding", "gzip"), 415),
        ("identity and gzip", request().header("Content-Encoding", "identity, gzip"), 415),
        ("no events", request().with("Accept", "application/json"), 406),
        ("no json", request().with("Accept", "text/event-stream"), 406),
    ] {
        assert_eq!(test.untouched(&request).await.status, status, "A7 {what}");
    }
}

#[tokio::test]
async fn headers_that_may_come_once() {
    let test = start().await;
    let session = test.legacy().await;
    let modern = || test.request(call());
    let legacy = || Request::legacy(Running::PATH, &call(), Some(&session.id)).bearer(&test.token);
    for (name, value) in [
        ("Authorization", "Bearer x"),
        ("Content-Type", "application/json"),
        ("MCP-Protocol-Version", "2026-07-28"),
        ("Mcp-Method", "tools/call"),
        ("Mcp-Name", "copy"),
        ("Origin", "http://127.0.0.1"),
    ] {
        let twice =
            if name == "Origin" { modern().header(name, value) } else { modern() }.header(name, value);
        let reply = test.untouched(&twice).await;
        assert_eq!(reply.status, if name == "Origin" { 403 } else { 400 }, "B {name} twice");
    }
    for (name, value) in [
        ("Mcp-Session-Id", "0".repeat(32)),
        ("MCP-Protocol-Version", String::from("2025-11-25")),
        ("Last-Event-ID", String::from("1")),
    ] {
        let twice = if name == "Last-Event-ID" { legacy().header(name, &value) } else { legacy() };
        assert_eq!(test.untouched(&twice.header(name, &value)).await.status, 400, "B {name} twice");
    }
}

#[tokio::test]
async fn addresses_and_pages() {
    let test = start().await;
    let request = || test.request(call());
    for (what, request, status) in [
        ("another host", request().with("Host", "evil.example"), 421),
        ("a host that begins alike", request().with("Host", "127.0.0.1.evil.example"), 421),
        ("a host with a user", request().with("Host", "127.0.0.1@evil.example"), 421),
        ("no host", request().without("Host"), 421),
        ("two hosts", request().header("Host", "127.0.0.1"), 421),
        ("an origin elsewhere", request().header("Origin", "https://evil.example"), 403),
        ("an origin that begins alike", request().header("Origin", "http://127.0.0.1.evil.example"), 403),
        ("origin null", request().header("Origin", "null"), 403),
        ("a file's origin", request().header("Origin", "file://"), 403),
        ("an extension's origin", request().header("Origin", "chrome-extension://abcdef"), 403),
    ] {
        assert_eq!(test.untouched(&request).await.status, status, "B {what}");
    }
    for path in [
        "/mcp/imaging/",
        "/mcp/imaging/../unreached",
        "/mcp//imaging",
        "/MCP/imaging",
        "/mcp/Imaging",
        "/mcp/imaging%00",
        "/mcp/%69maging",
        "/mcp/imaging;a=b",
        "/mcp/imaging/mcp",
        "/mcp/unreached",
        "/imaging",
        "/",
    ] {
        let request = Request::modern(path, &call().modern()).bearer(&test.token);
        assert_eq!(test.untouched(&request).await.status, 404, "B {path}");
    }
    for verb in ["PUT", "PATCH", "OPTIONS", "HEAD", "TRACE", "CONNECT", "post", "BREW"] {
        let request = Request::new(verb, Running::PATH).bearer(&test.token);
        let mut client = test.client().await;
        let before = test.n_bytes().await;
        client.send(request.bytes()).await;
        client.end_sending().await;
        let answer = String::from_utf8_lossy(&client.closed().await).into_owned();
        assert!(!answer.starts_with("HTTP/1.1 2"), "B {verb}: {answer}");
        assert_eq!(test.n_bytes().await, before, "B {verb}");
    }
}

#[tokio::test]
async fn headers_that_say_otherwise_than_the_body() {
    let test = start().await;
    let request = || test.request(call());
    let base64 = |encoded: &str| request().with("Mcp-Name", &format!("=?base64?{encoded}?="));
    for (what, request) in [
        ("another method", request().with("Mcp-Method", "tools/list")),
        ("a method in capitals", request().with("Mcp-Method", "TOOLS/CALL")),
        ("no method", request().without("Mcp-Method")),
        ("another name", request().with("Mcp-Name", "secret")),
        ("a name in capitals", request().with("Mcp-Name", "COPY")),
        ("no name", request().without("Mcp-Name")),
        ("an empty name", request().with("Mcp-Name", "")),
        ("another name in base64", base64("c2VjcmV0")),
        ("broken base64", base64("c2V*")),
        ("base64 that is no text", base64("/w==")),
        ("base64 without its end", request().with("Mcp-Name", "=?base64?Y29weQ==")),
        ("another revision", request().with("MCP-Protocol-Version", "2025-11-25")),
        ("no revision", request().without("MCP-Protocol-Version")),
        ("an undeclared parameter", request().header("Mcp-Param-Amount", "1")),
        ("a parameter of the envelope", request().header("Mcp-Param-Name", "secret")),
    ] {
        let (status, code) = outcome(&test.untouched(&request).await);
        assert!(
            status == 400 && (code == json!(-32020) || code == json!(-32600)),
            "B {what}: {status} {code}"
        );
    }
    let unknown = call().modern().meta("io.modelcontextprotocol/protocolVersion", "2099-01-01");
    let request = test.request(call()).with("MCP-Protocol-Version", "2099-01-01").body(unknown.bytes());
    refused(&test, "B a revision that does not exist", &request, (400, -32022)).await;
    let bare = Message::call(7, "copy", json!({}));
    refused(&test, "B no envelope", &test.request(call()).body(bare.bytes()), (400, -32602)).await;
}

#[tokio::test]
async fn grants() {
    let test = start().await;
    let request = || test.request(call());
    let token = test.token.clone();
    for (what, request) in [
        ("none", request().without("Authorization")),
        ("empty", request().with("Authorization", "")),
        ("only the scheme", request().with("Authorization", "Bearer")),
        ("another scheme", request().with("Authorization", &format!("Basic {token}"))),
        ("with white space", request().with("Authorization", &format!("Bearer  {token} x"))),
        ("one character less", request().bearer(token.get(1..).unwrap())),
        ("one character more", request().bearer(&format!("{token}x"))),
        ("in capitals", request().bearer(&token.to_uppercase())),
        ("two in one", request().bearer(&format!("{token}, {token}"))),
        ("in the query", Request::modern(&format!("/mcp/imaging?token={token}"), &call().modern())),
        ("in a cookie", request().without("Authorization").header("Cookie", &format!("token={token}"))),
    ] {
        assert_eq!(test.untouched(&request).await.status, 401, "B a grant {what}");
    }
}

/// What a client says for itself never travels on.
#[tokio::test]
async fn what_stays_here() {
    let test = start().await;
    let said = [
        "Cookie",
        "X-Forwarded-For",
        "Forwarded",
        "Proxy-Authorization",
        "X-Toolgate-Grant",
        "Mcp-Session-Id",
        "Via",
        "TE",
    ];
    let request =
        said.iter().fold(test.request(call()), |request, name| request.header(name, "abcdef0123456789"));
    let reply = test.send(&request.header("Connection", "keep-alive, X-Hop").header("X-Hop", "1")).await;
    assert_eq!(reply.status, 200, "{}", reply.text());
    let calls = test.upstream.calls();
    for name in said.iter().chain(&["Authorization", "X-Hop"]) {
        assert_eq!(calls[0].header(&name.to_lowercase()), None, "B {name}");
    }
    assert_eq!(calls.len(), 1);
}
