//! Servers that are processes: started when a message needs them, stopped when none does, watched while they work.

use crate::support::{ALLOW, Running, Test, text};
use gateway::declared::{DEFAULT_IDLE_STOP_S, Transport};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use testkit::{Message, Request, Tool};

fn test() -> Test {
    Test::new().policy(ALLOW).process().tool(Tool::new("copy")).tool(Tool::new("hold"))
}

fn result(id: &Value, text: &str) -> Value {
    json!({"jsonrpc": "2.0", "id": id, "result": {"content": [{"type": "text", "text": text}]}})
}

#[tokio::test]
async fn nothing_starts_before_a_message_needs_it() {
    const DENY: &str = r#"{"version": "1", "default": "deny", "tools": {"copy": {}}}"#;
    let test = Test::new().policy(DENY).process().tool(Tool::new("copy")).start().await;
    // Closed methods and refused requests need no process, nor does a call of a session that there is not.
    for request in [
        test.request(Message::request(1, "prompts/get").param("name", "x")),
        test.request(Message::request(1, "resources/list")),
        test.request(Message::call(1, "copy", json!({})).param("requestState", "x")),
        test.request(Message::call(1, "copy", json!({}))).bearer("nobody"),
    ] {
        test.untouched(&request).await;
    }
    assert_eq!(test.puppets.n_started(), 0);
    // Without a list no name is answered, so the first call starts it, whatever it names.
    let unnamed = test.call("other", json!({})).await;
    assert_eq!((unnamed["error"]["code"].clone(), test.puppets.n_started()), (json!(-32602), 1));
    assert_eq!(text(&test.call("copy", json!({})).await), "ok");
    assert_eq!(test.puppets.n_started(), 1);
}

#[tokio::test]
async fn a_denied_name_starts_nothing_once_the_list_is_known() {
    let test = test().bounds(|bounds| bounds.list_max_age_ms = 3_600_000).start().await;
    test.listed().await;
    stop_idle(&test, 1).await;
    test.denied("other", json!({})).await;
    assert_eq!(test.puppets.n_started(), 1);
    // An allowed one starts it again, and asks for the list: it may be another program by now.
    test.puppets.set_tools(vec![]);
    assert_eq!(test.call("copy", json!({})).await["error"]["code"], -32602);
    assert_eq!(test.puppets.n_started(), 2);
    assert_eq!(test.books().tally.intents, 0);
}

async fn stop_idle(test: &Running, n_ended: usize) {
    test.clock.advance_ms(DEFAULT_IDLE_STOP_S * 1_000);
    let world = test.gateway.world();
    world.server(Running::SERVER).unwrap().stop_idle(test.gateway.now_ms());
    test.puppets.ended(n_ended).await;
}

#[tokio::test]
async fn a_process_that_works_is_never_idle() {
    let test = test().start().await;
    let mut client = test.client().await;
    client.send(test.request(Message::call(7, "hold", json!({}))).bytes()).await;
    let call = test.puppets.received("tools/call", 1).await;
    test.clock.advance_ms(DEFAULT_IDLE_STOP_S * 10_000);
    test.gateway.world().server(Running::SERVER).unwrap().stop_idle(test.gateway.now_ms());
    test.puppets.say(0, &result(&call["id"], "late"));
    assert_eq!(text(&client.reply().await.answer()), "late");
    assert_eq!(test.books().outcomes(), ["answered"]);
}

#[tokio::test]
async fn a_process_that_dies_leaves_unknown_outcomes_and_is_started_again_later() {
    let test = test().start().await;
    let mut clients = Vec::new();
    for id in 0..3 {
        let mut client = test.client().await;
        client.send(test.request(Message::call(id, "hold", json!({}))).bytes()).await;
        clients.push(client);
    }
    test.puppets.received("tools/call", 3).await;
    test.puppets.die(0);
    for mut client in clients {
        assert_eq!(client.reply().await.answer()["error"]["code"], -32603);
    }
    // So soon after its start it is not started again at once.
    let early = test.denied("copy", json!({})).await;
    let why = early["error"]["message"].as_str().unwrap();
    assert!(why.contains("it is started again in 1 s"), "{why}");
    test.clock.advance_ms(1_000);
    assert_eq!(text(&test.call("copy", json!({})).await), "ok");
    assert_eq!(test.puppets.n_started(), 2);
    assert_eq!(test.books().outcomes(), ["unknown", "unknown", "unknown", "answered"]);
}

