//! Clients that speak in lines: one connection is one client, with a way to the server of its own.

use crate::support::{ALLOW, LineClient, Running, Test, text};
use gateway::declared::{ServerSpec, Transport};
use gateway::upstream::{Command, Server};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;
use testkit::upstream::Step;
use testkit::{Answer, Message, Tool};

const LIMITED: &str = r#"{"version": "1", "default": "deny", "hide": ["secret"], "tools": {"secret": {}, "hold": {},
  "copy": {"limits": [{"counter": "c", "window": "minute", "max": 2, "scope": "grant"}]}}}"#;

fn test() -> Test {
    ["copy", "hold", "secret"]
        .into_iter()
        .fold(Test::new().policy(LIMITED).process(), |test, name| test.tool(Tool::new(name)))
}

fn over_http(answer: Answer) -> Test {
    Test::new().policy(ALLOW).tool(Tool::new("copy").answer(answer))
}

fn names(list: &Value) -> Vec<&str> {
    list["result"]["tools"].as_array().unwrap().iter().map(|tool| tool["name"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn both_eras_list_call_and_survive_denials() {
    for modern in [false, true] {
        let test = test().start().await;
        let mut client = test.lines();
        let form = |message: Message| if modern { message.modern() } else { message };
        if modern {
            let discovered = client.ask(Message::request(0, "server/discover").modern()).await;
            assert_eq!(discovered["result"]["resultType"], "complete");
        } else {
            assert_eq!(client.initialize().await["result"]["protocolVersion"], "2025-11-25");
        }
        assert_eq!(names(&client.ask(form(Message::request(1, "tools/list"))).await), ["copy", "hold"]);
        for id in 2..4 {
            assert_eq!(text(&client.ask(form(Message::call(id, "copy", json!({})))).await), "ok");
        }
        let limited = client.ask(form(Message::call(4, "copy", json!({})))).await;
        assert!(text(&limited).starts_with("[POLICY DENIED] at most 2 calls per minute"), "{limited}");
        let hidden = client.ask(form(Message::call(5, "secret", json!({})))).await;
        assert_eq!(hidden["error"]["code"], -32602);
        assert_eq!(names(&client.ask(form(Message::request(6, "tools/list"))).await), ["copy", "hold"]);
        assert_eq!(test.puppets.of("tools/call").len(), 2);
        assert_eq!(test.books().denials(), [("/tools/copy/limits/c", "limit"), ("(hidden)", "hidden")]);
    }
}

#[tokio::test]
async fn the_first_request_settles_the_era() {
    let test = test().start().await;
    let (mut legacy, mut modern) = (test.lines(), test.lines());
    legacy.initialize().await;
    let refused = legacy.ask(Message::call(1, "hold", json!({})).modern()).await;
    assert_eq!(refused["error"]["code"], -32600);
    modern.ask(Message::request(0, "server/discover").modern()).await;
    let refused = modern.ask(Message::initialize(1)).await;
    assert_eq!(
        (&refused["error"]["code"], &refused["error"]["data"]["supported"]),
        (&json!(-32022), &json!(["2026-07-28"]))
    );
    let refused = modern.ask(Message::call(2, "hold", json!({}))).await;
    assert_eq!(refused["error"]["code"], -32602, "without an envelope");
    assert!(test.puppets.of("tools/call").is_empty());
}

#[tokio::test]
async fn what_the_server_says_unasked_comes_once() {
    let test = test().start().await;
    let mut client = test.lines();
    client.initialize().await;
    for _ in 0..3 {
        client.send(Message::notification("notifications/initialized")).await;
    }
    test.puppets.received("notifications/initialized", 4).await;
    let note = |data: &str| json!({"jsonrpc": "2.0", "method": "notifications/message", "params": {"level": "info", "data": data}});
    test.puppets.say(0, &note("a"));
    test.puppets.say(0, &note("b"));
    assert_eq!(client.next().await.unwrap()["params"]["data"], "a");
    assert_eq!(client.next().await.unwrap()["params"]["data"], "b");
}

#[tokio::test]
async fn what_is_under_way_at_the_end_of_input_is_answered_and_the_process_ends() {
    let test = test().start().await;
    let mut client = test.lines();
    client.initialize().await;
    client.send(Message::call("last", "hold", json!({}))).await;
    let call = test.puppets.received("tools/call", 1).await;
    client.end_input();
    let result = json!({"content": [{"type": "text", "text": "late"}]});
    test.puppets.say(0, &json!({"jsonrpc": "2.0", "id": call["id"], "result": result}));
    let rest = client.ended().await;
    assert_eq!((rest.len(), &rest[0]["id"], text(&rest[0])), (1, &json!("last"), "late"));
    test.puppets.ended(1).await;
    assert_eq!(test.books().outcomes(), ["answered"]);
}

#[tokio::test]
async fn a_call_that_was_given_up_does_not_hold_up_the_end() {
    let test = test().start().await;
    let mut client = test.lines();
    client.initialize().await;
    client.send(Message::call("never", "hold", json!({}))).await;
    test.puppets.received("tools/call", 1).await;
    client.send(Message::notification("notifications/cancelled").param("requestId", "never")).await;
    test.puppets.received("notifications/cancelled", 1).await;
    client.end_input();
    assert_eq!(client.ended().await, Vec::<Value>::new());
    test.puppets.ended(1).await;
    assert_eq!(test.books().outcomes(), ["unknown"]);
}

#[tokio::test]
async fn a_process_that_dies_ends_the_connection() {
    let test = test().start().await;
    let mut client = test.lines();
    client.initialize().await;
    for id in 1..3 {
        client.send(Message::call(id, "hold", json!({}))).await;
    }
    test.puppets.received("tools/call", 2).await;
    test.puppets.die(0);
    let last = client.ended().await;
    assert_eq!(last.iter().filter(|answer| answer["error"]["code"] == -32603).count(), 2, "{last:?}");
    assert_eq!(test.books().outcomes(), ["unknown", "unknown"]);
    // The next connection has a new process.
    assert_eq!(test.lines().initialize().await["result"]["protocolVersion"], "2025-11-25");
}

#[tokio::test]
async fn a_request_gets_an_answer_also_when_its_reply_is_cut_off_or_too_long() {
    let text = |n_bytes| format!(r#"{{"jsonrpc":"2.0","id":{{id}},"result":{{"x":"{}"#, "x".repeat(n_bytes));
    for (answer, why) in [
        (Answer::raw(&text(100_000)).then(Step::Cut), "cut off"),
        (Answer::raw(&format!("data: {}", text(100_000))).sse().then(Step::Cut), "cut off"),
        (Answer::raw(&format!("{}\"}}}}", text(17 << 20))), "too long for one line"),
    ] {
        let test = over_http(answer).start().await;
        let mut client = test.lines();
        let answer = client.ask(Message::call("c", "copy", json!({})).modern()).await;
        assert_eq!((&answer["id"], &answer["error"]["code"]), (&json!("c"), &json!(-32603)));
        assert!(answer["error"]["message"].as_str().unwrap().contains(why), "{answer}");
        assert_eq!(test.books().outcomes(), ["unknown"], "{why}");
    }
}

#[tokio::test]
async fn a_large_reply_over_http_is_one_line() {
    let bulk = "y".repeat(3 << 20);
    let test = over_http(Answer::raw(&format!(
        "{{\"jsonrpc\":\"2.0\",\n\"id\":{{id}},\r\n\"result\":{{\"x\":\"{bulk}\"}}}}"
    )))
    .start()
    .await;
    let answer = test.lines().ask(Message::call("c", "copy", json!({})).modern()).await;
    assert_eq!(answer, json!({"jsonrpc": "2.0", "id": "c", "result": {"x": bulk}}));
}

#[tokio::test]
async fn a_server_over_http_keeps_its_session_and_an_unknown_method_ends_nothing() {
    let test = over_http(Answer::text("ok")).start().await;
    let mut client = test.lines();
    client.initialize().await;
    assert_eq!(text(&client.ask(Message::call(1, "copy", json!({}))).await), "ok");
    assert_eq!(test.upstream.calls()[0].header("mcp-session-id"), Some("upstream-session-1"));
    let mut modern = test.lines();
    modern.ask(Message::request(0, "server/discover").modern()).await;
    // This server answers it with HTTP 404.
    let unknown = modern.ask(Message::request(1, "prompts/list").modern()).await;
    assert_eq!(unknown["error"]["code"], -32601);
    assert_eq!(text(&modern.ask(Message::call(2, "copy", json!({})).modern()).await), "ok");
    // One that forgot the session ends the connection.
    test.upstream.end_sessions();
    client.send(Message::call(2, "copy", json!({}))).await;
    let last = client.ended().await;
    assert_eq!((last.len(), &last[0]["id"]), (1, &json!(2)));
}

#[tokio::test]
async fn cancels_map_to_the_servers_ids_and_ids_are_used_once() {
    let test = test().start().await;
    let mut client = test.lines();
    client.initialize().await;
    client.send(Message::call("mine", "hold", json!({}))).await;
    let call = test.puppets.received("tools/call", 1).await;
    let twice = client.ask(Message::call("mine", "hold", json!({}))).await;
    assert_eq!(twice["error"]["code"], -32600);
    client.send(Message::notification("notifications/cancelled").param("requestId", "other")).await;
    client
        .send(
            Message::notification("notifications/cancelled")
                .param("requestId", "mine")
                .param("reason", "kept"),
        )
        .await;
    let cancelled = test.puppets.received("notifications/cancelled", 1).await;
    assert_eq!(cancelled["params"], json!({"requestId": call["id"], "reason": "kept"}));
    assert_eq!(
        (test.puppets.of("tools/call").len(), test.puppets.of("notifications/cancelled").len()),
        (1, 1)
    );
}

/// What `wrap` brings along: a command of its own, under the policies of its grant and one that it names.
fn wrapped(test: &Running, policy: Option<&str>) -> Arc<Server> {
    let command = test.puppets.command();
    let transport = Transport::Stdio { command: command.clone(), env: BTreeMap::new(), cwd: None };
    let spec = ServerSpec::new("brought", transport);
    let env = std::env::vars_os().collect();
    let command =
        Command::exact(command[0].clone(), command[1..].to_vec(), env, std::env::current_dir().unwrap());
    Arc::new(Server::wrapped(spec, command, policy.map(str::to_owned), &test.gateway.setup()))
}

#[tokio::test]
async fn wrapped_servers_share_the_limits_of_their_grant() {
    let mut test = test().start().await;
    let connect = |test: &Running, grant: &str, policy| {
        LineClient::start(Arc::clone(&test.gateway), grant, wrapped(test, policy))
    };
    let mut clients = [connect(&test, "local", Some("policy1")), connect(&test, "local", Some("policy1"))];
    for client in &mut clients {
        client.initialize().await;
        assert_eq!(names(&client.ask(Message::request(1, "tools/list")).await), ["copy", "hold"]);
        assert_eq!(text(&client.ask(Message::call(2, "copy", json!({}))).await), "ok");
    }
    for client in &mut clients {
        let limited = client.ask(Message::call(3, "copy", json!({}))).await;
        assert!(text(&limited).starts_with("[POLICY DENIED] at most 2 calls"), "{limited}");
    }
    assert_eq!(test.puppets.of("tools/call").len(), 2);
    // Without a policy, or with one that does not exist, everything is denied.
    for policy in [None, Some("missing")] {
        let mut client = connect(&test, "local", policy);
        client.initialize().await;
        assert_eq!(client.ask(Message::call(1, "copy", json!({}))).await["error"]["code"], -32602);
    }
    // A policy that goes takes what it opened along.
    test.change(|declared| {
        declared.policies.remove("policy1");
        declared.grants.iter_mut().for_each(|grant| grant.servers.clear());
    });
    assert_eq!(clients[0].next().await.unwrap()["method"], "notifications/tools/list_changed");
    assert_eq!(clients[0].ask(Message::call(4, "hold", json!({}))).await["error"]["code"], -32602);
    // Nobody's grant is ended at once.
    let last = connect(&test, "nobody", None).ended().await;
    assert_eq!(last.len(), 1);
    assert_eq!(test.puppets.of("tools/call").len(), 2);
}

#[tokio::test]
async fn a_last_line_without_its_end_is_taken() {
    let test = Test::new().policy(ALLOW).process().tool(Tool::new("copy")).start().await;
    let mut client = test.lines();
    client.initialize().await;
    client.send_bytes(Message::call(7, "copy", json!({})).bytes()).await;
    client.end_input();
    let rest = client.ended().await;
    assert_eq!((rest.len(), &rest[0]["id"], text(&rest[0])), (1, &json!(7), "ok"));
}
