//! Sessions of the handshake era over HTTP, against servers over HTTP and as processes.

use crate::support::{ALLOW, Legacy, Running, Test, text};
use serde_json::{Value, json};
use testkit::{Message, Request, Tool};

const HIDING: &str = r#"{"version": "1", "default": "deny", "tools": {"copy": {}, "hold": {}}}"#;

fn test() -> Test {
    ["copy", "hold", "unnamed"]
        .into_iter()
        .fold(Test::new().policy(HIDING), |test, name| test.tool(Tool::new(name)))
}

#[tokio::test]
async fn a_session_lists_and_calls_over_http_and_to_a_process() {
    for is_process in [false, true] {
        let test = if is_process { test().process() } else { test() };
        let test = test.start().await;
        let session = test.legacy().await;
        assert_eq!(session.greeting["result"]["protocolVersion"], "2025-11-25");
        assert_eq!(session.id.len(), 32);
        let listed = session.ask(Message::request(1, "tools/list")).await;
        let names: Vec<&Value> =
            listed["result"]["tools"].as_array().unwrap().iter().map(|tool| &tool["name"]).collect();
        assert_eq!(names, ["copy", "hold"]);
        assert_eq!(text(&session.call("copy", json!({"a": 1})).await), "ok");
        let denied = session.call("unnamed", json!({})).await;
        assert_eq!(denied["error"]["code"], -32602);
        assert_eq!(test.books().outcomes(), ["answered"]);
    }
}

#[tokio::test]
async fn the_servers_own_session_is_never_shown() {
    let test = test().start().await;
    let session = test.legacy().await;
    assert!(!session.id.contains("upstream"));
    session.call("copy", json!({})).await;
    let call = test.upstream.calls().pop().unwrap();
    assert_eq!(call.header("mcp-session-id"), Some("upstream-session-1"));
    assert_eq!(
        test.untouched(
            &session.request(Message::request(1, "ping")).with("Mcp-Session-Id", "upstream-session-1")
        )
        .await
        .status,
        404
    );
}

#[tokio::test]
async fn delete_ends_a_session_here_and_there() {
    for is_process in [false, true] {
        let test = if is_process { test().process() } else { test() };
        let test = test.start().await;
        let session = test.legacy().await;
        assert_eq!(test.send(&session.bare("DELETE")).await.status, 200);
        if is_process {
            test.puppets.ended(1).await;
        } else {
            let last = test.upstream.messages().pop().unwrap();
            assert_eq!(
                (&*last.http_method, last.header("mcp-session-id")),
                ("DELETE", Some("upstream-session-1"))
            );
        }
        assert_eq!(test.untouched(&session.request(Message::request(1, "ping"))).await.status, 404);
        assert_eq!(test.untouched(&session.bare("DELETE")).await.status, 404);
        assert_eq!(test.gateway.sessions.len(), 0);
    }
}

#[tokio::test]
async fn a_session_that_the_server_forgot_is_gone_here_too() {
    let test = test().start().await;
    let (session, first, lister) = (test.legacy().await, test.legacy().await, test.legacy().await);
    test.upstream.end_sessions();
    // Whatever the client wants: a list, a call that needs one first, a call.
    assert_eq!(lister.send(Message::request(1, "tools/list")).await.status, 404);
    assert_eq!(first.send(Message::call(7, "copy", json!({}))).await.status, 404);
    assert_eq!(test.gateway.sessions.len(), 1);
    assert_eq!(test.listed().await, ["copy", "hold"]);
    assert_eq!(session.send(Message::call(7, "copy", json!({}))).await.status, 404);
    assert_eq!(test.untouched(&session.request(Message::call(7, "copy", json!({})))).await.status, 404);
    // Whoever initializes anew goes on.
    let session = test.legacy().await;
    assert_eq!(text(&session.call("copy", json!({})).await), "ok");
    assert_eq!(test.books().outcomes(), ["unknown", "answered"]);
}

#[tokio::test]
async fn a_session_whose_process_died_is_gone_and_the_next_works() {
    let test = test().process().start().await;
    let session = test.legacy().await;
    let mut client = session.connect().await;
    client.send(session.request(Message::call(7, "hold", json!({}))).bytes()).await;
    test.puppets.received("tools/call", 1).await;
    test.puppets.die(0);
    let answer = client.reply().await.answer();
    assert_eq!((&answer["id"], &answer["error"]["code"]), (&json!(7), &json!(-32603)));
    assert_eq!(test.untouched(&session.request(Message::request(8, "ping"))).await.status, 404);
    assert_eq!(test.gateway.sessions.len(), 0);
    let session = test.legacy().await;
    assert_eq!(text(&session.call("copy", json!({})).await), "ok");
    assert_eq!(test.puppets.n_started(), 2);
    assert_eq!(test.books().outcomes(), ["unknown", "answered"]);
}

