//! The fake upstream in the handshake era.
//!
//! Must never: depend on the order in which two connections are served.

use serde_json::json;
use testkit::{Eras, Message, RawClient, Request, Script, Tool, Upstream};

#[tokio::test]
async fn opens_uses_and_ends_a_session() {
    let upstream = Upstream::start(Script::new().eras(Eras::Legacy).tool(Tool::new("copy"))).await;
    let mut client = RawClient::connect(upstream.address()).await;
    let opened = client.exchange(&Request::legacy("/mcp", &Message::initialize(0), None)).await;
    let session = opened.header("mcp-session-id").expect("a session is opened").to_owned();
    assert_eq!(opened.json()["result"]["protocolVersion"], "2025-11-25");

    let send = async |message: Message, session: Option<&str>| {
        let request = Request::legacy("/mcp", &message, session);
        let reply = RawClient::connect(upstream.address()).await.exchange(&request).await;
        (reply.status, reply.text())
    };
    let call = Message::call(1, "copy", json!({}));
    let ready = Message::notification("notifications/initialized");
    assert_eq!(send(ready, Some(&session)).await, (202, String::new()));
    assert!(send(call.clone(), Some(&session)).await.1.contains(r#""text":"ok""#));
    assert_eq!(send(call.clone(), None).await.0, 400);
    assert_eq!(send(call.clone(), Some("another")).await.0, 404);

    let end = Request::new("DELETE", "/mcp").header("Mcp-Session-Id", &session);
    assert_eq!(client.exchange(&end).await.status, 204);
    assert_eq!(send(call, Some(&session)).await.0, 404);
}

#[tokio::test]
async fn pushes_on_the_stream_of_a_session() {
    let upstream = Upstream::start(Script::new()).await;
    let mut client = RawClient::connect(upstream.address()).await;
    let opened = client.exchange(&Request::legacy("/mcp", &Message::initialize(0), None)).await;
    let session = opened.header("mcp-session-id").expect("a session is opened").to_owned();
    let get =
        Request::new("GET", "/mcp").header("Accept", "text/event-stream").header("Mcp-Session-Id", &session);
    let mut stream = client.open(&get).await;
    upstream.listened(1).await;
    upstream.push(Message::notification("notifications/tools/list_changed").value());
    assert_eq!(stream.message().await["method"], "notifications/tools/list_changed");
}

#[tokio::test]
async fn speaks_the_era_of_each_request() {
    let upstream = Upstream::start(Script::new().tool(Tool::new("copy"))).await;
    let mut client = RawClient::connect(upstream.address()).await;
    let modern =
        client.exchange(&Request::modern("/mcp", &Message::request(1, "server/discover").modern())).await;
    let versions = modern.json()["result"]["supportedVersions"].clone();
    assert_eq!(versions, json!(["2026-07-28", "2025-11-25", "2025-06-18", "2025-03-26", "2024-11-05"]));
    let legacy = client.exchange(&Request::legacy("/mcp", &Message::initialize(2), None)).await;
    assert_eq!(legacy.status, 200);
    upstream.end_sessions();
    let session = legacy.header("mcp-session-id");
    let gone = client.exchange(&Request::legacy("/mcp", &Message::request(3, "tools/list"), session)).await;
    assert_eq!(gone.status, 404);
}
