//! The sample server over HTTP: what it accepts, in either era, and what it refuses.

use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};

use serde_json::json;
use testkit::{Message, RawClient, Reply, Request};

use crate::run::PROGRAM;

struct Server {
    child: Child,
    address: SocketAddr,
}

impl Server {
    fn start() -> Self {
        let arguments = ["sample-server", "--listen", "127.0.0.1:0", "--json"];
        let mut child = Command::new(PROGRAM).args(arguments).stdout(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let printed: serde_json::Value = serde_json::from_str(&line).unwrap();
        let url = printed["url"].as_str().unwrap();
        let address = url.trim_start_matches("http://").trim_end_matches("/mcp").parse().unwrap();
        Self { child, address }
    }

    async fn ask(&self, request: &Request) -> Reply {
        RawClient::connect(self.address).await.exchange(request).await
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // The test is over; a server that ended before is no matter.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[tokio::test]
async fn a_session_is_opened_used_and_ended() {
    let server = Server::start();
    let opened = server.ask(&Request::legacy("/mcp", &Message::initialize(1), None)).await;
    assert_eq!(opened.json()["result"]["protocolVersion"], "2025-11-25");
    let session = opened.header("mcp-session-id").unwrap().to_owned();
    let list = Message::request(2, "tools/list");
    let listed = server.ask(&Request::legacy("/mcp", &list, Some(&session))).await;
    assert_eq!(listed.json()["result"]["tools"].as_array().unwrap().len(), 7);
    let told = Message::notification("notifications/initialized");
    assert_eq!(server.ask(&Request::legacy("/mcp", &told, Some(&session))).await.status, 202);
    for (session, status) in [(None, 400), (Some("0123"), 404)] {
        assert_eq!(server.ask(&Request::legacy("/mcp", &list, session)).await.status, status);
    }
    let end = Request::new("DELETE", "/mcp").header("Mcp-Session-Id", &session);
    assert_eq!(server.ask(&end).await.status, 204);
    assert_eq!(server.ask(&Request::legacy("/mcp", &list, Some(&session))).await.status, 404);
}

#[tokio::test]
async fn modern_requests_need_no_session_and_must_not_contradict_their_headers() {
    let server = Server::start();
    let call = Message::call(1, "list_datastores", json!({})).modern();
    let good = Request::modern("/mcp", &call);
    let no_meta = Message::call(1, "list_datastores", json!({}));
    let unknown = Message::request(1, "resources/list").modern();
    let cases = [
        (good.clone(), 200, None),
        (good.clone().with("Mcp-Name", "delete_image_set"), 400, Some(-32020)),
        (good.clone().without("Mcp-Name"), 400, Some(-32020)),
        (good.clone().header("Mcp-Name", "list_datastores"), 400, Some(-32020)),
        (good.clone().with("Mcp-Method", "tools/list"), 400, Some(-32020)),
        (good.clone().with("MCP-Protocol-Version", "2025-11-25"), 400, Some(-32020)),
        (Request::modern("/mcp", &no_meta), 400, Some(-32602)),
        (Request::modern("/mcp", &unknown), 404, Some(-32601)),
        (Request::modern("/mcp", &Message::call(1, "no_such_tool", json!({})).modern()), 200, Some(-32602)),
    ];
    for (request, status, code) in cases {
        let reply = server.ask(&request).await;
        assert_eq!((reply.status, reply.json()["error"]["code"].as_i64()), (status, code), "{request:?}");
    }
}

#[tokio::test]
async fn only_well_formed_requests_of_this_machine_are_answered() {
    let server = Server::start();
    let good = Request::modern("/mcp", &Message::request(1, "tools/list").modern());
    let long = "x".repeat((4 << 20) + 1);
    let cases = [
        (good.clone().with("Host", "localhost:1234"), 200),
        (good.clone().with("Host", "rebound.example"), 403),
        (good.clone().without("Host"), 403),
        (good.clone().header("Origin", "http://localhost:3000"), 200),
        (good.clone().header("Origin", "https://evil.example"), 403),
        (good.clone().header("Origin", "null"), 403),
        (good.clone().with("Content-Type", "text/plain"), 415),
        (good.clone().with("Accept", "text/event-stream"), 406),
        (good.clone().body(long), 413),
        (good.clone().body("[]"), 400),
        (Request::new("GET", "/mcp"), 405),
        (Request::new("POST", "/other"), 404),
    ];
    for (index, (request, status)) in cases.into_iter().enumerate() {
        assert_eq!(server.ask(&request).await.status, status, "case {index}");
    }
}

#[test]
fn another_address_than_loopback_is_refused() {
    let output = Command::new(PROGRAM).args(["sample-server", "--listen", "0.0.0.0:0"]).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8(output.stderr).unwrap().contains("loopback"));
}
