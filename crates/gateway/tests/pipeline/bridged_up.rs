//! Legacy clients of servers that speak only 2026-07-28, over HTTP and as processes.

use crate::support::{ALLOW, Legacy, Running, Test, text};
use serde_json::{Value, json};
use testkit::message::{CAPABILITIES_KEY, VERSION_KEY};
use testkit::upstream::Step;
use testkit::{Answer, Eras, Gate, Message, Tool};

fn test() -> Test {
    Test::new().script(|script| script.eras(Eras::Modern)).tool(Tool::new("copy").answer(Answer::echo()))
}

fn methods(test: &Running) -> Vec<String> {
    let of_bridge =
        |message: &testkit::Received| (message.http_method == "POST").then(|| message.method().to_owned());
    test.upstream.messages().iter().filter_map(of_bridge).collect()
}

async fn listed(session: &Legacy<'_>) -> Vec<String> {
    let answer = session.ask(Message::request(1, "tools/list")).await;
    let tools = answer["result"]["tools"].as_array().unwrap_or_else(|| panic!("no list in {answer}"));
    tools.iter().map(|tool| tool["name"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn tools_are_listed_and_called_without_a_handshake_upstream() {
    let test = test().policy(ALLOW).start().await;
    let session = test.legacy().await;
    assert_eq!(session.greeting["result"]["protocolVersion"], "2025-11-25");
    assert_eq!(session.greeting["result"]["serverInfo"]["name"], "testkit");
    assert_eq!(session.ask(Message::request(2, "ping")).await["result"], json!({}));
    assert_eq!(listed(&session).await, ["copy"]);
    let called = session.call("copy", json!({"n": 1})).await;
    assert_eq!((text(&called), &called["result"]["resultType"]), ("{\"n\":1}", &Value::Null));
    let asked = ["initialize", "server/discover", "server/discover", "tools/list", "tools/call"];
    assert_eq!(methods(&test), asked);
    let call = &test.upstream.calls()[0];
    assert_eq!((call.header("mcp-method"), call.header("mcp-name")), (Some("tools/call"), Some("copy")));
    let meta = &call.params()["_meta"];
    assert_eq!((&meta[VERSION_KEY], &meta[CAPABILITIES_KEY]), (&json!("2026-07-28"), &json!({})));
    assert_eq!(meta["io.modelcontextprotocol/clientInfo"], json!({"name": "testkit", "version": "1"}));
    // What is known of the server is not asked again.
    let second = test.legacy().await;
    assert_eq!(text(&second.call("copy", json!({})).await), "{}");
    assert_eq!(methods(&test)[5..], ["server/discover", "tools/call"]);
    assert_eq!(test.books().outcomes(), vec!["answered"; 2]);
}

#[tokio::test]
async fn what_is_denied_or_hidden_reaches_no_server() {
    let policy = r#"{"version": "1", "default": "deny", "tools": {
        "copy": {"limits": [{"counter": "c", "window": "1h", "max": 1, "scope": "grant"}]},
        "open": {"action": "deny", "reason": "not today"}}}"#;
    let test = test().policy(policy).tool(Tool::new("open")).tool(Tool::new("hidden")).start().await;
    let session = test.legacy().await;
    assert_eq!(listed(&session).await, ["copy", "open"]);
    let denied =
        async |tool: &str| test.untouched(&session.request(Message::call(3, tool, json!({})))).await.answer();
    assert!(text(&denied("open").await).contains("not today"));
    assert_eq!(denied("hidden").await["error"]["code"], -32602);
    assert_eq!(text(&session.call("copy", json!({})).await), "{}");
    assert!(text(&denied("copy").await).starts_with("[POLICY DENIED]"));
    test.untouched(&session.request(Message::request(4, "resources/read").param("uri", "a:b"))).await;
    assert_eq!(test.upstream.calls().len(), 1);
}

#[tokio::test]
async fn mirrored_arguments_become_headers() {
    let schema = json!({"type": "string", "x-mcp-header": "Region"});
    let test = Test::new()
        .policy(ALLOW)
        .script(|script| script.eras(Eras::Modern))
        .tool(Tool::new("copy").property("region", schema))
        .start()
        .await;
    let session = test.legacy().await;
    assert_eq!(text(&session.call("copy", json!({"region": "eu-1"})).await), "ok");
    assert_eq!(test.upstream.calls()[0].header("mcp-param-region"), Some("eu-1"));
}

#[tokio::test]
async fn resources_prompts_completion_and_log_levels_pass() {
    let unknown = Answer::refusal(200, -32602, "no such resource", Some(json!({"uri": "a:b"})));
    let test = test()
        .policy(ALLOW)
        .script(|script| {
            script
                .on("resources/read", unknown)
                .on("resources/list", Answer::result(json!({"resources": []})).sse())
                .on("prompts/get", Answer::result(json!({"messages": [], "n": 1.50})))
        })
        .start()
        .await;
    let session = test.legacy().await;
    let read = session.ask(Message::request("r", "resources/read").param("uri", "a:b")).await;
    assert_eq!((&read["id"], &read["error"]["code"]), (&json!("r"), &json!(-32002)));
    let listed = session.ask(Message::request(2, "resources/list")).await;
    assert_eq!(listed["result"]["resources"], json!([]));
    assert_eq!(
        session.ask(Message::request(3, "logging/setLevel").param("level", "info")).await["result"],
        json!({})
    );
    let got = session.ask(Message::request(4, "prompts/get").param("name", "p")).await;
    assert_eq!((&got["result"]["n"], &got["result"]["resultType"]), (&json!(1.50), &Value::Null));
    let prompt =
        test.upstream.messages().into_iter().find(|message| message.method() == "prompts/get").unwrap();
    assert_eq!(prompt.params()["_meta"]["io.modelcontextprotocol/logLevel"], "info");
    assert!(test.upstream.messages().iter().all(|message| message.method() != "logging/setLevel"));
}

#[tokio::test]
async fn progress_and_log_messages_come_before_the_answer_and_a_cancellation_ends_it() {
    let gate = Gate::closed();
    let progress = r#"event: message
data: {"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":{id},"progress":1}}

"#;
    let note = json!({"jsonrpc": "2.0", "method": "notifications/message", "params": {"level": "info", "data": "x"}});
    let answer = Answer::empty(200)
        .sse()
        .then(Step::Raw(progress.into()))
        .then(Step::Message(note))
        .then(Step::Hold(gate.clone()))
        .then(Step::Result(json!({"content": []})));
    let test = test().policy(ALLOW).tool(Tool::new("slow").answer(answer)).start().await;
    let session = test.legacy().await;
    let mut client = test.client().await;
    let call = |id: &str| session.request(Message::call(id, "slow", json!({})).meta("progressToken", "mine"));
    let mut stream = client.open(&call("c")).await;
    assert_eq!(stream.message().await["params"]["progressToken"], "mine");
    assert_eq!(stream.message().await["params"]["data"], "x");
    gate.admit(1);
    assert_eq!(stream.message().await["id"], "c");

    let mut client = test.client().await;
    let mut stream = client.open(&call("d")).await;
    stream.message().await;
    let cancelled = Message::notification("notifications/cancelled").param("requestId", "d");
    assert_eq!(session.send(cancelled).await.status, 202);
    test.upstream.abandoned(1).await;
}