#[tokio::test]
async fn a_command_that_does_not_start_is_told_alike_for_every_name() {
    let mut test = test().start().await;
    test.change(|declared| {
        let command = vec!["/nonexistent/server".to_owned()];
        declared.servers[0].transport = Transport::Stdio { command, env: BTreeMap::new(), cwd: None };
    });
    let called = test.call("copy", json!({})).await;
    assert_eq!(called["error"]["code"], -32603);
    test.clock.advance_ms(60_000);
    assert_eq!(called, test.call("other", json!({})).await);
}

#[tokio::test]
async fn a_server_that_is_silent_for_too_long_is_given_up() {
    let test = test().timeout_s(3).start().await;
    let answer = test.call("hold", json!({})).await;
    assert!(answer["error"]["message"].as_str().unwrap().contains("may still act"), "{answer}");
    let cancelled = test.puppets.received("notifications/cancelled", 1).await;
    assert_eq!(cancelled["params"]["requestId"], test.puppets.of("tools/call")[0]["id"]);
    assert_eq!(test.books().outcomes(), ["unknown"]);
}

#[tokio::test]
async fn progress_and_answer_come_in_the_clients_terms() {
    let test = test().start().await;
    let mut client = test.client().await;
    let call = Message::call("mine", "hold", json!({})).meta("progressToken", "token");
    client.send(test.request(call).bytes()).await;
    let call = test.puppets.received("tools/call", 1).await;
    assert_eq!(call["params"]["_meta"]["progressToken"], call["id"]);
    let progress = |token: &Value| json!({"jsonrpc": "2.0", "method": "notifications/progress", "params": {"progressToken": token, "progress": 1}});
    // Garbage, of another request, without any, and its own.
    test.puppets.say_raw(0, "not a message");
    test.puppets.say(0, &result(&json!(99_999), "of another"));
    test.puppets.say(0, &progress(&json!("token")));
    test.puppets.say(0, &progress(&json!(99_999)));
    test.puppets.say(0, &progress(&call["id"]));
    test.puppets.say(0, &result(&call["id"], "done"));
    let messages = client.reply().await.messages();
    assert_eq!(messages.len(), 2, "{messages:?}");
    assert_eq!(messages[0]["params"]["progressToken"], "token");
    assert_eq!((&messages[1]["id"], text(&messages[1])), (&json!("mine"), "done"));
}

#[tokio::test]
async fn a_modern_error_of_a_process_has_the_status_that_http_gives_it() {
    let errors = [(-32020, 400), (-32021, 400), (-32022, 400), (-32601, 404), (-32602, 200), (-32603, 200)];
    for (code, status) in errors {
        let test = test().start().await;
        let mut client = test.client().await;
        client.send(test.request(Message::call("mine", "hold", json!({}))).bytes()).await;
        let call = test.puppets.received("tools/call", 1).await;
        let error = json!({"code": code, "message": "no"});
        test.puppets.say(0, &json!({"jsonrpc": "2.0", "id": call["id"], "error": error}));
        let reply = client.reply().await;
        assert_eq!((reply.status, &reply.json()["error"]), (status, &error));
    }
}

#[tokio::test]
async fn what_is_written_to_a_process_is_one_line() {
    let test = test().start().await;
    test.listed().await;
    let call = Message::call(7, "copy", json!({"a": "x\ny"})).modern();
    let pretty = serde_json::to_string_pretty(call.value()).unwrap().replace('\n', "\r\n");
    let request = test.request(Message::call(7, "copy", json!({}))).body(pretty);
    assert_eq!(text(&test.send(&request).await.answer()), "ok");
    assert_eq!(test.puppets.of("tools/call")[0]["params"]["arguments"], json!({"a": "x\ny"}));
}