#[tokio::test]
async fn the_stream_of_a_session_has_what_belongs_to_no_request() {
    for is_process in [false, true] {
        let test = if is_process { test().process() } else { test() };
        let test = test.start().await;
        let session = test.legacy().await;
        let mut client = session.connect().await;
        let mut stream = client.open(&session.bare("GET")).await;
        assert_eq!(
            (stream.head.status, stream.head.header("content-type")),
            (200, Some("text/event-stream"))
        );
        let say = |message: Value| {
            if is_process {
                test.puppets.say(0, &message)
            } else {
                assert_eq!(test.upstream.push(&message), 1)
            }
        };
        if !is_process {
            test.upstream.listened(1).await;
        }
        let note =
            |method: &str, params: Value| json!({"jsonrpc": "2.0", "method": method, "params": params});
        // Closed, of others, or no message at all.
        say(note("notifications/resources/updated", json!({"uri": "file:///x"})));
        say(note("notifications/progress", json!({"progressToken": 1, "progress": 1})));
        say(note("notifications/cancelled", json!({"requestId": 1})));
        say(json!({"jsonrpc": "2.0", "id": 1, "result": {}}));
        say(json!({"jsonrpc": "2.0", "id": 1, "method": "sampling/createMessage", "params": {}}));
        say(json!({"no": "message"}));
        say(note("notifications/message", json!({"level": "info", "data": 1, "_meta": {"toolgate/x": 1}})));
        say(note("notifications/tools/list_changed", json!({})));
        let first = stream.message().await;
        assert_eq!((&first["params"]["data"], &first["params"]["_meta"]), (&json!(1), &json!({})));
        assert_eq!(stream.message().await["method"], "notifications/tools/list_changed");
        let answered = |message: &Value| message["id"] == 1 && message["error"]["code"] == -32601;
        if is_process {
            test.puppets.heard("a refusal", answered).await;
        } else {
            // Handshake, its notification, the stream, the answer.
            test.upstream.received(4).await;
            assert!(test.upstream.messages().iter().any(|received| answered(&received.message)));
        }
    }
}

#[tokio::test]
async fn a_server_without_a_stream_of_its_own_has_none_here() {
    let test = test().start().await;
    let (session, other) = (test.legacy().await, test.legacy().await);
    // The server knows the session no more; the client learns it with its next request.
    test.upstream.end_sessions();
    assert_eq!(test.send(&session.bare("GET")).await.status, 405);
    assert_eq!(test.untouched(&session.bare("GET").without("Mcp-Session-Id")).await.status, 405);
    assert_eq!(test.untouched(&session.bare("GET").with("Accept", "application/json")).await.status, 406);
    let modern = other.bare("GET").with("MCP-Protocol-Version", "2026-07-28");
    assert_eq!(test.untouched(&modern).await.status, 405);
}

#[tokio::test]
async fn a_change_of_tools_binds_them_anew() {
    let test = test().process().start().await;
    let session = test.legacy().await;
    assert_eq!(text(&session.call("copy", json!({"a": 1})).await), "ok");
    test.puppets
        .set_tools(vec![Tool::new("copy").property("b", json!({"type": "integer"})).definition().clone()]);
    test.puppets.say(0, &json!({"jsonrpc": "2.0", "method": "notifications/tools/list_changed"}));
    // The process speaks in order: once this is answered, the change was heard.
    session.ask(Message::request(2, "ping")).await;
    let denied = session.call("copy", json!({"a": 1})).await;
    assert!(text(&denied).starts_with("[INVALID ARGUMENTS]"), "{denied}");
    assert_eq!(text(&session.call("copy", json!({"b": 1})).await), "ok");
    assert_eq!(session.call("hold", json!({})).await["error"]["code"], -32602);
    assert_eq!(test.books().denials(), [("(arguments)", "arguments"), ("(unknown tool)", "unknown_tool")]);
}

#[tokio::test]
async fn each_session_has_a_process_of_its_own() {
    let test = test().process().start().await;
    let (a, b) = (test.legacy().await, test.legacy().await);
    for session in [&a, &b, &a] {
        assert_eq!(text(&session.call("copy", json!({})).await), "ok");
    }
    assert_eq!(test.puppets.n_started(), 2);
    test.send(&a.bare("DELETE")).await;
    test.puppets.ended(1).await;
    assert_eq!(text(&b.call("copy", json!({})).await), "ok");
}

#[tokio::test]
async fn idle_sessions_end() {
    let test = test().process().start().await;
    let (idle, used) = (test.legacy().await, test.legacy().await);
    test.clock.advance_ms(gateway::session::IDLE_MS);
    used.ask(Message::request(1, "ping")).await;
    test.clock.advance_ms(1);
    test.gateway.sweep();
    test.puppets.ended(1).await;
    assert_eq!(test.untouched(&idle.request(Message::request(1, "ping"))).await.status, 404);
    used.ask(Message::request(1, "ping")).await;
}

