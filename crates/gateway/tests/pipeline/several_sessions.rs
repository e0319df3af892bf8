//! Sessions over several servers on `/mcp`: greetings, servers that are dead, slow or of another revision, streams, ends.

use crate::support::several::{Hub, HubClient, PATH, Several, list, names, script};
use crate::support::text;
use serde_json::{Value, json};
use testkit::upstream::Eras;
use testkit::{Answer, Gate, Message, Request, Script};

const VERSION: &str = "2025-11-25";
const OLD: &str = "2024-11-05";

fn note(method: &str) -> Value {
    json!({"jsonrpc": "2.0", "method": method, "params": {}})
}

/// A server whose greeting waits.
fn slow(gate: &Gate) -> Script {
    script(&["copy"]).on("initialize", Answer::hang_up().held(gate))
}

/// Why a server is left out at present.
fn why(hub: &Hub, server: &str) -> Option<String> {
    let found = hub.gateway.hub.troubles.all().into_iter().find(|(id, _)| &**id == server);
    found.map(|(_, trouble)| trouble.why)
}

#[tokio::test]
async fn a_greeting_says_what_all_servers_can_do() {
    let rich = json!({"tools": {}, "resources": {"subscribe": true}, "logging": {}, "tasks": {"list": {}}});
    let greeting = json!({"protocolVersion": VERSION, "capabilities": {"prompts": {}, "completions": {}},
        "serverInfo": {"name": "secret", "version": "9"}, "instructions": " Be kind. "});
    let hub = Several::new()
        .http("a", script(&["x"]).capabilities(rich))
        .http("b", Script::new().on("initialize", Answer::result(greeting)))
        .alias("bee")
        .start()
        .await;
    let session = hub.legacy().await;
    let result = &session.greeting["result"];
    let capabilities = json!({"tools": {"listChanged": true}, "resources": {"listChanged": true, "subscribe": true},
        "logging": {}, "prompts": {"listChanged": true}, "completions": {}});
    assert_eq!(result["capabilities"], capabilities);
    assert_eq!(
        (&result["protocolVersion"], &result["serverInfo"]["name"]),
        (&json!(VERSION), &json!("toolgate"))
    );
    assert_eq!(result["instructions"], "# Tools that begin with `bee__`\n\nBe kind.");
    assert!(!session.greeting.to_string().contains("upstream-session") && session.id.len() == 32);
    let told = |server: &str| {
        hub.at(server)
            .messages()
            .iter()
            .filter(|message| message.method() == "notifications/initialized")
            .count()
    };
    assert_eq!((told("a"), told("b")), (1, 1));
    let discovered = hub.modern(Message::request(1, "server/discover")).await;
    let result = &discovered["result"];
    assert_eq!(result["supportedVersions"], json!(["2026-07-28", VERSION, "2025-06-18", "2025-03-26", OLD]));
    assert_eq!(result["_meta"]["io.modelcontextprotocol/serverInfo"]["name"], "toolgate");
    assert_eq!((&result["cacheScope"], &result["resultType"]), (&json!("private"), &json!("complete")));
}

#[tokio::test]
async fn all_servers_speak_one_revision() {
    let old = |version: &str| json!({"protocolVersion": version, "capabilities": {"tools": {}}, "serverInfo": {"name": "x", "version": "1"}});
    let hub = Several::new()
        .process("a", &["x"])
        .http("b", script(&["y"]).on("initialize", Answer::result(old(OLD))))
        .start()
        .await;
    let session = hub.legacy().await;
    assert_eq!(session.greeting["result"]["protocolVersion"], OLD);
    // The one that speaks what the client asked for was greeted again.
    let asked: Vec<_> = hub
        .process("a")
        .of("initialize")
        .iter()
        .map(|message| message["params"]["protocolVersion"].clone())
        .collect();
    assert_eq!(asked, [VERSION, OLD]);
    hub.process("a").ended(1).await;
    assert_eq!(text(&session.call("a__x", json!({})).await), "ok");
    assert_eq!(why(&hub, "a"), None);
}