#[tokio::test]
async fn each_grant_has_a_process_of_its_own() {
    let test = test().start().await;
    assert_eq!(text(&test.call("copy", json!({})).await), "ok");
    let other = test.request(Message::call(7, "copy", json!({}))).bearer(&test.other_token);
    assert_eq!(text(&test.send(&other).await.answer()), "ok");
    assert_eq!(test.puppets.n_started(), 2);
}

#[tokio::test]
async fn the_process_of_a_revoked_grant_is_stopped_and_no_other() {
    let mut test = test().start().await;
    test.call("copy", json!({})).await;
    let other = test.request(Message::call(7, "copy", json!({}))).bearer(&test.other_token);
    test.send(&other).await;
    test.revoke();
    test.puppets.ended(1).await;
    assert_eq!(text(&test.send(&other).await.answer()), "ok");
    assert_eq!(test.puppets.n_started(), 2);
}

#[tokio::test]
async fn a_process_is_stopped_when_its_declaration_goes() {
    let mut test = test().start().await;
    let session = test.legacy().await;
    session.call("copy", json!({})).await;
    let request = session.request(Message::request(1, "ping"));
    drop(session);
    assert_eq!(text(&test.call("copy", json!({})).await), "ok");
    test.change(|declared| declared.servers[0].timeout_s += 1);
    test.puppets.ended(2).await;
    // The server is another one now; sessions with the old one are gone.
    assert_eq!(test.untouched(&request).await.status, 404);
    assert_eq!(text(&test.call("copy", json!({})).await), "ok");
    test.change(|declared| {
        declared.servers.remove(0);
        declared.grants.iter_mut().for_each(|grant| grant.servers.clear());
    });
    test.puppets.ended(3).await;
    assert_eq!(test.untouched(&test.request(Message::request(1, "tools/list"))).await.status, 404);
}

#[tokio::test]
async fn a_notice_that_is_too_long_is_dropped() {
    let test = test().start().await;
    let session = test.legacy().await;
    let mut client = session.connect().await;
    let mut stream = client.open(&session.bare("GET")).await;
    let note = |data: &str| json!({"jsonrpc": "2.0", "method": "notifications/message", "params": {"level": "info", "data": data}});
    test.puppets.say(0, &note(&"x".repeat(65_000)));
    test.puppets.say(0, &note(&"x".repeat(66_000)));
    test.puppets.say(0, &note("last"));
    assert_eq!(stream.message().await["params"]["data"].as_str().unwrap().len(), 65_000);
    assert_eq!(stream.message().await["params"]["data"], "last");
}

#[tokio::test]
async fn requests_of_a_process_are_refused() {
    let test = test().start().await;
    test.listed().await;
    for (id, method) in [(json!("a"), "sampling/createMessage"), (json!(2), "roots/list"), (json!(3), "ping")]
    {
        test.puppets.say(0, &json!({"jsonrpc": "2.0", "id": id, "method": method}));
        let refused = method != "ping";
        test.puppets
            .heard(method, |message| message["id"] == id && message["error"].is_object() == refused)
            .await;
    }
}

#[tokio::test]
async fn what_a_server_said_before_it_died_is_for_the_operator_alone() {
    let mut test = Test::new().policy(ALLOW).process().start().await;
    test.change(|declared| {
        let script = "import sys; print('no such key: very-secret', file=sys.stderr); sys.exit(3)";
        let command = ["python3", "-I", "-S", "-c", script].map(String::from).to_vec();
        declared.servers[0].transport = Transport::Stdio { command, env: BTreeMap::new(), cwd: None };
    });
    let initialize = Request::legacy(Running::PATH, &Message::initialize(0), None).bearer(&test.token);
    let answer = test.send(&initialize).await;
    assert_eq!(answer.answer()["error"]["code"], -32603);
    assert!(!answer.text().contains("very-secret"), "{}", answer.text());
    let server = std::sync::Arc::clone(test.gateway.world().server(Running::SERVER).unwrap());
    let failed = testkit::wait::within("the end to be noted", async {
        loop {
            if let Some(failed) = server.starts.failed() {
                return failed;
            }
            tokio::task::yield_now().await;
        }
    })
    .await;
    assert_eq!(
        (&*failed.how, failed.last_lines),
        ("ended with status 3", vec![String::from("no such key: very-secret")])
    );
}