#[tokio::test]
async fn sessions_of_a_grant_are_bounded_also_while_they_are_opened() {
    let gate = testkit::Gate::closed();
    let result = json!({"protocolVersion": "2025-11-25", "capabilities": {}, "serverInfo": {"name": "x", "version": "1"}});
    let greeting = testkit::Answer::result(result).held(&gate);
    let test = Test::new()
        .policy(ALLOW)
        .bounds(|bounds| bounds.max_sessions = 20)
        .script(|script| script.on("initialize", greeting))
        .start()
        .await;
    let most = 20;
    let request = Request::legacy(Running::PATH, &Message::initialize(1), None).bearer(&test.token);
    let mut clients = Vec::new();
    for _ in 0..most {
        let mut client = test.client().await;
        client.send(request.bytes()).await;
        clients.push(client);
    }
    gate.arrived(most).await;
    let refused = test.untouched(&request).await;
    assert!(refused.text().contains("too many open sessions"), "{}", refused.text());
    // One that gives up makes room.
    drop(clients.pop());
    test.upstream.abandoned(1).await;
    gate.open();
    assert_eq!(test.send(&request).await.status, 200);
    for mut client in clients {
        assert!(client.reply().await.header("mcp-session-id").is_some());
    }
    assert_eq!(test.gateway.sessions.len(), most);
    // Another grant has its own.
    Legacy::open(&test, &test.other_token).await;
}

#[tokio::test]
async fn processes_of_a_grant_have_a_bound_of_their_own() {
    let test = test().process().bounds(|bounds| bounds.max_processes = 2).start().await;
    let (a, _b) = (test.legacy().await, test.legacy().await);
    let request = Request::legacy(Running::PATH, &Message::initialize(1), None).bearer(&test.token);
    assert_eq!(test.send(&request).await.json()["error"]["code"], -31403);
    test.send(&a.bare("DELETE")).await;
    test.legacy().await;
    assert_eq!(test.puppets.n_started(), 3);
    assert_eq!(test.books().denials(), [("(session)", "too_many")]);
}

#[tokio::test]
async fn a_handshake_that_fails_leaves_nothing() {
    for (answer, what) in [
        (testkit::Answer::refusal(503, -32603, "no", None), "refused"),
        (testkit::Answer::result(json!({"protocolVersion": "1999-01-01"})), "unknown revision"),
        (testkit::Answer::hang_up(), "no answer"),
    ] {
        let test = Test::new().policy(ALLOW).script(|script| script.on("initialize", answer)).start().await;
        let request = Request::legacy(Running::PATH, &Message::initialize("i"), None).bearer(&test.token);
        let reply = test.send(&request).await;
        assert_eq!((reply.status, reply.header("mcp-session-id")), (200, None), "{what}");
        assert!(reply.json()["error"].is_object() && reply.json()["id"] == "i", "{what}");
        assert_eq!(test.gateway.sessions.len(), 0);
    }
}

#[tokio::test]
async fn revoking_while_a_session_opens_opens_none() {
    let gate = testkit::Gate::closed();
    let result = json!({"protocolVersion": "2025-11-25", "capabilities": {}});
    let greeting = testkit::Answer::result(result).held(&gate);
    let mut test = Test::new().policy(ALLOW).script(|script| script.on("initialize", greeting)).start().await;
    let mut client = test.client().await;
    client
        .send(Request::legacy(Running::PATH, &Message::initialize(1), None).bearer(&test.token).bytes())
        .await;
    gate.arrived(1).await;
    test.revoke();
    gate.open();
    assert_eq!(client.reply().await.status, 401);
    assert_eq!(test.gateway.sessions.len(), 0);
}

#[tokio::test]
async fn a_grant_opens_no_more_than_so_many_within_a_minute() {
    for is_process in [false, true] {
        let test = test().bounds(|bounds| {
            (bounds.max_opened_a_minute, bounds.max_started_a_minute) =
                if is_process { (100, 2) } else { (2, 100) };
        });
        let test = if is_process { test.process() } else { test };
        let test = test.start().await;
        for _ in 0..2 {
            let session = test.legacy().await;
            assert_eq!(test.send(&session.bare("DELETE")).await.status, 200);
        }
        let initialize = Request::legacy(Running::PATH, &Message::initialize(0), None).bearer(&test.token);
        let refused = test.send(&initialize).await.answer();
        assert_eq!(refused["error"]["code"], -31403);
        // What ends the sessions before may still be on its way, so the greetings are counted, not the bytes.
        let greeted = test.upstream.messages().iter().filter(|seen| seen.method() == "initialize").count();
        assert_eq!(greeted + test.puppets.n_started(), 2);
        let others = initialize.clone().bearer(&test.other_token);
        assert!(test.send(&others).await.answer()["result"].is_object(), "another grant is not meant");
        test.clock.advance_ms(60_000);
        test.legacy().await;
    }
}
