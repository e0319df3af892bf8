//! The fake upstream in the modern era.
//!
//! Must never: depend on the order in which two connections are served.

use serde_json::json;
use testkit::upstream::Step;
use testkit::{Answer, Eras, Gate, Message, RawClient, Reply, Request, Script, Tool, Upstream};

fn imaging() -> Script {
    let import = Tool::new("import").required("bucket", json!({"type": "string"})).answer(Answer::echo());
    Script::new().eras(Eras::Modern).tool(import).tool(Tool::new("export")).tool(Tool::new("list"))
}

async fn ask(upstream: &Upstream, message: &Message) -> Reply {
    RawClient::connect(upstream.address()).await.exchange(&Request::modern("/mcp", message)).await
}

#[tokio::test]
async fn answers_calls_and_records_them() {
    let upstream = Upstream::start(imaging()).await;
    let mut client = RawClient::connect(upstream.address()).await;
    for id in [json!(1), json!("1")] {
        let call = Message::call(id.clone(), "import", json!({"bucket": "b"})).modern();
        let reply = client.exchange(&Request::modern("/mcp", &call)).await;
        let expected = json!({"jsonrpc": "2.0", "id": id, "result": {
            "content": [{"type": "text", "text": "{\"bucket\":\"b\"}"}], "resultType": "complete"}});
        assert_eq!((reply.status, reply.json()), (200, expected));
    }
    let calls = upstream.calls();
    let seen: Vec<_> = calls.iter().map(|call| (call.connection, call.tool(), call.id().clone())).collect();
    assert_eq!(seen, [(1, "import", json!(1)), (1, "import", json!("1"))]);
    assert_eq!(upstream.n_connections(), 1);
}

#[tokio::test]
async fn lists_in_pages_and_lists_changes() {
    let upstream = Upstream::start(imaging().pages_of(2)).await;
    let first = ask(&upstream, &Message::request(1, "tools/list").modern()).await.answer();
    let cursor = first["result"]["nextCursor"].clone();
    let second =
        ask(&upstream, &Message::request(2, "tools/list").modern().param("cursor", cursor)).await.answer();
    let names = |answer: &serde_json::Value| -> Vec<String> {
        let tools = answer["result"]["tools"].as_array().cloned().unwrap_or_default();
        tools.iter().map(|tool| tool["name"].as_str().unwrap_or_default().to_owned()).collect()
    };
    assert_eq!(
        (names(&first), names(&second)),
        (vec!["import".into(), "export".into()], vec!["list".into()])
    );
    assert_eq!(second["result"]["nextCursor"], json!(null));
    assert_eq!(first["result"]["tools"][0]["inputSchema"]["required"], json!(["bucket"]));
    upstream.set_tools(vec![Tool::new("other")]);
    let changed = ask(&upstream, &Message::request(3, "tools/list").modern()).await.answer();
    assert_eq!(names(&changed), ["other"]);
}

#[tokio::test]
async fn refuses_what_a_strict_server_refuses() {
    let upstream = Upstream::start(imaging()).await;
    let call = Message::call(1, "import", json!({"bucket": "b"})).modern();
    let good = Request::modern("/mcp", &call);
    let unknown_tool = Message::call(1, "none", json!({})).modern();
    let unknown_method = Message::request(1, "nothing").modern();
    let no_capabilities =
        Message::call(1, "import", json!({})).meta(testkit::message::VERSION_KEY, "2026-07-28");
    let cases = [
        (good.clone().with("Mcp-Name", "export"), 400, -32020),
        (good.clone().without("Mcp-Method"), 400, -32020),
        (good.clone().with("MCP-Protocol-Version", "2025-11-25"), 400, -32020),
        (Request::modern("/mcp", &unknown_tool), 200, -32602),
        (Request::modern("/mcp", &unknown_method), 404, -32601),
        (Request::modern("/mcp", &no_capabilities), 400, -32602),
        (Request::legacy("/mcp", &Message::initialize(1), None), 400, -32022),
        (Request::post("/mcp", "[]"), 400, -32700),
    ];
    for (request, status, code) in cases {
        let reply = RawClient::connect(upstream.address()).await.exchange(&request).await;
        assert_eq!(
            (reply.status, reply.json()["error"]["code"].as_i64()),
            (status, Some(code)),
            "{request:?}"
        );
    }
    let notification = ask(&upstream, &Message::notification("notifications/cancelled").modern()).await;
    assert_eq!((notification.status, notification.body.len()), (202, 0));
}

#[tokio::test]
async fn holds_answers_at_a_gate() {
    let gate = Gate::closed();
    let slow = Tool::new("slow").answer(Answer::text("done").held(&gate));
    let upstream = Upstream::start(Script::new().tool(slow)).await;
    let mut clients = Vec::new();
    for id in 1..=3 {
        let mut client = RawClient::connect(upstream.address()).await;
        client.send(Request::modern("/mcp", &Message::call(id, "slow", json!({})).modern()).bytes()).await;
        clients.push(client);
    }
    gate.arrived(3).await;
    drop(clients.pop());
    upstream.abandoned(1).await;
    gate.open();
    for mut client in clients {
        assert_eq!(client.reply().await.json()["result"]["content"][0]["text"], "done");
    }
}

#[tokio::test]
async fn streams_events_and_pushes() {
    let gate = Gate::closed();
    let progress = Message::notification("notifications/progress").param("progress", 1);
    let answer = Answer::empty(200)
        .sse()
        .then(Step::Message(progress.value().clone()))
        .then(Step::Hold(gate.clone()))
        .then(Step::Result(json!({"content": []})));
    let upstream = Upstream::start(Script::new().tool(Tool::new("long").answer(answer))).await;
    let mut client = RawClient::connect(upstream.address()).await;
    let call = Request::modern("/mcp", &Message::call(5, "long", json!({})).modern());
    let mut stream = client.open(&call).await;
    assert_eq!(stream.head.header("content-type"), Some("text/event-stream"));
    assert_eq!(stream.message().await["method"], "notifications/progress");
    gate.open();
    assert_eq!(stream.message().await["result"]["resultType"], "complete");
    assert!(stream.event().await.is_none() && stream.ended_cleanly().await);

    let listen = Message::request("s", "subscriptions/listen").modern().param("notifications", json!({}));
    let mut listener = RawClient::connect(upstream.address()).await;
    let mut stream = listener.open(&Request::modern("/mcp", &listen)).await;
    assert_eq!(stream.message().await["method"], "notifications/subscriptions/acknowledged");
    upstream.listened(1).await;
    assert_eq!(upstream.push(Message::notification("notifications/tools/list_changed").value()), 1);
    let pushed = stream.message().await;
    assert_eq!(pushed["params"]["_meta"]["io.modelcontextprotocol/subscriptionId"], "s");
    upstream.end_streams();
    assert!(stream.event().await.is_none() && stream.ended_cleanly().await);
}
