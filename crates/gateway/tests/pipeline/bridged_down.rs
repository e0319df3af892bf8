//! Modern clients of servers that speak only the handshake era, over HTTP and as processes.

use crate::support::{ALLOW, Running, Test, text};
use serde_json::{Value, json};
use testkit::message::VERSION_KEY;
use testkit::upstream::Step;
use testkit::{Answer, Eras, Gate, Message, Tool};

const DENY: &str = r#"{"version": "1", "default": "deny", "tools": {"copy": {}}}"#;

fn test() -> Test {
    Test::new().script(|script| script.eras(Eras::Legacy)).tool(Tool::new("copy").answer(Answer::echo()))
}

fn methods(test: &Running) -> Vec<String> {
    let of_bridge =
        |message: &testkit::Received| (message.http_method == "POST").then(|| message.method().to_owned());
    test.upstream.messages().iter().filter_map(of_bridge).collect()
}

#[tokio::test]
async fn tools_are_listed_and_called_over_one_session() {
    let test = test().policy(ALLOW).start().await;
    assert_eq!(test.listed().await, ["copy"]);
    let called = test.call("copy", json!({"n": 1})).await;
    assert_eq!(text(&called), "{\"n\":1}");
    assert_eq!(called["result"]["resultType"], "complete");
    assert_eq!(text(&test.call("copy", json!({"n": 2})).await), "{\"n\":2}");
    let asked = ["tools/list", "server/discover", "initialize", "notifications/initialized"];
    assert_eq!(methods(&test), [&asked[..], &["tools/list", "tools/call", "tools/call"]].concat());
    for call in test.upstream.calls() {
        assert_eq!(call.header("mcp-session-id"), Some("upstream-session-1"));
        assert_eq!(call.header("mcp-protocol-version"), Some("2025-11-25"));
        assert_eq!((call.header("mcp-method"), call.header("mcp-name")), (None, None));
        assert!(call.params()["_meta"].is_null(), "{}", call.text());
    }
    let books = test.books();
    assert_eq!((books.tally.intents, books.outcomes()), (2, vec!["answered"; 2]));
}

#[tokio::test]
async fn what_is_denied_or_hidden_reaches_no_session() {
    let policy = r#"{"version": "1", "default": "deny", "tools": {
        "copy": {"limits": [{"counter": "c", "window": "1h", "max": 1, "scope": "grant"}]},
        "open": {"action": "deny", "reason": "not today"}}}"#;
    let test = test().policy(policy).tool(Tool::new("open")).tool(Tool::new("hidden")).start().await;
    assert_eq!(test.listed().await, ["copy", "open"]);
    assert!(text(&test.denied("open", json!({})).await).contains("not today"));
    assert_eq!(test.denied("hidden", json!({})).await["error"]["code"], -32602);
    assert_eq!(text(&test.call("copy", json!({})).await), "{}");
    assert!(text(&test.denied("copy", json!({})).await).starts_with("[POLICY DENIED]"));
    test.untouched(&test.request(Message::request(1, "resources/read").param("uri", "a:b"))).await;
    assert_eq!(test.upstream.calls().len(), 1);
}

#[tokio::test]
async fn discovery_tells_what_the_handshake_said() {
    let capabilities = json!({"tools": {}, "resources": {"subscribe": true}, "logging": {}, "tasks": {}});
    let test = test().policy(ALLOW).script(|script| script.capabilities(capabilities)).start().await;
    let discovered = test.modern(Message::request(1, "server/discover")).await.answer();
    let result = &discovered["result"];
    assert_eq!(result["supportedVersions"], json!(["2026-07-28", "2025-11-25"]));
    assert_eq!(result["capabilities"], json!({"tools": {}, "resources": {"subscribe": true}, "logging": {}}));
    assert_eq!(result["_meta"]["io.modelcontextprotocol/serverInfo"]["name"], "testkit");
    assert_eq!((&result["resultType"], &result["cacheScope"]), (&json!("complete"), &json!("private")));
}

#[tokio::test]
async fn resources_prompts_and_completion_pass() {
    let read = json!({"contents": [{"uri": "a:b", "text": "t", "n": 1.50}]});
    let test = test()
        .policy(ALLOW)
        .script(|script| {
            script
                .on("resources/read", Answer::result(read.clone()))
                .on("resources/list", Answer::result(json!({"resources": []})))
                .on("prompts/get", Answer::error(-32002, "no such prompt"))
                .on("completion/complete", Answer::result(json!({"completion": {"values": ["a"]}})).sse())
        })
        .start()
        .await;
    let ask = async |message: Message| test.modern(message).await.answer();
    let got = ask(Message::request("r", "resources/read").param("uri", "a:b")).await;
    assert_eq!((&got["id"], &got["result"]["contents"]), (&json!("r"), &read["contents"]));
    assert_eq!((&got["result"]["ttlMs"], &got["result"]["cacheScope"]), (&json!(0), &json!("private")));
    let listed = ask(Message::request(2, "resources/list")).await;
    assert_eq!(listed["result"]["resources"], json!([]));
    let prompt = ask(Message::request(3, "prompts/get").param("name", "p")).await;
    assert_eq!(prompt["error"], json!({"code": -32602, "message": "no such prompt"}));
    let reference = json!({"type": "ref/prompt", "name": "p"});
    let completed = Message::request(4, "completion/complete").param("ref", reference);
    let completed = ask(completed.param("argument", json!({"name": "x", "value": ""}))).await;
    assert_eq!(completed["result"]["completion"]["values"], json!(["a"]));
    let intents = test.books().tally.intents;
    assert_eq!(intents, 4);
}

