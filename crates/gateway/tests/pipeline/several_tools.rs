//! Tools of several servers on `/mcp`, in both eras: names, lists, calls, denials.

use crate::support::several::{Hub, HubClient, PATH, Several, list, names};
use crate::support::text;
use serde_json::{Value, json};
use testkit::{Message, Request, Script, Tool};

const DENY: &str = r#"{"version": "1", "default": "deny", "tools": {"copy": {}}}"#;

fn several() -> Several {
    Several::new().tools("zeta", &["copy", "b__x", "_x"]).process("alpha", &["copy", "move"]).alias("al")
}

/// One message in either era.
async fn ask(hub: &Hub, session: Option<&HubClient<'_>>, message: Message) -> Value {
    match session {
        Some(session) => session.ask(message).await,
        None => hub.modern(message).await,
    }
}

#[tokio::test]
async fn lists_and_calls_with_prefixes_in_both_eras() {
    let hub = several().start().await;
    let legacy = hub.legacy().await;
    for session in [None, Some(&legacy)] {
        let listed = ask(&hub, session, list("tools/list")).await;
        assert_eq!(
            names(&listed),
            ["al__copy", "al__move", "zeta__copy", "zeta__b__x", "zeta___x"],
            "the servers by their ids, each in its own order"
        );
        assert_eq!(listed["id"], "l");
        assert_eq!(listed["result"]["tools"][0]["description"], "the tool copy");
        for name in names(&listed) {
            let answer = ask(&hub, session, Message::call(7, &name, json!({"a": 1}))).await;
            assert_eq!((&answer["id"], text(&answer)), (&json!(7), "ok"), "{name}");
        }
    }
    let sent = |calls: Vec<Value>| -> Vec<String> {
        calls.iter().map(|call| call["params"]["name"].as_str().unwrap().to_owned()).collect()
    };
    let over_http = hub.at("zeta").calls().into_iter().map(|call| call.message).collect();
    assert_eq!(sent(over_http), ["copy", "b__x", "_x", "copy", "b__x", "_x"]);
    assert_eq!(sent(hub.process("alpha").of("tools/call")), ["copy", "move", "copy", "move"]);
    let modern = &hub.at("zeta").calls()[0];
    assert_eq!(modern.header("mcp-name"), Some("copy"));
    let books = hub.books();
    let recorded: Vec<_> =
        books.of("intent").iter().map(|record| (record["server"].clone(), record["tool"].clone())).collect();
    assert_eq!(
        recorded[..3],
        [("alpha", "copy"), ("alpha", "move"), ("zeta", "copy")]
            .map(|(server, tool)| (json!(server), json!(tool)))
    );
    assert_eq!(books.outcomes(), vec!["answered"; 10]);
}

#[tokio::test]
async fn one_server_has_no_prefix_and_is_the_server_itself() {
    let hub = Several::new().tools("only", &["copy", "a__b"]).start().await;
    let listed = hub.modern(list("tools/list")).await;
    assert_eq!(names(&listed), ["copy", "a__b"]);
    assert_eq!(text(&hub.modern(Message::call(1, "a__b", json!({}))).await), "ok");
    let session = hub.legacy().await;
    assert_eq!(session.greeting["result"]["serverInfo"]["name"], "testkit");
    assert_eq!(text(&session.call("copy", json!({})).await), "ok");
    assert_eq!((hub.gateway.sessions.len(), hub.gateway.hub.sessions.len()), (1, 0));
    // Its session is the same under its own path.
    let under_its_path =
        Request::legacy("/mcp/only", &Message::request(1, "ping"), Some(&session.id)).bearer(&hub.token);
    assert_eq!(hub.send(&under_its_path).await.status, 200);
}

#[tokio::test]
async fn a_grant_without_servers_has_nothing() {
    let mut hub = several().start().await;
    hub.change(|declared| declared.grants[0].servers.clear());
    assert_eq!(names(&hub.modern(list("tools/list")).await), Vec::<String>::new());
    let session = hub.legacy().await;
    assert_eq!(names(&session.ask(list("tools/list")).await), Vec::<String>::new());
    assert_eq!(session.call("al__copy", json!({})).await["error"]["code"], -32602);
}

#[tokio::test]
async fn what_is_denied_or_unknown_reaches_no_server_and_looks_the_same() {
    let hub = several().policy("zeta", DENY).start().await;
    let session = hub.legacy().await;
    for legacy in [false, true] {
        let request = |message: Message| if legacy { session.request(message) } else { hub.request(message) };
        let listed = hub.send(&request(list("tools/list"))).await.answer();
        assert_eq!(names(&listed), ["al__copy", "al__move", "zeta__copy"]);
        let mut answers = Vec::new();
        for name in [
            // Hidden, of no server, of the id where there is an alias, without a prefix, of another case.
            "zeta__b__x",
            "beta__copy",
            "alpha__copy",
            "copy",
            "Zeta__copy",
            "zeta_copy",
            "zeta__",
            "__copy",
            "x",
        ] {
            answers.push(hub.untouched(&request(Message::call(7, name, json!({})))).await);
        }
        for answer in &answers {
            assert_eq!((answer.status, &answer.body), (200, &answers[0].body));
        }
        assert_eq!(answers[0].json()["error"]["code"], -32602);
    }
    let books = hub.books();
    assert_eq!(books.tally.intents, 0);
    assert_eq!(
        books.denials()[..2],
        [("(default deny)", "default_deny"), ("(unknown tool)", "unknown_server")]
    );
}