#[tokio::test]
async fn a_dead_server_holds_up_nobody_and_says_why() {
    let hub = Several::new().dead("a").tools("b", &["copy"]).start().await;
    let session = hub.legacy().await;
    for legacy in [true, false] {
        let ask = async |message: Message| {
            if legacy { session.ask(message).await } else { hub.modern(message).await }
        };
        assert_eq!(names(&ask(list("tools/list")).await), ["b__copy"]);
        assert_eq!(text(&ask(Message::call(1, "b__copy", json!({}))).await), "ok");
        let called = ask(Message::call(2, "a__copy", json!({}))).await;
        let message = called["error"]["message"].as_str().unwrap();
        assert!(message.starts_with("the server `a` gave no usable answer: "), "{message}");
        assert!(why(&hub, "a").is_some_and(|why| why.contains("127.0.0.1:1") || !why.is_empty()));
    }
    assert_eq!(why(&hub, "b"), None);
    let metrics = hub.gateway.metrics.render().unwrap();
    assert!(metrics.contains(r#"toolgate_left_out_total{server="b"} 0"#), "{metrics}");
    assert!(!metrics.contains(r#"toolgate_left_out_total{server="a"} 0"#), "{metrics}");
}

#[tokio::test]
async fn where_no_server_answers_the_client_learns_why() {
    let hub = Several::new().dead("a").dead("b").start().await;
    let session = hub.legacy().await;
    for answer in [session.ask(list("tools/list")).await, hub.modern(list("tools/list")).await] {
        let message = answer["error"]["message"].as_str().unwrap();
        assert!(message.contains("`a`: ") && message.contains("`b`: "), "{message}");
    }
}

#[tokio::test]
async fn servers_of_the_other_era_are_bridged() {
    let hub = Several::new()
        .http("a", script(&["x"]).eras(Eras::Modern))
        .http("b", script(&["x"]).eras(Eras::Legacy))
        .start()
        .await;
    let session = hub.legacy().await;
    assert_eq!(names(&session.ask(list("tools/list")).await), ["a__x", "b__x"]);
    assert_eq!(text(&session.call("a__x", json!({})).await), "ok");
    let listed = hub.send(&hub.request(list("tools/list"))).await.answer();
    assert_eq!(names(&listed), ["a__x", "b__x"]);
    let called = hub.send(&hub.request(Message::call(1, "b__x", json!({})))).await.answer();
    assert_eq!(text(&called), "ok");
}

#[tokio::test]
async fn a_slow_server_is_left_out_and_joins_later() {
    let gate = Gate::closed();
    let hub = Several::new()
        .http("a", slow(&gate))
        .tools("b", &["copy"])
        .bounds(|bounds| bounds.member_deadline_ms = 2_000)
        .start()
        .await;
    let session = hub.legacy().await;
    assert_eq!(why(&hub, "a").as_deref(), Some("it did not answer within 2 s"));
    assert_eq!(names(&session.ask(list("tools/list")).await), ["b__copy"]);
    let mut client = hub.client().await;
    let mut stream = client.open(&session.bare("GET")).await;
    // It answers well now.
    hub.at("a").change(|present| *present = script(&["move"]));
    gate.open();
    assert_eq!(stream.message().await["method"], "notifications/tools/list_changed");
    assert_eq!(names(&session.ask(list("tools/list")).await), ["a__move", "b__copy"]);
    assert_eq!(why(&hub, "a"), None);
    assert_eq!(text(&session.call("a__move", json!({})).await), "ok");
    let told =
        hub.at("a").messages().into_iter().any(|message| message.method() == "notifications/initialized");
    assert!(told, "it hears what the client has said before");
}

#[tokio::test]
async fn a_list_that_hangs_is_left_out_of_an_answer() {
    let gate = Gate::closed();
    let hub = Several::new()
        .http("a", script(&["copy"]).on("tools/list", Answer::result(json!({"tools": []})).held(&gate)))
        .tools("b", &["copy"])
        .bounds(|bounds| bounds.member_deadline_ms = 2_000)
        .start()
        .await;
    let answer = hub.modern(list("tools/list")).await;
    assert_eq!((names(&answer), &answer["result"]["ttlMs"]), (vec![String::from("b__copy")], &json!(0)));
    assert_eq!(why(&hub, "a").as_deref(), Some("it did not answer within 2 s"));
    gate.open();
    assert_eq!(names(&hub.modern(list("tools/list")).await), ["b__copy"]);
    assert_eq!(why(&hub, "a"), None);
}

#[tokio::test]
async fn a_stream_has_what_every_server_says() {
    let hub = Several::new().tools("a", &["x"]).process("b", &["y"]).start().await;
    let session = hub.legacy().await;
    let mut client = hub.client().await;
    let mut stream = client.open(&session.bare("GET")).await;
    assert_eq!((stream.head.status, stream.head.header("content-type")), (200, Some("text/event-stream")));
    hub.at("a").listened(1).await;
    let log = |data: &str| json!({"jsonrpc": "2.0", "method": "notifications/message", "params": {"level": "info", "data": data}});
    hub.at("a").push(&log("from a"));
    assert_eq!(stream.message().await["params"]["data"], "from a");
    hub.process("b").say(0, &log("from b"));
    assert_eq!(stream.message().await["params"]["data"], "from b");
    for _ in 0..3 {
        hub.at("a").push(&note("notifications/tools/list_changed"));
    }
    assert_eq!(stream.message().await["method"], "notifications/tools/list_changed");
}

#[tokio::test]
async fn a_change_of_the_grant_shows_at_the_next_message() {
    let mut hub = Several::new().tools("a", &["x"]).tools("b", &["y"]).tools("c", &["z"]).start().await;
    let without = |hub: &mut Hub, servers: &[&str]| {
        let servers: Vec<String> = servers.iter().map(|server| (*server).to_owned()).collect();
        hub.change(|declared| declared.grants[0].servers.retain(|server, _| !servers.contains(server)));
    };
    without(&mut hub, &["c"]);
    let (id, token) = {
        let session = hub.legacy().await;
        assert_eq!(names(&session.ask(list("tools/list")).await), ["a__x", "b__y"]);
        (session.id.clone(), hub.token.clone())
    };
    let mut client = hub.client().await;
    let listen = Request::new("GET", PATH)
        .header("Accept", "text/event-stream")
        .header("Mcp-Session-Id", &id)
        .bearer(&token);
    let mut stream = client.open(&listen).await;
    let ask = async |hub: &Hub, message: Message| {
        hub.send(&Request::legacy(PATH, &message, Some(&id)).bearer(&token)).await.answer()
    };
    hub.change(|declared| {
        declared.grants[0].servers.insert("c".into(), vec!["c".into()]);
    });
    assert_eq!(stream.message().await["method"], "notifications/tools/list_changed");
    assert_eq!(names(&ask(&hub, list("tools/list")).await), ["a__x", "b__y", "c__z"]);
    assert_eq!(text(&ask(&hub, Message::call(1, "c__z", json!({}))).await), "ok");
    // Where one is left it needs no prefix, and the session stays.
    without(&mut hub, &["b", "c"]);
    assert_eq!(stream.message().await["method"], "notifications/tools/list_changed");
    assert_eq!(names(&ask(&hub, list("tools/list")).await), ["x"]);
    assert_eq!(text(&ask(&hub, Message::call(1, "x", json!({}))).await), "ok");
    assert_eq!(ask(&hub, Message::call(1, "b__y", json!({}))).await["error"]["code"], -32602);
    // And where the policy of one changes the client is told as well.
    hub.change(|declared| {
        declared.policies.insert("a".into(), r#"{"version": "1", "default": "deny"}"#.into());
    });
    assert_eq!(stream.message().await["method"], "notifications/tools/list_changed");
    assert_eq!(names(&ask(&hub, list("tools/list")).await), Vec::<String>::new());
}

#[tokio::test]
async fn a_cancellation_goes_where_the_request_went() {
    let hub = Several::new().process("a", &["hold"]).process("b", &["hold"]).start().await;
    let session = hub.legacy().await;
    session.ask(list("tools/list")).await;
    let mut client = hub.client().await;
    client.send(session.request(Message::call("x", "a__hold", json!({}))).bytes()).await;
    let call = hub.process("a").received("tools/call", 1).await;
    // The id is taken, whichever server is meant.
    let twice = session.ask(Message::call("x", "b__hold", json!({}))).await;
    assert_eq!(twice["error"]["code"], -32600);
    session.send(Message::notification("notifications/cancelled").param("requestId", "y")).await;
    session.send(Message::notification("notifications/cancelled").param("requestId", "x")).await;
    let cancelled = hub.process("a").received("notifications/cancelled", 1).await;
    assert_eq!(cancelled["params"]["requestId"], call["id"]);
    assert_eq!(
        hub.process("b").of("notifications/cancelled").len() + hub.process("b").of("tools/call").len(),
        0
    );
    hub.process("a").say(0, &json!({"jsonrpc": "2.0", "id": call["id"], "result": {"content": [{"type": "text", "text": "late"}]}}));
    assert_eq!(text(&client.reply().await.answer()), "late");
    // The id is free again.
    assert_eq!(session.ask(Message::request("x", "ping")).await["result"], json!({}));
}

#[tokio::test]
async fn progress_comes_with_the_answer_under_the_clients_token() {
    let hub = Several::new().process("a", &["hold"]).process("b", &["y"]).start().await;
    let session = hub.legacy().await;
    session.ask(list("tools/list")).await;
    let mut client = hub.client().await;
    client
        .send(session.request(Message::call(1, "a__hold", json!({})).meta("progressToken", "mine")).bytes())
        .await;
    let call = hub.process("a").received("tools/call", 1).await;
    let token = &call["params"]["_meta"]["progressToken"];
    hub.process("a").say(0, &json!({"jsonrpc": "2.0", "method": "notifications/progress", "params": {"progressToken": token, "progress": 1}}));
    hub.process("a").say(0, &json!({"jsonrpc": "2.0", "id": call["id"], "result": {"content": []}}));
    let messages = client.reply().await.messages();
    assert_eq!((&messages[0]["params"]["progressToken"], &messages[1]["id"]), (&json!("mine"), &json!(1)));
}

#[tokio::test]
async fn a_session_is_worth_nothing_to_others_and_ends_everywhere() {
    let hub = Several::new().tools("a", &["x"]).process("b", &["y"]).start().await;
    let session = hub.legacy().await;
    hub.at("a").received_method("notifications/initialized", 1).await;
    hub.process("b").received("notifications/initialized", 1).await;
    let ping = session.request(Message::request(1, "ping"));
    for request in [
        ping.clone().bearer(&hub.other_token),
        session.bare("GET").bearer(&hub.other_token),
        session.bare("DELETE").bearer(&hub.other_token),
    ] {
        assert_eq!(hub.untouched(&request).await.status, 404);
    }
    // Nor is it a session of one of its servers, nor the other way round.
    let alone = Request::legacy("/mcp/a", &Message::request(1, "ping"), Some(&session.id)).bearer(&hub.token);
    assert_eq!(hub.untouched(&alone).await.status, 404);
    for member in hub.gateway.sessions.all() {
        assert_eq!(hub.untouched(&ping.clone().with("Mcp-Session-Id", &member.id)).await.status, 404);
    }
    assert_eq!((hub.gateway.sessions.len(), hub.send(&ping).await.status), (2, 200));
    let mut client = hub.client().await;
    let mut stream = client.open(&session.bare("GET")).await;
    assert_eq!(hub.send(&session.bare("DELETE")).await.status, 200);
    assert!(crate::support::ends_cleanly(&mut stream).await);
    hub.process("b").ended(1).await;
    let last = hub.at("a").messages().into_iter().rev().find(|message| message.target != "/fence").unwrap();
    assert_eq!((&*last.http_method, last.header("mcp-session-id")), ("DELETE", Some("upstream-session-1")));
    assert_eq!((hub.gateway.sessions.len(), hub.gateway.hub.sessions.len()), (0, 0));
    assert_eq!(hub.untouched(&ping).await.status, 404);
}

#[tokio::test]
async fn a_stream_is_resumed_and_only_by_its_own_session() {
    let hub = Several::new().tools("a", &["x"]).tools("b", &["y"]).start().await;
    let (session, other) = (hub.legacy().await, hub.legacy().await);
    let log = |data: &str| json!({"jsonrpc": "2.0", "method": "notifications/message", "params": {"level": "info", "data": data}});
    let id = {
        let mut client = hub.client().await;
        let mut stream = client.open(&session.bare("GET")).await;
        hub.at("a").listened(1).await;
        hub.at("b").listened(1).await;
        hub.at("a").push(&log("first"));
        loop {
            let event = stream.raw_event().await.unwrap();
            if event.contains("first") {
                break event.lines().find_map(|line| line.strip_prefix("id:")).unwrap().trim().to_owned();
            }
        }
    };
    hub.at("a").push(&log("second"));
    hub.at("b").push(&log("third"));
    let resume = |session: &HubClient<'_>| session.bare("GET").header("Last-Event-ID", &id);
    assert_eq!(hub.untouched(&resume(&other)).await.status, 400);
    assert_eq!(hub.untouched(&resume(&session).bearer(&hub.other_token)).await.status, 404);
    let mut client = hub.client().await;
    let mut stream = client.open(&resume(&session)).await;
    let mut data =
        [stream.message().await, stream.message().await].map(|message| message["params"]["data"].clone());
    data.sort_by_key(ToString::to_string);
    assert_eq!(data, ["second", "third"]);
}

#[tokio::test]
async fn a_client_that_goes_while_it_is_greeted_leaves_nothing() {
    let gate = Gate::closed();
    let greeting =
        json!({"protocolVersion": VERSION, "capabilities": {}, "serverInfo": {"name": "x", "version": "1"}});
    let hub = Several::new()
        .http("a", script(&["x"]).on("initialize", Answer::result(greeting).held(&gate)))
        .tools("b", &["y"])
        .start()
        .await;
    let mut client = hub.client().await;
    client.send(Request::legacy(PATH, &Message::initialize(1), None).bearer(&hub.token).bytes()).await;
    gate.arrived(1).await;
    drop(client);
    let until = async |what: &str, is_so: &dyn Fn() -> bool| {
        testkit::wait::within(what, async {
            while !is_so() {
                tokio::task::yield_now().await;
            }
        })
        .await;
    };
    until("its session to end", &|| hub.gateway.hub.sessions.is_empty()).await;
    gate.open();
    until("its members to end", &|| hub.gateway.sessions.is_empty()).await;
}

#[tokio::test]
async fn a_client_that_loses_its_connection_has_not_cancelled() {
    let hub = Several::new().process("a", &["hold"]).process("b", &["y"]).start().await;
    let session = hub.legacy().await;
    session.ask(list("tools/list")).await;
    let mut client = hub.client().await;
    client.send(session.request(Message::call(1, "a__hold", json!({}))).bytes()).await;
    let call = hub.process("a").received("tools/call", 1).await;
    drop(client);
    // The id is still taken, and the call goes on.
    assert_eq!(session.ask(Message::request(1, "ping")).await["error"]["code"], -32600);
    hub.process("a").say(0, &json!({"jsonrpc": "2.0", "id": call["id"], "result": {"content": []}}));
    testkit::wait::within("the id to be free again", async {
        while session.ask(Message::request(1, "ping")).await["result"] != json!({}) {}
    })
    .await;
    assert_eq!(hub.books().outcomes(), ["answered"]);
}

#[tokio::test]
async fn idle_sessions_and_those_of_revoked_grants_end_with_all_their_members() {
    let mut hub = Several::new().process("a", &["x"]).process("b", &["y"]).start().await;
    hub.legacy().await;
    let used = hub.legacy().await;
    hub.clock.advance_ms(gateway::session::IDLE_MS);
    used.ask(Message::request(1, "ping")).await;
    hub.clock.advance_ms(1);
    hub.gateway.sweep();
    assert_eq!(
        (hub.gateway.hub.sessions.len(), hub.gateway.sessions.len()),
        (1, 2),
        "a ping keeps all members"
    );
    hub.change(|declared| declared.grants[0].revoked = true);
    assert_eq!((hub.gateway.hub.sessions.len(), hub.gateway.sessions.len()), (0, 0));
    hub.process("a").ended(2).await;
}

#[tokio::test]
async fn a_member_that_was_lost_is_greeted_again() {
    let hub = Several::new().tools("a", &["x"]).process("b", &["y"]).start().await;
    let session = hub.legacy().await;
    session.ask(list("tools/list")).await;
    hub.at("a").end_sessions();
    let lost = session.call("a__x", json!({})).await;
    assert!(lost["error"]["message"].as_str().unwrap().contains("forgot its session"), "{lost}");
    assert_eq!(hub.at("a").calls().len(), 1, "no call is sent twice");
    assert_eq!(text(&session.call("a__x", json!({})).await), "ok");
    hub.process("b").die(0);
    hub.process("b").ended(1).await;
    let is_over = |member: &std::sync::Arc<gateway::session::Session>| member.lane.is_over();
    testkit::wait::within("the gateway to notice the end", async {
        while !hub.gateway.sessions.all().iter().any(is_over) {
            tokio::task::yield_now().await;
        }
    })
    .await;
    assert_eq!(text(&session.call("b__y", json!({})).await), "ok");
    assert_eq!(hub.process("b").n_started(), 2);
}

#[tokio::test]
async fn the_log_level_is_set_everywhere_and_for_those_that_come_later() {
    let logs = json!({"tools": {}, "logging": {}});
    let hub = Several::new()
        .http("a", script(&["x"]).capabilities(logs.clone()))
        .http("b", script(&["x"]))
        .http("c", script(&["x"]).capabilities(logs))
        .start()
        .await;
    let session = hub.legacy().await;
    let set = session.ask(Message::request(1, "logging/setLevel").param("level", "debug")).await;
    assert_eq!(set["result"], json!({}));
    let n_set = |server: &str| {
        hub.at(server).messages().iter().filter(|message| message.method() == "logging/setLevel").count()
    };
    assert_eq!((n_set("a"), n_set("b"), n_set("c")), (1, 0, 1));
    hub.at("a").end_sessions();
    assert_eq!(names(&session.ask(list("tools/list")).await), ["b__x", "c__x"]);
    assert_eq!(names(&session.ask(list("tools/list")).await), ["a__x", "b__x", "c__x"]);
    assert_eq!(n_set("a"), 2);
}

#[tokio::test]
async fn sessions_over_several_servers_are_bounded() {
    let hub = Several::new()
        .tools("a", &["x"])
        .tools("b", &["y"])
        .bounds(|bounds| bounds.max_sessions = 4)
        .start()
        .await;
    let (first, _second) = (hub.legacy().await, hub.legacy().await);
    // There is no room for its members.
    let third = HubClient::open(&hub, Message::initialize(1)).await;
    assert!(
        third.ask(list("tools/list")).await["error"]["message"]
            .as_str()
            .unwrap()
            .contains("too many open sessions")
    );
    hub.send(&first.bare("DELETE")).await;
    hub.send(&third.bare("DELETE")).await;
    let again = hub.legacy().await;
    assert_eq!(names(&again.ask(list("tools/list")).await), ["a__x", "b__y"]);
}
