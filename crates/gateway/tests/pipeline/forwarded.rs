//! What reaches the server: the client's bytes, but for the id, the progress token, removed capabilities and
//! repaired arguments. What comes back: the server's bytes, but for the id and keys in the gateway's name.

use crate::support::{ALLOW, Books, Running, Test, text};
use gateway::declared::{Setting, Transport};
use serde_json::{Value, json};
use testkit::{Answer, Message, RawClient, Request, Tool};

const ENVELOPE: &str =
    r#""io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":"#;

async fn start(tool: Tool) -> Running {
    let test = Test::new().policy(ALLOW).tool(tool).start().await;
    test.listed().await;
    test
}

/// Sends these bytes as a call of `copy`; gives what the server received, `ID` standing for the gateway's id.
async fn forwarded(test: &Running, body: &str) -> String {
    let request = test.request(Message::call(7, "copy", json!({}))).body(body.replace("ENVELOPE", ENVELOPE));
    let reply = test.send(&request).await;
    assert_eq!(reply.status, 200, "{}", reply.text());
    let received = test.upstream.calls().pop().unwrap();
    let id = format!(r#""id":{}"#, received.id());
    received.text().replace(&id, r#""id":ID"#).replace(ENVELOPE, "ENVELOPE")
}

#[tokio::test]
async fn every_other_byte_is_the_clients() {
    let test = start(Tool::new("copy")).await;
    for sent in [
        r#"{"jsonrpc":"2.0","id":"mine","method":"tools/call","params":{"name":"copy","_meta":{ENVELOPE{}}}}"#,
        // Order, spaces, escapes, numbers, and unknown members of `_meta` and of arguments.
        " { \"id\":\"mine\", \"params\" :\n{ \"_meta\":{\"trace\": [1.50,-0,1E+2], ENVELOPE{}},\"arguments\": \
         {\"z\":\"\\u00e9\\/\", \"a\" : 123456789012345678901234567890 , \"n\": null} , \"name\":\"co\\u0070y\"}, \
         \"method\":\"tools/c\\u0061ll\",\"jsonrpc\":\"2.0\"}\r\n",
    ] {
        assert_eq!(forwarded(&test, sent).await, sent.replace("\"mine\"", "ID"));
    }
}

#[tokio::test]
async fn the_progress_token_is_the_gateways() {
    let test = start(Tool::new("copy")).await;
    for token in [r#""mine""#, "5", r#""""#] {
        let sent = format!(
            r#"{{"jsonrpc":"2.0","id":"a","method":"tools/call","params":{{"name":"copy","_meta":{{"progressToken":{token},ENVELOPE{{}}}}}}}}"#
        );
        forwarded(&test, &sent).await;
        let received = test.upstream.calls().pop().unwrap();
        assert_eq!(received.params()["_meta"]["progressToken"], *received.id());
    }
}

#[tokio::test]
async fn capabilities_are_only_removed() {
    let test = start(Tool::new("copy")).await;
    let all = json!({"sampling": {"tools": {}}, "roots": {"listChanged": true}, "elicitation": {"form": {}}, "tasks": {},
        "experimental": {"x": 1}, "extensions": {"io.modelcontextprotocol/tasks": {}, "a/b": {"c": 2}}, "unknown": [3]});
    let kept = json!({"experimental": {"x": 1}, "extensions": {"io.modelcontextprotocol/tasks": {}, "a/b": {"c": 2}}, "unknown": [3]});
    let key = testkit::message::CAPABILITIES_KEY;
    let call = Message::call(7, "copy", json!({})).modern().meta(key, all.clone());
    test.send(&Request::modern(Running::PATH, &call).bearer(&test.token)).await;
    assert_eq!(test.upstream.calls()[0].params()["_meta"][key], kept);
    let initialize = Message::initialize(1).param("capabilities", all);
    crate::support::Legacy::open_with(&test, &test.token, initialize).await;
    let received =
        test.upstream.messages().into_iter().find(|message| message.method() == "initialize").unwrap();
    assert_eq!(received.params()["capabilities"], kept);
}

#[tokio::test]
async fn only_repaired_arguments_are_rewritten() {
    let tool = Tool::new("copy")
        .property("limit", json!({"type": "integer"}))
        .property("to", json!({"type": "object"}));
    let test = start(tool).await;
    let sent = r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{ "name":"copy","arguments":{"limit":"5", "to":"{\"a\": 1.0}"},"_meta":{"x":1, ENVELOPE{}}}}"#;
    let expected = r#"{"jsonrpc":"2.0","id":ID,"method":"tools/call","params":{ "name":"copy","arguments":{"limit":5, "to":{"a": 1.0}},"_meta":{"x":1, ENVELOPE{}}}}"#;
    assert_eq!(forwarded(&test, sent).await, expected);
    let books = test.books();
    assert_eq!(books.of("intent")[0]["arguments"]["repaired"], json!(["/limit", "/to"]));
    assert_eq!(books.of("intent")[0]["arguments"]["keys"], json!(["limit", "to"]));
}

#[tokio::test]
async fn headers_are_made_anew() {
    let mirrored = json!({"type": "integer", "x-mcp-header": "Limit"});
    let test = start(Tool::new("copy").property("limit", mirrored)).await;
    let message = Message::call(7, "copy", json!({"limit": 5}));
    let request = test
        .request(message)
        .with("Mcp-Name", "=?base64?Y29weQ==?=")
        .header("Mcp-Param-Limit", "5.0")
        .header("Cookie", "session=secret")
        .header("X-Forwarded-For", "1.2.3.4")
        .header("Mcp-Session-Id", "stray")
        .header("User-Agent", "agent");
    assert_eq!(text(&test.send(&request).await.answer()), "ok");
    let received = test.upstream.calls().pop().unwrap();
    let header = |name: &str| received.header(name).map(str::to_owned);
    assert_eq!(header("mcp-name").unwrap(), "copy");
    assert_eq!(header("mcp-method").unwrap(), "tools/call");
    assert_eq!(header("mcp-protocol-version").unwrap(), "2026-07-28");
    assert_eq!(header("mcp-param-limit").unwrap(), "5");
    assert_eq!(received.target, "/mcp");
    for absent in ["authorization", "cookie", "x-forwarded-for", "mcp-session-id"] {
        assert_eq!(header(absent), None, "{absent}");
    }
    assert!(!header("user-agent").unwrap().contains("agent/") && header("host").is_some());
}

#[tokio::test]
async fn credentials_are_the_servers_own_and_shown_to_nobody() {
    const SECRET: &str = "upstream-secret";
    let mut test = start(Tool::new("copy")).await;
    let key = test.folder.path().join("key");
    std::fs::write(&key, "from-a-file\n").unwrap();
    test.change(|declared| {
        let Transport::Http { headers, .. } = &mut declared.servers[0].transport else {
            panic!("not over http")
        };
        headers.insert("authorization".into(), Setting::parse(&format!("Bearer {SECRET}")));
        headers.insert("X-Key".into(), Setting::File(key));
    });
    let request = test.request(Message::call(7, "copy", json!({}))).header("X-Key", "agent's");
    assert_eq!(text(&test.send(&request).await.answer()), "ok");
    let session = test.legacy().await;
    session.call("copy", json!({})).await;
    for call in test.upstream.calls() {
        assert_eq!(call.header("authorization"), Some(&*format!("Bearer {SECRET}")));
        let keys: Vec<&str> =
            call.headers.iter().filter(|(name, _)| name == "x-key").map(|(_, value)| &**value).collect();
        assert_eq!(keys, ["from-a-file"]);
    }
    // A server that refuses them, or says them, is not quoted.
    test.upstream.change(|script| {
        *script =
            testkit::Script::new().tool(Tool::new("copy").answer(Answer::refusal(401, -1, SECRET, None)))
    });
    let refused = test.call("copy", json!({})).await.to_string();
    assert!(refused.contains("check the configured headers") && !refused.contains(SECRET), "{refused}");
    let all: Vec<String> = test.books().records.iter().map(Value::to_string).collect();
    assert!(![SECRET, "from-a-file", &test.token].iter().any(|secret| all.concat().contains(secret)));
}

#[tokio::test]
async fn a_handshake_carries_no_version_that_was_not_agreed_on() {
    let test = start(Tool::new("copy")).await;
    let initialize = Message::initialize(1).param("protocolVersion", "2025-03-26");
    let session = crate::support::Legacy::open_with(&test, &test.token, initialize).await;
    assert_eq!(session.greeting["result"]["protocolVersion"], "2025-03-26");
    session.send(Message::request(2, "ping")).await;
    for received in test.upstream.messages() {
        if ["initialize", "notifications/initialized", "ping"].contains(&received.method()) {
            assert_eq!(received.header("mcp-protocol-version"), None, "{}", received.method());
        }
    }
    let session = test.legacy().await;
    session.send(Message::request(2, "ping")).await;
    let ping = test.upstream.messages().pop().unwrap();
    assert_eq!(ping.header("mcp-protocol-version"), Some("2025-11-25"));
}

/// What a client sees of a reply, byte for byte; `{id}` stands for the id.
async fn passed(body: &str) -> String {
    let test = start(Tool::new("copy").answer(Answer::raw(body))).await;
    test.modern(Message::call("client's", "copy", json!({}))).await.text()
}

#[tokio::test]
async fn every_other_byte_of_a_reply_is_the_servers() {
    for (sent, expected) in [
        (
            "{ \"result\" : {\"content\":[{\"type\":\"novel\",\"x\":1.50}], \"extra\":{\"a\":[1E2,-0]},\"structuredContent\":123456789012345678901}, \"id\":{id} ,\"jsonrpc\":\"2.0\"}",
            "{ \"result\" : {\"content\":[{\"type\":\"novel\",\"x\":1.50}], \"extra\":{\"a\":[1E2,-0]},\"structuredContent\":123456789012345678901}, \"id\":\"client's\" ,\"jsonrpc\":\"2.0\"}",
        ),
        (
            r#"{"jsonrpc":"2.0","id":{id},"result":{"_meta":{"toolgate/decision":{"effect":"allow"},"kept":1,"Toolgate/x":2}}}"#,
            r#"{"jsonrpc":"2.0","id":"client's","result":{"_meta":{"kept":1}}}"#,
        ),
        (
            r#"{"jsonrpc":"2.0","id":{id},"error":{"code":-1,"message":"m","data":{"a":1.0}}}"#,
            r#"{"jsonrpc":"2.0","id":"client's","error":{"code":-1,"message":"m","data":{"a":1.0}}}"#,
        ),
    ] {
        assert_eq!(passed(sent).await, expected);
    }
}

#[tokio::test]
async fn replies_that_break_the_protocol_are_not_passed_on() {
    for body in [
        r#"{"jsonrpc":"2.0","id":99999,"result":{"content":[]}}"#,
        r#"{"jsonrpc":"2.0","id":"{id}","result":{"content":[]}}"#,
        r#"{"jsonrpc":"2.0","id":{id},"result":{"content":[]},"error":{"code":1,"message":"x"}}"#,
        r#"{"jsonrpc":"2.0","id":{id},"result":{"content":[],"content":["second"]}}"#,
        r#"{"jsonrpc":"2.0","id":{id},"result":{"content":[]},"more":1}"#,
        r#"[{"jsonrpc":"2.0","id":{id},"result":{"content":[]}}]"#,
        r#"{"jsonrpc":"2.0","id":{id},"method":"sampling/createMessage"}"#,
        r#"{"jsonrpc":"2.0","id":{id},"result":{"content":["#,
        "",
    ] {
        let test = start(Tool::new("copy").answer(Answer::raw(body))).await;
        let reply = test.modern(Message::call("c", "copy", json!({}))).await;
        assert_eq!((reply.status, &reply.json()["error"]["code"]), (200, &json!(-32603)), "{body}");
        assert_eq!(reply.json()["id"], "c");
        assert_eq!(test.books().outcomes(), ["unknown"], "{body}");
    }
}

#[tokio::test]
async fn how_calls_end_is_recorded() {
    for (answer, expected, status) in [
        (Answer::text("ok"), "answered", json!(200)),
        (Answer::failure("no"), "tool_error", json!(200)),
        (Answer::error(-5, "no"), "error", json!(200)),
        (Answer::refusal(500, -5, "no", None), "error", json!(500)),
        (Answer::empty(500), "unknown", json!(500)),
        (Answer::empty(401), "unknown", json!(401)),
        (Answer::empty(302).header("Location", "http://127.0.0.1:1/"), "unknown", Value::Null),
        (Answer::text("ok").header("Content-Type", "text/html"), "unknown", json!(200)),
        (Answer::text("ok").header("Content-Encoding", "gzip"), "unknown", Value::Null),
        (Answer::hang_up(), "unknown", Value::Null),
    ] {
        let test = start(Tool::new("copy").answer(answer)).await;
        let reply = test.modern(Message::call(7, "copy", json!({}))).await;
        assert_eq!(reply.json()["id"], 7);
        let books = test.books();
        let outcome = books.of("outcome")[0];
        assert_eq!(
            (&outcome["outcome"], &outcome["upstream_status"]),
            (&json!(expected), &status),
            "{reply:?}"
        );
    }
}

#[tokio::test]
async fn a_server_that_cannot_be_reached_got_nothing_and_that_is_known() {
    let test = start(Tool::new("copy")).await;
    let request = test.request(Message::call(7, "copy", json!({})));
    let Running { gateway, upstream, address, folder, .. } = test;
    upstream.stop().await;
    let reply = RawClient::connect(address).await.exchange(&request).await;
    assert_eq!((reply.status, &reply.json()["error"]["code"]), (200, &json!(-32603)));
    gateway.store.close();
    assert_eq!(Books::read(&folder.path().join("data")).outcomes(), ["not_sent"]);
}
