//! What the recording proves: bytes, connections, broken replies.
//!
//! Must never: take a missing record for proof where a count of bytes can be had.

use serde_json::json;
use testkit::upstream::Step;
use testkit::{Answer, Message, RawClient, Request, Script, Tool, Upstream};

#[tokio::test]
async fn counts_every_byte_also_of_broken_requests() {
    let upstream = Upstream::start(Script::new()).await;
    assert_eq!((upstream.n_bytes(), upstream.n_connections()), (0, 0));
    let mut client = RawClient::connect(upstream.address()).await;
    client.send(b"GARBAGE\r\n\r\n").await;
    client.closed().await;
    assert_eq!((upstream.n_bytes(), upstream.n_connections(), upstream.messages().len()), (11, 1, 0));
    let request = Request::modern("/mcp", &Message::request(1, "tools/list").modern());
    RawClient::connect(upstream.address()).await.exchange(&request).await;
    assert_eq!(upstream.n_bytes(), 11 + request.bytes().len() as u64);
}

#[tokio::test]
async fn records_bodies_byte_for_byte_and_reads_the_last_key() {
    let upstream = Upstream::start(Script::new()).await;
    let body = "{\"jsonrpc\":\"2.0\", \"id\":1,\"method\":\"tools/call\",\"method\":\"ping\"}";
    RawClient::connect(upstream.address()).await.exchange(&Request::post("/mcp?x=1", body)).await;
    let received = upstream.messages().remove(0);
    assert_eq!((received.text().as_str(), received.target.as_str()), (body, "/mcp?x=1"));
    assert_eq!(received.method(), "ping");
}

#[tokio::test]
async fn breaks_off_where_the_script_says() {
    let part = Answer::empty(200).then(Step::Raw("{\"jsonrpc\":".into())).then(Step::Cut);
    let script = Script::new()
        .tool(Tool::new("nothing").answer(Answer::hang_up()))
        .tool(Tool::new("part").answer(part))
        .tool(Tool::new("other-id").answer(Answer::raw(r#"{"jsonrpc":"2.0","id":99,"result":{}}"#)))
        .tool(Tool::new("teapot").answer(Answer::empty(418)));
    let upstream = Upstream::start(script).await;
    let call = |tool: &str| Request::modern("/mcp", &Message::call(1, tool, json!({})).modern());

    let mut client = RawClient::connect(upstream.address()).await;
    client.send(call("nothing").bytes()).await;
    assert!(client.closed().await.is_empty());

    let mut client = RawClient::connect(upstream.address()).await;
    let mut stream = client.open(&call("part")).await;
    assert_eq!(stream.rest().await, "{\"jsonrpc\":");
    assert!(!stream.ended_cleanly().await);

    let mut client = RawClient::connect(upstream.address()).await;
    assert_eq!(client.exchange(&call("other-id")).await.json()["id"], 99);
    assert_eq!(client.exchange(&call("teapot")).await.status, 418);
    upstream.called(4).await;
    upstream.stop().await;
}