#[tokio::test]
async fn changes_are_heard_on_the_sessions_stream() {
    let capabilities = json!({"tools": {"listChanged": true}, "resources": {"subscribe": true}});
    let test = test().policy(ALLOW).script(|script| script.capabilities(capabilities)).start().await;
    let session = test.legacy().await;
    let mut client = session.connect().await;
    let mut stream = client.open(&session.bare("GET")).await;
    test.upstream.listened(1).await;
    test.upstream.push(&json!({"jsonrpc": "2.0", "method": "notifications/tools/list_changed"}));
    let changed = stream.message().await;
    assert_eq!(changed["method"], "notifications/tools/list_changed");
    assert!(changed["params"]["_meta"]["io.modelcontextprotocol/subscriptionId"].is_null(), "{changed}");
    let subscribe = Message::request(5, "resources/subscribe").param("uri", "a:b");
    assert_eq!(session.ask(subscribe).await["result"], json!({}));
    test.upstream.listened(2).await;
    let listens: Vec<_> = test
        .upstream
        .messages()
        .into_iter()
        .filter(|message| message.method() == "subscriptions/listen")
        .collect();
    assert_eq!(listens[1].params()["notifications"]["resourceSubscriptions"], json!(["a:b"]));
    let updated =
        json!({"jsonrpc": "2.0", "method": "notifications/resources/updated", "params": {"uri": "a:b"}});
    test.upstream.push(&updated);
    assert_eq!(stream.message().await["params"]["uri"], "a:b");
}

#[tokio::test]
async fn an_older_client_gets_what_it_can_read() {
    let link = json!({"type": "resource_link", "name": "n", "uri": "a:b"});
    let answer = Answer::result(json!({"content": [link], "structuredContent": [1]}));
    let test = test().policy(ALLOW).tool(Tool::new("link").answer(answer)).start().await;
    let initialize = Message::initialize(0).param("protocolVersion", "2025-03-26");
    let session = Legacy::open_with(&test, &test.token, initialize).await;
    assert_eq!(session.greeting["result"]["protocolVersion"], "2025-03-26");
    let request = session.request(Message::call(1, "link", json!({}))).without("MCP-Protocol-Version");
    let called = test.send(&request).await.answer();
    assert_eq!(called["result"], json!({"content": [{"type": "text", "text": "n <a:b>"}]}));
}