#[tokio::test]
async fn progress_and_wanted_log_messages_come_before_the_answer() {
    let gate = Gate::closed();
    let note = |level: &str| {
        let note = json!({"level": level, "data": level});
        Step::Message(json!({"jsonrpc": "2.0", "method": "notifications/message", "params": note}))
    };
    let progress = r#"event: message
data: {"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":{id},"progress":1}}

"#;
    let answer = Answer::empty(200)
        .sse()
        .then(Step::Raw(progress.into()))
        .then(note("debug"))
        .then(note("error"))
        .then(Step::Hold(gate.clone()))
        .then(Step::Result(json!({"content": []})));
    let test = Test::new()
        .policy(ALLOW)
        .script(|script| script.eras(Eras::Legacy).capabilities(json!({"tools": {}, "logging": {}})))
        .tool(Tool::new("slow").answer(answer))
        .start()
        .await;
    let call = || Message::call("c", "slow", json!({})).meta("progressToken", "mine");
    for wanted in [None, Some("warning")] {
        let call = wanted.map_or_else(call, |level| call().meta("io.modelcontextprotocol/logLevel", level));
        let mut client = test.client().await;
        let mut stream = client.open(&test.request(call)).await;
        assert_eq!(stream.message().await["params"]["progressToken"], "mine");
        if wanted.is_some() {
            assert_eq!(stream.message().await["params"]["data"], "error");
        }
        gate.admit(1);
        assert_eq!(stream.message().await["id"], "c");
    }
    test.upstream.received_method("logging/setLevel", 1).await;
    let set = test.upstream.messages().into_iter().find(|message| message.method() == "logging/setLevel");
    assert_eq!(set.unwrap().params()["level"], "warning");
}

#[tokio::test]
async fn a_client_that_goes_away_cancels() {
    let gate = Gate::closed();
    let held = Answer::text("late").sse().after(Step::Hold(gate)).after(Step::Raw(": hello\n\n".into()));
    let test = test().policy(ALLOW).tool(Tool::new("slow").answer(held)).start().await;
    let mut client = test.client().await;
    client.send(test.request(Message::call(1, "slow", json!({}))).bytes()).await;
    test.upstream.called(1).await;
    drop(client);
    test.upstream.received_method("notifications/cancelled", 1).await;
    let messages = test.upstream.messages();
    let cancelled = messages.iter().find(|message| message.method() == "notifications/cancelled").unwrap();
    assert_eq!(cancelled.params()["requestId"], *test.upstream.calls()[0].id());
    assert_eq!(cancelled.header("mcp-session-id"), Some("upstream-session-1"));
}

#[tokio::test]
async fn clients_that_say_different_things_of_themselves_share_no_session() {
    let test = test().policy(ALLOW).start().await;
    let call = |name: &str| {
        let info = json!({"name": name, "version": "1"});
        Message::call(1, "copy", json!({})).meta("io.modelcontextprotocol/clientInfo", info)
    };
    for (name, n_sessions) in [("a", 1), ("b", 2), ("a", 2)] {
        assert_eq!(text(&test.modern(call(name)).await.answer()), "{}");
        let initialized: Vec<Value> = test
            .upstream
            .messages()
            .iter()
            .filter(|message| message.method() == "initialize")
            .map(|message| message.params()["clientInfo"]["name"].clone())
            .collect();
        assert_eq!(initialized.len(), n_sessions, "{initialized:?}");
    }
    let other = test.request(call("a")).bearer(&test.other_token);
    assert_eq!(text(&test.send(&other).await.answer()), "{}");
    let sessions: Vec<_> =
        test.upstream.calls().iter().map(|call| call.header("mcp-session-id").unwrap().to_owned()).collect();
    assert_eq!((&sessions[0], sessions[0] != sessions[1]), (&sessions[2], true));
    assert!(!sessions[..3].contains(&sessions[3]), "each grant has its own");
}

#[tokio::test]
async fn a_session_that_the_server_forgot_is_opened_again_but_no_call_is_sent_twice() {
    let test = test().policy(ALLOW).start().await;
    assert_eq!(text(&test.call("copy", json!({"n": 1})).await), "{\"n\":1}");
    test.upstream.end_sessions();
    let lost = test.call("copy", json!({"n": 2})).await;
    assert!(lost["error"]["message"].as_str().unwrap().contains("retry"), "{lost}");
    assert_eq!(text(&test.call("copy", json!({"n": 3})).await), "{\"n\":3}");
    let n = |call: &testkit::Received| call.arguments()["n"].clone();
    assert_eq!(test.upstream.calls().iter().map(n).collect::<Vec<_>>(), [1, 2, 3]);
}

