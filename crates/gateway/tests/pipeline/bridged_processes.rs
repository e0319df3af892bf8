//! Processes of one era behind clients of the other, by the HTTP front and in lines.

use crate::support::{ALLOW, Running, Test, text};
use gateway::declared::Transport;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use testkit::message::VERSION_KEY;
use testkit::{Eras, Message, Tool};

async fn start(eras: Eras) -> Running {
    let test = Test::new().policy(ALLOW).process().tool(Tool::new("copy")).tool(Tool::new("hold"));
    let test = test.start().await;
    test.puppets.set_eras(eras);
    test
}

fn result(id: &Value, text: &str) -> Value {
    json!({"jsonrpc": "2.0", "id": id, "result": {"content": [{"type": "text", "text": text}], "resultType": "complete"}})
}

fn progress(token: &Value) -> Value {
    json!({"jsonrpc": "2.0", "method": "notifications/progress", "params": {"progressToken": token, "progress": 1}})
}

fn methods(test: &Running) -> Vec<String> {
    test.puppets.messages().iter().map(|message| message["method"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn the_process_that_was_asked_is_the_one_that_is_greeted() {
    let test = start(Eras::Legacy).await;
    assert_eq!(test.listed().await, ["copy", "hold"]);
    assert_eq!(text(&test.call("copy", json!({})).await), "ok");
    assert_eq!(
        methods(&test),
        ["server/discover", "initialize", "notifications/initialized", "tools/list", "tools/call"]
    );
    assert!(test.puppets.of("tools/call")[0]["params"]["_meta"][VERSION_KEY].is_null());
    // What the command speaks is known: other grants begin with the handshake.
    let other = test.request(Message::call(7, "copy", json!({}))).bearer(&test.other_token);
    assert_eq!(text(&test.send(&other).await.answer()), "ok");
    assert_eq!((test.puppets.n_started(), test.puppets.of("server/discover").len()), (2, 1));
}

#[tokio::test]
async fn modern_clients_hear_progress_and_notices_and_cancel_by_leaving() {
    let test = start(Eras::Legacy).await;
    let listen = Message::request("l", "subscriptions/listen")
        .param("notifications", json!({"toolsListChanged": true}));
    let mut listener = test.client().await;
    let mut notices = listener.open(&test.request(listen)).await;
    assert_eq!(notices.message().await["method"], "notifications/subscriptions/acknowledged");
    test.puppets.say(0, &json!({"jsonrpc": "2.0", "method": "notifications/tools/list_changed"}));
    let changed = notices.message().await;
    assert_eq!(changed["params"]["_meta"]["io.modelcontextprotocol/subscriptionId"], "l");

    let mut client = test.client().await;
    let call = Message::call("c", "hold", json!({})).meta("progressToken", "mine");
    client.send(test.request(call).bytes()).await;
    let call = test.puppets.received("tools/call", 1).await;
    test.puppets.say(0, &progress(&call["params"]["_meta"]["progressToken"]));
    test.puppets.say(0, &result(&call["id"], "done"));
    let messages = client.reply().await.messages();
    assert_eq!(messages[0]["params"]["progressToken"], "mine");
    assert_eq!((&messages[1]["id"], text(&messages[1])), (&json!("c"), "done"));

    let mut client = test.client().await;
    client.send(test.request(Message::call(2, "hold", json!({}))).bytes()).await;
    let call = test.puppets.received("tools/call", 2).await;
    drop(client);
    let cancelled = test.puppets.received("notifications/cancelled", 1).await;
    assert_eq!(cancelled["params"]["requestId"], call["id"]);
}

#[tokio::test]
async fn legacy_sessions_work_with_a_modern_process() {
    let test = start(Eras::Modern).await;
    let session = test.legacy().await;
    assert_eq!(session.greeting["result"]["protocolVersion"], "2025-11-25");
    let mut client = session.connect().await;
    client
        .send(session.request(Message::call("c", "hold", json!({})).meta("progressToken", 5)).bytes())
        .await;
    let call = test.puppets.received("tools/call", 1).await;
    assert_eq!(call["params"]["_meta"][VERSION_KEY], "2026-07-28");
    test.puppets.say(0, &progress(&call["id"]));
    test.puppets.say(0, &result(&call["id"], "done"));
    let messages = client.reply().await.messages();
    assert_eq!((&messages[0]["params"]["progressToken"], text(&messages[1])), (&json!(5), "done"));
    assert_eq!(test.puppets.n_started(), 1);
    // The next session is greeted in the era that is known.
    test.legacy().await;
    assert_eq!(test.puppets.of("initialize").len(), 1);
}

#[tokio::test]
async fn clients_in_lines_are_bridged_both_ways() {
    let test = start(Eras::Legacy).await;
    let mut client = test.lines();
    let called = client.ask(Message::call(1, "copy", json!({})).modern()).await;
    assert_eq!((text(&called), &called["result"]["resultType"]), ("ok", &json!("complete")));
    client.send(Message::call("slow", "hold", json!({})).modern()).await;
    let call = test.puppets.received("tools/call", 2).await;
    client.send(Message::notification("notifications/cancelled").param("requestId", "slow")).await;
    let cancelled = test.puppets.received("notifications/cancelled", 1).await;
    assert_eq!(cancelled["params"]["requestId"], call["id"]);
    assert!(client.next().await.unwrap()["error"].is_object());
    assert_eq!(test.puppets.n_started(), 1);

    let test = start(Eras::Modern).await;
    let mut client = test.lines();
    assert_eq!(client.initialize().await["result"]["protocolVersion"], "2025-11-25");
    assert_eq!(text(&client.ask(Message::call(1, "copy", json!({}))).await), "ok");
    let listen = test.puppets.received("subscriptions/listen", 1).await;
    let id = &listen["id"];
    let meta = json!({"io.modelcontextprotocol/subscriptionId": id});
    let changed =
        json!({"jsonrpc": "2.0", "method": "notifications/tools/list_changed", "params": {"_meta": meta}});
    test.puppets.say(0, &changed);
    assert_eq!(client.next().await.unwrap()["method"], "notifications/tools/list_changed");
    assert_eq!(test.puppets.n_started(), 1);
}

/// Speaks the handshake era only, and ends or is silent when it is asked anything else.
const STUBBORN: &str = "
import json, sys
for line in sys.stdin:
    message = json.loads(line)
    if message['method'] == 'server/discover':
        if sys.argv[1] == 'ends':
            sys.exit(1)
        continue
    if 'id' not in message:
        continue
    result = {'protocolVersion': '2025-06-18', 'capabilities': {'tools': {}}, 'serverInfo': {'name': 's', 'version': '1'}}
    if message['method'] == 'tools/list':
        result = {'tools': [{'name': 'copy', 'inputSchema': {'type': 'object'}}]}
    if message['method'] == 'tools/call':
        result = {'content': [{'type': 'text', 'text': 'ok'}]}
    print(json.dumps({'jsonrpc': '2.0', 'id': message['id'], 'result': result}), flush=True)
";

#[tokio::test]
async fn a_process_that_ends_or_is_silent_when_it_is_asked_is_greeted_all_the_same() {
    for manner in ["ends", "is silent"] {
        let mut test = Test::new().policy(ALLOW).process().start().await;
        test.change(|declared| {
            let command = ["python3", "-I", "-S", "-c", STUBBORN, manner].map(String::from).to_vec();
            declared.servers[0].transport = Transport::Stdio { command, env: BTreeMap::new(), cwd: None };
        });
        assert_eq!(test.listed().await, ["copy"], "{manner}");
        assert_eq!(text(&test.call("copy", json!({})).await), "ok", "{manner}");
    }
}

/// Speaks 2026-07-28 only, and is so slow to start that the first question whether it does is not answered in time.
const SLOW: &str = "
import json, sys
n_asked = 0
for line in sys.stdin:
    message = json.loads(line)
    if 'id' not in message:
        continue
    method, result = message['method'], {'resultType': 'complete', 'ttlMs': 0, 'cacheScope': 'private'}
    if method == 'initialize':
        data = {'supported': ['2026-07-28'], 'requested': '2025-11-25'}
        error = {'code': -32022, 'message': 'unsupported', 'data': data}
        print(json.dumps({'jsonrpc': '2.0', 'id': message['id'], 'error': error}), flush=True)
        continue
    if method == 'server/discover':
        n_asked += 1
        if n_asked == 1:
            continue
        result |= {'supportedVersions': ['2026-07-28'], 'capabilities': {'tools': {}}}
    if method == 'tools/list':
        result['tools'] = [{'name': 'copy', 'inputSchema': {'type': 'object'}}]
    if method == 'tools/call':
        result = {'resultType': 'complete', 'content': [{'type': 'text', 'text': 'ok'}]}
    print(json.dumps({'jsonrpc': '2.0', 'id': message['id'], 'result': result}), flush=True)
";

#[tokio::test]
async fn a_process_that_is_slow_to_start_is_not_taken_for_one_of_the_other_era() {
    let mut test = Test::new().policy(ALLOW).process().start().await;
    test.change(|declared| {
        let command = ["python3", "-I", "-S", "-c", SLOW].map(String::from).to_vec();
        declared.servers[0].transport = Transport::Stdio { command, env: BTreeMap::new(), cwd: None };
    });
    assert_eq!(test.listed().await, ["copy"]);
    assert_eq!(text(&test.call("copy", json!({})).await), "ok");
}

#[tokio::test]
async fn a_bridged_process_that_dies_is_started_and_greeted_again() {
    let test = start(Eras::Legacy).await;
    assert_eq!(text(&test.call("copy", json!({})).await), "ok");
    test.puppets.die(0);
    test.puppets.ended(1).await;
    let early = test.call("copy", json!({})).await;
    assert!(early["error"].is_object() || text(&early) == "ok", "{early}");
    test.clock.advance_ms(1_000);
    assert_eq!(text(&test.call("copy", json!({})).await), "ok");
    assert_eq!(test.puppets.n_started(), 2);
    assert_eq!(test.puppets.of("initialize").len(), 2);
}

#[tokio::test]
async fn bridged_processes_end_when_idle_or_when_the_grant_is_revoked() {
    let mut test = start(Eras::Legacy).await;
    test.call("copy", json!({})).await;
    test.clock.advance_ms(gateway::declared::DEFAULT_IDLE_STOP_S * 1_000);
    test.gateway.world().server(Running::SERVER).unwrap().stop_idle(test.gateway.now_ms());
    test.puppets.ended(1).await;
    assert_eq!(text(&test.call("copy", json!({})).await), "ok");
    test.revoke();
    test.puppets.ended(2).await;
}

#[tokio::test]
async fn a_listener_is_not_given_up_because_nothing_changes() {
    for eras in [Eras::Legacy, Eras::Modern] {
        let test = Test::new().policy(ALLOW).process().timeout_s(1).tool(Tool::new("hold")).start().await;
        test.puppets.set_eras(eras);
        let wanted = json!({"toolsListChanged": true});
        let listen = Message::request("l", "subscriptions/listen").param("notifications", wanted);
        let mut listener = test.client().await;
        let request = test.request(listen);
        let acknowledge = async {
            if eras == Eras::Legacy {
                return json!(null);
            }
            let id = test.puppets.received("subscriptions/listen", 1).await["id"].clone();
            test.puppets.say(0, &notice("subscriptions/acknowledged", &id));
            id
        };
        let (mut stream, id) = tokio::join!(listener.open(&request), acknowledge);
        // As long as an answer is waited for, and longer, nothing is said.
        for _ in 0..2 {
            assert!(test.call("hold", json!({})).await["error"].is_object());
        }
        test.puppets.say(0, &notice("tools/list_changed", &id));
        assert_eq!(stream.message().await["method"], "notifications/subscriptions/acknowledged");
        assert_eq!(stream.message().await["method"], "notifications/tools/list_changed");
    }
}

/// A notice on the listen stream of this id, if there is one.
fn notice(method: &str, id: &Value) -> Value {
    let mut notice = json!({"jsonrpc": "2.0", "method": format!("notifications/{method}"), "params": {"_meta": {}, "notifications": {}}});
    if !id.is_null() {
        notice["params"]["_meta"]["io.modelcontextprotocol/subscriptionId"] = id.clone();
    }
    notice
}