#[tokio::test]
async fn each_server_has_its_own_rules_and_limits() {
    let limit = r#"{"version": "1", "default": "allow", "tools": {"copy": {"limits": [{"counter": "c", "window": "hour", "max": 1, "scope": "grant"}]}}}"#;
    let deny = r#"{"version": "1", "default": "allow", "tools": {"move": {"action": "deny", "reason": "not today"}}}"#;
    let hub = several().policy("zeta", limit).policy("alpha", deny).start().await;
    assert_eq!(text(&hub.modern(Message::call(1, "zeta__copy", json!({}))).await), "ok");
    let denied = hub.untouched(&hub.request(Message::call(1, "zeta__copy", json!({})))).await.answer();
    assert!(text(&denied).starts_with("[POLICY DENIED]"), "{denied}");
    for _ in 0..2 {
        assert_eq!(text(&hub.modern(Message::call(1, "al__copy", json!({}))).await), "ok");
    }
    let denied = hub.untouched(&hub.request(Message::call(1, "al__move", json!({})))).await.answer();
    assert!(text(&denied).contains("not today"), "{denied}");
}

#[tokio::test]
async fn the_headers_of_a_modern_call_are_the_clients_own_here_and_the_servers_own_there() {
    let hub = several().start().await;
    let request = hub.request(Message::call(1, "zeta__copy", json!({})));
    assert_eq!(text(&hub.send(&request).await.answer()), "ok");
    let refused = hub.untouched(&request.with("Mcp-Name", "copy")).await;
    assert_eq!((refused.status, &refused.json()["error"]["code"]), (400, &json!(-32020)));
}

#[tokio::test]
async fn what_a_call_holds_arrives_as_it_was_written() {
    let hub = several().start().await;
    let body = r#"{ "jsonrpc":"2.0", "params": {"arguments": {"n":1.50, "é":"\u00e9"}, "name": "zeta__\u0063opy",
        "_meta":{"io.modelcontextprotocol/clientCapabilities":{},"x": [1,  2],"io.modelcontextprotocol/protocolVersion":"2026-07-28"}}, "method":"tools/call", "id":"a"}"#;
    let request =
        Request::modern(PATH, &Message::call(1, "zeta__copy", json!({}))).bearer(&hub.token).body(body);
    assert_eq!(text(&hub.send(&request).await.answer()), "ok");
    let call = hub.at("zeta").calls().pop().unwrap();
    let expected = body
        .replace(r#""zeta__\u0063opy""#, r#""copy""#)
        .replace(r#""id":"a""#, &format!(r#""id":{}"#, call.id()));
    assert_eq!(call.text(), expected);
}

#[tokio::test]
async fn pages_are_merged_and_cursors_are_bound() {
    let many: Vec<String> = (0..5).map(|n| format!("t{n}")).collect();
    let script = many.iter().fold(Script::new().pages_of(2), |script, name| script.tool(Tool::new(name)));
    let hub = Several::new()
        .http("a", script.clone())
        .http("b", script.pages_of(4))
        .tools("c", &["x"])
        .start()
        .await;
    let session = hub.legacy().await;
    for session in [None, Some(&session)] {
        let mut pages = Vec::new();
        let mut cursor: Option<Value> = None;
        loop {
            let message = cursor
                .iter()
                .fold(list("tools/list"), |message, cursor| message.param("cursor", cursor.clone()));
            let page = ask(&hub, session, message).await;
            pages.push(names(&page));
            cursor = page["result"].get("nextCursor").cloned();
            if cursor.is_none() {
                break;
            }
        }
        let expected: [&[&str]; 3] = [
            &["a__t0", "a__t1", "b__t0", "b__t1", "b__t2", "b__t3", "c__x"],
            &["a__t2", "a__t3", "b__t4"],
            &["a__t4"],
        ];
        assert_eq!(pages, expected);
    }
    let first = hub.modern(list("tools/list")).await;
    let cursor = first["result"]["nextCursor"].as_str().unwrap();
    let with = |method: &str, cursor: &str| hub.request(list(method).param("cursor", cursor));
    for (request, what) in [
        (with("tools/list", cursor).bearer(&hub.other_token), "another grant's"),
        (with("prompts/list", cursor), "another list's"),
        (with("tools/list", &cursor.replace("\"b\"", "\"c\"")), "another server's"),
        (with("tools/list", "2"), "a server's own"),
        (with("tools/list", ""), "an empty one"),
    ] {
        let reply = hub.untouched(&request).await;
        assert_eq!(reply.json()["error"]["code"], -32602, "{what}");
    }
    assert_eq!(hub.send(&with("tools/list", cursor)).await.status, 200);
    // Nor is it good for one server alone.
    let alone =
        Request::modern("/mcp/a", &list("tools/list").param("cursor", cursor).modern()).bearer(&hub.token);
    assert_eq!(hub.untouched(&alone).await.json()["error"]["code"], -32602);
}