#[tokio::test]
async fn changes_are_heard_on_a_listen_stream() {
    let capabilities = json!({"tools": {"listChanged": true}, "resources": {"subscribe": true}});
    let subscribed = Answer::result(json!({}));
    let test = test()
        .policy(ALLOW)
        .script(|script| {
            let script = script.capabilities(capabilities);
            script.on("resources/subscribe", subscribed.clone()).on("resources/unsubscribe", subscribed)
        })
        .start()
        .await;
    let wanted =
        json!({"toolsListChanged": true, "promptsListChanged": true, "resourceSubscriptions": ["a:b"]});
    let listen = Message::request("l", "subscriptions/listen").param("notifications", wanted);
    let mut client = test.client().await;
    let mut stream = client.open(&test.request(listen)).await;
    let acknowledged = stream.message().await;
    assert_eq!(acknowledged["method"], "notifications/subscriptions/acknowledged");
    assert_eq!(
        acknowledged["params"],
        json!({"_meta": {"io.modelcontextprotocol/subscriptionId": "l"},
            "notifications": {"toolsListChanged": true, "resourceSubscriptions": ["a:b"]}})
    );
    test.upstream.listened(1).await;
    for method in ["prompts/list_changed", "tools/list_changed"] {
        test.upstream.push(&json!({"jsonrpc": "2.0", "method": format!("notifications/{method}")}));
    }
    let changed = stream.message().await;
    assert_eq!(changed["method"], "notifications/tools/list_changed");
    assert_eq!(changed["params"]["_meta"]["io.modelcontextprotocol/subscriptionId"], "l");
    let updated =
        json!({"jsonrpc": "2.0", "method": "notifications/resources/updated", "params": {"uri": "a:b"}});
    test.upstream.push(&updated);
    assert_eq!(stream.message().await["params"]["uri"], "a:b");
    drop(client);
    test.upstream.received_method("resources/unsubscribe", 1).await;
}

#[tokio::test]
async fn a_listen_stream_breaks_off_with_the_session_that_it_listened_in() {
    let test = test().policy(ALLOW).start().await;
    test.listed().await;
    let wanted = json!({"toolsListChanged": true});
    let listen = Message::request("l", "subscriptions/listen").param("notifications", wanted);
    let mut client = test.client().await;
    let mut stream = client.open(&test.request(listen)).await;
    assert_eq!(stream.message().await["method"], "notifications/subscriptions/acknowledged");
    test.upstream.listened(1).await;
    test.upstream.end_sessions();
    assert!(test.call("copy", json!({})).await["error"].is_object());
    assert!(!crate::support::ends_cleanly(&mut stream).await);
}

#[tokio::test]
async fn what_is_not_translated_tells_a_client_to_take_the_other_era() {
    let test = test().policy(ALLOW).start().await;
    test.listed().await;
    let unknown = test.modern(Message::request(1, "tasks/get").param("taskId", "t")).await;
    assert!(
        matches!(unknown.json()["error"]["code"].as_i64(), Some(-31403 | -32021 | -32022)),
        "{}",
        unknown.text()
    );
}

#[tokio::test]
async fn a_server_that_speaks_neither_era_says_so() {
    let test = test()
        .policy(ALLOW)
        .script(|script| script.on("initialize", Answer::error(-32601, "no")))
        .start()
        .await;
    let listed = test.modern(Message::request(1, "tools/list")).await.answer();
    assert_eq!(listed["error"]["code"], -32603);
    assert!(listed["error"]["message"].as_str().unwrap().contains("handshake"), "{listed}");
    assert!(test.upstream.messages().iter().all(|message| !message.is_call()));
}

#[tokio::test]
async fn calls_are_never_the_question_what_a_server_speaks() {
    let test = test().policy(DENY).start().await;
    assert_eq!(text(&test.call("copy", json!({})).await), "{}");
    let calls = test.upstream.calls();
    assert_eq!(calls.len(), 1);
    assert!(calls[0].params()["_meta"][VERSION_KEY].is_null());
}

#[tokio::test]
async fn a_declared_era_is_spoken_without_asking() {
    let mut test = Test::new().policy(ALLOW).tool(Tool::new("copy")).start().await;
    test.change(|declared| declared.servers[0].era = Some(mcp::Era::Legacy));
    assert_eq!(text(&test.call("copy", json!({})).await), "ok");
    let asked = ["initialize", "notifications/initialized", "tools/list", "tools/call"];
    assert_eq!(methods(&test), asked);
    test.change(|declared| declared.servers[0].era = Some(mcp::Era::Modern));
    let session = test.legacy().await;
    assert_eq!(text(&session.call("copy", json!({})).await), "ok");
    assert_eq!(methods(&test)[4..], ["server/discover", "tools/list", "tools/call"]);
}
